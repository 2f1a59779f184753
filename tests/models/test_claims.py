"""The claims audit against arithmetic worked by hand, and verdicts that follow the facts when they change."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from data.fact import Fact, Facts
from models.parameters import InputError, Scenario, parse_scenario
from models.projection import project
from models.readers.claim_rules import (
    VERDICTS,
    Case,
    amount,
    finding,
    io,
    percent,
    rounds_to,
    usd,
    within,
)
from models.readers.claims import audit
from models.readers.claims_engine import burn_implications, payout_target
from models.readers.claims_supply import circulating_on
from models.readers.network import gpu_counts, tipping_point, watch
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

FACTS = REGISTRY.facts


def case(**mended: Any) -> Case:
    """The audit's case, with the value of some facts mended."""
    figures = FACTS | {id_: FACTS[id_].model_copy(update={"value": v}) for id_, v in mended.items()}
    return Case(figures, PROTOCOL, BASELINE, REGISTRY.alternatives)


CLAIMS = {claim.id: claim for claim in audit(case())}

# claim: verdict, what was recomputed, and a line of arithmetic; worked by hand in the comment above each
WORKED: dict[str, tuple[str, str, str]] = {
    # 12M x 0.17 / 0.5 = 4.08M a year, 340,000 a month; 12.5M / 12 + 650,000 = 1,691,667; less 340,000
    "guided_burn": ("cannot be verified", "$1.3517M a month to suppliers, 20.1 % of", "= $4.08M a year"),
    # 12 / 346 = 0.034682
    "burn_of_supply": ("reproduces", "3.47 %", "12M / 346M = 3.47 %"),
    # 231 / 2 = 115.5, rounded down 115; 115 / 12 = 9.58
    "burn_goal": ("reproduces", "115.5M IO", "9.6 years"),
    # 8M / 12 = 666,667, 2.6 % above 650,000
    "contract_size": ("conflicts", "$666,667 a month", "+2.6 %"),
    # 20 / 12.5 = 1.6; 12.5M + 12 x 0.65M = 20.3M
    "revenue": ("conflicts", "1.6 times apart", "= $20.3M"),
    # SPEC section 4: first shortfall none, month 22, month 11; DESIGN section 5: 6, 11, 28
    "stress_price": ("reproduces", "no shortfall in 36 months", "all that is left: no shortfall"),
    "stress_demand": ("cannot be verified", "first shortfall in month 22", "all that is left: no shortfall"),
    "stress_both": ("reproduces", "first shortfall in month 11", "3 months of schedule: first"),
    # FACTS section 2
    "emission_total": ("reproduces", "300,000,000 IO", "= 3,333,333.33 IO"),
    "emission_hourly": ("reproduces", "300,000,000.00 IO", "/ 8,760 = 4,566.2100 IO"),
    "emission_published_factor": ("conflicts", "300,005,579 IO", "0.989849199^240"),
    "emission_headline_rate": ("conflicts", "298,893,387 IO", "0.9898^240"),
    "emission_formula": ("conflicts", "910.07M IO", "500M IO, each month times"),
    "emission_year1": ("conflicts", "37.84M IO", "500M IO x 0.08 = 40M IO"),
    # 300 - 68.684533 = 231.315467
    "unemitted": ("reproduces", "231.32M IO", "= 231,315,467 IO"),
    # 100 + 81.6 + 90.4 = 272; 272 / 500 = 0.544; 272 / 800 = 0.34
    "insider_share": ("conflicts", "54.4 %", "272M / 800M = 34 % of the cap"),
    # 128 x 0.3 + 80 x 0.45 + 20 = 94.4; 94.4 / 500 = 0.1888; 95 / 94.4 - 1 = 0.6 %
    "released_at_launch": ("conflicts", "94.4M IO", "94.4M / 500M = 18.9 %"),
    "float_at_launch": ("reproduces", "94.4M IO", "= 94.4M IO"),
    # 90.4M x 6 of 36 tranches = 15,066,667 after month 42, December 2027
    "insider_unlocks": ("conflicts", "2028-06", "(month 42): 15,066,667 IO"),
    # 309.4 / 301 - 1 = 2.8 %
    "schedules_fit": ("reproduces", "+2.8 % at worst", "2026-03-31: 309.4M IO by schedule"),
    # 407.4 / 410.4 - 1 and 393 / 410.4 - 1
    "as_reported": ("reproduces", "-0.7 % as reported, -4.2 % in full", "observed on 2026-10-02: 410.4M IO"),
    # 1 - 0.16 / 6.43 = 0.97512; 6.43 x 0.04 = 0.2572, between the closes of October and November 2025
    "price_below_high": ("conflicts", "97.5 %", "= $0.2572"),
    "lowest_price": ("reproduces", "$0.0911", "0.0911 < 0.15"),
    # 95M x 6.43 = 610.85M; 800M x 6.43 = 5.144 billion
    "market_cap_peak": ("conflicts", "$610M", "$5.144 billion"),
    # 187.3M / 1.969 = 95.12M; the schedules give 107.5M after three months: 11.5 % less
    "market_cap_quarters": ("conflicts", "-11.5 % at worst", "= 95.124M IO"),
    # 114M / 30.4375 = 3.745M; 95 / 3.745 = 25.4
    "volume": ("cannot be verified", "25 times", "$3.7454M a day"),
    # 1 billion / 800M = 1.25; 30M / 81.6M = 0.3676; 0.16 / 1.25 - 1 = -87.2 %
    "series_a": ("conflicts", "$294.12M fully diluted", "-87.2 % on the one, -56.5 % on the other"),
    # 327 / 600 = 54.5 %; 1,446 / 100,000 = 1.446 %; 7,600 / 327,000 = 2.32 %
    "gpus_claimed": ("conflicts", "327,000 registered", "= 54.5 %"),
    "gpus_advertised": ("conflicts", "1,446 active", "= 1.45 %"),
    "gpus_registered": ("cannot be verified", "2.32 %", "= 0.442 %"),
    # 7 x 4 billion = 28 billion; 28 / 25,000 = 0.00112
    "tokens_served": ("cannot be verified", "0.112 %", "= 28 billion a week"),
    # 21 models of the table stand above 1.25
    "rtx4090": ("conflicts", "1.25, below 21 of 33", "30 / 1.25 = 24 times"),
    # 1 - 2.5 / 3.5 = 28.6 %; 1 - 1 / 5.5 = 81.8 %; middles 1 - 3.5 / 10 and 1 - 3.5 / 8.5
    "saving_against_cloud": ("conflicts", "28.6 % to 81.8 %", "middle 58.8 %"),
    # 2.48M / 552,000 = 4.4928; 5.5 - 4.4928 = 1.0072 is at least 1.00; 5.0 - 4.4928 = 0.5072 is not
    "customer_saving": ("cannot be verified", "$4.49 a GPU-hour", "= $0.5072 left for io.net"),
    "payouts_live": ("conflicts", "not as of 2026-10", "judged on circulating supply"),
}  # fmt: skip
ON_ONE_WORD = {
    "capabilities", "governance", "leadership", "sybil_attack", "review_scores", "second_contract",
    "countries", "workloads", "latency", "hyperscaler_capex", "openrouter_raise",
}  # fmt: skip


