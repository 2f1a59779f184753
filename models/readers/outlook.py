"""What a second contract changes, and the engine against the old schedule: on the same random paths, every
difference path by path, with its error."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from pydantic import Field, ValidationError

from models.parameters import Contract, InputError, Protocol, Scenario, Strict, parse_scenario
from models.readers.futures import Array, futures
from models.shocks import Shocks
from models.stress.compare import blocks, watched
from models.stress.plan import Plan, check_seed, make_plan
from models.stress.sweep import Stopped, first_months

YEARS = (12, 24, 36)
# Two-sided: 5 % of the probability lie below, 5 % above.
LOW, HIGH = 0.05, 0.95
# Whole paths of the suppliers' income are held in memory.
MOST_PATH_MONTHS = 6_000_000
# What a path ends with, of models.stress.path.ROWS, in the order in which it is taken in.
WATCHED = ("burned", "released", "circulating", "shortfall_usd", "first_shortfall")
QUANTITIES = ("burned", "released", "net_issuance", "shortfall_usd", "shortfall")
ACROSS_PATHS = 2_000  # of them, as there are many
ACROSS = ("burned", "net_issuance", "shortfall")
RULE_QUANTITIES = ("circulating", "income_usd", "released", "burned")


class Prospect(Strict):
    """A contract that may come: `usd` a month in the run's months `first` .. `first + months - 1`."""

    probability: float = Field(title="Probability", description="a share from 0 to 1", ge=0, le=1)
    usd: float = Field(title="Size", description="more than 0 and at most 10^12 USD a month", gt=0, le=1e12)
    first: int = Field(title="First month", description="a month of the run, from 1 on", ge=1)
    months: int = Field(title="Length", description="a whole number of months, 1 to 600", ge=1, le=600)

    @property
    def contract(self) -> Contract:
        return Contract(first=self.first, months=self.months, usd=self.usd)


def parse_prospect(values: Mapping[str, Any], run_months: int) -> Prospect:
    """From untrusted values. Raises InputError: one sentence for the first fault."""
    try:
        found = Prospect.model_validate(dict(values))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        info = Prospect.model_fields.get(name := str(fault["loc"][0]))
        if info is None:
            raise InputError(f"{name} is not a part of a contract") from None
        raise InputError(
            f"second contract: {info.title} ({name}) = {fault['input']!r:.40} is not allowed: it must be "
            f"{info.description}"
        ) from None
    if found.first > run_months:
        raise InputError(
            f"second contract: it would start in month {found.first}, after the run's {run_months} months"
        )
    return found


class Outlook(NamedTuple):
    """`contract`: one row a horizon and quantity of QUANTITIES over the months to it: horizon (run month),
    quantity; `one` and `two` (means without the contract and with it), each with _error; difference (two less
    one, path by path), its error; `expected` (the mean over both, by the contract's probability) and `effect`
    (of it, less one), with errors; effect_low, effect_high, expected_low, expected_high: what 5 % and 95 % of
    futures are below or at. Null for the chance of a shortfall, which a single future has not: there
    `avoided` and `caused` are the shares of futures in which the contract alone decides.

    `rules`: one row a horizon and quantity: old, engine, difference (engine less old), with errors, low and
    high of the difference.

    `alternatives` of what nobody has published, over the whole run and its first ACROSS_PATHS paths: label,
    by quantity of ACROSS two less one with its error, and circulating (engine less old) with its error."""

    contract: pl.DataFrame
    rules: pl.DataFrame
    alternatives: pl.DataFrame


