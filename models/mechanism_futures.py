"""Payout rules side by side on random futures: the paths of the scenario, month by month, paid by each rule.

Runs are by the month here, whatever the scenario's steps, as for every reader who reckons with whole paths.
A rule whose step is plain Python takes some 20 microseconds a path and month, so this is for thousands of
paths.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from models.economy import Inputs
from models.mechanism_paths import Comparison, Mechanism, Outcome, compare
from models.parameters import InputError, Protocol, Scenario, parse_scenario
from models.shocks import Shocks
from models.stress.engine import Progress, check_request
from models.stress.monthly import monthly_paths
from models.stress.plan import make_plan
from models.stress.sweep import Stopped

Array = npt.NDArray[np.float64]
# Every rule's every month of every path is held in memory: about 200 MB.
MOST_PATH_MONTHS = 500_000
BLOCK = 100  # paths between two looks at whether to go on


def rules_on_futures(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    mechanisms: Sequence[Mechanism],
    *,
    paths: int = 2000,
    seed: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Every rule over paths 0 .. paths - 1. Raises InputError for an impossible question, Stopped when
    cancelled."""
    check_request(paths, seed)
    if paths * scenario.months > MOST_PATH_MONTHS:
        raise InputError(
            f"paths = {paths:,} is not allowed over {scenario.months} months: at most "
            f"{MOST_PATH_MONTHS // scenario.months:,} are"
        )
    scenario = parse_scenario({"steps_per_month": 1}, scenario)
    price, revenue = prices_and_revenue(scenario, protocol, shocks, paths, seed)
    parts: list[Comparison] = []
    for first in range(0, paths, BLOCK):
        if cancelled is not None and cancelled():
            raise Stopped
        rows = slice(first, first + BLOCK)
        parts.append(compare(price[rows], revenue[rows], scenario, protocol, mechanisms))
        if progress is not None:
            progress(min(first + BLOCK, paths), paths)
    return Comparison(
        tuple(mechanisms),
        {
            m.name: Outcome(*map(np.concatenate, zip(*(p.outcomes[m.name] for p in parts), strict=True)))
            for m in mechanisms
        },
    )


def prices_and_revenue(
    scenario: Scenario, protocol: Protocol, shocks: Shocks, paths: int, seed: int
) -> tuple[Array, Array]:
    """USD per IO and USD a month, arrays of paths x months, of a scenario by the month under its own rule:
    what its customers pay, with what its supply leaves unserved."""
    plan = make_plan(scenario, protocol, shocks)
    ends = monthly_paths(plan, seed, paths, ("price", "demand", "N"))
    active = np.concatenate([np.ones((paths, 1)), ends["N"][:, :-1]], axis=1)
    served = np.minimum(ends["demand"], active * plan.params.capacity)
    return ends["price"], plan.inputs[:, Inputs._fields.index("base")] * served
