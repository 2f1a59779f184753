"""Several scenarios over the same random paths: what each comes to, and what each has more than the first.

A difference is taken path by path, so that what the shocks do to both falls out of its error. Paths are added
in blocks of BLOCK from path 0 on, so that a run made in slices sums in the same order as one made at once.
"""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from models.parameters import InputError, Protocol, Scenario
from models.shocks import Shocks
from models.stress.compare import watched
from models.stress.engine import available_cores, check_request
from models.stress.plan import Plan, make_plan

BLOCK = 10_000


class Figure(NamedTuple):
    """One quantity of a path at the end of the run. `needs`: what there must be for it to exist."""

    title: str
    unit: str
    needs: str = ""  # vault: the engine's two vaults; burn: a rule that burns


FIGURES = {
    "p_shortfall": Figure("Chance of a shortfall within the run", "share of futures"),
    "months_whole": Figure("Months before the first shortfall, within the run", "months"),
    "short_usd": Figure("Mean shortfall over the run", "USD"),
    "lowest_coverage": Figure("Lowest coverage of the run, mean", "share of the target"),
    "lowest_pay": Figure("Lowest pay of the run, mean", "share of the target at the start"),
    "burned": Figure("Burned over the run", "IO", "burn"),
    "released": Figure("Tokens paid to suppliers over the run", "IO"),
    "circulating": Figure("Circulating supply at the end", "IO"),
    "reserve_usd": Figure("Reserve at the end", "USD", "vault"),
}
_WATCHED = (
    "first_shortfall", "shortfall_usd", "lowest_pay", "burned", "released", "circulating", "V", "F", "price"
)  # fmt: skip


def exists(figure: str, scenario: Scenario) -> bool:
    """The old schedule burns nothing, and neither it nor what is reported pays out of vaults: those
    quantities are none there, and not 0."""
    has = {"vault": scenario.rule == "ide", "burn": scenario.rule != "legacy"}
    return has.get(FIGURES[figure].needs, True)


class Mean(NamedTuple):
    """A mean over the paths and its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Contrast:
    """Sums over paths 0 .. paths - 1. `values` and `differences` [scenario, 2, figure] hold the sums of the
    figures less `origin` [scenario, figure], the figures of path 0, and of their squares, likewise of what
    each path has more than under the first scenario; `short` [scenario, 3, month] counts the paths short by
    then, those so here but not under the first scenario, and the other way around."""

    paths: int
    new_paths: int  # computed since it began, the rest was found
    seconds: float
    origin: np.ndarray
    values: np.ndarray
    differences: np.ndarray
    short: np.ndarray

    def value(self, scenario: int, figure: str) -> Mean:
        """A figure's mean under one scenario."""
        k = list(FIGURES).index(figure)
        total, squares = self.values[scenario, :, k].tolist()
        found = _mean(total, squares, self.paths)
        return Mean(found.value + float(self.origin[scenario, k]), found.standard_error)

    def difference(self, scenario: int, figure: str) -> Mean:
        """What the scenario has more than the first, path by path."""
        k = list(FIGURES).index(figure)
        total, squares = self.differences[scenario, :, k].tolist()
        return _mean(total, squares, self.paths)

    def short_by_month(self, scenario: int) -> list[Mean]:
        """The chance that a shortfall has come, by run month."""
        return [_mean(n, n, self.paths) for n in self.short[scenario, 0].tolist()]

    def short_difference_by_month(self, scenario: int) -> list[Mean]:
        """The same less that under the first scenario."""
        more, less = self.short[scenario, 1:].tolist()
        return [_mean(a - b, a + b, self.paths) for a, b in zip(more, less, strict=True)]


def _mean(total: float, squares: float, paths: int) -> Mean:
    value = total / paths
    return Mean(value, math.sqrt(max(squares / paths - value**2, 0.0) / paths))


def comparable(scenarios: Sequence[Scenario]) -> None:
    """Raises InputError unless all have as many months and steps: only then do they meet the same shocks."""
    first = scenarios[0]
    for other in scenarios[1:]:
        if (other.months, other.steps_per_month) != (first.months, first.steps_per_month):
            raise InputError(
                f"{other.months} months in {other.steps_per_month} steps each cannot be compared with "
                f"{first.months} months in {first.steps_per_month}: to meet the same shocks, both need equal "
                "months and steps_per_month"
            )


