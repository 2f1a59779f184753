"""Scores against hand-worked tables, and hindcasts of histories whose law is known."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from models.calibration import log_returns, own_scale
from models.hindcast import FITTED, hindcast
from models.hindcast_pool import POOLED, PooledFits
from models.hindcast_scores import RIVAL, crps, pit_histogram, scores
from models.parameters import InputError
from models.price_fit import Stopped, jump_shape

QUICK: dict[str, Any] = {"regimes": 1, "refit_days": 10_000, "paths": 400}


def history(returns: np.ndarray) -> tuple[list[date], list[float]]:
    closes = np.exp(np.concatenate([[0.0], returns.cumsum()]))
    return [date(2023, 1, 1) + timedelta(days=i) for i in range(len(closes))], closes.tolist()


def table(pits: list[float], crpss: list[float], law: str = FITTED, spacing: int = 7) -> pl.DataFrame:
    """One-month forecasts every `spacing` days."""
    origins = [date(2024, 1, 1) + timedelta(days=spacing * i) for i in range(len(pits))]
    return pl.DataFrame(
        {
            "law": law,
            "horizon_months": 1,
            "origin": origins,
            "end": [o + timedelta(days=30) for o in origins],
            "pit": pits,
            "crps": crpss,
        }
    )


def row(frame: pl.DataFrame, score: str, law: str = FITTED) -> dict[str, Any]:
    return frame.row(by_predicate=(pl.col("score") == score) & (pl.col("law") == law), named=True)


# Scores


def test_crps_by_hand() -> None:
    # distances to 1: 1, 1, 3; between pairs of 0, 2, 4: 2, 2, 4
    assert crps(np.array([0.0, 2.0, 4.0]), 1.0) == pytest.approx(5 / 3 - 8 / 3 / 2)
    assert crps(np.array([3.0, 3.0]), 3.0) == 0


def test_crps_of_a_normal_is_the_closed_form() -> None:
    sample = np.sort(np.random.default_rng(0).normal(0.1, 0.5, 200_000))
    z = (0.9 - 0.1) / 0.5
    exact = 0.5 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi))
    assert crps(sample, 0.9) == pytest.approx(exact, abs=0.005)


def test_scores_by_hand() -> None:
    # in the central 50 %: 0.25 to 0.75; 90 %: 0.05 to 0.95; 98 %: 0.01 to 0.99
    pits = [0.25, 0.5, 0.96, 0.005] * 5
    forecasts = pl.concat([table(pits, [0.1, 0.2, 0.3, 0.6] * 5), table(pits, [0.4] * 20, RIVAL)])
    found = scores(forecasts)
    assert [row(found, f"coverage_{band}")["value"] for band in (50, 90, 98)] == [0.5, 0.5, 0.75]
    assert row(found, "crps")["value"] == pytest.approx(0.3)
    assert row(found, "crps_gain")["value"] == pytest.approx(1 - 0.3 / 0.4)
    assert found.filter((pl.col("law") == RIVAL) & (pl.col("score") == "crps_gain")).is_empty()
    # 30 days span 5 origins of 7 days, and 20 origins hold 4 such stretches
    assert row(found, "crps")["stretches"] == 4
    # Wilson's interval for 2 of 4: (0.5 + 3.8415 / 8 -+ 1.96 sqrt(0.25 / 4 + 3.8415 / 64)) / (1 + 3.8415 / 4)
    coverage = row(found, "coverage_90")
    assert (coverage["low"], coverage["high"]) == pytest.approx((0.15, 0.85), abs=5e-4)
    assert coverage["fails"]


def test_forecasts_that_share_days_count_for_less() -> None:
    """Runs of hits and misses as long as the horizon: as uncertain as a tenth as many independent ones."""
    rng = np.random.default_rng(1)
    hits = np.repeat(rng.random(40) < 0.6, 10)
    pits = np.where(hits, 0.5, 0.999).tolist()
    apart = row(scores(table(pits, [1.0] * 400, spacing=30)), "coverage_90")
    sharing = row(scores(table(pits, [1.0] * 400, spacing=3)), "coverage_90")
    assert apart["value"] == sharing["value"]
    ratio = (sharing["high"] - sharing["low"]) / (apart["high"] - apart["low"])
    # blocks of 10 that start anywhere see on average two thirds of a run's variance
    assert ratio == pytest.approx(math.sqrt(10 * 2 / 3), rel=0.2)


def test_all_inside_is_no_proof() -> None:
    found = scores(table([0.5] * 40, [1.0] * 40, spacing=30))
    inside = row(found, "coverage_98")
    # Wilson's interval for 40 of 40: 40 / (40 + 3.8415)
    assert (inside["value"], inside["low"], inside["high"]) == (1.0, pytest.approx(0.9124, abs=1e-4), 1.0)
    assert inside["fails"] is False
    assert row(found, "coverage_50")["fails"]


def test_too_few_stretches_have_no_interval() -> None:
    found = scores(table([0.5] * 10, [1.0] * 10))
    assert found["low"].null_count() == found["fails"].null_count() == len(found)
    assert row(scores(table([0.5], [1.0])), "crps")["value"] == 1.0


def test_joined_histories_are_averaged_by_forecast_and_resampled_by_date() -> None:
    one, other = table([0.5] * 20, [1.0] * 20), table([0.999] * 10, [4.0] * 10)
    found = scores(pl.concat([one, other]))
    assert row(found, "coverage_90")["value"] == pytest.approx(2 / 3)
    assert row(found, "crps")["value"] == pytest.approx(2.0)
    assert row(found, "crps")["origins"] == 20


def test_pit_histogram_by_hand() -> None:
    found = pit_histogram(table([0.0, 0.05, 0.95, 1.0], [1.0] * 4))
    assert found["share"].to_list() == [0.5, *[0.0] * 8, 0.5]
    assert found["expected"].sum() == pytest.approx(1.0)


# Hindcasts


def test_the_rival_is_geometric_brownian_motion_without_drift() -> None:
    returns = np.random.default_rng(2).normal(0.004, 0.05, 181 + 30)
    found = hindcast(*history(returns), horizons_months=(1,), **QUICK | {"paths": 20_000})
    first = found.forecasts.filter(pl.col("law") == RIVAL).row(0, named=True)
    sd = returns[:180].std()
    for name, level in (("q05", 0.05), ("q50", 0.5), ("q95", 0.95)):
        exact = norm.ppf(level, -30 * sd**2 / 2, sd * math.sqrt(30))
        assert first[name] == pytest.approx(exact, abs=0.01)
    assert first["realised"] == pytest.approx(returns[180:210].sum())
    assert first["pit"] == pytest.approx(
        norm.cdf(first["realised"], -30 * sd**2 / 2, sd * math.sqrt(30)), abs=0.015
    )
    drifting = hindcast(*history(returns), horizons_months=(1,), drift=True, **QUICK | {"paths": 20_000})
    shift = drifting.forecasts.filter(pl.col("law") == RIVAL).row(0, named=True)["q50"] - first["q50"]
    assert shift == pytest.approx(30 * (returns[:180].mean() + sd**2 / 2), abs=0.01)


def test_nothing_after_an_origin_reaches_its_forecast() -> None:
    rng = np.random.default_rng(3)
    returns = rng.normal(0, 0.05, 300)
    changed = returns.copy()
    changed[235:] += rng.normal(0, 0.3, 65)
    options: dict[str, Any] = {
        "regimes": 2,
        "horizons_months": (1,),
        "origin_days": 28,
        "refit_days": 56,
        "paths": 100,
    }
    before, after = (hindcast(*history(r), **options).forecasts for r in (returns, changed))
    known = pl.col("origin") <= date(2023, 1, 1) + timedelta(days=235)
    forecast = ["law", "origin", "q01", "q05", "q25", "q50", "q75", "q95", "q99"]
    assert len(before.filter(known)) == 4
    assert before.filter(known).select(forecast).equals(after.filter(known).select(forecast))
    assert not before.select(forecast).equals(after.select(forecast))


def test_bands_hold_where_the_law_does_and_fail_where_it_changes() -> None:
    returns = np.random.default_rng(4).normal(0, 0.05, 2000)
    sound = hindcast(*history(returns), horizons_months=(1,), **QUICK)
    assert not row(sound.scores, "coverage_90")["fails"]
    assert not row(sound.scores, "coverage_50", RIVAL)["fails"]
    returns[500:] *= 3
    broken = hindcast(*history(returns), horizons_months=(1,), first_origin_days=500, **QUICK)
    assert row(broken.scores, "coverage_90")["value"] < 0.7
    assert any("90 % band is too narrow" in note for note in broken.notes)
    assert any("not validated" in note for note in broken.notes)


@pytest.mark.parametrize(
    ("days", "options", "says"),
    [
        (150, {}, "151 days; a hindcast over 1 months from day 180 on needs at least 211"),
        (
            300,
            {"horizons_months": (6,), "first_origin_days": 200},
            "over 6 months from day 200 on needs at least 384",
        ),
        (300, {"first_origin_days": 30}, "at least 120"),
        (300, {"origin_days": 0}, "at least 1"),
        (300, {"horizons_months": ()}, "at least 1"),
        (300, {"regimes": 5}, "1, 2 or 3"),
        (300, {"resolution_days": 1000.0}, "resolution_days"),
    ],
)
def test_bad_input_is_one_sentence(days: int, options: dict[str, Any], says: str) -> None:
    returns = np.random.default_rng(5).normal(0, 0.05, days)
    with pytest.raises(InputError, match=says):
        hindcast(*history(returns), **options)


def test_a_caller_sees_progress_and_can_stop() -> None:
    returns = np.random.default_rng(6).normal(0, 0.05, 240)
    seen: list[tuple[int, int]] = []
    hindcast(*history(returns), **QUICK, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 5) for i in range(1, 6)]
    with pytest.raises(Stopped):
        hindcast(*history(returns), **QUICK, should_stop=lambda: True)


# Pooled with other tokens


def two_tokens() -> dict[str, tuple[list[date], list[float]]]:
    """Normal days; B swings four times as widely as A and is 80 days younger."""
    rng = np.random.default_rng(8)
    (days, a), (_, b) = history(rng.normal(0, 0.02, 300)), history(rng.normal(0.01, 0.08, 220))
    return {"A": (days, a), "B": (days[80:], b)}


def pooled_fits(tokens: dict[str, tuple[list[date], list[float]]], refit_days: int = 80) -> PooledFits:
    return PooledFits(tokens, jump_shape(1, 30.4375), refit_days=refit_days)


def test_a_pooled_law_is_brought_to_the_scale_of_each_token() -> None:
    """A normal's mean absolute deviation is sd sqrt(2 / pi), so that pooled returns have variance pi / 2."""
    tokens = two_tokens()
    law = pooled_fits(tokens).law(tokens["A"][0][-1])
    assert law.variance[0] == pytest.approx(math.pi / 2, rel=0.1)
    for name, sd in (("A", 0.02), ("B", 0.08)):
        own = own_scale(log_returns(*tokens[name])).law(law)
        assert math.sqrt(own.variance[0]) == pytest.approx(sd, rel=0.1)