@pytest.mark.parametrize("id_", WORKED)
def test_a_claim_comes_out_as_worked_by_hand(id_: str) -> None:
    claim = CLAIMS[id_]
    verdict, result, line = WORKED[id_]
    assert claim.verdict == verdict
    assert result in claim.result
    assert any(line in step for step in claim.arithmetic), claim.arithmetic


def test_every_claim_is_worked_here_or_stands_on_one_word() -> None:
    assert set(CLAIMS) == set(WORKED) | ON_ONE_WORD
    for id_ in ON_ONE_WORD:
        assert CLAIMS[id_].verdict == "cannot be verified"
        assert finding(CLAIMS[id_]).startswith("cannot be verified, missing: ")


def test_every_claim_says_who_what_and_why() -> None:
    for claim in CLAIMS.values():
        assert claim.verdict in VERDICTS
        assert all((claim.statement, claim.result, claim.tolerance, claim.date, claim.facts))
        assert claim.source in REGISTRY.sources
        assert set(claim.facts) <= FACTS.keys()
        assert claim.reason or claim.verdict == "reproduces"
        # pages and commands put the full stop
        assert not claim.reason.endswith(".")
    topics = [claim.topic for claim in CLAIMS.values()]
    assert topics == sorted(topics, key=topics.index)


