"""At which revenue the burn covers what is released and unlocked: solved for on the model itself.

Two ways to count, because they differ: by `burn`, everything that SPEC section 3, item 7 sends to B counts,
whether it ever circulated or not; by `circulating`, what is bought back into the Reward Vault counts too, and
what is burned without ever having circulated does not. What goes into the Fee Vault counts in neither.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import polars as pl

from models.economy import UNLIMITED, Flows, Inputs, Params, State, step
from models.parameters import Scenario
from models.projection import BURNS, Projection

Measure = Literal["burn", "circulating"]
MEASURES: tuple[Measure, ...] = ("burn", "circulating")
Reason = Literal["rule", "demand", "vault", "tokens"]
MOST_USD = 1e12  # a month: what a scenario's base revenue may be at most


class BreakEven(NamedTuple):
    """Over run months `first` .. `last`. `reason`: why there is none, where there is none."""

    measure: Measure
    first: int
    last: int
    revenue_usd: float | None  # a month, as it comes in, the same base in every month
    contracts: float | None  # how many beside the scenario's base revenue; None too where none is enough
    own_usd: float  # a month: the run's revenue
    servable_usd: float  # a month: all that the active supply could sell at the run's revenue per unit
    reason: Reason | None


def break_even(run: Projection, months: int, contract_usd: float, measure: Measure) -> BreakEven:
    """Of the run's first `months` months: the least revenue, the same in each of them, at which net issuance
    over them all is zero, and the least number (a fraction) of contracts of `contract_usd` a month."""
    n = run.scenario.steps_per_month
    part = _Part(run.compiled.params, run.states[0], run.compiled.inputs[: months * n])
    own = _without_contracts(run.scenario, months)
    return _solved(part, run, own, 1, months, contract_usd, measure)


def by_month(run: Projection, contract_usd: float, measure: Measure) -> pl.DataFrame:
    """The same for each month alone, which begins as the run left the month before: month, date and the
    fields of BreakEven from revenue_usd on."""
    n, compiled = run.scenario.steps_per_month, run.compiled
    own = _without_contracts(run.scenario, run.scenario.months)
    found = []
    for month in range(1, run.scenario.months + 1):
        at = (month - 1) * n
        part = _Part(compiled.params, run.states[at], compiled.inputs[at : at + n])
        found.append(_solved(part, run, own[at : at + n], month, month, contract_usd, measure))
    kinds = {"revenue_usd": pl.Float64, "contracts": pl.Float64, "reason": pl.String}
    frame = pl.DataFrame(found, schema=[*BreakEven._fields], schema_overrides=kinds, orient="row")
    dates = run.frame["date"].gather_every(n)
    return frame.select(pl.col("first").alias("month"), dates.alias("date"), *BreakEven._fields[3:])


def measures_agree(run: Projection) -> bool:
    """Whether every token that is bought is burned and every one burned was bought, so that both measures are
    the same."""
    p = run.compiled.params
    return p.burn_vault < 0.5 and (p.fee_cap >= UNLIMITED or p.overflow_burn > 0.5)


class _Part(NamedTuple):
    """Some consecutive steps of a run, to be run again on another revenue."""

    params: Params
    start: State
    inputs: Sequence[Inputs]

    def flows(self, bases: Sequence[float]) -> list[Flows]:
        """`bases`: USD a step at demand 1."""
        s, out = self.start, []
        for i, base in zip(self.inputs, bases, strict=True):
            s, f = step(s, self.params, i._replace(base=base))
            out.append(f)
        return out


def issued(flows: Sequence[Flows], measure: Measure) -> float:
    """IO by which release and unlocks exceed what the measure sets against them."""
    come = math.fsum(f.unlocked + f.released for f in flows)
    if measure == "burn":
        return come - math.fsum(getattr(f, name) for f in flows for name in BURNS)
    return come - math.fsum(f.burned_market + f.overflow_burned + f.refilled for f in flows)


def _without_contracts(s: Scenario, months: int) -> list[float]:
    """USD of base revenue at demand 1 in each step."""
    n = s.steps_per_month
    base = [s.R_base] * months if s.revenue_history is None else s.revenue_history[:months]
    return [usd / n for usd in base for _ in range(n)]


def _solved(
    part: _Part,
    run: Projection,
    own: Sequence[float],
    first: int,
    last: int,
    contract_usd: float,
    measure: Measure,
) -> BreakEven:
    n, months = run.scenario.steps_per_month, last - first + 1
    d = 1 / n
    flat = [d] * len(part.inputs)
    at = slice((first - 1) * n, last * n)
    before, flows = run.states[at], run.flows[at]
    capacity = part.params.capacity
    servable = math.fsum(i.base * s.N * capacity for i, s in zip(part.inputs, before, strict=True)) / months

    def net_at(base: float) -> float:
        return issued(part.flows([base * share for share in flat]), measure)

    def net_with(contracts: float) -> float:
        extra = contracts * contract_usd
        return issued(part.flows([usd + extra * d for usd in own]), measure)

    level = least_root(net_at, max(part.params.H0_month, 1.0), MOST_USD)
    if level is not None and min(own) == max(own) <= level * d:
        contracts: float | None = (level - own[0] / d) / contract_usd  # the same base in every month
    else:
        contracts = least_root(net_with, 1.0, MOST_USD / contract_usd)
    revenue = None
    if level is not None:
        revenue = math.fsum(f.revenue for f in part.flows([level * share for share in flat])) / months
    return BreakEven(
        measure,
        first,
        last,
        revenue,
        contracts,
        math.fsum(f.revenue for f in flows) / months,
        servable,
        None if level is not None else _reason(part, [MOST_USD * share for share in flat], measure),
    )


def least_root(net: Callable[[float], float], first: float, most: float) -> float | None:
    """The least level from 0 up at which `net` is zero or less, or None up to `most`. Looked for at 0, at
    `first` and at every doubling of it, then narrowed down: net falls with the level, except that buying
    which lifts the price may turn it back, and what it does between two doublings is not seen."""
    if net(0.0) <= 0:
        return 0.0
    low, high = 0.0, first
    while net(high) > 0:
        low, high = high, 2 * high
        if low >= most:
            return None
    from scipy.optimize import brentq  # only here: scipy takes its time to load

    return float(brentq(net, low, high, xtol=1e-9, rtol=1e-14))


def _reason(part: _Part, bases: Sequence[float], measure: Measure) -> Reason:
    """Why not even `bases` are enough."""
    flows = part.flows(bases)
    if part.params.all_revenue > 0.5:
        return "rule"  # all revenue is the suppliers', so there is no surplus
    if not any(f.revenue > 0 for f in flows):
        return "demand"
    if measure == "circulating" and part.params.burn_vault > 0.5 and part.params.burn_share > 0:
        return "vault"  # what is burned never circulated
    return "tokens"
