"""A fleet's income, break-even and risk, against a network small enough to reckon by hand."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.readers.fleet_income import WAYS, income, net
from models.readers.suppliers import answer, nearest, paid_back
from tests.readers_cases import JUDGED, TARGET, case

# Weight 5 beside 20 others: a fifth of the target. After the fees on USDC, 1 - 0.0025 - 0.02 = 0.9775 of it.
FULL = 200 * 0.9775 - 73.05  # 122.45 a month at full pay
HALF = 100 * 0.9775 - 73.05  # 24.70
TENTH = 20 * 0.9775 - 73.05  # -53.50
PAY = np.array([[1.0, 0.5, 1.0], [0.1, 0.1, 0.1], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
OTHERWISE = {"mean_multiplier": (2.0, 7.0), "roi_target": (0.6,)}


def test_income_by_multipliers_is_the_share_of_the_target() -> None:
    expected = [[FULL, HALF, FULL], [TENTH] * 3, [FULL] * 3, [FULL] * 3]
    assert net(case(PAY), "multiplier") == pytest.approx(np.array(expected))


def test_income_by_roi_and_z_is_the_own_target_times_pay() -> None:
    # 60 % of 200 a year is 10 a month; with 73.05 of electricity 83.05; at half pay 41.525
    found = income(case(PAY), "roi")
    assert found.pay[0] == pytest.approx([83.05, 41.525, 83.05])
    assert found.emission.max() == 0


def test_the_old_schedule_pays_hire_and_emission() -> None:
    # hired weight 2.5 beside 20 x 0.4 = 8 others: 2.5 / 10.5 of 100; emission 95 % of 50, of which a fifth
    found = income(case(PAY), "legacy")
    assert found.pay[0] == pytest.approx([250 / 10.5] * 3)
    assert found.emission[0] == pytest.approx([9.5] * 3)
    # fees are kept from the first alone
    assert net(case(PAY), "legacy")[0, 0] == pytest.approx(250 / 10.5 * 0.9775 + 9.5 - 73.05)


def test_fewer_active_suppliers_leave_a_larger_share() -> None:
    whole = case(PAY)
    halved = whole._replace(engine=whole.engine._replace(active=np.full_like(PAY, 0.5)))
    # weight 5 beside 10 others, of the same money: a third
    assert income(halved, "multiplier").pay[2, 0] == pytest.approx(TARGET / 3)


def test_half_a_day_is_half_the_weight_and_half_the_electricity() -> None:
    # 2.5 beside 20: a ninth
    found = net(case(PAY, {"uptime_hours": 12.0}), "multiplier")
    assert found[2, 0] == pytest.approx(TARGET / 9 * 0.9775 - 73.05 / 2)


def test_a_machine_that_is_up_too_little_earns_nothing_and_costs_all_the_same() -> None:
    for way in WAYS:
        found = net(case(PAY, {"uptime_hours": 4.0}), way)
        assert found == pytest.approx(np.full_like(PAY, -73.05 / 6))


def test_the_machines_are_paid_back_when_income_reaches_what_they_cost() -> None:
    # 200: path 1 has 122.45, 147.15, 269.60; path 2 never; the others 122.45, 244.90
    found = answer(case(PAY), OTHERWISE)
    by_month = found.by_month.filter(way="multiplier")
    assert by_month["paid_back"].to_list() == [0.0, 0.5, 0.75]
    result = found.results.filter(way="multiplier").row(0, named=True)
    assert result["never"] == 0.25
    assert (result["payback_p25"], result["payback_p50"], result["payback_p75"]) == (2, 2, 3)


def test_results_of_the_whole_run() -> None:
    result = answer(case(PAY), OTHERWISE).results.filter(way="multiplier").row(0, named=True)
    totals = [2 * FULL + HALF, 3 * TENTH, 3 * FULL, 3 * FULL]
    assert result["mean_usd"] == pytest.approx(sum(totals) / 12)
    spread = np.std(np.array(totals) / 3, ddof=1)
    assert result["mean_error"] == pytest.approx(spread / 2)
    # nearest rank: of four the second is the median, the first the 5 % and the last the 95 %
    assert result["month_usd_p50"] == pytest.approx(totals[0] / 3)
    assert result["roi_p5"] == pytest.approx(3 * TENTH / 200 - 1)
    assert result["roi_p95"] == pytest.approx(3 * FULL / 200 - 1)
    # a twentieth of twelve months is the worst one
    assert result["worst_usd"] == result["worst_mean_usd"] == pytest.approx(TENTH)


def test_npv_counts_the_stake_that_comes_back_at_the_last_price() -> None:
    # undiscounted: 3 x 122.45 - 200 for the machine - 1000 IO at 1.00 + 1000 IO at 0.40
    falling = np.tile([0.8, 0.6, 0.4], (4, 1))
    found = answer(case(PAY, price=falling), OTHERWISE).results.filter(way="multiplier")
    assert found["npv_usd_p95"].item() == pytest.approx(3 * FULL - 200 - 1000 + 400)


def test_npv_discounts_month_by_month() -> None:
    once = case(np.ones((1, 2)))._replace(judged=JUDGED.model_copy(update={"discount_rate": 0.21}))
    month = 1.21 ** (-1 / 12)
    back = 1000 * 1.21 ** (-(2 + 14 / 30.4375) / 12)
    found = answer(once, OTHERWISE).results.filter(way="multiplier")["npv_mean_usd"].item()
    assert found == pytest.approx(FULL * (month + month**2) - 200 - 1000 + back)


def test_pay_taken_in_io_saves_the_fee_and_kept_rides_the_price() -> None:
    price = np.array([[1.0, 0.5, 2.0]])
    found = answer(case(np.ones((1, 3)), price=price), OTHERWISE).payouts
    totals = dict(zip(found["payout"], found["mean_usd"], strict=True))
    assert totals["USDC"] == pytest.approx(3 * FULL)
    assert totals["IO, sold on the day"] == pytest.approx(3 * (200 * 0.9975 - 73.05))
    # 199.5 / 1 + 199.5 / 0.5 + 199.5 / 2 = 698.25 IO, worth 2 each at the end
    assert totals["IO, kept to the end"] == pytest.approx(698.25 * 2 - 3 * 73.05)
    assert found["better_than_usdc"].to_list() == [0.0, 1.0, 1.0]


def test_the_stake_and_what_it_can_lose() -> None:
    # 200 IO x 5; a fall by e^-1 in the worst month, over 14 of 30.4375 days e^-sqrt(0.45996)
    price = np.full((1, 20), math.exp(-1.0))
    found = answer(case(np.ones((1, 20)), price=price), OTHERWISE).figures
    assert (found.stake_io, found.stake_usd) == (1000, 1000)
    assert found.stake_end_p50_usd == pytest.approx(1000 * math.exp(-1.0))
    assert found.stake_wait_loss_usd == pytest.approx(1000 * (1 - math.exp(-math.sqrt(14 / 30.4375))))


def test_the_smallest_supplier_is_one_gpu_of_the_least_weight() -> None:
    # Small: 0.5 beside 20, 1000 / 41 a month, 0.9775 of it, against 10 % of 73.05
    rows = ({"count": 3}, {"model": "Small", "count": 40, "watts": 100.0})
    found = answer(case(PAY, *rows), OTHERWISE)
    full = TARGET * 0.5 / 20.5 * 0.9775
    assert found.squeeze["model"].unique().to_list() == ["Small"]
    assert found.squeeze["net_usd"].to_list() == pytest.approx(
        [share * full - 7.305 for share in (1.0, 0.9, 0.75, 0.5, 0.25)]
    )
    assert found.figures.smallest_pay_needed == pytest.approx(7.305 / full)
    # at a tenth of the pay, 2.38, it loses: three of twelve months, one of four paths
    assert found.figures.smallest_months_losing == 0.25
    assert found.figures.smallest_ever_losing == 0.25


def test_the_difference_to_the_old_schedule_is_path_by_path() -> None:
    found = answer(case(PAY), OTHERWISE)
    by_hand = (net(case(PAY), "multiplier") - net(case(PAY), "legacy")).mean(axis=1)
    assert found.figures.engine_less_old_usd == pytest.approx(by_hand.mean())
    assert found.figures.engine_less_old_error == pytest.approx(by_hand.std(ddof=1) / 2)


def test_ranges_reckon_every_alternative_and_the_chosen_one() -> None:
    found = answer(case(PAY), OTHERWISE).ranges
    # mean multiplier 7: weight 5 beside 70, a fifteenth; the second of four paths' mean months
    row = found.filter(field="mean_multiplier", value=7.0, way="multiplier").row(0, named=True)
    assert row["month_usd"] == pytest.approx(TARGET / 15 * 0.9775 * 2.5 / 3 - 73.05)
    assert row["never"] == 1.0
    assert found.filter(pl.col("is_chosen"))["value"].to_list() == [2.0, 2.0, 0.6]


def test_one_path_has_no_error() -> None:
    found = answer(case(np.ones((1, 2))), OTHERWISE)
    assert found.figures.engine_less_old_error is None
    assert found.results["mean_error"].null_count() == len(WAYS)


def test_quantiles_are_of_the_nearest_rank() -> None:
    values = np.arange(1.0, 101.0)
    assert nearest(values, (1, 5, 50, 95, 99)).tolist() == [1, 5, 50, 95, 99]
    assert nearest(np.array([3.0, 1.0]), (50, 51)).tolist() == [1, 3]


PAYS = hnp.arrays(np.float64, (5, 6), elements=st.floats(0, 1))


@given(PAYS, st.integers(1, 50), st.floats(5, 24))
def test_income_never_passes_what_the_network_pays(pay: np.ndarray, count: int, uptime: float) -> None:
    one = case(pay, {"count": count, "uptime_hours": uptime})
    assert (income(one, "multiplier").pay <= TARGET * pay + 1e-9).all()
    found = income(one, "legacy")
    assert (found.pay + found.emission <= 150 + 1e-9).all()


@given(PAYS)
def test_lower_pay_is_never_better(pay: np.ndarray) -> None:
    for way in ("multiplier", "roi"):
        assert (net(case(pay * 0.5), way) <= net(case(pay), way) + 1e-9).all()
    full, half = (answer(case(p), OTHERWISE).results.filter(way="multiplier") for p in (pay, pay * 0.5))
    assert full["never"].item() <= half["never"].item()


@given(PAYS)
def test_the_chance_of_payback_only_grows_and_ends_at_the_rest_of_never(pay: np.ndarray) -> None:
    found = answer(case(pay), OTHERWISE)
    for way in WAYS:
        curve = found.by_month.filter(way=way)
        assert curve["paid_back"].is_sorted()
        never = found.results.filter(way=way)["never"].item()
        assert curve["paid_back"][-1] == pytest.approx(1 - never)
        bands = curve.select("p1", "p5", "p25", "p50", "p75", "p95", "p99").to_numpy()
        assert (np.diff(bands, axis=1) >= 0).all()
        assert (curve["paid_back_low"] <= curve["paid_back"]).all()
        assert (curve["paid_back"] <= curve["paid_back_high"]).all()


def test_once_paid_back_is_paid_back() -> None:
    # 100, then losses: what is paid back stays so
    assert paid_back(np.array([[100.0, -50.0, 0.0]]), 100.0).tolist() == [[True, True, True]]
