"""Single paths out of many: some of their numbers, and the path nearest to a quantile.

No path is kept: it is run again, block by block, since a path is no more than its number.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from models.economy import UNLIMITED
from models.parameters import InputError
from models.stress import cpu
from models.stress.counts import Counts, Layout, Watch
from models.stress.engine import CPU_BLOCK_STEPS
from models.stress.plan import Plan


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
