"""Numbers of every path at every month's end, for readers who reckon with whole paths instead of counts.

What comes back grows with the paths, so this is for thousands of them; the counts of models/stress/engine.py
are for more.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.stress import cpu
from models.stress.counts import Counts, Layout, Watch
from models.stress.engine import available_cores
from models.stress.plan import Plan, check_seed


def monthly_paths(
    plan: Plan, seed: int, paths: int, names: Sequence[str]
) -> dict[str, npt.NDArray[np.float64]]:
    """Paths 0 .. paths - 1 at each month's end: for each of `names` (of path.ROWS) an array of paths x
    months, with exactly the numbers that a replay of the path gives. Raises InputError for an impossible
    seed."""
    check_seed(seed)
    out = np.empty((len(names), paths, plan.months))
    workers = min(available_cores(), -(-paths // cpu.LANES))
    size = -(-paths // (workers * cpu.LANES)) * cpu.LANES
    with ThreadPoolExecutor(workers) as pool:
        blocks = [(first, min(size, paths - first)) for first in range(0, paths, size)]
        for done in [pool.submit(_fill, plan, seed, tuple(names), *block, out) for block in blocks]:
            done.result()
    return dict(zip(names, out, strict=True))


def _fill(
    plan: Plan, seed: int, names: tuple[str, ...], first: int, paths: int, out: npt.NDArray[np.float64]
) -> None:
    """The kernel shows its paths at one step of a run, so each month's end is the end of a run of its own."""
    for month in range(1, plan.months + 1):
        steps = month * plan.steps_per_month
        bootstrap = plan.bootstrap._replace(segments=plan.bootstrap.segments[:steps])
        part = replace(plan, inputs=plan.inputs[:steps], moments=plan.moments[:steps], bootstrap=bootstrap)
        watch = Watch.of(names, steps, paths)
        cpu.run_block(part, seed, first, paths, Counts.empty(Layout((), month, steps)), watch)
        out[:, first : first + paths, month - 1] = watch.values