def test_a_pooled_law_knows_no_later_day_and_not_who_asked_first() -> None:
    tokens = two_tokens()
    days, closes = tokens["B"]
    crashed = {**tokens, "B": (days, [c * (0.01 if i > 150 else 1) for i, c in enumerate(closes)])}
    day = tokens["A"][0][230]  # B's day 150
    late_first, early, other = pooled_fits(tokens), pooled_fits(tokens), pooled_fits(crashed)
    late_first.law(tokens["A"][0][-1])
    for fits in (late_first, other):
        law, same = fits.law(day), early.law(day)
        assert (law.location, law.spread, law.jump_sd) == (same.location, same.spread, same.jump_sd)
    after = tokens["A"][0][-1]
    assert other.law(after).variance[0] != pytest.approx(early.law(after).variance[0], rel=0.1)


def test_a_hindcast_scores_the_pooled_law_beside_the_token_s_own() -> None:
    tokens = two_tokens()
    fits = pooled_fits(tokens, 10_000)
    found = hindcast(*tokens["A"], horizons_months=(1,), origin_days=60, pooled=fits, **QUICK)
    counts = found.forecasts.group_by("law").len().sort("law")
    assert counts.rows() == [(RIVAL, 2), (POOLED, 2), (FITTED, 2)]
    assert row(found.scores, "crps_gain", POOLED)["target"] == 0
    assert any("how unsure they are is not in the bands" in note for note in found.notes)


def test_one_history_cannot_be_pooled() -> None:
    with pytest.raises(InputError, match="needs two histories or more"):
        pooled_fits({"A": two_tokens()["A"]})
