"""Investors: break-even, yield and pressure worked by hand, and solved levels put back into the model."""

from datetime import date
from typing import Any

import pytest

from data.volumes import volumes
from models.parameters import Contract, Scenario, parse_scenario
from models.projection import Projection, project
from models.readers import break_even as solved
from models.readers.break_even import MEASURES, Measure, break_even
from models.readers.pressure import balance, sell_pressure
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY, run

FIRST = 650_000.0  # USD a month, the first contract
# Protocol months 24 to 35, a month: Seed 100M/24, Series A 81.6M/24, core contributors 90.4M/36, R&D
# 128M x 0.7/35, community 80M x 0.55/41: 4.16667 + 3.4 + 2.51111 + 2.56 + 1.07317 = 13.71095M IO
UNLOCK = 100e6 / 24 + 81.6e6 / 24 + 90.4e6 / 36 + 128e6 * 0.7 / 35 + 80e6 * 0.55 / 41


def over_a_year(measure: Measure = "burn", **changes: Any) -> solved.BreakEven:
    return break_even(run(**changes), 12, FIRST, measure)


def test_the_burn_covers_the_unlocks_from_the_surplus_that_buys_them_on() -> None:
    # above the target of 1.35M nothing is released, and half of the surplus buys at $0.17:
    # 0.5 (R - 1.35M)/0.17 = 13.71095M, so R = 1.35M + 4.66172M = 6.01172M
    found = over_a_year()
    assert found.revenue_usd == pytest.approx(1.35e6 + UNLOCK * 0.17 / 0.5, rel=1e-12)
    assert found.revenue_usd == pytest.approx(6.01172e6, abs=5)
    # beside the base revenue of 1.04M: (6.01172 - 1.04)/0.65 = 7.649
    assert found.contracts == pytest.approx((6.01172 - 1.04) / 0.65, abs=1e-4)
    assert found.own_usd == pytest.approx(1.69e6)
    # all of 0.85 instead of 0.4 of the supply at the same price: 1.69M x 2.125
    assert found.servable_usd == pytest.approx(1.69e6 * 0.85 / 0.4)


def test_by_both_measures_where_the_vault_pays_first() -> None:
    # a full vault pays the whole target in tokens: 0.5 R/0.17 = 13.71095M + 1.35M/0.17
    found = over_a_year(order="vault_first", V0_months=240.0)
    assert found.revenue_usd == pytest.approx((UNLOCK * 0.17 + 1.35e6) / 0.5, rel=1e-12)


def test_what_is_bought_back_counts_for_circulating_supply_alone() -> None:
    # no room in the Fee Vault: what is not burned buys IO back, so the whole surplus buys
    assert over_a_year(y2_cap_months=0.0).revenue_usd == pytest.approx(1.35e6 + UNLOCK * 0.17 / 0.5)
    found = over_a_year("circulating", y2_cap_months=0.0)
    assert found.revenue_usd == pytest.approx(1.35e6 + UNLOCK * 0.17)


def test_demand_takes_its_part_of_what_is_contracted() -> None:
    # at 45 % demand the same USD come in, out of contracts 1/0.45 as large
    found = over_a_year(demand_shock=-0.55, shock_month=1)
    assert found.revenue_usd == pytest.approx(1.35e6 + UNLOCK * 0.17 / 0.5)
    assert found.contracts == pytest.approx(((1.35e6 + UNLOCK * 0.34) / 0.45 - 1.04e6) / FIRST)


VAULT_BURN = {"burn_source": "vault", "m0": 0, "V0_months": 0.0, "kappa": 0.0, "order": "revenue_first"}


@pytest.mark.parametrize(
    ("changes", "measure", "reason"),
    [
        ({"rule": "legacy"}, "burn", "rule"),
        ({"demand_shock": -1.0, "shock_month": 1}, "burn", "demand"),
        ({"rule": "as_reported", "V0_months": 0.0}, "circulating", "vault"),
        # from launch on 405.6M unlock, and only the 300M not yet emitted can be burned
        (VAULT_BURN | {"months": 48}, "burn", "tokens"),
        (VAULT_BURN | {"months": 24}, "burn", None),
    ],
)  # fmt: skip
def test_where_no_revenue_is_enough_it_says_why(
    changes: dict[str, Any], measure: Measure, reason: str | None
) -> None:
    found = break_even(run(**changes), changes.get("months", 12), FIRST, measure)
    assert found.reason == reason
    assert (found.revenue_usd is None) == (found.contracts is None) == (reason is not None)


HARD = {
    "price_shock": -0.5, "demand_shock": -0.55, "controller": True, "eta": 1.5, "K0": 2e7, "impact": 0.2,
    "y2_cap_months": 1.0, "chi": 0.1, "steps_per_month": 7, "F0": 2e6,
}  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("changes", [HARD, HARD | {"order": "vault_first"}, {"release_cap": 5e6, "H0": 4e6}])
def test_the_level_found_put_back_into_the_model_lets_nothing_be_issued(
    changes: dict[str, Any], measure: Measure
) -> None:
    found = over_a_year(measure, **changes).contracts
    assert found is not None

    def net(contracts: float) -> float:
        usd = contracts * FIRST
        frame = run(**changes, contracts=[{"first": 1, "months": 12, "usd": usd}], months=12).frame
        come = frame["unlocked"].sum() + frame["released"].sum()
        if measure == "burn":
            return float(come - frame["burned"].sum())
        start = frame["circulating"][0] - frame["unlocked"][0] - frame["released"][0]
        start += sum(frame[c][0] for c in ("burned_market", "overflow_burned", "refilled"))
        return float(frame["circulating"][-1] - start)

    assert net(found) == pytest.approx(0, abs=1)
    assert net(0.99 * found) > 1e4
    assert net(1.01 * found) < -1e4
    # and no fewer would do
    assert all(net(found * part / 20) > 0 for part in range(20))