@dataclass(frozen=True)
class Ahead:
    """The question, as the engine's process takes it."""

    scenario: Scenario
    prospect: Prospect
    protocol: Protocol
    shocks: Shocks
    seed: int
    paths: int
    named: tuple[tuple[str, Scenario], ...] = ()  # alternatives of what nobody has published, with labels

    @property
    def path_steps(self) -> int:
        """About how much work it is."""
        s = self.scenario
        across = 2 * len(self.named) * min(self.paths, ACROSS_PATHS)
        return s.months * ((8 * self.paths + across) * s.steps_per_month + 6 * self.paths * s.months)

    def answer(self, cancelled: Callable[[], bool] = lambda: False) -> Outlook:
        """Raises InputError, and Stopped when cancelled."""
        check_seed(self.seed)
        s = self.scenario
        if not 1 <= self.paths * s.months <= MOST_PATH_MONTHS:
            most = MOST_PATH_MONTHS // s.months
            raise InputError(
                f"paths = {self.paths:,} is not allowed over {s.months} months: 1 to {most:,} are"
            )
        two = self._with_contract(s)
        engine, old = (parse_scenario({"rule": rule}, s) for rule in (engine_rule(s), "legacy"))
        ends = {
            name: self._ends(scenario, cancelled)
            for name, scenario in {"one": s, "two": two, "engine": engine, "old": old}.items()
        }
        incomes = []
        for scenario in (old, engine):
            if cancelled():
                raise Stopped
            incomes.append(self._income(scenario))
        contract = [
            {"horizon": at, **row}
            for at in horizons(s.months)
            for row in contract_rows(ends["one"][at], ends["two"][at], self.prospect.probability)
        ]
        rules = [
            {"horizon": at, **row}
            for at in horizons(s.months)
            for row in rule_rows(
                ends["old"][at] | {"income_usd": incomes[0][:, at - 1]},
                ends["engine"][at] | {"income_usd": incomes[1][:, at - 1]},
            )
        ]
        others = [
            {"label": label, **self._across(other, ends["old"][s.months], cancelled)}
            for label, other in self.named
        ]
        return Outlook(_frame(contract), _frame(rules), _frame(others))

    def _with_contract(self, s: Scenario) -> Scenario:
        return parse_scenario({"contracts": (*s.contracts, self.prospect.contract)}, s)

    def _ends(self, scenario: Scenario, cancelled: Callable[[], bool]) -> dict[int, dict[str, Array]]:
        """By horizon, every path's quantities over the months to it."""
        return {at: self._at(scenario, at, cancelled) for at in horizons(scenario.months)}

    def _at(
        self, scenario: Scenario, month: int, cancelled: Callable[[], bool], most: int | None = None
    ) -> dict[str, Array]:
        """Of the first `most` paths, or all."""
        plan = first_months(make_plan(scenario, self.protocol, self.shocks), month)
        parts = []
        for first, number in blocks(plan, min(self.paths, most or self.paths)):
            if cancelled():
                raise Stopped
            parts.append(watched(plan, self.seed, first, number, WATCHED, plan.steps))
        return _quantities(plan, np.concatenate(parts, axis=1))

    def _across(
        self, other: Scenario, old: Mapping[str, Array], cancelled: Callable[[], bool]
    ) -> dict[str, float | None]:
        """One alternative's row; the old schedule's supply does not depend on what is alternative."""
        both = (other, self._with_contract(other))
        one, two = (self._at(s, s.months, cancelled, ACROSS_PATHS) for s in both)
        row: dict[str, float | None] = {}
        for name in ACROSS:
            row |= mean(name, two[name] - one[name])
        return row | mean("circulating", one["circulating"] - old["circulating"][:ACROSS_PATHS])

    def _income(self, scenario: Scenario) -> Array:
        """USD that all suppliers got by each month's end, paths x months; by the month, whatever the
        scenario's step (models/readers/futures.py)."""
        f = futures(scenario, self.protocol, self.shocks, paths=self.paths, seed=self.seed)
        return np.cumsum(f.by_target + f.by_hire + f.by_emission, axis=1)


def engine_rule(scenario: Scenario) -> str:
    """What the old schedule is compared with: the scenario's own rule, or the engine."""
    return "ide" if scenario.rule == "legacy" else scenario.rule


def horizons(months: int) -> tuple[int, ...]:
    return (*(year for year in YEARS if year < months), months)


def _quantities(plan: Plan, values: Array) -> dict[str, Array]:
    burned, released, circulating, short, first_shortfall = values
    start = plan.start.C + plan.start.K + plan.start.Q
    return {
        "burned": burned,
        "released": released,
        "net_issuance": circulating - start,
        "circulating": circulating,
        "shortfall_usd": short,
        "shortfall": (first_shortfall > 0).astype(float),
    }


def contract_rows(
    one: Mapping[str, Array], two: Mapping[str, Array], probability: float
) -> list[dict[str, Any]]:
    """One row a quantity, as Outlook.contract has them; the arrays have one number a path."""
    rows: list[dict[str, Any]] = []
    for name in QUANTITIES:
        a, b = one[name], two[name]
        row: dict[str, Any] = {
            "quantity": name,
            **mean("one", a),
            **mean("two", b),
            **mean("difference", b - a),
            **mean("expected", (1 - probability) * a + probability * b),
            **mean("effect", probability * (b - a)),
        }
        if name == "shortfall":
            row |= {"avoided": float((a > b).mean()), "caused": float((b > a).mean())}
        else:
            row |= _ends_of("effect", mixed(np.zeros_like(a), b - a, probability))
            row |= _ends_of("expected", mixed(a, b, probability))
        rows.append(row)
    return rows


def rule_rows(old: Mapping[str, Array], engine: Mapping[str, Array]) -> list[dict[str, Any]]:
    """One row a quantity, as Outlook.rules has them."""
    rows = []
    for name in RULE_QUANTITIES:
        less = engine[name] - old[name]
        low, high = mixed(less, less, 0.0)
        rows.append(
            {
                "quantity": name,
                **mean("old", old[name]),
                **mean("engine", engine[name]),
                **mean("difference", less),
                "low": low,
                "high": high,
            }
        )
    return rows


def mixed(without: Array, with_it: Array, probability: float) -> tuple[float, float]:
    """What LOW and HIGH of futures are below or at, where a future is one of `with_it` by the probability and
    one of `without` else (nearest rank)."""
    values = np.concatenate([without, with_it])
    weights = np.repeat([(1 - probability) / len(without), probability / len(with_it)],
                        [len(without), len(with_it)])  # fmt: skip
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order])
    # the sum of many small weights is not exact, and a rank that is just reached counts
    low, high = np.searchsorted(reached, [LOW - 1e-12, HIGH - 1e-12])
    return float(values[order[low]]), float(values[order[min(high, len(order) - 1)]])


def mean(name: str, values: Array) -> dict[str, float | None]:
    """The mean over paths and its standard error; None with one path."""
    apart = values - values[0]  # so that paths which are all alike have no error at all
    error = float(apart.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
    return {name: float(values.mean()), f"{name}_error": error}


def _ends_of(name: str, ends: tuple[float, float]) -> dict[str, float]:
    return dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    kinds = {n: {"horizon": pl.Int64, "quantity": pl.String, "label": pl.String}.get(n, pl.Float64)
             for n in names}  # fmt: skip
    return pl.DataFrame([{n: row.get(n) for n in names} for row in rows], schema=kinds)
