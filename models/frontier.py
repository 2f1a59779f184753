"""Reverse stress (SPEC section 6): which price drop, demand drop and duration together trigger an event.

For every duration a grid of both drops is projected without random shocks and the edge refined by bisection.
Nothing assumes that a deeper or longer shock is worse; where it is not, that is a finding.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.likelihood import cost, stress_month
from models.parameters import InputError, Protocol, Scenario, parse_scenario
from models.shocks import Regime, Shocks
from models.stress.engine import Progress
from models.stress.plan import Plan, make_plan
from models.stress.single import Event, Triggers
from models.stress.sweep import sweep

EVENTS: tuple[Event, ...] = ("shortfall", "underpaid")
ONSET = 3
DURATIONS: tuple[int | None, ...] = (1, 2, 3, 6, 9, 12, 18, 24, None)
DEEPEST = 0.99
BISECTIONS = 20  # the edge lies within a grid step / 2^20 of where it is shown
STILL = Shocks(
    regimes=(Regime(name="still", mu=0.0, sigma=0.0, jump_rate=0.0, g=0.0, nu=0.0),),
    transition=((1.0,),), start="calm", jump_mean=0.0, jump_sd=0.0, jump_demand=0.0, rho=0.0, theta=0.0,
    repair_root=False, demean=False,
)  # fmt: skip
"""No random move at all: a path of it is the projection, bit for bit."""

Array = npt.NDArray[np.float64]


class Mark(NamedTuple):
    """A shock to be shown beside the frontier; `months` None: it lasts to the end of the run."""

    label: str
    price_drop: float
    demand_drop: float
    months: int | None


class Nearest(NamedTuple):
    """The likeliest shock that triggers the event. `cost` is z' S^-1 z / 2 - (duration - 1) ln A_ss."""

    price_drop: float
    demand_drop: float
    months: int
    cost: float


@dataclass(frozen=True)
class Frontier:
    """`edge`: the Pareto-minimal triggering shocks: months (null: to the end), price_drop, demand_drop.
    `surface`: the least demand drop that triggers, by months and price_drop; null: none does.
    `escapes`: shocks that do not trigger although a shallower one (`shallower_price`, `shallower_demand`)
    of the same duration does, or a shorter one of the same depth (`shorter`, months).
    `marks`: label, price_drop, demand_drop, months, triggers. Drops are fractions, months count from the
    onset."""

    event: Event
    edge: pl.DataFrame
    surface: pl.DataFrame
    escapes: pl.DataFrame
    marks: pl.DataFrame
    nearest: Nearest | None
    projections: int


@dataclass(frozen=True)
class _Slice:
    """One duration: what the whole grid does, and the edge between its points."""

    length: int
    hit: npt.NDArray[np.bool_]  # [price drops, demand drops]
    by_price: Array  # for each price drop of the grid the least demand drop that triggers; nan: none
    by_demand: Array  # for each demand drop the least price drop


