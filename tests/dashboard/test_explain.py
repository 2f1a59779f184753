"""Every headline figure explains itself: the arithmetic in it holds, and its inputs say what they rest on."""

import math
import re
from pathlib import Path

import polars as pl
import pytest

import dashboard
from dashboard.answers import Answers, Explanation
from dashboard.explain import investors as explain_investors
from dashboard.explain import stress as explain_stress
from dashboard.explain import suppliers as explain_suppliers
from dashboard.questions import fleets, stress
from dashboard.questions.stress import Question, Stressed
from dashboard.words import cards_investors, cards_stress, cards_suppliers
from data.suppliers import example_fleet
from models.readers.suppliers import Answer
from tests.scenarios import BASELINE, REGISTRY

BOTH = REGISTRY.presets()["both"].scenario
PATHS = 2_000


@pytest.fixture(scope="module")
def answers() -> Answers:
    return Answers(REGISTRY, None, None, Path(), True)


@pytest.fixture(scope="module")
def stressed(answers: Answers) -> Stressed:
    return stress.ask(answers, Question(BASELINE, REGISTRY.shocks(), PATHS))


@pytest.fixture(scope="module")
def asked() -> fleets.Question:
    return fleets.question(REGISTRY, example_fleet(REGISTRY.facts), paths=500)


@pytest.fixture(scope="module")
def fleet(answers: Answers, asked: fleets.Question) -> Answer:
    return answers.supplier(BASELINE, asked)


def sound(found: Explanation) -> None:
    assert found.formula
    assert found.arithmetic
    assert found.path.height > 0
    assert found.command.startswith("vaultline ")
    assert found.behind
    assert set(found.inputs["kind"]) <= {
        "official", "litepaper", "research", "third_party", "derived", "assumption", "this scenario",
    }  # fmt: skip
    unsourced = found.inputs.filter(pl.col("kind") != "this scenario", pl.col("source") == "")
    assert unsourced.is_empty()


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"-?[0-9][0-9,]*(?:\.[0-9]+)?", text)]


def test_every_card_of_the_stress_lab_is_explained(answers: Answers, stressed: Stressed) -> None:
    figures = [card.figure for card in cards_stress.cards(stressed, None)]
    assert figures == [card.figure for card in cards_stress.COMING] == [*explain_stress.FIGURES]
    for figure in figures:
        sound(explain_stress.explain(answers, stressed, figure))


def test_a_chance_is_its_count_over_the_paths(answers: Answers, stressed: Stressed) -> None:
    found = explain_stress.explain(answers, stressed, "chance")
    month, hits, paths, p, p_again, q, _, error = numbers(found.arithmetic[-1].partition("; 95 %")[0])
    assert (month, paths) == (36, PATHS)
    assert p == p_again == pytest.approx(hits / paths, abs=5e-6)
    assert q == pytest.approx(1 - p)
    assert error == pytest.approx(math.sqrt(p * q / paths), abs=5e-6)
    assert p == pytest.approx(stressed.report["p_depletion"], abs=5e-6)
    assert found.command == stressed.question.command


def test_the_worst_twentieth_adds_up(answers: Answers, stressed: Stressed) -> None:
    v, excess = numbers(explain_stress.explain(answers, stressed, "worst").arithmetic[0])
    _, *parts = numbers(explain_stress.explain(answers, stressed, "worst").arithmetic[1])
    assert parts[:2] == [v, excess]
    assert parts[3] == pytest.approx(v + excess / 0.05, abs=30)  # excess is shown to the dollar
    assert parts[3] == pytest.approx(stressed.report["loss_usd"]["cvar5"], abs=1)


def test_the_month_is_the_first_to_reach_its_rank(answers: Answers, stressed: Stressed) -> None:
    for line in explain_stress.explain(answers, stressed, "time").arithmetic:
        level, rank, paths, *counts = numbers(line)
        assert rank == math.ceil(level * paths / 100)
        if "not reached" in line:
            assert counts[0] < rank
        else:
            before, _, by = counts
            assert before < rank <= by


def test_shocks_of_ones_own_are_nobody_elses(answers: Answers) -> None:
    rows = explain_stress.shock_inputs(REGISTRY, REGISTRY.shocks())
    assert "derived" in rows.filter(symbol="sigma")["kind"].to_list()
    assert rows.filter(symbol="nu")["kind"].to_list() == ["assumption"]
    own = REGISTRY.shocks().model_copy(update={"rho": 0.123})
    assert set(explain_stress.shock_inputs(REGISTRY, own)["kind"]) == {"this scenario"}
    for known in REGISTRY.shock_sets().values():
        made = explain_stress.shock_inputs(REGISTRY, known.shocks)
        assert made.filter(pl.col("source") == "").is_empty()


