"""`vaultline policy`, and `vaultline mechanisms` on random futures: answers, words, records and refusals."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.answers import Answers
from dashboard.cli import main
from dashboard.questions.policies import policy_question
from data.registry import load_facts
from models.parameters import parse_scenario
from models.stress.sweep import Stopped

pytestmark = pytest.mark.usefixtures("store_path")
REGISTRY = load_facts()
POLICY = ("policy", "--paths", "200", "--policies", "14", "--levers", "beta,controller,k_min")
MECHANISMS = ("mechanisms", "--paths", "20", "--months", "6")


@pytest.mark.parametrize("words", [POLICY, MECHANISMS], ids=lambda words: words[0])
def test_an_answer_is_found_again_and_its_command_gives_it(
    words: tuple[str, ...], ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = ask(*words, "--set", "beta=0.7")
    assert first["recorded"] is True
    assert ask(*words, "--set", "beta=0.7") == first
    again = ask(*shlex.split(first["command"])[1:])
    assert again["run_id"] == first["run_id"]
    assert main([*words, "--set", "beta=0.7"]) == 0
    printed = capsys.readouterr().out
    assert "Under these assumptions" in printed
    assert "found in the store" in printed
    assert first["run_id"][:12] in printed


def test_today_s_policy_is_the_facts_and_the_reader_s_is_one_more(
    ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "policies.parquet"
    found = ask(*POLICY, "--set", "beta=0.7", "--out", str(out))
    table = found["table"]
    assert pl.read_parquet(out).to_dicts() == table
    assert [row["kind"] for row in table].count("yours") == 1
    assert (table[0]["kind"], table[0]["beta"]) == ("today", 0.5)
    assert (table[-1]["kind"], table[-1]["beta"], len(table)) == ("yours", 0.7, 15)
    of_today = ask(*POLICY)["table"]
    assert len(of_today) == 14
    assert of_today[0]["burned"] == table[0]["burned"]
    # a setting of a controller that is off is no policy of its own
    assert (
        policy_question(REGISTRY, parse_scenario({"k_min": 0.9}, REGISTRY.baseline()), REGISTRY.shocks()).own
        is None
    )
    assert main([*POLICY, "--event", "underpaid"]) == 0
    assert "the vaults let suppliers be underpaid in" in capsys.readouterr().out.replace("\n", " ")


def test_the_chance_is_the_stress_test_s(ask: Callable[..., dict[str, Any]]) -> None:
    """The engine's own counts, by another way, on the same futures."""
    today = ask(*POLICY)["table"][0]
    assert ask("stress", "--paths", "200")["by_month"][-1]["p_shortfall"] == today["p_shortfall"]


def test_mechanisms_carry_their_sources_and_paired_differences(
    ask: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "mechanisms.csv"
    found = ask(*MECHANISMS, "--out", str(out))
    by_name = {m["name"]: m for m in found["mechanisms"]}
    assert len(by_name) == 8
    for mechanism in by_name.values():
        assert mechanism["sources"]
        assert mechanism["totals"]["income_usd"]["error"] is not None
    legacy, ide = (by_name[name]["totals"]["income_usd"] for name in ("legacy", "ide"))
    assert legacy["less_ide"] == pytest.approx(legacy["mean"] - ide["mean"])
    assert legacy["less_ide_error"] > 0
    assert pl.read_csv(out).height == 8 * 6


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("policy", "--policies", "3"), "policies = 3 is not allowed: with these levers it must be from 20"),
        (("policy", "--policies", "x"), "--policies = 'x' is not a whole number"),
        (("policy", "--levers", "beta,V0"), "'V0' is no lever"),
        (("policy", "--levers", ","), "no lever is named"),
        (("policy", "--levers", "beta,beta"), "each lever can be named once"),
        (("policy", "--event", "empty"), "there are shortfall, underpaid"),
        (("policy", "--paths", "0"), "paths = 0 is not allowed"),
        (("policy", "--preset", "as_reported"), "only the engine (rule ide) has a policy"),
        (("policy", "--shocks", "bootstrap"), "there are gbm and regimes"),
        (("mechanisms", "--shock", "rho=0.3"), "there are none without --paths"),
        (("mechanisms", "--paths", "1e6"), "at most 13,888 are"),
        (("mechanisms", "--paths", "0"), "paths = 0 is not allowed"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    words: tuple[str, ...], sentence: str, refused: Callable[..., str]
) -> None:
    assert sentence in refused(*words)


def test_a_cancelled_lab_is_not_kept(store_path: Path) -> None:
    question = policy_question(REGISTRY, REGISTRY.baseline(), REGISTRY.shocks(), policies=20)
    with Answers.open(store_path) as answers:
        with pytest.raises(Stopped):
            answers.risk(question, cancelled=lambda: True)
        assert answers.store is not None
        assert answers.store.runs(facts_version="", model_version="").is_empty()
