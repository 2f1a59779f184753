"""Payout rules side by side: the same prices and the same revenue, path by path, and what differs."""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from models.compiler import compile_scenario
from models.mechanisms import Array, Market, Rule, Start, Supply, moved
from models.parameters import InputError, Protocol, Scenario, parse_scenario

# The rule that every other one is compared with.
REFERENCE = "ide"
QUANTILES = {"p5": 0.05, "median": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Mechanism:
    """A payout rule with what the reader needs to judge it; `facts` are the ids of what it rests on."""

    name: str
    title: str
    facts: tuple[str, ...]
    rule: Rule

    @property
    def notes(self) -> str:
        """What the rule does and the assumptions by which it was brought to IO's scale."""
        return " ".join((inspect.getdoc(type(self.rule)) or "").split())


class Outcome(NamedTuple):
    """What one rule did, arrays of paths x months."""

    income_usd: Array  # of all suppliers, tokens at the price of the step in which they got them
    issued: Array  # IO that came into circulation as payouts, minted again or not
    burned: Array  # IO, whether bought for it or never issued
    net: Array  # IO by which payouts and burn changed what circulates
    circulating: Array  # IO, at the month's end
    dilution: Array  # what circulates over what would by unlocks alone, less 1


@dataclass(frozen=True)
class Comparison:
    mechanisms: tuple[Mechanism, ...]
    outcomes: Mapping[str, Outcome]

    @property
    def paths(self) -> int:
        return len(self.outcomes[REFERENCE].income_usd)

    @cached_property
    def by_month(self) -> pl.DataFrame:
        """One row a mechanism and month: mechanism, month, and the mean over paths of each Outcome field by
        name. With it FIELD_error, its standard error, FIELD_less_ide, the mean paired difference to the IDE,
        and FIELD_less_ide_error; errors are null with one path."""
        frames = []
        for name, outcome in self.outcomes.items():
            columns: dict[str, object] = {"month": np.arange(1, outcome.net.shape[1] + 1)}
            for field, values in outcome._asdict().items():
                less = values - getattr(self.outcomes[REFERENCE], field)
                columns |= {field: values.mean(axis=0), f"{field}_error": _error(values)}
                columns |= {f"{field}_less_ide": less.mean(axis=0), f"{field}_less_ide_error": _error(less)}
            frames.append(pl.DataFrame(columns).select(pl.lit(name).alias("mechanism"), pl.all()))
        return pl.concat(frames)

    @cached_property
    def totals(self) -> pl.DataFrame:
        """One row a mechanism and quantity of the whole run: income_usd, lowest_month_usd (the worst month's
        income), issued, burned, net, circulating and dilution (at the end). Columns: mechanism, title,
        quantity, mean, error (standard error), p5, median, p95 (nearest rank), less_ide (mean paired
        difference), less_ide_error; errors are null with one path."""
        reference = _totals(self.outcomes[REFERENCE])
        rows = []
        for mechanism in self.mechanisms:
            for quantity, values in _totals(self.outcomes[mechanism.name]).items():
                less = values - reference[quantity]
                ranks = np.quantile(values, list(QUANTILES.values()), method="inverted_cdf")
                rows.append(
                    {
                        "mechanism": mechanism.name,
                        "title": mechanism.title,
                        "quantity": quantity,
                        "mean": values.mean(),
                        "error": _error(values).item(),
                        **dict(zip(QUANTILES, ranks, strict=True)),
                        "less_ide": less.mean(),
                        "less_ide_error": _error(less).item(),
                    }
                )
        numbers = ("mean", "error", *QUANTILES, "less_ide", "less_ide_error")
        return pl.DataFrame(rows, schema_overrides=dict.fromkeys(numbers, pl.Float64))


def _totals(outcome: Outcome) -> dict[str, Array]:
    sums = {name: getattr(outcome, name).sum(axis=1) for name in ("income_usd", "issued", "burned", "net")}
    ends = {name: getattr(outcome, name)[:, -1] for name in ("circulating", "dilution")}
    return (
        {"income_usd": sums["income_usd"], "lowest_month_usd": outcome.income_usd.min(axis=1)} | sums | ends
    )


def _error(values: Array) -> pl.Series:
    """Standard error of the mean over paths; null with one path."""
    paths = len(values)
    columns = math.prod(values.shape[1:])
    if paths == 1:
        return pl.Series([None] * columns, dtype=pl.Float64)
    return pl.Series(np.atleast_1d(values.std(axis=0, ddof=1) / math.sqrt(paths)))


def compare(
    price: Array,
    revenue: Array,
    scenario: Scenario,
    token: Protocol,
    mechanisms: Sequence[Mechanism],
) -> Comparison:
    """Runs every mechanism over the same paths. `price` (USD per IO) and `revenue` (USD a step) have one
    column a step of the scenario and one row a path, or are one path alone; supply, schedules, unlocks, the
    payout target and the step's length come from the scenario. Raises InputError for arrays that do not fit
    it, and where its start is impossible."""
    price, revenue = _checked("price", price, scenario), _checked("revenue", revenue, scenario)
    if price.shape != revenue.shape:
        raise InputError(
            f"price has {len(price)} paths but revenue has {len(revenue)}; they must be the same"
        )
    outcomes = {m.name: _run(m.rule, price, revenue, scenario, token) for m in mechanisms}
    if REFERENCE not in outcomes:
        raise InputError(
            f"the comparison needs the mechanism {REFERENCE}, which the others are compared with"
        )
    return Comparison(tuple(mechanisms), outcomes)


def _checked(name: str, values: Array, scenario: Scenario) -> Array:
    """As paths x steps."""
    steps = scenario.months * scenario.steps_per_month
    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if values.ndim != 2 or values.shape[1] != steps or not len(values):
        raise InputError(f"{name} has the shape {values.shape}; paths x {steps} steps are needed")
    lowest_allowed = values > 0 if name == "price" else values >= 0
    if not np.all(lowest_allowed & np.isfinite(values)):
        limit = "above 0" if name == "price" else "0 or more"
        raise InputError(f"{name} must hold finite numbers, {limit}, in every path and step")
    return values


def _run(rule: Rule, price: Array, revenue: Array, scenario: Scenario, token: Protocol) -> Outcome:
    # without a vault, all that is not yet emitted is unissued
    compiled = compile_scenario(parse_scenario({"rule": "legacy"}, scenario), token)
    n, paths = scenario.steps_per_month, len(price)
    start, inputs = compiled.start, compiled.inputs
    supply = Supply(*(np.full(paths, io) for io in (start.U, start.C + start.K, 0.0)))
    memory = rule.begin(Start(scenario, token, start.U, start.C + start.K, inputs[0].emission, 1 / n))
    income, issued, burned, net, circulating = np.zeros((5, paths, scenario.months))
    for t, i in enumerate(inputs):
        market = Market(price[:, t], revenue[:, t], compiled.params.H0, i.emission, i.unlock, t / n, 1 / n)
        supply = supply._replace(circulating=supply.circulating + i.unlock)
        p, memory = rule.step(supply, memory, market)
        supply = moved(supply, p)
        income[:, t // n] += p.income
        issued[:, t // n] += p.new + p.again
        burned[:, t // n] += p.burned + p.destroyed
        net[:, t // n] += p.new + p.again - p.burned - p.taken_back
        circulating[:, t // n] = supply.circulating
    unlocked = np.cumsum([i.unlock for i in inputs])[n - 1 :: n]
    by_unlocks_alone = start.C + start.K + unlocked
    return Outcome(income, issued, burned, net, circulating, circulating / by_unlocks_alone - 1)