def test_every_claim_of_the_record_has_a_verdict() -> None:
    judged = {id_ for claim in CLAIMS.values() for id_ in claim.facts}
    claims = {f.id for f in FACTS.values() if f.theme == "claims" and f.kind != "derived"}
    claims |= {id_ for id_ in FACTS if id_.endswith(("_claim", "_claim_io", "_claim_usd", "_published_io"))}
    assert claims - judged == {"watch_list"}


# The same arithmetic stands in the facts as check points, derived from text there


@pytest.mark.parametrize(
    ("id_", "fact", "written"),
    [
        ("burn_of_supply", "burn_of_circulating", percent),
        ("insider_share", "insider_share_of_genesis", percent),
        ("insider_share", "insider_share_of_cap", percent),
        ("insider_share", "insider_io", io),
        ("price_below_high", "below_high", percent),
        ("market_cap_peak", "market_cap_peak_usd", usd),
        ("series_a", "series_a_price_at_fdv", usd),
        ("customer_saving", "customer_saving_per_gpu_hour", usd),
        ("tokens_served", "tokens_per_week", amount),
        ("unemitted", "emission_left_after_23_io", io),
        ("released_at_launch", "float_at_tge_io", io),
    ],
)
def test_the_audit_agrees_with_the_check_points(id_: str, fact: str, written: Any) -> None:
    claim = CLAIMS[id_]
    assert written(FACTS[fact].number) in " ".join((claim.result, *claim.arithmetic))


# A mended fact changes the verdict


@pytest.mark.parametrize(
    ("id_", "mended", "verdict"),
    [
        ("price_below_high", {"below_high_claim": 0.975}, "reproduces"),
        ("price_below_high", {"price_2026_06": 0.2572}, "reproduces"),
        ("insider_share", {"insider_share_claim": 0.54}, "reproduces"),
        ("burn_of_supply", {"burn_of_circulating_claim": 0.036}, "conflicts"),
        ("market_cap_peak", {"market_cap_peak_claim_usd": 600_000_000}, "reproduces"),
        ("lowest_price", {"price_atl_claim": 0.09}, "conflicts"),
        ("series_a", {"series_a_fdv_claim_usd": 294_000_000}, "reproduces"),
        ("insider_unlocks", {"insider_unlocks_end_claim": "2028"}, "reproduces"),
        ("emission_year1", {"emission_year1_claim_io": 37_800_000}, "reproduces"),
        ("contract_size", {"contract_total_usd": 7_800_000}, "reproduces"),
        ("stress_demand", {"stress_demand_shock": -0.05}, "reproduces"),
        ("stress_demand", {"stress_demand_shock": -0.9}, "conflicts"),
        ("stress_both", {"stress_demand_shock": 0.0, "stress_price_shock": 0.0}, "conflicts"),
        ("released_at_launch", {"released_at_tge_claim_io": 94_000_000}, "reproduces"),
        ("unemitted", {"burn_goal_unemitted_io": 240_000_000}, "conflicts"),
        ("burn_goal", {"burn_goal_io": 120_000_000}, "conflicts"),
    ],
)
def test_a_mended_fact_changes_the_verdict(id_: str, mended: dict[str, Any], verdict: str) -> None:
    claim = next(c for c in audit(case(**mended)) if c.id == id_)
    assert claim.verdict == verdict
    assert CLAIMS[id_].verdict != verdict