def test_every_card_of_a_fleet_is_explained(answers: Answers, fleet: Answer, asked: fleets.Question) -> None:
    figures = [card.figure for card in cards_suppliers.cards(fleet)]
    assert figures == [card.figure for card in cards_suppliers.first_cards(fleet)]
    assert figures == [*explain_suppliers.FIGURES]
    for figure in figures:
        sound(explain_suppliers.explain(answers, fleet, asked, BASELINE, figure))


def test_full_pay_is_the_least_that_shocks_can_take_from(
    answers: Answers, fleet: Answer, asked: fleets.Question
) -> None:
    """Without controller and exits pay is never above the target: what is kept at full pay is the most."""
    lines = explain_suppliers.explain(answers, fleet, asked, BASELINE, "left").arithmetic
    full = numbers(lines[1])[-1]
    assert cards_suppliers.result(fleet, "multiplier")["month_usd_p50"] <= full + 1
    assert cards_suppliers.result(fleet, "multiplier")["month_usd_p95"] == pytest.approx(full, abs=1)


def test_the_stake_adds_up_over_the_machines(answers: Answers, fleet: Answer, asked: fleets.Question) -> None:
    lines = explain_suppliers.explain(answers, fleet, asked, BASELINE, "stake").arithmetic
    each = [numbers(line)[-1] for line in lines[: len(asked.fleet.machines)]]
    assert sum(each) == pytest.approx(fleet.figures.stake_io)


def test_what_a_supplier_judges_otherwise_is_theirs(answers: Answers, fleet: Answer) -> None:
    other = fleets.question(
        REGISTRY, example_fleet(REGISTRY.facts), judged={"roi_target": 0.123}, paths=500
    )  # fmt: skip
    found = explain_suppliers.explain(answers, fleet, other, BASELINE, "left").inputs
    assert found.filter(value="0.123")["kind"].to_list() == ["this scenario"]


def test_every_card_of_an_investor_is_explained(answers: Answers) -> None:
    found = answers.issuance(BASELINE, 12)
    figures = [card.figure for card in cards_investors.cards(found, BASELINE)]
    assert ["net", *figures] == [*explain_investors.FIGURES]
    for figure in explain_investors.FIGURES:
        sound(explain_investors.explain(answers, found, BASELINE, figure))


def test_what_comes_to_market_less_what_leaves_it_is_the_growth(answers: Answers) -> None:
    found = answers.issuance(BASELINE, 12)
    explained = explain_investors.explain(answers, found, BASELINE, "net")
    unlocked, released, bought, refilled, net, months = numbers(explained.arithmetic[0].replace(" - ", " "))
    assert net == pytest.approx(unlocked + released - bought - refilled, abs=2)
    assert months == explained.path.height == 12
    # against the states themselves, a year apart
    states = answers.run(BASELINE).states
    start, end = states[0], states[12]
    assert net == pytest.approx(end.C + end.K + end.Q - start.C - start.K - start.Q, abs=2)


def test_no_headline_figure_stands_without_its_explanation() -> None:
    """Cards are drawn in one place, which gives each its button."""
    folder = Path(dashboard.__file__).parent
    drawn = [
        p.relative_to(folder).as_posix() for p in folder.rglob("*.py") if "st.metric(" in p.read_text("utf-8")
    ]
    assert drawn == ["panels/explain.py"]


def test_the_range_is_explained_by_every_alternative(answers: Answers) -> None:
    question = Question(BASELINE, REGISTRY.shocks(), 500)
    spread = stress.spread(answers, question, 500)
    found = explain_stress.explain_range(answers, question, spread)
    at_end = spread.filter(month=BASELINE.months)["p_shortfall"]
    told = [float(line.rpartition(": ")[2].partition(",")[0]) for line in found.arithmetic]
    assert told == pytest.approx(sorted(at_end), abs=5e-5)
    assert (told[0], told[-1]) == pytest.approx((at_end.min(), at_end.max()), abs=5e-5)
    sound(found)


def test_the_joint_shock_is_explained_on_its_own_path(answers: Answers) -> None:
    joint = answers.joint(BASELINE)
    found = answers.explain(joint.scenario, "joint_runway")
    first = joint.summary["first_shortfall_month"]
    assert f"(month {first})" in found.arithmetic[0]
    assert found.inputs.filter(symbol="price_shock")["value"].to_list() == ["-0.5"]
