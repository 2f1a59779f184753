"""reserve, frontier and attribution: their answers, their words, what they record and what they refuse."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.answers import Answers
from dashboard.cli import main
from dashboard.commands import risk_output
from dashboard.progress import Parts
from dashboard.questions.risks import AttributionQuestion, FrontierQuestion
from data.registry import load_facts
from data.risk_inputs import DEFAULT_INPUTS, SHOCK_FACTS, input_for, shock_marks, what_would_settle
from models.parameters import InputError, parse_scenario
from models.stress.sweep import Stopped

pytestmark = pytest.mark.usefixtures("store_path")
REGISTRY = load_facts()
RESERVE = ("reserve", "--paths", "200", "--points", "6", "--horizons", "6,12", "--levels", "0.02,0.3")
FRONTIER = ("frontier", "--points", "6", "--durations", "12,lasting")
ATTRIBUTION = ("attribution", "--paths", "32", "--base-points", "8", "--inputs", "H0,order,rho")


@pytest.mark.parametrize("words", [RESERVE, FRONTIER, ATTRIBUTION], ids=lambda words: words[0])
def test_an_answer_is_found_again_and_its_command_gives_it(
    words: tuple[str, ...], ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = ask(*words)
    assert first["recorded"] is True
    assert ask(*words) == first
    again = ask(*shlex.split(first["command"])[1:])
    assert again["run_id"] == first["run_id"]
    assert main([*words]) == 0
    printed = capsys.readouterr().out
    assert "Under these assumptions" in printed
    assert "found in the store" in printed
    assert first["run_id"][:12] in printed


def test_the_store_gives_back_every_table(store_path: Path) -> None:
    question = FrontierQuestion(REGISTRY.baseline(), REGISTRY.shocks(), durations=(6, None), points=5)
    with Answers.open(store_path) as answers:
        made = answers.risk(question)
    with Answers.open(store_path) as answers:
        kept = answers.risk(question)
    assert (made.found, kept.found) == (False, True)
    assert made.figures == kept.figures
    assert made.tables.keys() == kept.tables.keys()
    for name, frame in made.tables.items():
        assert frame.equals(kept.tables[name]), name
        assert frame.schema == kept.tables[name].schema, name


def test_reserve_says_what_is_needed(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask(*RESERVE, "--preset", "both")
    assert [(r["horizon"], r["level"]) for r in found["V0_needed"]] == [
        (6, 0.02), (6, 0.3), (12, 0.02), (12, 0.3)
    ]  # fmt: skip
    assert (found["horizon"], found["level"]) == (12, 0.02)
    assert found["grid_io"] * 5 == pytest.approx(found["top_io"])
    labels = [row["label"] for row in found["range"]]
    assert len(labels) == len(set(labels)) == 10
    for row in found["V0_needed"]:
        if row["needed"] is not None:
            assert row["low"] <= row["needed"]
            assert (row["months_of_schedule"] == 0) == (row["needed"] == 0)


def test_reserve_reports_that_more_can_do_harm(
    capsys: pytest.CaptureFixture[str], ask: Callable[..., dict[str, Any]]
) -> None:
    """Shocks that never move: every path is the projection of the known case; its grid is 23.1M IO."""
    still = [f"{rate}=0" for rate in ("sigma", "jump_rate", "nu", "g", "mu")]
    words = (
        "reserve", "--preset", "both", "--set", "eta=1.5", "controller=on", "--shock", *still,
        "--horizons", "36", "--levels", "0.5", "--points", "11", "--paths", "1",
    )  # fmt: skip
    found = ask(*words)
    failing = [row["fails_at"] for row in found["V0_reversals"]]
    assert main([*words]) == 0
    printed = capsys.readouterr().out
    assert len(failing) > 0
    assert f"Finding: a larger Reward Vault can do harm. {len(failing)} points fail" in printed


def test_frontier_marks_what_was_published_and_seen(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask(*FRONTIER, "--price-shock", "-0.3")
    marks = {row["label"]: row for row in found["marks"]}
    assert marks["Published: Price -50 %"]["price_drop"] == 0.5
    assert marks["Published: Both"]["triggers"] is True
    assert marks["This scenario"]["price_drop"] == pytest.approx(0.3)
    # March 2025 closed at 0.7285 and March 2026 at 0.1082; December 2024 at 2.9171, December 2025 at 0.1527
    assert marks["IO's own price, worst 12 months"]["price_drop"] == pytest.approx(1 - 0.1214 / 2.585)


def test_attribution_names_three_and_what_would_settle_them(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask(*ATTRIBUTION)
    assert found["ranking"][0] == "H0"
    assert "ROI and Z" in found["settle"]["H0"]
    assert set(found["settle"]) == set(found["ranking"][:3])
    assert {row["input"] for row in found["tornado"]} == {"H0", "order", "rho"}
    nothing = ask(
        "attribution", "--paths", "8", "--base-points", "4", "--inputs", "impact,depth", "--set", "H0=0"
    )
    assert nothing["ranking"] == []
    assert "p_shortfall" in nothing["constant"]


def test_no_variation_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["attribution", "--paths", "8", "--base-points", "4", "--inputs", "depth", "--set", "H0=0"]) == 0
    )
    assert "No variation: none of these assumptions moves" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("reserve", "--levels", "0"), "no number of random paths can show a chance of 0"),
        (("reserve", "--levels", "0.5", "--horizons", ""), "give months"),
        (("reserve", "--preset", "legacy"), "only the engine"),
        (("reserve", "--curve", "36"), "write them like 36:0.05"),
        (("reserve", "--curve", "99:0.05"), "the longest horizon is 36"),
        (("reserve", "--event", "rain"), "there is no event 'rain'"),
        (("reserve", "--shocks", "bootstrap"), "there are gbm and regimes"),
        (("frontier", "--event", "empty"), "there are shortfall, underpaid"),
        (("frontier", "--durations", "0"), "0 months is not allowed"),
        (("frontier", "--points", "1"), "2 to 1001 points"),
        (("frontier", "--months", "2"), "the run needs 3 months or more"),
        (("frontier", "--shock", "nu=0"), "no shock is nearest"),
        (("attribution", "--metric", "joy"), "there is no metric 'joy'"),
        (("attribution", "--inputs", "months"), "months has no range to move it over"),
        (("attribution", "--inputs", "joy"), "unknown input 'joy'"),
        (("attribution", "--inputs", ","), "no assumption is named"),
        (("attribution", "--base-points", "100"), "power of 2"),
        (("attribution", "--paths", "0"), "paths = 0 is not allowed"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    words: tuple[str, ...], sentence: str, refused: Callable[..., str]
) -> None:
    assert sentence in refused(*words)


def test_files_carry_their_manifest(tmp_path: Path, ask: Callable[..., dict[str, Any]]) -> None:
    for words in (RESERVE, FRONTIER, ATTRIBUTION):
        file = tmp_path / f"{words[0]}.parquet"
        found = ask(*words, "--out", str(file))
        table = {"reserve": "V0_needed", "frontier": "edge", "attribution": "sobol"}[words[0]]
        assert pl.read_parquet(file).to_dicts() == found[table]


def test_every_default_assumption_has_a_range_and_words() -> None:
    for name in (*DEFAULT_INPUTS, *SHOCK_FACTS):
        own = input_for(REGISTRY, name)
        assert own.choices or own.low < own.high
        assert len(what_would_settle(REGISTRY, name)) > 10


def test_rises_are_no_shocks_to_mark() -> None:
    risen = parse_scenario({"price_shock": 0.5}, REGISTRY.baseline())
    assert "This scenario" not in {mark.label for mark in shock_marks(REGISTRY, risen, (3,))}


def test_a_cancelled_answer_is_not_kept(store_path: Path) -> None:
    question = AttributionQuestion(REGISTRY.baseline(), REGISTRY.shocks(), ("H0",), paths=8, base_points=4096)
    with Answers.open(store_path) as answers:
        with pytest.raises(Stopped):
            answers.risk(question, cancelled=lambda: True)
        assert answers.store is not None
        assert answers.store.runs(facts_version="", model_version="").is_empty()


def test_parts_of_a_long_answer_are_told_as_one() -> None:
    """Two parts of 30 and 10: half of the first is 15 of 40, a tenth of the second 31."""
    told: list[tuple[int, int]] = []
    parts = Parts([30, 10], lambda *now: told.append(now))
    for done, out_of in ((5, 10), (1, 10)):
        tell = parts.next()
        assert tell is not None
        tell(done, out_of)
    assert told == [(15, 40), (31, 40)]
    assert Parts([1], None).next() is None


def test_lists_of_numbers_take_dots_alone() -> None:
    assert risk_output.wholes("--horizons", "6, 12") == (6, 12)
    assert risk_output.numbers("--levels", "0.1,1e-2") == (0.1, 0.01)
    with pytest.raises(InputError, match="is not a number"):
        risk_output.numbers("--levels", "0.1;0.2")
