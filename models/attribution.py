"""Attribution (SPEC section 6): which assumptions an answer hangs on.

Every point is run on the same random paths, so that differences come from the assumptions alone. A
tornado moves one of them at a time; Sobol's indices share out the variance when all move at once, each
independent and uniform over its range, each choice as likely as the others.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.parameters import InputError, Protocol, Scenario, parse_scenario
from models.shocks import Shocks, parse_shocks
from models.stress.compare import watched
from models.stress.engine import Progress, check_request
from models.stress.plan import make_plan
from models.stress.sweep import first_months, sweep

Array = npt.NDArray[np.float64]
Point = dict[str, Any]
Evaluate = Callable[[Point], Sequence[float]]
CONFIDENCE = 0.95
WORST = 0.05
YEAR = 12
MAX_BASE = 2**14


class Metric(NamedTuple):
    """A figure of a run over random paths."""

    title: str
    unit: str


METRICS = {
    "p_shortfall": Metric("Chance of a shortfall within the run", "fraction"),
    "cvar5": Metric("Shortfall of the worst 5 % of paths, mean over them", "USD"),
    "runway": Metric("Months before the first shortfall, mean, counted to the run's end", "months"),
    "burn_year1": Metric("Burned in the first 12 months, mean", "IO"),
    "pay": Metric("Lowest supplier pay of the run, mean", "fraction of H0"),
}


@dataclass(frozen=True)
class Input:
    """One assumption: `choices`, or a range from `low` to `high`. `of_shocks`: it is one of the shocks."""

    name: str
    title: str
    low: float = 0.0
    high: float = 1.0
    choices: tuple[Any, ...] = ()
    of_shocks: bool = False

    def at(self, u: float) -> Any:
        """The value at a share 0 <= u <= 1 of the range."""
        if self.choices:
            return self.choices[min(int(u * len(self.choices)), len(self.choices) - 1)]
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True)
class Attribution:
    """`tornado`: metric, input, at_low, at_high (the metric with this input at the ends of its range and all
    else as in the scenario), base (the scenario's own). `sobol`: metric, input, first and total with their
    95 % intervals (_low, _high); no rows for a metric in `constant`, which did not vary. Paths and base
    points are those that every number rests on."""

    inputs: tuple[Input, ...]
    tornado: pl.DataFrame
    sobol: pl.DataFrame
    constant: tuple[str, ...]
    base_points: int
    paths: int

    def ranking(self, metric: str) -> list[str]:
        """The inputs' names, the most important first: by their total index. Empty where nothing moves
        the metric."""
        if metric not in METRICS:
            raise InputError(f"there is no metric {metric!r}; there are {', '.join(METRICS)}")
        by_index = self.sobol.filter(pl.col("metric") == metric, pl.col("total") > 0)
        return by_index.sort("total", descending=True, maintain_order=True)["input"].to_list()


def attribute(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    inputs: Sequence[Input],
    *,
    paths: int = 1024,
    base_points: int = 1024,
    seed: int = 1,
    resamples: int = 200,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Attribution:
    """Tornado and indices of every one of METRICS at once: base_points x (inputs + 2) runs of `paths` paths.
    Raises InputError for an impossible question, Stopped when cancelled."""
    check_request(paths, seed)
    check_inputs(inputs, base_points)

    def evaluate(point: Point) -> Sequence[float]:
        return measure(*moved(scenario, shocks, inputs, point), protocol, paths, seed)

    ends = [{i.name: i.at(u)} for i in inputs for u in (0.0, 1.0)]
    unit = sample(len(inputs), base_points, seed)
    points = [{i.name: i.at(u) for i, u in zip(inputs, row, strict=True)} for row in unit.tolist()]
    values = np.array(sweep([{}, *ends, *points], evaluate, progress=progress, cancelled=cancelled))
    base, ends_at, sampled = np.split(values, [1, 1 + len(ends)])
    names = tuple(i.name for i in inputs)
    indices, constant = sobol(sampled, names, tuple(METRICS), base_points, seed, resamples)
    return Attribution(
        tuple(inputs), _tornado(inputs, base[0], ends_at), indices, constant, base_points, paths
    )


@dataclass(frozen=True)
class Swings:
    """By input, how far the chance of a shortfall within the run swings when this input alone goes over its
    range or choices, on the same paths: a first look at what matters, for the engine's process."""

    scenario: Scenario
    protocol: Protocol
    shocks: Shocks
    inputs: tuple[Input, ...]
    paths: int
    seed: int = 1

    @property
    def path_steps(self) -> int:
        ends = sum(len(i.choices) or 2 for i in self.inputs)
        return ends * self.paths * self.scenario.months * self.scenario.steps_per_month

    def answer(self, cancelled: Callable[[], bool]) -> dict[str, float]:
        """An input that the scenario cannot be run with at an end is left out."""
        found = {}
        for each in self.inputs:
            if cancelled():
                break
            with suppress(InputError):
                points = each.choices or (each.low, each.high)
                chances = [self._chance({each.name: point}) for point in points]
                found[each.name] = max(chances) - min(chances)
        return found

    def _chance(self, point: Point) -> float:
        scenario, shocks = moved(self.scenario, self.shocks, self.inputs, point)
        plan = make_plan(scenario, self.protocol, shocks)
        (first,) = watched(plan, self.seed, 0, self.paths, ("first_shortfall",), plan.steps)
        return float(np.mean(first > 0))


def check_inputs(inputs: Sequence[Input], base_points: int) -> None:
    """Raises InputError for a sample that cannot be made."""
    if not inputs:
        raise InputError("no assumption is named: give at least one to attribute the answer to")
    if len({i.name for i in inputs}) < len(inputs):
        raise InputError("each assumption can be named once")
    if not 2 <= base_points <= MAX_BASE or base_points & (base_points - 1):
        raise InputError(
            f"base points = {base_points} is not allowed: Sobol's sample needs a power of 2, from 2 to "
            f"{MAX_BASE}"
        )


def moved(
    scenario: Scenario, shocks: Shocks, inputs: Sequence[Input], point: Mapping[str, Any]
) -> tuple[Scenario, Shocks]:
    """The scenario and shocks with these inputs changed. Months of schedule take the place of a given V0."""
    shocked = {i.name for i in inputs if i.of_shocks}
    changes = {name: value for name, value in point.items() if name not in shocked}
    if "V0_months" in changes:
        changes["V0"] = None
    other = {name: value for name, value in point.items() if name in shocked}
    return parse_scenario(changes, scenario), parse_shocks(other, shocks) if other else shocks


def measure(
    scenario: Scenario, shocks: Shocks, protocol: Protocol, paths: int, seed: int
) -> tuple[float, ...]:
    """METRICS in their order, from paths 0 .. paths - 1."""
    plan = make_plan(scenario, protocol, shocks)
    first, loss, pay = watched(
        plan, seed, 0, paths, ("first_shortfall", "shortfall_usd", "lowest_pay"), plan.steps
    )
    year = first_months(plan, min(YEAR, plan.months))
    (burned,) = watched(year, seed, 0, paths, ("burned",), year.steps)
    spared = np.where(first > 0, np.ceil(first / plan.steps_per_month) - 1, plan.months)
    return (
        float(np.mean(first > 0)),
        expected_shortfall(loss),
        float(spared.mean()),
        float(burned.mean()),
        float(pay.mean()),
    )


def expected_shortfall(loss: Array) -> float:
    """CVaR5 = v + mean((loss - v)^+) / 0.05, v the nearest-rank 95 % quantile."""
    rank = -(-95 * len(loss) // 100) - 1
    v = float(np.partition(loss, rank)[rank])
    return v + float(np.maximum(loss - v, 0.0).mean()) / WORST


def sample(inputs: int, base_points: int, seed: int) -> Array:
    """Saltelli's sample of the unit cube: A, then B, then for each input A with that column out of B; rows of
    base_points x (inputs + 2)."""
    from scipy.stats import qmc  # here: scipy takes most of a second to load

    both = qmc.Sobol(2 * inputs, rng=np.random.default_rng(seed)).random(base_points)
    a, b = both[:, :inputs], both[:, inputs:]
    mixed = [np.where(np.arange(inputs) == k, b, a) for k in range(inputs)]
    return np.concatenate([a, b, *mixed])


def sobol(
    values: Array,
    inputs: Sequence[str],
    metrics: Sequence[str],
    base_points: int,
    seed: int,
    resamples: int,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Indices with their bootstrap intervals from the metrics [points, metrics] at the points of `sample`,
    and the metrics that did not vary."""
    from scipy.stats import sobol_indices

    blocks = values.reshape(len(inputs) + 2, base_points, len(metrics)).transpose(0, 2, 1)
    # rounding in the last digits of a sum over paths is no variation
    spread = np.ptp(blocks, axis=(0, 2))
    varies = spread > 1e-12 * np.abs(blocks).max(axis=(0, 2))
    constant = tuple(m for m, v in zip(metrics, varies, strict=True) if not v)
    columns = [f"{order}{end}" for order in ("first", "total") for end in ("", "_low", "_high")]
    rows: list[dict[str, Any]] = []
    for k in np.flatnonzero(varies).tolist():
        f_a, f_b, f_ab = blocks[0, k : k + 1], blocks[1, k : k + 1], blocks[2:, k : k + 1]
        if len(inputs) == 1:  # scipy cannot, and there is nothing to share out
            rows.append({"metric": metrics[k], "input": inputs[0], **dict.fromkeys(columns, 1.0)})
            continue
        found = sobol_indices(
            func={"f_A": f_a, "f_B": f_b, "f_AB": f_ab}, n=base_points, rng=np.random.default_rng(seed)
        )
        with warnings.catch_warnings():  # an index that no resample moves has no interval but itself
            warnings.simplefilter("ignore")
            sure = found.bootstrap(confidence_level=CONFIDENCE, n_resamples=resamples)
        for at, name in enumerate(inputs):
            rows.append({"metric": metrics[k], "input": name, **_index(found, sure, at)})
    schema = {"metric": pl.String, "input": pl.String, **dict.fromkeys(columns, pl.Float64)}
    return pl.DataFrame(rows, schema=schema), constant


def _index(found: Any, sure: Any, at: int) -> dict[str, float]:
    out: dict[str, float] = {}
    for order in ("first_order", "total_order"):
        name, value = order.removesuffix("_order"), float(getattr(found, order)[at])
        interval = getattr(sure, order).confidence_interval
        ends = {f"{name}_{end}": float(getattr(interval, end)[at]) for end in ("low", "high")}
        out |= {name: value} | {end: value if math.isnan(bound) else bound for end, bound in ends.items()}
    return out


def _tornado(inputs: Sequence[Input], base: Array, ends: Array) -> pl.DataFrame:
    rows = [
        {
            "metric": metric,
            "input": i.name,
            "at_low": float(ends[2 * n, k]),
            "at_high": float(ends[2 * n + 1, k]),
            "base": float(base[k]),
        }
        for k, metric in enumerate(METRICS)
        for n, i in enumerate(inputs)
    ]
    return pl.DataFrame(rows)