def frontier(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks | None = None,
    *,
    event: Event = "shortfall",
    durations: Sequence[int | None] = DURATIONS,
    points: int = 100,
    marks: Sequence[Mark] = (),
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Frontier:
    """The scenario under shocks from month ONSET on, in place of its own. `shocks` say what is likely;
    without them there is no nearest point. Raises InputError for an impossible question, Stopped when
    cancelled."""
    lengths = _lengths(scenario, durations, event, points)
    covariance = None if shocks is None else stress_month(shocks)
    calm = parse_scenario({"price_shock": 0.0, "demand_shock": 0.0, "shock_month": ONSET}, scenario)
    plan = make_plan(calm, protocol, STILL)
    drops = np.linspace(0.0, DEEPEST, points)
    tasks = [(length, float(p)) for length in lengths for p in drops]
    done = 0

    def shown(now: int, _: int) -> None:
        if progress is not None:
            progress(done + now, len(tasks) + 2 * points * len(lengths))

    rows = sweep(
        tasks,
        lambda task: _triggers(plan, event, task[0]).row(task[1], drops),
        progress=shown,
        cancelled=cancelled,
    )
    grids = np.array(rows).reshape(len(lengths), points, points)
    edges, done = _edge_tasks(lengths, grids, drops), len(tasks)
    refined = sweep(edges, lambda task: _refined(plan, event, *task), progress=shown, cancelled=cancelled)
    ends = np.array(refined).reshape(len(lengths), 2, points)
    slices = [
        _Slice(length, grid, by_price, by_demand)
        for length, grid, (by_price, by_demand) in zip(lengths, grids, ends, strict=True)
    ]
    lasting = scenario.months - ONSET + 1
    bisected = sum(low is not None for _, _, _, low, _ in edges)
    return Frontier(
        event,
        edge=pl.concat(_edge(s, drops, lasting) for s in slices),
        surface=pl.concat(_surface(s, drops, lasting) for s in slices),
        escapes=_escapes(slices, drops),
        marks=_marks(plan, event, marks, lasting),
        nearest=None if covariance is None else _nearest(slices, drops, *covariance),
        projections=len(tasks) * points + bisected * BISECTIONS + len(marks),
    )


def _lengths(scenario: Scenario, durations: Sequence[int | None], event: str, points: int) -> list[int]:
    """Months of each duration, shortest first."""
    if event not in EVENTS:
        raise InputError(f"there is no frontier of {event!r}; there are {' and '.join(EVENTS)}")
    if not 2 <= points <= 1001:
        raise InputError(f"points = {points} is not allowed: the grid has 2 to 1001 points each way")
    lasting = scenario.months - ONSET + 1
    if lasting < 1:
        raise InputError(
            f"months = {scenario.months} is not allowed here: shocks start in month {ONSET}, so the run "
            f"needs {ONSET} months or more"
        )
    for months in durations:
        if months is not None and months < 1:
            raise InputError(
                f"a duration of {months} months is not allowed: it must be 1 or more, or lasting"
            )
    lengths = sorted({min(lasting if months is None else months, lasting) for months in durations})
    if not lengths:
        raise InputError("no duration is given: name months, like 3, or lasting")
    return lengths


def _triggers(plan: Plan, event: Event, length: int) -> Triggers:
    n = plan.steps_per_month
    return Triggers(plan, event, (ONSET - 1) * n, (ONSET - 1 + length) * n)


# Duration, which drop varies, the other drop, the deepest that does not trigger (None: the shallowest does
# already, or none does), the least of the grid that does (nan: none).
_EdgeTask = tuple[int, str, float, float | None, float]


def _edge_tasks(lengths: Sequence[int], grids: npt.NDArray[np.bool_], drops: Array) -> list[_EdgeTask]:
    tasks: list[_EdgeTask] = []
    for length, grid in zip(lengths, grids, strict=True):
        for varied, lines in (("demand", grid), ("price", grid.T)):
            for fixed, line in zip(drops.tolist(), lines, strict=True):
                at = int(np.argmax(line)) if line.any() else None
                low = float(drops[at - 1]) if at else None
                tasks.append((length, varied, fixed, low, math.nan if at is None else float(drops[at])))
    return tasks


def _refined(
    plan: Plan, event: Event, length: int, varied: str, fixed: float, low: float | None, high: float
) -> float:
    """The root between two points of the grid, from its triggering side."""
    if low is None:
        return high
    return _triggers(plan, event, length).edge(varied == "price", fixed, low, high, BISECTIONS)


def _edge(s: _Slice, drops: Array, lasting: int) -> pl.DataFrame:
    """Of the refined points those that no other undercuts in one drop without exceeding it in the other."""
    found = [*zip(drops.tolist(), s.by_price.tolist(), strict=True)]
    found += [*zip(s.by_demand.tolist(), drops.tolist(), strict=True)]
    kept, least = [], math.inf
    for price, demand in sorted(p for p in found if not any(map(math.isnan, p))):
        if demand < least:
            kept.append((price, demand))
            least = demand
    schema = dict.fromkeys(("price_drop", "demand_drop"), pl.Float64)
    return pl.DataFrame(kept, schema=schema, orient="row").select(_shown(s.length, lasting), pl.all())


def _surface(s: _Slice, drops: Array, lasting: int) -> pl.DataFrame:
    return pl.DataFrame({"price_drop": drops, "demand_drop": s.by_price}).select(
        _shown(s.length, lasting), "price_drop", pl.col("demand_drop").fill_nan(None)
    )


def _shown(length: int, lasting: int) -> pl.Expr:
    return pl.lit(None if length == lasting else length, dtype=pl.Int64).alias("months")


def _escapes(slices: Sequence[_Slice], drops: Array) -> pl.DataFrame:
    rows: list[tuple[float | None, ...]] = []
    for s, shorter in zip(slices, [None, *slices[:-1]], strict=True):
        for i, j in np.argwhere(_deeper(s.hit) & ~s.hit).tolist():
            a, b = min(np.argwhere(s.hit[: i + 1, : j + 1]).tolist(), key=sum)
            rows.append((s.length, drops[i], drops[j], drops[a], drops[b], None))
        if shorter is not None:
            for i, j in np.argwhere(shorter.hit & ~s.hit).tolist():
                rows.append((s.length, drops[i], drops[j], None, None, shorter.length))
    schema = {
        "months": pl.Int64, "price_drop": pl.Float64, "demand_drop": pl.Float64,
        "shallower_price": pl.Float64, "shallower_demand": pl.Float64, "shorter": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _deeper(hit: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where a shock no deeper in either drop triggers."""
    return np.logical_or.accumulate(np.logical_or.accumulate(hit, axis=0), axis=1)


def _marks(plan: Plan, event: Event, marks: Sequence[Mark], lasting: int) -> pl.DataFrame:
    rows = [
        (
            *mark,
            _triggers(plan, event, min(mark.months or lasting, lasting))(mark.price_drop, mark.demand_drop),
        )
        for mark in marks
    ]
    schema = {
        "label": pl.String, "price_drop": pl.Float64, "demand_drop": pl.Float64, "months": pl.Int64,
        "triggers": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _nearest(slices: Sequence[_Slice], drops: Array, covariance: Array, stay: float) -> Nearest | None:
    """Over all that triggers, not over the Pareto edge alone: where price and demand fall together, a shock
    that is deeper in one of them can be the likelier."""
    best: Nearest | None = None
    for s in slices:
        i, j = np.nonzero(s.hit)
        price = np.concatenate([drops[i], drops, s.by_demand])
        demand = np.concatenate([drops[j], s.by_price, drops])
        known = ~(np.isnan(price) | np.isnan(demand))
        if not known.any():
            continue
        price, demand = price[known], demand[known]
        costs = cost(price, demand, s.length, covariance, stay)
        at = int(np.argmin(costs))
        if math.isfinite(costs[at]) and (best is None or costs[at] < best.cost):
            best = Nearest(float(price[at]), float(demand[at]), s.length, float(costs[at]))
    return best
