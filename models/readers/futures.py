"""What all suppliers together are paid, path by path and month by month: the futures that a reader's own
income is a share of.

Runs are by the month here, whatever the scenario's steps: income by month is what is asked, and a month is
then one step, whose every flow is known exactly from the states at its two ends.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from models.economy import Inputs
from models.parameters import Protocol, Scenario, parse_scenario
from models.projection import project
from models.shocks import Shocks
from models.stress.plan import make_plan

Array: TypeAlias = npt.NDArray[np.float64]
NAMES = ("price", "demand", "pay", "k", "N", "released")


class Futures(NamedTuple):
    """One payout rule over many paths: arrays of paths x months."""

    price: Array  # USD per IO
    pay: Array  # relative to the payout target at the start
    active: Array  # supply that was paid in the month, relative to the start
    hired: Array  # supply that was rented, relative to the active supply at the start
    by_target: Array  # USD a month that goes to all who are active
    by_hire: Array  # USD a month that goes to those who are rented
    by_emission: Array  # USD a month of emission at the month's price, which goes by score
    unserved: Array  # share of demand beyond what the active supply can serve


def futures(scenario: Scenario, protocol: Protocol, shocks: Shocks, *, paths: int, seed: int) -> Futures:
    """The paths 0 .. paths - 1 of the scenario by the month, under its own payout rule. Raises InputError
    where the start is impossible, and for shocks or a seed that cannot be."""
    from models.stress.monthly import monthly_paths  # brings numba along, which takes a second

    scenario = parse_scenario({"steps_per_month": 1}, scenario)
    plan = make_plan(scenario, protocol, shocks)
    ends = monthly_paths(plan, seed, paths, NAMES)
    return _paid(scenario, plan.inputs[:, Inputs._fields.index("base")], plan.params.capacity, ends)


def own_future(scenario: Scenario, protocol: Protocol) -> Futures:
    """The scenario's own path by the month, without random shocks: arrays of 1 x months. Raises InputError
    where the start is impossible."""
    run = project(parse_scenario({"steps_per_month": 1}, scenario), protocol)
    ends = {
        **{name: np.array([[getattr(f, name) for f in run.flows]]) for name in ("price", "demand", "pay")},
        **{name: np.array([[getattr(s, name) for s in run.states[1:]]]) for name in ("k", "N")},
        "released": np.cumsum([[f.released for f in run.flows]], axis=1),
    }
    base = np.array([i.base for i in run.compiled.inputs])
    return _paid(run.scenario, base, run.compiled.params.capacity, ends)


def _paid(scenario: Scenario, base: Array, capacity: float, ends: Mapping[str, Array]) -> Futures:
    """From NAMES at the months' ends, paths x months; `base` is the revenue at demand 1, USD a month."""
    active, target = _before(ends["N"]), scenario.H0 * _before(ends["k"])
    served = np.minimum(ends["demand"], active * capacity)
    revenue = base * served
    emission = np.diff(ends["released"], axis=1, prepend=0.0) * ends["price"]
    nothing = np.zeros_like(revenue)
    by_target, by_hire, by_emission = {
        "ide": (scenario.H0 * ends["pay"] * active, nothing, nothing),
        "as_reported": (np.minimum(revenue, target * active), nothing, emission),
        "legacy": (nothing, revenue, emission),
    }[scenario.rule]
    return Futures(
        price=ends["price"],
        pay=ends["pay"],
        active=active,
        hired=scenario.u0 * served,
        by_target=by_target,
        by_hire=by_hire,
        by_emission=by_emission,
        unserved=_unserved(ends["demand"], served),
    )


def _before(values: Array) -> Array:
    """A state at the start of each month, from its values at the ends; 1 at the run's start."""
    return np.concatenate([np.ones((len(values), 1)), values[:, :-1]], axis=1)


def _unserved(demand: Array, served: Array) -> Array:
    beyond = demand - served
    return np.divide(beyond, demand, out=np.zeros_like(demand), where=demand > 0)