@pytest.mark.parametrize(
    ("changes", "agree"),
    [
        ({}, True),
        ({"y2_cap_months": 1.0}, False),
        ({"y2_cap_months": 1.0, "overflow": "burn"}, True),
        ({"burn_source": "vault"}, False),
        (HARD | {"order": "vault_first", "y2_cap_months": None}, True),
    ],
)  # fmt: skip
def test_the_measures_agree_where_all_that_is_bought_is_burned(changes: dict[str, Any], agree: bool) -> None:
    assert solved.measures_agree(run(**changes)) == agree
    levels = [over_a_year(measure, **changes).revenue_usd for measure in MEASURES]
    assert (levels == pytest.approx(levels[::-1], rel=1e-9) if None not in levels else False) == agree


def test_each_month_alone_begins_as_the_run_left_the_one_before() -> None:
    one = run()
    frame = solved.by_month(one, FIRST, "burn")
    assert frame["date"].to_list() == one.frame["date"].to_list()
    assert frame["revenue_usd"][:12].to_list() == pytest.approx([1.35e6 + UNLOCK * 0.34] * 12)
    # from May 2029 on nothing unlocks, and the target itself is the level: (1.35 - 1.04)/0.65
    assert frame["revenue_usd"][-1] == pytest.approx(1.35e6)
    assert frame["contracts"][-1] == pytest.approx(0.31 / 0.65)
    # a month's level depends on what is left in the vault: an empty one releases nothing
    joint = solved.by_month(run(price_shock=-0.5, demand_shock=-0.55), FIRST, "burn")
    assert joint["own_usd"][-1] == pytest.approx(1.04e6 * 0.45)


def test_contracts_come_on_top_of_a_revenue_history() -> None:
    # months of 1M and of 2M: 0.5 (2 x level + 3M - 2.7M)/0.17 = 2 x 13.71095M
    found = break_even(run(revenue_history=[1e6, 2e6], months=2, contracts=[]), 2, FIRST, "burn")
    assert found.contracts == pytest.approx((UNLOCK * 0.34 + 1.35e6 - 1.5e6) / FIRST)
    assert found.revenue_usd == pytest.approx(UNLOCK * 0.34 + 1.35e6)


def two_months() -> Projection:
    """Month 1 at $0.17, month 2 at half of it: the surplus of 0.34M burns 1M and then 2M IO."""
    return run(months=2, price_shock=-0.5, shock_month=2)


def test_yield_and_dilution_are_a_year_s_over_the_start() -> None:
    found = balance(two_months(), 2)
    assert found.circulating_io == pytest.approx(342.143e6, abs=500)
    assert found.market_cap_usd == pytest.approx(found.circulating_io * 0.17)
    assert found.burned_io == pytest.approx(3e6)
    assert found.burned_usd == pytest.approx(0.34e6)  # 1M x 0.17 + 2M x 0.085
    assert found.burn_yield_io == pytest.approx(6 * 3e6 / found.circulating_io)
    assert found.burn_yield_usd == pytest.approx(6 * 0.34e6 / found.market_cap_usd)
    assert found.dilution == pytest.approx(6 * 2 * UNLOCK / found.circulating_io)
    assert found.net_io == pytest.approx(2 * UNLOCK - 3e6)
    assert found.unlocked_usd == pytest.approx(UNLOCK * (0.17 + 0.085))


def test_sell_pressure_in_usd_and_in_days_of_each_volume() -> None:
    found = sell_pressure(two_months(), {"a": 1e6, "b": 1e5}).row(1, named=True)
    assert found["unlocked_usd"] == found["all_usd"] == pytest.approx(UNLOCK * 0.085)
    assert found["sold_usd"] == pytest.approx(0.3 * UNLOCK * 0.085)
    assert found["all_days_a"] == pytest.approx(UNLOCK * 0.085 / 1e6)
    assert found["sold_days_b"] == pytest.approx(0.3 * UNLOCK * 0.085 / 1e5)
    # released: a month without revenue pays 1.35M out of the vault, of which 70 % are sold
    paid = sell_pressure(run(months=1, R_base=0.0, contracts=[]), {"a": 1e6}).row(0, named=True)
    assert paid["released_usd"] == pytest.approx(1.35e6)
    assert paid["sold_usd"] == pytest.approx(0.3 * UNLOCK * 0.17 + 0.7 * 1.35e6)


def test_volumes_conflict_and_each_is_taken_over_its_own_days() -> None:
    found = {v.name: v for v in volumes(REGISTRY.facts)}
    assert {name: v.usd_a_day for name, v in found.items()} == pytest.approx(
        {"one_day": 95e6, "last_month": 65e6 / 19, "whole_month": 114e6 / 28}
    )
    assert found["last_month"].until == date(2026, 3, 19)


def test_the_first_contract_is_the_baseline_s() -> None:
    assert BASELINE.contracts[0] == Contract(first=1, months=12, usd=FIRST)
    one: Scenario = parse_scenario({"contracts": []}, BASELINE)
    assert break_even(project(one, PROTOCOL), 12, FIRST, "burn").contracts == pytest.approx(
        7.648804, abs=1e-6
    )
