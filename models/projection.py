"""One path, as a frame that a reader can question: every state and flow, who holds what, what moved."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from models.compiler import Compiled, compile_scenario
from models.economy import UNLIMITED, Flows, State, is_empty, is_short, step
from models.parameters import Protocol, Scenario
from models.schedules import month_end

HOLDERS = ("U", "V", "L", "C", "K", "Q", "B")


class Move(NamedTuple):
    """One kind of token transfer: rule of SPEC section 3, what it is called, who gives, who takes."""

    rule: int
    flow: str
    source: str
    target: str


# Every flow that moves tokens. The ledger check proves that nothing else does.
MOVES = (
    Move(1, "unlocked", "L", "C"),
    Move(3, "emitted", "U", "V"),
    Move(6, "released", "V", "C"),
    Move(7, "burned_market", "C", "B"),
    Move(7, "burned_vault", "V", "B"),
    Move(7, "burned_unissued", "U", "B"),
    Move(7, "overflow_burned", "C", "B"),
    Move(7, "refilled", "C", "V"),
    Move(8, "retired", "V", "B"),
    Move(11, "unstaked", "K", "Q"),
    Move(11, "staked", "C", "K"),
    Move(11, "cooled", "Q", "C"),
)
BURNS = tuple(m.flow for m in MOVES if m.rule == 7 and m.target == "B")


@dataclass(frozen=True)
class Projection:
    """A run of one path. `states[0]` is the start; `states[t]`, `flows[t - 1]` belong to step t."""

    scenario: Scenario
    protocol: Protocol
    compiled: Compiled
    states: list[State]
    flows: list[Flows]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row a step: step, run month, protocol month m, j, date (the month's end), the events, every
        Flows and State field by name (states at the step's end), burned (item 7's whole burn), circulating,
        reserve_usd and residual (IO by which the identity is missed). No limit and no ratio are null."""
        s, n = self.scenario, self.scenario.steps_per_month
        steps = np.arange(len(self.flows))
        month = steps // n + 1
        ends = [month_end(self.protocol, s.m0 + k) for k in range(1, s.months + 1)]
        flows = pl.DataFrame(np.array(self.flows), schema=list(Flows._fields), orient="row")
        states = pl.DataFrame(np.array(self.states[1:]), schema=list(State._fields), orient="row")
        calendar = pl.DataFrame(
            {
                "step": steps + 1,
                "month": month,
                "m": month + s.m0,
                "j": steps % n + 1,
                "date": pl.Series(ends, dtype=pl.Date).gather(month - 1),
                "shortfall": self._shortfall,
                "empty": self._empty,
                "underpaid": self._underpaid,
                "residual": self._residuals,
            }
        )
        burned = sum((flows[name] for name in BURNS[1:]), flows[BURNS[0]])
        return (
            calendar.hstack(flows.get_columns())
            .hstack(states.get_columns())
            .with_columns(
                pl.when(pl.col("runway", "psi") < UNLIMITED).then(pl.col("runway", "psi")),
                burned.alias("burned"),
                (states["C"] + states["K"] + states["Q"]).alias("circulating"),
                (states["V"] * flows["price"] + states["F"]).alias("reserve_usd"),
            )
        )

    @cached_property
    def _residuals(self) -> list[float]:
        cap = self.protocol.cap_io
        return [math.fsum((*s[: len(HOLDERS)], -cap)) for s in self.states[1:]]

    @cached_property
    def _shortfall(self) -> list[bool]:
        return [is_short(f) for f in self.flows]

    @cached_property
    def _empty(self) -> list[bool]:
        p = self.compiled.params
        return [is_empty(s, f, p) for s, f in zip(self.states[1:], self.flows, strict=True)]

    @cached_property
    def _underpaid(self) -> list[bool]:
        return [f.pay < self.scenario.p_star for f in self.flows]

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The headline figures, in IO and USD at full precision; months count from the run's first."""
        year = self.flows[: 12 * self.scenario.steps_per_month]
        end = self.states[-1]
        return {
            "first_shortfall_month": self._first(self._shortfall),
            "first_empty_month": self._first(self._empty),
            "first_underpaid_month": self._first(self._underpaid),
            "min_coverage": min(f.coverage for f in self.flows),
            "min_pay": min(f.pay for f in self.flows),
            "burn_year1": math.fsum(getattr(f, name) for f in year for name in BURNS),
            "release_year1": math.fsum(f.released for f in year),
            "retired_year1": math.fsum(f.retired for f in year),
            "short_usd": math.fsum(f.short for f in self.flows),
            "lost_usd": math.fsum(f.lost_usd for f in self.flows),
            "governance_actions": sum(f.k_lowered > 0 for f in self.flows),
            "max_residual": max(abs(r) for r in self._residuals),
            "end": {name: getattr(end, name) for name in "UVLCKQBFNk"},
        }

    def _first(self, event: list[bool]) -> int | None:
        return event.index(True) // self.scenario.steps_per_month + 1 if True in event else None


def project(scenario: Scenario, protocol: Protocol) -> Projection:
    """Run one path without random shocks. Raises InputError when the start is impossible."""
    compiled = compile_scenario(scenario, protocol)
    s, p = compiled.start, compiled.params
    states, flows = [s], []
    for i in compiled.inputs:
        s, f = step(s, p, i)
        states.append(s)
        flows.append(f)
    return Projection(scenario, protocol, compiled, states, flows)


def monthly(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame by month: flows summed, states at its end, mean price, lowest coverage, pay and runway."""
    amounts = [m.flow for m in MOVES] + [
        "burned", "revenue", "unserved", "target", "paid", "fee_vault_draw", "short", "surplus",
        "burn_usd", "fee_vault_in", "lost_usd", "k_lowered",
    ]  # fmt: skip
    lowest = ["coverage", "pay", "psi", "runway"]
    events = ["shortfall", "empty", "underpaid"]
    last = [c for c in frame.columns if c not in {*amounts, *lowest, *events, "month", "j", "step", "price"}]
    return frame.group_by("month", maintain_order=True).agg(
        pl.col(last).last(),
        pl.col("price").mean(),
        pl.col(amounts).sum(),
        pl.col(lowest).min(),
        pl.col(events).any(),
    )