def contrast(
    scenarios: Sequence[Scenario],
    protocol: Protocol,
    shocks: Shocks,
    *,
    seed: int,
    paths: int,
    extend: Contrast | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Contrast:
    """Paths 0 .. paths - 1 under every scenario, on the same draws. `extend` has the first of them, a whole
    number of BLOCKs. A cancel, asked for between blocks, leaves those that are done. Raises InputError."""
    comparable(scenarios)
    check_request(paths, seed)
    plans = [make_plan(s, protocol, shocks) for s in scenarios]
    many, months = len(plans), plans[0].months
    shape = (many, 2, len(FIGURES))
    origin = np.zeros((many, len(FIGURES)))
    values, differences, short = np.zeros(shape), np.zeros(shape), np.zeros((many, 3, months))
    done, before, spent, begun = 0, 0, 0.0, time.perf_counter()
    if extend is not None and extend.paths:
        if extend.paths % BLOCK:
            raise InputError(f"only a whole number of {BLOCK:,} paths can be gone on with")
        origin, values, differences, short = (
            a.copy() for a in (extend.origin, extend.values, extend.differences, extend.short)
        )
        done, before, spent = extend.paths, extend.new_paths, extend.seconds
    started = done
    with ThreadPoolExecutor(min(many, available_cores())) as pool:
        while done < paths and not (cancelled is not None and done > started and cancelled()):
            number = min(BLOCK, paths - done)
            found = list(pool.map(_figures, plans, [seed] * many, [done] * many, [number] * many))
            for k, (figures, months_short) in enumerate(found):
                if done == 0:
                    origin[k] = figures[:, 0]
                _add(values[k], figures - origin[k][:, None])
                _add(differences[k], figures - found[0][0])
                short[k] += _short(months_short, found[0][1], months)
            done += number
            if progress is not None:
                progress(done, paths)
    seconds = spent + time.perf_counter() - begun
    return Contrast(done, before + done - started, seconds, origin, values, differences, short)


def _add(sums: np.ndarray, figures: np.ndarray) -> None:
    sums += [figures.sum(axis=1), (figures**2).sum(axis=1)]


def _figures(plan: Plan, seed: int, first: int, paths: int) -> tuple[np.ndarray, np.ndarray]:
    """FIGURES of each path [figure, path], and the run month of its first shortfall (months + 1: none)."""
    row = dict(zip(_WATCHED, watched(plan, seed, first, paths, _WATCHED, plan.steps), strict=True))
    month = np.ceil(row["first_shortfall"] / plan.steps_per_month).astype(np.int64)
    month[month == 0] = plan.months + 1
    coverage = row["lowest_pay"]
    if plan.params.controller > 0:
        # Pay is coverage times k, and k moves: the lowest of every month is looked up at its end.
        ends = range(plan.steps_per_month, plan.steps + 1, plan.steps_per_month)
        coverage = np.minimum.reduce(
            [watched(_until(plan, end), seed, first, paths, ("coverage",), end)[0] for end in ends]
        )
    figures = np.array(
        [
            month <= plan.months, month - 1, row["shortfall_usd"], coverage, row["lowest_pay"],
            row["burned"], row["released"], row["circulating"], row["V"] * row["price"] + row["F"],
        ]
    )  # fmt: skip
    return figures, month


def _until(plan: Plan, step: int) -> Plan:
    """The first steps of a plan."""
    bootstrap = plan.bootstrap._replace(segments=plan.bootstrap.segments[:step])
    return replace(plan, inputs=plan.inputs[:step], moments=plan.moments[:step], bootstrap=bootstrap)


def _short(here: np.ndarray, there: np.ndarray, months: int) -> np.ndarray:
    """By month: paths short by then; those short here and not there; there and not here."""
    come = np.bincount(here, minlength=months + 2)[1 : months + 1].cumsum()
    return np.array([come, _ahead(here, there, months), _ahead(there, here, months)], float)


def _ahead(early: np.ndarray, late: np.ndarray, months: int) -> np.ndarray:
    ahead = early < late
    begun = np.bincount(early[ahead], minlength=months + 2)
    ended = np.bincount(late[ahead], minlength=months + 2)
    return np.asarray(np.cumsum(begun - ended)[1 : months + 1])
