"""A scenario and its shocks as the plain numbers that every executor takes, and the reference executor.

Schedules, regime matrices and fits come from libm and BLAS, so a run is replayed from these stored numbers
and never from what they were computed from.
"""

import calendar
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.compiler import compile_scenario
from models.economy import Inputs, Params, State
from models.parameters import InputError, Protocol, Scenario
from models.schedules import month_start
from models.shocks import ShockParams, Shocks, compile_shocks
from models.stress.draws import words
from models.stress.path import Moment, Path, advance, begin, block_start

MAX_PATH = 2**63 - 1


class Bootstrap(NamedTuple):
    """History returns as running sums over two rounds of the history (so that a block may run past its end),
    and for each step the parts of its days that lie in each block: (block, first day in it, day after the
    last)."""

    table: np.ndarray  # float64 [2 days + 1], or [1] without a history
    segments: np.ndarray  # int64 [steps, most segments a step has, 3]


@dataclass(frozen=True)
class Plan:
    """All numbers of a run but the seed. Arrays have one row a step."""

    start: State
    params: Params
    shocks: ShockParams
    least_pay: float  # pay below this is underpaid
    steps_per_month: int
    inputs: np.ndarray  # float64 [steps, len(Inputs)]
    moments: np.ndarray  # float64 [steps, len(Moment)]
    bootstrap: Bootstrap

    def digest(self) -> str:
        """sha256 over all numbers: two plans with the same one give the same paths."""
        numbers = (*self.start, *self.params, *self.shocks, self.least_pay, float(self.steps_per_month))
        arrays = (np.array(numbers), self.inputs, self.moments, *self.bootstrap)
        return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()

    @property
    def steps(self) -> int:
        return len(self.inputs)

    @property
    def months(self) -> int:
        return self.steps // self.steps_per_month


def make_plan(scenario: Scenario, protocol: Protocol, shocks: Shocks) -> Plan:
    """Raises InputError for a start that is impossible, or shocks that this step length or run cannot
    take."""
    compiled = compile_scenario(scenario, protocol)
    n, steps = scenario.steps_per_month, len(compiled.inputs)
    days = _days_of_steps(scenario, protocol)
    bootstrap, mean, inverse_sd = _bootstrap(shocks, days)
    moments = np.column_stack([np.arange(1.0, steps + 1), np.arange(steps) % n == 0, mean, inverse_sd])
    return Plan(
        start=compiled.start,
        params=compiled.params,
        shocks=compile_shocks(shocks, n, steps),
        least_pay=scenario.p_star,
        steps_per_month=n,
        inputs=np.array(compiled.inputs),
        moments=moments,
        bootstrap=bootstrap,
    )


def _days_of_steps(scenario: Scenario, protocol: Protocol) -> list[int]:
    """Calendar days in each step: a month's days cut into nearly equal consecutive parts (SPEC 3, item 2)."""
    n, out = scenario.steps_per_month, []
    for month in range(scenario.m0 + 1, scenario.m0 + scenario.months + 1):
        first = month_start(protocol, month)
        days = calendar.monthrange(first.year, first.month)[1]
        out += [(j + 1) * days // n - j * days // n for j in range(n)]
    return out


def _bootstrap(shocks: Shocks, days: list[int]) -> tuple[Bootstrap, np.ndarray, np.ndarray]:
    """What the steps need of the history, and the mean and 1 / standard deviation of each step's log
    return."""
    zeros = np.zeros(len(days))
    if shocks.history is None or shocks.block_days is None:
        return Bootstrap(np.zeros(1), np.zeros((len(days), 0, 3), np.int64)), zeros, zeros
    returns = np.diff(np.log(np.array(shocks.history)))
    if shocks.demean:
        returns = returns - returns.mean()
    length, first, parts = shocks.block_days, 0, []
    for count in days:
        last = first + count
        blocks = range(first // length, (last - 1) // length + 1) if count else range(0)
        parts.append([(b, max(first - b * length, 0), min(last - b * length, length)) for b in blocks])
        first = last
    segments = np.zeros((len(days), max(map(len, parts)), 3), np.int64)
    for t, row in enumerate(parts):
        if row:
            segments[t, : len(row)] = row
    table = np.concatenate([[0.0], np.cumsum(np.concatenate([returns, returns]))])
    variance = np.array([sum(_segment_variance(table, hi - lo) for _, lo, hi in row) for row in parts])
    inverse_sd = np.divide(1.0, np.sqrt(variance), out=zeros.copy(), where=variance > 0)
    return Bootstrap(table, segments), returns.mean() * np.array(days, float), inverse_sd


def _segment_variance(table: np.ndarray, days: int) -> float:
    """Variance of the sum of `days` consecutive returns from a day drawn evenly out of the history."""
    n = (len(table) - 1) // 2
    return float((table[days : days + n] - table[:n]).var())


def check_seed(seed: int) -> int:
    if not 0 <= seed < 2**64:
        raise InputError(f"seed = {seed} is not allowed: it must be a whole number from 0 to 2^64 - 1")
    return seed


def replay(plan: Plan, seed: int, path: int) -> list[Path]:
    """One path by the plain-Python reference, with exactly the numbers of the compiled executors.

    Entry 0 is the start, entry t the path after step t. Raises InputError for an impossible seed or path."""
    if not 0 <= path <= MAX_PATH:
        raise InputError(f"path = {path} is not allowed: paths are numbered from 0 to 2^63 - 1")
    key, number = words(check_seed(seed)), words(path)
    table, segments = plan.bootstrap
    days = (len(table) - 1) // 2
    a = begin(plan.start, plan.shocks, key, number)
    out = [a]
    for t in range(plan.steps):
        moved = 0.0
        for block, low, high in segments[t].tolist():
            day = block_start(key, number, block, days)
            moved += float(table[day + high]) - float(table[day + low])
        i, m = Inputs(*plan.inputs[t].tolist()), Moment(*plan.moments[t].tolist())
        a = advance(a, plan.params, plan.shocks, i, m, plan.least_pay, key, number, t + 1, moved)
        out.append(a)
    return out