def test_a_missing_fact_is_named() -> None:
    incomplete = Facts({k: v for k, v in FACTS.items() if k != "price_ath"})
    with pytest.raises(InputError, match="price_ath"):
        audit(Case(incomplete, PROTOCOL, BASELINE, REGISTRY.alternatives))


# What the guided burn implies


def test_the_burn_pins_the_payout_target_at_every_claim_on_revenue() -> None:
    implied = burn_implications(case())
    for row in implied.iter_rows(named=True):
        # constant revenue and price: what is left a month is 12M x 0.17 / beta / 12
        left = 12e6 * 0.17 / row["beta"] / 12
        revenue = row["R_base"] + row["contract_usd"]
        assert row["H0"] == pytest.approx(revenue - left, abs=0.01)
        assert row["left_share"] == pytest.approx(left / revenue, abs=1e-7)
    readings = dict(implied.filter(pl.col("beta") == 0.5).select("revenue", "R_base").iter_rows())
    assert readings == {
        "the contract alone": 0,
        "$12.5M a year and the contract": pytest.approx(12.5e6 / 12),
        "$12.5M a year, contract in it": pytest.approx(12.5e6 / 12 - 650e3),
        "$14.2M a year and the contract": pytest.approx(14.2e6 / 12),
        "$14.2M a year, contract in it": pytest.approx(14.2e6 / 12 - 650e3),
        "$20M a year and the contract": pytest.approx(20e6 / 12),
        "$20M a year, contract in it": pytest.approx(20e6 / 12 - 650e3),
    }


def test_the_target_that_is_solved_for_burns_what_was_guided() -> None:
    # a shock in the year, so that no closed form gives the answer
    shocked = parse_scenario({"price_shock": -0.3, "shock_month": 5}, BASELINE)
    H0 = payout_target(shocked, PROTOCOL, 12e6)
    assert H0 is not None
    year = parse_scenario({"H0": H0, "months": 12}, shocked)
    assert project(year, PROTOCOL).summary["burn_year1"] == pytest.approx(12e6, abs=1)


def test_a_burn_out_of_reach_has_no_target() -> None:
    poor = parse_scenario({"R_base": 100.0, "contracts": ()}, BASELINE)
    assert payout_target(poor, PROTOCOL, 12e6) is None
    implied = burn_implications(case(guided_burn_io=90_000_000))
    alone = implied.row(
        by_predicate=(pl.col("revenue") == "the contract alone") & (pl.col("beta") == 0.5), named=True
    )
    # 90M x 0.17 / 0.5 / 12 = 2.55M a month, against 0.65M
    assert (alone["H0"], alone["left_share"]) == (None, None)
    claim = next(c for c in audit(case(guided_burn_io=90_000_000)) if c.id == "guided_burn")
    # 90M x 0.17 / 0.5 = 30.6M a year; at 20M a year and the contract, 27.8M, not even that is enough
    assert any("= $30.6M a year" in line for line in claim.arithmetic)
    assert "never burns it" in claim.arithmetic[-1]


# Supply by the day


def test_supply_between_month_ends_grows_by_the_day() -> None:
    # August 2025 is month 14: emission and linear vesting by the day, tranches on the last day alone
    start, end = (circulating_on(PROTOCOL, date(2025, *day)) for day in ((7, 31), (8, 31)))
    middle, before = (circulating_on(PROTOCOL, date(2025, 8, day)) for day in (15, 30))
    tranches = (100e6 + 81.6e6) / 24 + 90.4e6 / 36
    assert end - before == pytest.approx(tranches + (before - start) / 30, rel=1e-9)
    assert middle == pytest.approx(start + (before - start) / 2, rel=1e-9)
    assert circulating_on(PROTOCOL, date(2024, 6, 11)) == pytest.approx(94.4e6)


