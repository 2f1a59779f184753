"""Questions that need single paths: two scenarios on the same shocks, and the path nearest to a quantile.

Neither keeps the paths: they are run again, block by block, since a path is no more than its number.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from models.economy import UNLIMITED
from models.parameters import InputError
from models.stress import cpu
from models.stress.counts import EVENTS, LOSS, Counts, Layout, Watch
from models.stress.engine import CPU_BLOCK_STEPS
from models.stress.plan import Plan


class Difference(NamedTuple):
    """What B has more than A, path by path on the same shocks, and its standard error."""

    value: float
    standard_error: float


class Comparison(NamedTuple):
    """B less A over the same paths."""

    paths: int
    events: dict[str, list[Difference]]  # by event: of the probability that it has come, by run month
    loss: Difference  # USD short over the run, mean
    lowest_pay: Difference  # mean


def blocks(plan: Plan, paths: int) -> Iterator[tuple[int, int]]:
    """(first path, number of paths) of consecutive blocks."""
    block = max(CPU_BLOCK_STEPS // plan.steps // cpu.LANES, 1) * cpu.LANES
    for first in range(0, paths, block):
        yield first, min(block, paths - first)


def watched(plan: Plan, seed: int, first: int, paths: int, names: tuple[str, ...], step: int) -> np.ndarray:
    """Some numbers of some paths at the end of a step [names, paths]."""
    watch = Watch.of(names, step, paths)
    cpu.run_block(plan, seed, first, paths, Counts.empty(Layout((), plan.months, plan.steps)), watch)
    return watch.values


def compare(a: Plan, b: Plan, seed: int, paths: int) -> Comparison:
    """Runs both on the same draws. Raises InputError unless they have as many months and steps."""
    if (a.steps, a.steps_per_month) != (b.steps, b.steps_per_month):
        raise InputError(
            "scenarios can be compared on the same shocks only with equal months and steps_per_month"
        )
    names = (*(f"first_{event}" for event in EVENTS), LOSS, "lowest_pay")
    n, months = a.steps_per_month, a.months
    # by event and month: paths in which it has come in one scenario and not in the other
    only_a, only_b = np.zeros((2, len(EVENTS), months), np.int64)
    sums = np.zeros((2, 2))  # of the differences of loss and pay, and of their squares
    for first, number in blocks(a, paths):
        one, two = (watched(plan, seed, first, number, names, plan.steps) for plan in (a, b))
        for k in range(len(EVENTS)):
            come_a, come_b = (_month(values[k], n, months) for values in (one, two))
            only_a[k] += _between(come_a, come_b, months)
            only_b[k] += _between(come_b, come_a, months)
        difference = two[len(EVENTS) :] - one[len(EVENTS) :]
        sums += [difference.sum(axis=1), (difference**2).sum(axis=1)]
    events = {
        event: [_paired(int(x), int(y), paths) for x, y in zip(only_a[k], only_b[k], strict=True)]
        for k, event in enumerate(EVENTS)
    }
    loss, pay = (_mean(total, square, paths) for total, square in sums.T.tolist())
    return Comparison(paths, events, loss, pay)


def _month(first_step: np.ndarray, n: int, months: int) -> np.ndarray:
    """Run month of an event's first step; months + 1 where it did not come."""
    month = np.ceil(first_step / n).astype(np.int64)
    return np.where(month == 0, months + 1, month)


def _between(early: np.ndarray, late: np.ndarray, months: int) -> np.ndarray:
    """By month: paths where `early` has come by then and `late` has not."""
    ahead = early < late
    begun = np.bincount(early[ahead], minlength=months + 2)
    ended = np.bincount(late[ahead], minlength=months + 2)
    return np.asarray(np.cumsum(begun - ended)[1 : months + 1])


def _paired(only_a: int, only_b: int, paths: int) -> Difference:
    value = (only_b - only_a) / paths
    return Difference(value, math.sqrt(((only_a + only_b) / paths - value**2) / paths))


def _mean(total: float, square: float, paths: int) -> Difference:
    value = total / paths
    return Difference(value, math.sqrt(max(square / paths - value**2, 0.0) / paths))


def nearest_paths(
    plan: Plan, seed: int, paths: int, name: str, month: int, values: Mapping[float, float]
) -> dict[float, int]:
    """By level, the number of the path whose quantity `name` at the end of `month` lies nearest to that
    level's value; ties go to the lowest number."""
    if not 1 <= month <= plan.months:
        raise InputError(f"month = {month} is not allowed: the run has months 1 to {plan.months}")
    best = dict.fromkeys(values, (math.inf, -1))
    step = month * plan.steps_per_month
    for first, number in blocks(plan, paths):
        found = watched(plan, seed, first, number, (name,), step)[0]
        for level, value in values.items():
            distance = np.abs(found - min(value, UNLIMITED))
            at = int(np.argmin(distance))
            best[level] = min(best[level], (float(distance[at]), first + at))
    return {level: path for level, (_, path) in best.items()}
