"""From counts to answers: probabilities with their intervals, quantiles, expected shortfall (SPEC section
6)."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from models.economy import UNLIMITED
from models.stress.bins import QUANTUM, middle
from models.stress.counts import BINS, EVENTS, Counts

LEVELS = (1, 5, 25, 50, 75, 95, 99)  # per cent
NORMAL_95 = 1.959963984540054


class Probability(NamedTuple):
    """A share of paths, its standard error and its 95 % interval."""

    value: float
    standard_error: float
    low: float
    high: float


class Loss(NamedTuple):
    """The USD that suppliers stay short of, summed over a path, undiscounted: mean and CVaR5, with the
    standard errors of both; `worst_from` is the nearest-rank 95 % quantile."""

    mean: float
    mean_error: float
    cvar: float
    cvar_error: float
    worst_from: float


def probability(hits: int, paths: int) -> Probability:
    """hits / paths with Wilson's interval; at no hit its upper end is the rule of three, 3 / paths, and
    likewise at no miss."""
    share, z = hits / paths, NORMAL_95
    error = math.sqrt(share * (1 - share) / paths)
    centre = (share + z * z / (2 * paths)) / (1 + z * z / paths)
    half = z * math.sqrt(share * (1 - share) / paths + z * z / (4 * paths * paths)) / (1 + z * z / paths)
    low = 0.0 if hits == 0 else max(1 - 3 / paths, 0.0) if hits == paths else centre - half
    high = 1.0 if hits == paths else min(3 / paths, 1.0) if hits == 0 else centre + half
    return Probability(share, error, low, high)


def first_steps(counts: Counts, event: str) -> np.ndarray:
    """Paths by the step in which the event came first; entry 0: it did not come."""
    return np.asarray(counts.events[EVENTS.index(event)])


def by_month(counts: Counts, event: str) -> np.ndarray:
    """Paths in which the event came first in run month 1, 2, .. (int64, one entry a month)."""
    steps = first_steps(counts, event)[1:].reshape(counts.layout.months, -1)
    return np.asarray(steps.sum(axis=1))


def cumulative(counts: Counts, event: str) -> list[Probability]:
    """Probability that the event has come by the end of each run month."""
    return [probability(int(hits), counts.paths) for hits in np.cumsum(by_month(counts, event))]


def hazard(counts: Counts, event: str) -> np.ndarray:
    """New / still surviving, by run month; nan once no path survives."""
    new = by_month(counts, event)
    surviving = counts.paths - np.concatenate([[0], np.cumsum(new)[:-1]])
    out = np.full(len(new), np.nan)
    return np.asarray(np.divide(new, surviving, out=out, where=surviving > 0))


def time_to(counts: Counts, event: str, level: float) -> int | None:
    """The month by which `level` per cent of all paths have met the event (nearest rank), or None: not
    reached."""
    reached = np.cumsum(by_month(counts, event)) >= _rank(level, counts.paths)
    return int(np.argmax(reached)) + 1 if reached.any() else None


def quantile(counts: Counts, fan: str, month: int, level: float) -> float:
    """The nearest-rank quantile of a quantity at a month's end, within 0.2 %; infinite where there is no
    limit.

    `level` is in per cent; 0 and 100 are the least and the greatest, exactly."""
    numbers, least, greatest = counts.of(fan, month)
    value = _nearest_rank(numbers, least, greatest, level, fan)
    return math.inf if value >= UNLIMITED else value


def _nearest_rank(numbers: np.ndarray, least: float, greatest: float, level: float, fan: str) -> float:
    if level in (0, 100):
        return least if level == 0 else greatest
    number = int(np.searchsorted(np.cumsum(numbers), _rank(level, int(numbers.sum()))))
    return min(max(middle(number, BINS[fan]), least), greatest)


def _rank(level: float, paths: int) -> int:
    # exact: 95 % of 20 paths is rank 19, not 20 by a rounding error
    return max(1, math.ceil(Fraction(str(level)) * paths / 100))


def losses(counts: Counts) -> Loss:
    """Mean and CVaR5 of the loss. CVaR5 = v + mean((loss - v)^+) / 0.05; the mean is exact but for a rounding
    of 1/1024 USD a path, the tail's part in the bin of v is taken at the bin's middle."""
    paths = counts.paths
    numbers = counts.sums[:, 0]
    totals = np.array([(int(high) * 2**32 + int(low)) / QUANTUM for _, low, high in counts.sums])
    used = np.flatnonzero(numbers)
    averages = np.zeros(len(numbers))
    averages[used] = totals[used] / numbers[used]
    mean = math.fsum(totals[used]) / paths
    at = int(np.searchsorted(np.cumsum(numbers), _rank(95, paths)))
    v = float(averages[at])
    beyond = np.maximum(averages - v, 0.0) / 0.05
    excess = math.fsum(beyond[used] * numbers[used]) / paths
    spread = math.fsum(numbers[used] * (averages[used] - mean) ** 2) / paths
    tail = math.fsum(numbers[used] * (beyond[used] - excess) ** 2) / paths
    return Loss(mean, math.sqrt(spread / paths), v + excess, math.sqrt(tail / paths), v)
