"""Scores of forecasts against what came, with intervals that know how few independent forecasts there are."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import ndtri

from models.price_law import Array

RIVAL = "geometric Brownian motion"
BANDS = (0.50, 0.90, 0.98)
BINS = 10
RESAMPLES = 1000
CONFIDENCE = 0.95
# With fewer stretches of the horizon's length than this, resampling them says nothing.
LEAST_STRETCHES = 3
FEW = 5
SCORES = {
    "law": pl.String,
    "horizon_months": pl.Int64,
    "score": pl.String,
    "target": pl.Float64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "fails": pl.Boolean,
    "origins": pl.Int64,
    "stretches": pl.Float64,
}


def crps(outcomes: Array, came: float) -> float:
    """Continuous ranked probability score of a sorted sample: mean |X - y| - mean |X - X'| / 2, the latter
    over distinct pairs, so that its expectation does not depend on the sample's size (lower is better)."""
    n = len(outcomes)
    apart = 2 * ((2 * np.arange(1, n + 1) - n - 1) @ outcomes) / (n * (n - 1))
    return float(np.abs(outcomes - came).mean() - apart / 2)


def scores(forecasts: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    """law, horizon_months, score, target, value, low, high (95 %), fails, origins, stretches.

    Scores: coverage_50, coverage_90 and coverage_98 (share of outcomes in the central band), crps, and
    crps_gain, 1 - CRPS / CRPS of GBM. Intervals: circular block bootstrap over origins, each block as long as
    the horizon, because forecasts closer than that share days; null with fewer than 3 such `stretches`. A
    share with fewer than 5 stretches' worth of hits or of misses takes Wilson's interval for as many
    independent forecasts as there are stretches, since resampling a handful of misses is too sure of itself.
    `fails`: the interval excludes the target. Forecasts of several histories may be joined: origins are then
    resampled by date, all histories together."""
    rows: list[tuple[object, ...]] = []
    for (months,), group in forecasts.group_by("horizon_months", maintain_order=True):
        origins = group["origin"].unique().sort()
        days = (group["end"] - group["origin"]).dt.total_days()[0]
        span = (origins[-1] - origins[0]).days
        # origins are evenly spaced, so a horizon spans this many of them
        block = min(len(origins), math.ceil(days * (len(origins) - 1) / span)) if span else 1
        stretches = len(origins) / block
        index = _blocks(len(origins), block, seed)
        sums = {str(law): _sums(part, origins) for (law,), part in group.group_by("law", maintain_order=True)}
        for law, here in sums.items():
            for score, target, point, resampled in _points(here, sums.get(RIVAL), index, law):
                low, high = _interval(point, resampled, stretches, score.startswith("coverage"))
                fails = None if target is None or low is None or high is None else not low <= target <= high
                rows.append((law, months, score, target, point, low, high, fails, len(origins), stretches))
    return pl.DataFrame(rows, schema=SCORES, orient="row")


def _sums(part: pl.DataFrame, origins: pl.Series) -> Array:
    """By origin: outcomes inside each band, CRPS, number of forecasts; [len(BANDS) + 2, origins]."""
    at = np.searchsorted(origins.to_numpy(), part["origin"].to_numpy())
    off_centre = np.abs(part["pit"].to_numpy() - 0.5)
    # a transform at the band's edge counts as inside, whatever its last bit
    columns = [(off_centre <= band / 2 + 1e-12).astype(float) for band in BANDS]
    columns += [part["crps"].to_numpy(), np.ones(len(at))]
    return np.array([np.bincount(at, column, len(origins)) for column in columns])


class Point(NamedTuple):
    score: str
    target: float | None
    value: float
    resampled: Array


def _points(here: Array, rival: Array | None, index: Array, law: str) -> Iterator[Point]:
    """Each score of one law and horizon, over all origins and over each resample."""
    total, drawn = here.sum(axis=1), here[:, index].sum(axis=2)
    for i, band in enumerate(BANDS):
        yield Point(f"coverage_{100 * band:.0f}", band, float(total[i] / total[-1]), drawn[i] / drawn[-1])
    yield Point("crps", None, float(total[-2] / total[-1]), drawn[-2] / drawn[-1])
    if rival is not None and law != RIVAL:
        gain = 1 - float(total[-2] / rival[-2].sum())
        yield Point("crps_gain", 0.0, gain, 1 - drawn[-2] / rival[-2][index].sum(axis=1))


def _blocks(origins: int, block: int, seed: int) -> Array:
    """Origins of each resample, [RESAMPLES, origins]: circular blocks of consecutive ones."""
    rng = np.random.default_rng(seed)
    first = rng.integers(origins, size=(RESAMPLES, math.ceil(origins / block), 1))
    index: Array = ((first + np.arange(block)) % origins).reshape(RESAMPLES, -1)[:, :origins]
    return index


def _interval(
    value: float, resampled: Array, stretches: float, share: bool
) -> tuple[float | None, float | None]:
    if stretches < LEAST_STRETCHES:
        return None, None
    if share and min(value, 1 - value) * stretches < FEW:
        return _wilson(value, stretches)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def _wilson(share: float, n: float) -> tuple[float, float]:
    z = float(ndtri((1 + CONFIDENCE) / 2))
    centre, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max((centre - spread) / (1 + z * z / n), 0.0), min((centre + spread) / (1 + z * z / n), 1.0)


def pit_histogram(forecasts: pl.DataFrame) -> pl.DataFrame:
    """law, horizon_months, low, high, share, expected, origins: flat where the law is right; heaped at both
    ends where its bands are too narrow, in the middle where too wide, to one side where it is biased."""
    rows = []
    for (law, months), part in forecasts.group_by("law", "horizon_months", maintain_order=True):
        counts, edges = np.histogram(part["pit"].to_numpy(), BINS, (0.0, 1.0))
        rows += [
            {
                "law": law,
                "horizon_months": months,
                "low": float(edges[i]),
                "high": float(edges[i + 1]),
                "share": float(counts[i] / len(part)),
                "expected": 1 / BINS,
                "origins": len(part),
            }
            for i in range(BINS)
        ]
    return pl.DataFrame(rows)
