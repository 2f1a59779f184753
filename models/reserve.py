"""Reserve needed (SPEC section 6): how much the vaults must hold at the start for a chosen safety.

Nothing here assumes that more reserve helps. Every point of a grid is run on the same draws; a reserve is
enough where it and every larger point of the grid meet the level, and a failure above a passing point, which
controller, overflow and price impact can cause, is a finding.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np
import polars as pl

from models.parameters import MAX_MONTHS, InputError, Protocol, Scenario, parse_scenario
from models.schedules import emitted_by, monthly_emission
from models.shocks import Shocks
from models.stress.counts import EVENTS
from models.stress.engine import Progress, check_request
from models.stress.plan import make_plan
from models.stress.summary import by_month, probability
from models.stress.sweep import count, sweep

Vault = Literal["V0", "F0"]
VAULTS: tuple[Vault, ...] = ("V0", "F0")
MAX_POINTS = 1001
CURVE_PATHS = 10_000
NEEDED = {
    "horizon": pl.Int64, "level": pl.Float64, "needed": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "p": pl.Float64, "least_p": pl.Float64,
}  # fmt: skip
REVERSALS = {
    "horizon": pl.Int64, "level": pl.Float64, "passes_at": pl.Float64, "fails_at": pl.Float64,
    "p": pl.Float64, "month": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What safety is asked for: the chance of the event by each horizon (run months) is to be at most each
    level. `points` is how many points a grid has, `paths` how many random paths each of them runs."""

    event: str = "shortfall"
    horizons: tuple[int, ...] = (6, 12, 24, 36)
    levels: tuple[float, ...] = (0.01, 0.05, 0.1, 0.25)
    paths: int = 100_000
    seed: int = 1
    points: int = 101
    curve_vaults: int = 11  # Reward Vaults of the trade-off
    curve_fees: int = 61  # Fee Vaults tried beside each

    @property
    def curve_paths(self) -> int:
        """Paths of the trade-off, whose pairs are many."""
        return min(self.paths, CURVE_PATHS)

    def check(self) -> None:
        """Raises InputError for a question without an answer, with one that has."""
        check_request(self.paths, self.seed)
        if self.event not in EVENTS:
            raise InputError(f"there is no event {self.event!r}; there are {', '.join(EVENTS)}")
        if not self.horizons or not all(1 <= h <= MAX_MONTHS for h in self.horizons):
            raise InputError(
                f"horizons = {_listed(self.horizons)} is not allowed: give months, 1 to {MAX_MONTHS}"
            )
        if not self.levels or not all(0 < level < 1 for level in self.levels):
            least = 3 / self.paths
            raise InputError(
                f"levels = {_listed(self.levels)} is not allowed: no number of random paths can show a "
                f"chance of 0, and 1 asks for nothing; {self.paths:,} paths can show {least:g} and more"
            )
        for values, name in ((self.horizons, "horizons"), (self.levels, "levels")):
            if len(set(values)) < len(values):
                raise InputError(f"{name} = {_listed(values)} is not allowed: each can be asked for once")
        for name in ("points", "curve_vaults", "curve_fees"):
            if not 2 <= getattr(self, name) <= MAX_POINTS:
                raise InputError(
                    f"{name} = {getattr(self, name)} is not allowed: a grid has 2 to {MAX_POINTS} points"
                )


@dataclass(frozen=True)
class Reserve:
    """The answer for one vault while the other stays as it is.

    `points`: reserve (IO or USD), horizon, p, low, high (its 95 % interval): all that was run.
    `needed`: horizon, level, needed (null: none on the grid is enough), low and high (the same from the
    interval's lower and upper ends), p (at needed), least_p (the lowest chance of the grid).
    `reversals`: every point that fails although a smaller one passes: horizon, level, passes_at (the
    smallest that passes), fails_at, p, month (the first in which the level is passed)."""

    vault: Vault
    top: float
    points: pl.DataFrame
    needed: pl.DataFrame
    reversals: pl.DataFrame