# The rules of the audit


def test_rounding_to_the_last_digit_stated() -> None:
    assert rounds_to(0.96, 0.9649, 0.01)
    assert rounds_to(0.96, 0.965, 0.01)
    assert not rounds_to(0.96, 0.9651, 0.01)
    assert within(95, 94.4, 0.01)
    assert not within(95, 94, 0.01)


@pytest.mark.parametrize(
    ("value", "text"),
    [(25e12, "25 trillion"), (4e9, "4 billion"), (231.315467e6, "231.32M"), (16e3, "16,000"),
     (0.36766, "0.3677"), (999_999.6, "1,000,000"), (0, "0")],
)  # fmt: skip
def test_amounts_are_written_for_readers(value: float, text: str) -> None:
    assert amount(value) == text


# What to watch


def bare(**changes: Any) -> Scenario:
    """No emission, no vault, no contract: revenue alone pays."""
    return parse_scenario(
        {"kappa": 0.0, "V0_months": 0.0, "contracts": (), "shock_month": 1, **changes}, BASELINE
    )


def test_the_tipping_point_of_revenue_is_the_target() -> None:
    # demand at 45 % of base revenue must bring in 1.35M: 1.35M / 0.45 = 3M
    scenario = bare(demand_shock=-0.55)
    found = tipping_point(lambda r: scenario.model_copy(update={"R_base": r}), 10e6, PROTOCOL)
    assert found == pytest.approx(3e6, rel=1e-6)


def test_the_tipping_point_of_the_vault_is_what_ten_months_take() -> None:
    # 10 months of 100,000 USD at 0.1 USD per IO: 10M IO
    scenario = bare(R_base=0.0, H0=100_000.0, P0=0.1, months=10)
    found = tipping_point(lambda v: scenario.model_copy(update={"V0": v}), 200e6, PROTOCOL)
    assert found == pytest.approx(10e6, rel=1e-5)
    row = watch(FACTS, scenario, PROTOCOL).filter(pl.col("item").str.contains("reserves")).row(0, named=True)
    assert row["tipping"].startswith("10M IO")


def test_what_nothing_can_tip_says_so() -> None:
    safe = watch(FACTS, BASELINE, PROTOCOL)
    assert safe.height == len(FACTS["watch_list"].rows)
    assert "no shortfall even from an empty vault" in safe["tipping"][1]
    hopeless = watch(FACTS, bare(R_base=0.0, months=2), PROTOCOL)
    assert "it would start in month 4, after the run" in hopeless["tipping"][0]
    legacy = watch(FACTS, REGISTRY.presets()["legacy"].scenario, PROTOCOL)
    assert "no vault" in legacy["tipping"][1]
    replay = watch(FACTS, REGISTRY.presets()["history_replay"].scenario, PROTOCOL)
    assert "comes from a history" in replay["tipping"][2]


def test_an_item_that_nobody_foresaw_is_listed_without_a_figure() -> None:
    listed: Fact = FACTS["watch_list"].model_copy(update={"rows": (("the weather",),)})
    frame = watch({**FACTS, "watch_list": listed}, BASELINE, PROTOCOL)
    assert frame.rows() == [("the weather", "no figure", "not an input of the model")]


def test_gpu_counts_say_what_was_counted() -> None:
    counts = gpu_counts(FACTS)
    assert counts["date"].is_sorted()
    assert counts.filter(pl.col("counted") == "verified")["gpus"].to_list() == [7600, 6720, 2752]
    assert set(counts["counted"]) == {
        "claimed", "registered", "verified", "cluster-ready", "active", "advertised"
    }  # fmt: skip
