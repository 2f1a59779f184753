"""Emission and vesting against the published sums and the observed supply."""

import math
from datetime import date

import polars as pl
import pytest

from models.readers.investors import emission_variants, observed_gaps, supply_by_month, unlock_calendar
from models.schedules import (
    emitted_by,
    full_months_until,
    geometric,
    locked_after,
    month_end,
    month_start,
    monthly_emission,
    monthly_vesting,
    scheduled_circulating,
)
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

TOKEN = 1.0


def test_monthly_emission_sums_to_the_300m_and_starts_at_a_twelfth_of_eight_percent() -> None:
    schedule = monthly_emission(PROTOCOL)
    assert len(schedule) == 240
    assert schedule[0] == pytest.approx(500e6 * 0.08 / 12, abs=1e-6)
    assert math.fsum(schedule) == pytest.approx(300e6, abs=TOKEN)


@pytest.mark.parametrize(
    ("months", "millions"), [(12, 37.84), (23, 68.68), (24, 71.32), (60, 150.34), (120, 231.85)]
)
def test_cumulative_emission_as_published(months: int, millions: float) -> None:
    assert emitted_by(PROTOCOL, months) / 1e6 == pytest.approx(millions, abs=0.005)


def test_hourly_form_agrees_with_the_monthly_form() -> None:
    # docs: E_T = 500M (0.08 / 8760) (1 - d)^(T - 1), T = 1..175,319
    hourly = geometric(500e6 * 0.08 / 8760, 1 - 1.38869523959793e-5, 175_319)
    assert math.fsum(hourly) == pytest.approx(300e6, abs=TOKEN)
    for months in (12, 60, 120):
        # 730 hours a month: the two forms differ by how evenly they spread the same decline
        assert math.fsum(hourly[: months * 730]) == pytest.approx(emitted_by(PROTOCOL, months), rel=0.006)


def test_a_published_factor_that_overshoots_is_clamped_to_the_300m() -> None:
    published = PROTOCOL.model_copy(update={"emission_q": 0.989849199})
    schedule = monthly_emission(published)
    assert math.fsum(schedule) == pytest.approx(300e6, abs=1e-3)
    assert schedule[-1] < schedule[-2] * 0.989849199


def test_the_conflicting_variants_come_out_as_published() -> None:
    totals = emission_variants(PROTOCOL, 0.989849199, 0.0102, 1.38869523959793e-5, 175_319)["total_io"]
    assert [round(t) for t in totals[2:4]] == [300_005_579, 298_893_387]
    assert (totals[4] + 500e6) / 1e6 == pytest.approx(910, abs=0.5)


def test_vesting_sums_to_genesis_bucket_by_bucket() -> None:
    for bucket in PROTOCOL.buckets:
        alone = PROTOCOL.model_copy(update={"buckets": (bucket,)})
        linear, tranche = monthly_vesting(alone, 1, 60)
        released = math.fsum(linear) + math.fsum(tranche) + bucket.total_io * bucket.at_tge
        assert released == pytest.approx(bucket.total_io, abs=TOKEN)
    assert locked_after(PROTOCOL, 48) == 0


def test_float_at_launch_and_the_first_tranche() -> None:
    # 30 % of 128M, 45 % of 80M and all of 20M
    assert scheduled_circulating(PROTOCOL, 0) == pytest.approx(38.4e6 + 36e6 + 20e6, abs=TOKEN)
    _, tranche = monthly_vesting(PROTOCOL, 12, 2)
    # Seed 100/24 + Series A 81.6/24 + core contributors 90.4/36, first in month 13
    assert tranche == [0.0, pytest.approx(1e6 * (100 / 24 + 81.6 / 24 + 90.4 / 36))]


@pytest.mark.parametrize(
    ("month", "low", "high"),
    [(0, 94.39, 94.41), (13, 177, 177.5), (14, 193.5, 194), (21, 308.5, 309.5), (22, 325.5, 326.5),
     (23, 341.5, 342.5), (25, 374.5, 375.5), (26, 390.5, 391.5), (27, 406.5, 407.5)],
)  # fmt: skip
def test_schedule_alone_at_the_published_month_ends(month: int, low: float, high: float) -> None:
    assert low <= scheduled_circulating(PROTOCOL, month) / 1e6 <= high


def test_supply_by_month_holds_the_cap_and_continues_the_schedule() -> None:
    supply = supply_by_month(BASELINE, PROTOCOL)
    assert supply["m"].to_list() == list(range(241))
    total = supply.select("U", "V", "L", "C", "K", "Q", "B").sum_horizontal()
    assert (total - 800e6).abs().max() <= 1e-3
    reported = supply_by_month(REGISTRY.presets()["as_reported"].scenario, PROTOCOL)
    at = {m: supply["circulating"][m] / 1e6 for m in (0, 23, 27)}
    assert at[27] == pytest.approx(393, abs=0.5)
    assert reported["circulating"][27] / 1e6 == pytest.approx(407, abs=0.5)
    assert at[23] == pytest.approx(scheduled_circulating(PROTOCOL, 23) / 1e6, abs=1e-6)


def test_gap_to_an_observation_is_measured_at_the_nearest_month_end() -> None:
    supply = supply_by_month(BASELINE, PROTOCOL)
    observed = pl.DataFrame({"date": [month_end(PROTOCOL, 23)], "observed_io": [300e6]})
    gap = observed_gaps(supply, observed).row(0, named=True)
    assert gap["m"] == 23
    assert gap["gap"] == pytest.approx(supply["circulating"][23] / 300e6 - 1)


def test_unlock_calendar_starts_with_the_next_month_and_covers_what_is_locked() -> None:
    calendar = unlock_calendar(PROTOCOL, 23)
    assert calendar["m"].min() == 24
    assert calendar["io"].sum() == pytest.approx(locked_after(PROTOCOL, 23))
    assert unlock_calendar(PROTOCOL, 48).is_empty()


def test_months_and_dates() -> None:
    assert month_start(PROTOCOL, 1) == date(2024, 7, 1)
    assert month_end(PROTOCOL, 0) == date(2024, 6, 30)
    assert month_end(PROTOCOL, 20) == date(2026, 2, 28)
    assert full_months_until(PROTOCOL, date(2026, 6, 1)) == 23