def largest(scenario: Scenario, protocol: Protocol, vault: Vault, months: int) -> float:
    """The top of the grid: all that is not yet emitted, or a Fee Vault that could pay the whole target."""
    if vault == "F0":
        return scenario.H0 * months
    return protocol.emission_total_io - emitted_by(protocol, scenario.m0)


def reserve_needed(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    ask: Ask,
    vault: Vault,
    *,
    grid: Sequence[float] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Reserve:
    """One run a grid point gives every horizon and level. The grid is `ask.points` even steps from nothing to
    `largest`, unless given. Raises InputError for an impossible question, Stopped when cancelled."""
    ask.check()
    scenario = _long_enough(scenario, ask.horizons)
    top = largest(scenario, protocol, vault, scenario.months)
    levels = np.linspace(0.0, top, ask.points).tolist() if grid is None else sorted(grid)
    variants = [parse_scenario({vault: reserve}, scenario) for reserve in levels]
    hits = np.array(
        sweep(
            variants,
            lambda s: _hits(s, protocol, shocks, ask.event, ask.seed, ask.paths),
            progress=progress,
            cancelled=cancelled,
        )
    )
    points = _points(levels, hits, ask)
    return Reserve(vault, top, points, needed(points, ask.levels), _reversals(levels, hits, ask))


def trade_off(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    ask: Ask,
    horizon: int,
    level: float,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> pl.DataFrame:
    """For each Reward Vault of a grid the Fee Vault that is needed beside it: V0 (IO), F0 (USD; null: none),
    low, high. Every pair of the two grids is run, with `ask.curve_paths` paths."""
    one = replace(ask, horizons=(horizon,), levels=(level,), paths=ask.curve_paths)
    one.check()
    scenario = _long_enough(scenario, (horizon,))
    tops = [largest(scenario, protocol, vault, horizon) for vault in VAULTS]
    numbers = (ask.curve_vaults, ask.curve_fees)
    vaults, fees = (np.linspace(0.0, top, n).tolist() for top, n in zip(tops, numbers, strict=True))
    hits = sweep(
        [parse_scenario({"V0": v, "F0": f}, scenario) for v, f in product(vaults, fees)],
        lambda s: _hits(s, protocol, shocks, ask.event, ask.seed, ask.curve_paths),
        progress=progress,
        cancelled=cancelled,
    )
    rows = []
    for v, found in zip(vaults, np.array(hits).reshape(len(vaults), len(fees), -1), strict=True):
        row = needed(_points(fees, found, one), (level,)).row(0, named=True)
        rows.append({"V0": v, "F0": row["needed"], "low": row["low"], "high": row["high"]})
    return pl.DataFrame(rows, schema=dict.fromkeys(("V0", "F0", "low", "high"), pl.Float64))


def needed(points: pl.DataFrame, levels: Sequence[float]) -> pl.DataFrame:
    """By horizon and level the smallest reserve such that it and every larger one meet the level."""
    rows: list[dict[str, Any]] = []
    for horizon in points["horizon"].unique(maintain_order=True).to_list():
        part = points.filter(pl.col("horizon") == horizon).sort("reserve")
        reserve = part["reserve"].to_list()
        for level in levels:
            found = {name: _first_safe(part[name].to_numpy() <= level) for name in ("p", "low", "high")}
            rows.append(
                {
                    "horizon": horizon,
                    "level": level,
                    # a lower chance is met by a smaller reserve, so the ends keep their order
                    **{
                        column: None if (at := found[name]) is None else reserve[at]
                        for column, name in (("needed", "p"), ("low", "low"), ("high", "high"))
                    },
                    "p": None if found["p"] is None else part["p"][found["p"]],
                    "least_p": part["p"].min(),
                }
            )
    return pl.DataFrame(rows, schema=NEEDED)


def months_of_schedule(io: float, protocol: Protocol, m0: int) -> float:
    """How many of the next months of the emission schedule hold so much IO: what V0_months would say."""
    schedule = monthly_emission(protocol)[m0:]
    reached = np.concatenate([[0.0], np.cumsum(schedule)])
    if io >= reached[-1]:
        return float(np.argmax(reached))
    return float(np.interp(io, reached, np.arange(len(reached))))


def beyond_the_paths(ask: Ask) -> str | None:
    """One sentence where a level is lower than so many paths can show at all, else None."""
    low = [level for level in ask.levels if level < 3 / ask.paths]
    if not low:
        return None
    return (
        f"{ask.paths:,} paths cannot show a chance as low as {100 * min(low):.2g} %: none of them passes or "
        f"fails it surely, so take {math.ceil(3 / min(low)):,} paths or more, or a level of "
        f"{300 / ask.paths:.2g} % or more"
    )


def what_would_do(reserve: Reserve, horizon: int) -> str | None:
    """Where no reserve of the grid is enough for some level: one sentence that says what would be, else
    None."""
    rows = reserve.needed.filter(pl.col("horizon") == horizon, pl.col("needed").is_null())
    if rows.is_empty():
        return None
    levels = sorted(rows["level"].to_list())
    # The chance at the grid's top is the least level that the top, and so any point, is enough for.
    top = reserve.points.filter(pl.col("reserve") == reserve.points["reserve"].max())
    reached = dict(top.select("horizon", "p").iter_rows())
    shorter = max((h for h, p in reached.items() if h < horizon and p <= levels[0]), default=None)
    vault, other, everything = {
        "V0": ("Reward Vault", "a Fee Vault beside it", "all that is not yet emitted"),
        "F0": ("Fee Vault", "another target or order of payout", "the whole target of every month"),
    }[reserve.vault]
    by = "" if shorter is None else f", or a horizon of {shorter} month{'' if shorter == 1 else 's'}"
    return (
        f"no {vault}, up to {everything}, keeps the chance within {horizon} months at "
        f"{' or '.join(f'{100 * level:g} %' for level in levels)}: it takes a level of "
        f"{100 * reached[horizon]:.3g} % or more, {other}{by}"
    )


def _hits(s: Scenario, protocol: Protocol, shocks: Shocks, event: str, seed: int, paths: int) -> np.ndarray:
    """Paths that the event has come to, by the end of each run month."""
    return np.cumsum(by_month(count(make_plan(s, protocol, shocks), seed, paths), event))


def _points(grid: Sequence[float], hits: np.ndarray, ask: Ask) -> pl.DataFrame:
    rows = []
    for horizon in ask.horizons:
        for reserve, row in zip(grid, hits, strict=True):
            p = probability(int(row[horizon - 1]), ask.paths)
            rows.append((reserve, horizon, p.value, p.low, p.high))
    schema = {"reserve": pl.Float64, "horizon": pl.Int64, **dict.fromkeys(("p", "low", "high"), pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _first_safe(safe: np.ndarray) -> int | None:
    """The first entry from which on all hold, or None."""
    failing = np.flatnonzero(~safe)
    first = int(failing[-1]) + 1 if len(failing) else 0
    return first if first < len(safe) else None


def _reversals(grid: Sequence[float], hits: np.ndarray, ask: Ask) -> pl.DataFrame:
    rows = []
    for horizon, level in product(ask.horizons, ask.levels):
        p = hits[:, horizon - 1] / ask.paths
        passing = np.flatnonzero(p <= level)
        for at in np.flatnonzero(p > level).tolist():
            if len(passing) and passing[0] < at:
                month = int(np.argmax(hits[at] / ask.paths > level)) + 1
                rows.append((horizon, level, grid[passing[0]], grid[at], p[at], month))
    return pl.DataFrame(rows, schema=REVERSALS, orient="row")


def _long_enough(scenario: Scenario, horizons: Sequence[int]) -> Scenario:
    if scenario.rule != "ide":
        raise InputError(
            "only the engine (rule ide) has vaults, so no other rule has a reserve that is needed"
        )
    for history in (scenario.price_history, scenario.revenue_history):
        if history is not None and len(history) < max(horizons):
            raise InputError(
                f"horizons = {_listed(horizons)} is not allowed: the history covers {len(history)} months"
            )
    return parse_scenario({"months": max(horizons)}, scenario)


def _listed(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values) or "nothing"
