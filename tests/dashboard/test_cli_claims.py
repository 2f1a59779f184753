"""`vaultline claims`: found by any word, filtered by verdict, arithmetic shown; and facts found alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.answers import Answers
from dashboard.cli import main
from dashboard.questions import evidence
from models.readers.claim_rules import VERDICTS
from tests.scenarios import BASELINE, REGISTRY

pytestmark = pytest.mark.usefixtures("store_path")
AUDIT = evidence.audit(REGISTRY)


def test_claims_come_with_verdict_source_arithmetic_and_facts(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("claims")
    assert found["facts_version"] == REGISTRY.version
    by_id = {claim["id"]: claim for claim in found["claims"]}
    assert by_id.keys() == AUDIT.claims.keys()
    high = by_id["price_below_high"]
    assert high["verdict"] == "conflicts"
    assert high["source"]["publisher"] == "CryptoAIAnalysis"
    # 1 - 0.16 / 6.43 = 97.5 %
    assert high["arithmetic"][0] == "1 - 0.16 / 6.43 = 97.5 %"
    assert {"price_ath", "price_2026_06", "below_high_claim"} <= set(high["facts"])
    alone = found["burn_implies"][0]
    # 650,000 less 12M x 0.17 / 0.5 / 12 = 340,000
    assert (alone["R_base"], alone["beta"]) == (0, 0.5)
    assert alone["H0"] == pytest.approx(310_000)


@pytest.mark.parametrize(
    "written", ["cannot-be-verified", "cannot be verified", " Cannot_Be_Verified ", "CONFLICTS", "reproduces"]
)
def test_verdicts_are_told_apart(ask: Callable[..., dict[str, Any]], written: str) -> None:
    wanted = written.strip().lower().replace("-", " ").replace("_", " ")
    found = ask("claims", "--verdict", written)["claims"]
    assert found
    assert {claim["verdict"] for claim in found} == {wanted}


def test_every_word_must_be_found_wherever_it_stands(ask: Callable[..., dict[str, Any]]) -> None:
    def ids(*words: str) -> set[str]:
        return {claim["id"] for claim in ask("claims", *words)["claims"]}

    assert ids("insider", "2027") == {"insider_unlocks"}
    assert ids("insider 2027") == {"insider_unlocks"}
    assert "series_a" in ids("FDV") | ids("diluted")
    assert "stress_demand" in ids("CryptoEcon")
    assert "guided_burn" in ids("guided_burn_io")
    assert ids("no such words anywhere") == set()
    assert ids("burn", "--verdict", "conflicts") < ids("burn")


@pytest.mark.parametrize(
    "word", ["' OR 1=1 --", "$(reboot)", "[unclosed", "(.*)", "\\", "a" * 5000, "\N{SNOWMAN}", "\x00", "<b>"]
)
def test_hostile_words_are_only_words(ask: Callable[..., dict[str, Any]], word: str) -> None:
    assert ask("claims", word)["claims"] == []


def test_blank_words_ask_for_nothing(ask: Callable[..., dict[str, Any]]) -> None:
    assert len(ask("claims", "", "  \t")["claims"]) == len(AUDIT.claims)


@pytest.mark.parametrize("verdict", ["", "true", "conflict", "reproduces conflicts", "a" * 500])
def test_an_unknown_verdict_is_one_sentence(
    refused: Callable[..., str], store_path: Path, verdict: str
) -> None:
    said = refused("claims", f"--verdict={verdict}")
    assert "reproduces, conflicts, cannot-be-verified are" in said
    assert len(said) < 200
    assert not store_path.exists()


def test_claims_are_listed_and_shown_for_readers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims"]) == 0
    listed = capsys.readouterr().out
    assert all(claim in listed for claim in AUDIT.claims)
    assert f"{len(AUDIT.claims)} claims: reproduces " in listed
    assert main(["claims", "guided", "backed"]) == 0
    shown = capsys.readouterr().out
    assert "12M IO x $0.17 / 0.5 = $4.08M a year" in shown
    assert "$310,000" in shown
    assert main(["claims", "nothing has this"]) == 0
    assert capsys.readouterr().out == "No claim contains all of that.\n"


def test_the_audit_s_frame_names_its_sources() -> None:
    assert AUDIT.frame["id"].to_list() == list(AUDIT.claims)
    assert set(AUDIT.frame["verdict"]) == set(VERDICTS)
    assert set(AUDIT.frame["said_by"]) <= {source.name for source in REGISTRY.sources.values()}


def test_answers_keep_the_audit_and_what_to_watch(store_path: Path) -> None:
    with Answers.open(store_path) as answers:
        assert answers.claims() is answers.claims()
        both = REGISTRY.presets()["both"].scenario
        assert answers.watch(both) is answers.watch(both)
        assert not answers.watch(both).equals(answers.watch(BASELINE))


# Where a fact is used


def test_every_fact_says_where_it_is_used() -> None:
    places = evidence.uses(REGISTRY, AUDIT)
    assert places.keys() == REGISTRY.facts.keys()
    assert places["payout_target"][0] == "default of Payout target (H0)"
    assert any("stress_price" in place for place in places["stress_price_shock"])
    assert any("Price" in place for place in places["stress_price_shock"])
    assert all(places.values())
    unused = {id_ for id_, where in places.items() if where == ["not used yet"]}
    assert unused == {fact.id for fact in REGISTRY.facts.values() if fact.awaits}


def test_a_fact_s_figure_is_one_line_with_its_unit() -> None:
    facts = REGISTRY.facts
    assert evidence.fact_value(facts["price_ath"]) == "6.43 USD per IO"
    assert evidence.fact_value(facts["gpu_counts"]) == f"table of {len(facts['gpu_counts'].rows)} rows"
    assert evidence.fact_value(facts["rtx4090_claim"]) == "4090 among the highest weights"
    assert evidence.fact_value(facts["contract_total_usd"]) == "8,000,000 USD"
    assert evidence.fact_value(facts["emission_q"]) == "0.98984895296283 ratio"
    assert evidence.fact_value(facts["payout_target"].model_copy(update={"value": "none"})) == "not set"
    assert evidence.fact_value(facts["payout_target"].model_copy(update={"value": True})) == "on"
