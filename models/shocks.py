"""Random shocks to price and demand (SPEC section 5): what they are, compiled for a step, and the step
itself.

One declaration covers them all: one regime without jumps is geometric Brownian motion; two or three regimes
with jumps are the full model; with a history, price returns are blocks of its days instead (and drift,
volatility and jumps are not used), while demand stays as declared. The laws that the random step obeys are in
shock_laws.py.
"""

import json
import math
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from models.economy import LOG_LIMIT
from models.markov import ROW_TOLERANCE, Matrix, StepMatrix, stationary, step_matrix
from models.parameters import InputError, Strict
from models.stress.draws import Draws

MONTHS_PER_YEAR = 12
# Refused are shocks that reach what the step cannot hold (economy.LOG_LIMIT) at as many standard deviations.
DEVIATIONS = 10.0


class Regime(Strict):
    """One state of the market. All rates are per year."""

    name: str = Field(min_length=1, max_length=40)
    mu: float = Field(title="Drift", description="Expected growth of the price.", ge=-100, le=100)
    sigma: float = Field(title="Volatility", description="Of the log price.", ge=0, le=100)
    jump_rate: float = Field(title="Jumps", description="Expected number of price jumps.", ge=0, le=1000)
    g: float = Field(title="Demand drift", description="Pull on log demand.", ge=-100, le=100)
    nu: float = Field(title="Demand volatility", description="Of log demand.", ge=0, le=100)


class Shocks(Strict):
    """What moves price and demand at random. No sourced value stands here; presets come from the facts."""

    regimes: tuple[Regime, ...] = Field(min_length=1, max_length=3)
    transition: Matrix = Field(
        description="Monthly probabilities of the next regime (columns) from each regime (rows)."
    )
    start: Literal["calm", "stationary"] = Field(description="All paths in the first regime, or in the mix.")
    jump_mean: float = Field(title="Mean log jump", description="m_J", ge=-50, le=50)
    jump_sd: float = Field(title="Spread of log jumps", description="s_J", ge=0, le=50)
    jump_demand: float = Field(title="Share of a jump that demand feels", description="b_J", ge=-10, le=10)
    rho: float = Field(title="Correlation of price and demand", ge=-1, le=1)
    theta: float = Field(title="Reversion of demand", description="Per year.", ge=0, le=1000)
    repair_root: bool = Field(description="Set negative rates of the regime matrix to zero, for every step.")
    history: tuple[float, ...] | None = Field(default=None, description="Daily closes, for the bootstrap.")
    block_days: int | None = Field(default=None, description="Block length of the bootstrap.", ge=1, le=3650)
    demean: bool = Field(description="Take the mean out of the history's log returns.")

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        n = len(self.regimes)
        names = [r.name for r in self.regimes]
        if len(set(names)) < n:
            raise ValueError(f"two regimes are called {max(names, key=names.count)!r}")
        if len(self.transition) != n or any(len(row) != n for row in self.transition):
            raise ValueError(f"transition must be a {n} by {n} matrix, one row and column per regime")
        for name, row in zip(names, self.transition, strict=True):
            if min(row) < 0 or max(row) > 1:
                raise ValueError(f"transition from {name} holds {row}: probabilities lie between 0 and 1")
            if abs(math.fsum(row) - 1) > ROW_TOLERANCE:
                raise ValueError(f"transition from {name} sums to {math.fsum(row):.12g}: it must sum to 1")
        if (self.history is None) != (self.block_days is None):
            raise ValueError("a bootstrap needs both history and block_days")
        if self.history is not None and self.block_days is not None:
            _check_history(self.history, self.block_days)
        return self

    def canonical_json(self) -> str:
        """Sorted keys, shortest round-trip numbers: what a run is identified by."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def _check_history(history: tuple[float, ...], block_days: int) -> None:
    if len(history) < 3:
        raise ValueError(f"the history has {len(history)} closes: at least 3 are needed")
    for day, close in enumerate(history, 1):
        if close <= 0:
            raise ValueError(f"the history's close on day {day} is {close:g}: prices must be above zero")
    if block_days > len(history) - 1:
        raise ValueError(f"block_days is {block_days}, but the history has {len(history) - 1} returns")
    if len(set(history)) == 1:
        raise ValueError("the history never moves: there is nothing to draw from")


def parse_shocks(values: dict[str, Any], base: Shocks | None = None) -> Shocks:
    """Shocks from untrusted values over `base`. Raises InputError: one sentence for the first fault."""
    merged = values if base is None else base.model_dump() | values
    try:
        return Shocks.model_validate_json(json.dumps(merged))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        if fault["type"] == "value_error":
            raise InputError(str(fault["ctx"]["error"])) from None
        place = ".".join(_named(merged, fault["loc"]))
        message = fault["msg"][0].lower() + fault["msg"][1:]
        raise InputError(f"{place} = {fault['input']!r:.60} is not allowed: {message}") from None


def _named(values: dict[str, Any], place: tuple[int | str, ...]) -> list[str]:
    """The place of a fault as `--shock` writes it: calm.sigma, where the regime has a name."""
    match place:
        case ("regimes", int(k), str(rate)) if isinstance(name := values["regimes"][k].get("name"), str):
            return [name, rate]
        case _:
            return [*map(str, place)]


class ShockParams(NamedTuple):
    """Shocks compiled for one step length. A suffix is the regime's number; unused regimes repeat the
    last."""

    start_0: float  # probability of starting in regime 0
    start_01: float  # .. in regime 0 or 1
    to_0_from_0: float  # probability that the next regime is 0
    to_0_from_1: float
    to_0_from_2: float
    to_01_from_0: float  # .. is 0 or 1
    to_01_from_1: float
    to_01_from_2: float
    drift_0: float  # of log price, with the corrections for volatility and jumps
    drift_1: float
    drift_2: float
    spread_0: float  # sigma sqrt(dt)
    spread_1: float
    spread_2: float
    jump_0: float  # probability of a jump
    jump_1: float
    jump_2: float
    pull_0: float  # of log demand
    pull_1: float
    pull_2: float
    noise_0: float  # standard deviation of log demand's innovation
    noise_1: float
    noise_2: float
    jump_mean: float
    jump_sd: float
    jump_demand: float
    rho: float
    rho_rest: float  # sqrt(1 - rho^2)
    keep: float  # exp(-theta dt)
    from_history: float  # 1: price returns come from the history


class Shocked(NamedTuple):
    """Regime (0, 1, 2) and the deviations of log price and log demand after a step's random move."""

    regime: float
    x: float
    y: float


def shock(
    regime: float, x: float, y: float, q: ShockParams, e: Draws, moved: float, normed: float
) -> Shocked:
    """One random move: the regime, then x, then y.

    `moved` is the step's log return out of the history and `normed` the same with mean 0 and variance 1,
    which then takes the place of e1 in the correlation with demand; both are 0 without a history."""
    s = next_regime(regime, e.u_regime, q)
    drift = q.drift_0 if s < 0.5 else q.drift_1 if s < 1.5 else q.drift_2
    spread = q.spread_0 if s < 0.5 else q.spread_1 if s < 1.5 else q.spread_2
    pull = q.pull_0 if s < 0.5 else q.pull_1 if s < 1.5 else q.pull_2
    noise = q.noise_0 if s < 0.5 else q.noise_1 if s < 1.5 else q.noise_2
    jump = q.jump_mean + q.jump_sd * e.e_jump if e.u_jump < jump_chance(s, q) else 0.0
    e1 = normed if q.from_history > 0.5 else e.e1
    z = q.rho * e1 + q.rho_rest * e.e2
    return Shocked(
        s,
        x + (moved if q.from_history > 0.5 else drift + spread * e.e1 + jump),
        q.keep * y + pull + noise * z + q.jump_demand * jump,
    )


def next_regime(regime: float, u: float, q: ShockParams) -> float:
    """The regime after a step, from one uniform."""
    to_0 = q.to_0_from_0 if regime < 0.5 else q.to_0_from_1 if regime < 1.5 else q.to_0_from_2
    to_01 = q.to_01_from_0 if regime < 0.5 else q.to_01_from_1 if regime < 1.5 else q.to_01_from_2
    return 0.0 if u < to_0 else 1.0 if u < to_01 else 2.0


def jump_chance(regime: float, q: ShockParams) -> float:
    """Probability that a step in this regime jumps."""
    return q.jump_0 if regime < 0.5 else q.jump_1 if regime < 1.5 else q.jump_2


def start_regime(u: float, q: ShockParams) -> float:
    """The regime that a path starts in, from one uniform."""
    return 0.0 if u < q.start_0 else 1.0 if u < q.start_01 else 2.0


class StepRates(NamedTuple):
    """Numbers that the step and its laws share, by regime: arrays of one entry a regime."""

    dt: float  # years
    chain: StepMatrix
    start: np.ndarray
    jump: np.ndarray  # probability of a jump in a step
    drift: np.ndarray
    spread: np.ndarray
    pull: np.ndarray
    noise: np.ndarray
    keep: float


def step_rates(s: Shocks, steps_per_month: int) -> StepRates:
    """SPEC section 5 for steps of 1/n months. Raises InputError where the regime matrix has no root."""
    dt = 1 / (MONTHS_PER_YEAR * steps_per_month)
    chain = step_matrix(s.transition, steps_per_month, s.repair_root, tuple(r.name for r in s.regimes))
    sigma, mu, rate, g, nu = (
        np.array([getattr(r, f) for r in s.regimes]) for f in ("sigma", "mu", "jump_rate", "g", "nu")
    )
    jump = np.zeros_like(rate) if s.history is not None else -np.expm1(-rate * dt)
    mean_jump = (
        math.expm1(s.jump_mean + s.jump_sd**2 / 2) if s.jump_mean + s.jump_sd**2 / 2 < 700 else math.inf
    )
    # theta = 0 is a limit: without reversion the pull is g dt and the variance nu^2 dt
    weight = dt if s.theta == 0 else -math.expm1(-s.theta * dt) / s.theta
    variance = dt if s.theta == 0 else -math.expm1(-2 * s.theta * dt) / (2 * s.theta)
    compensation = np.array([math.log1p(p * mean_jump) if p > 0 else 0.0 for p in jump])
    return StepRates(
        dt=dt,
        chain=chain,
        start=stationary(chain.matrix) if s.start == "stationary" else np.eye(len(s.regimes))[0],
        jump=jump,
        drift=(mu - sigma**2 / 2) * dt - compensation,
        spread=sigma * math.sqrt(dt),
        pull=g * weight,
        noise=nu * math.sqrt(variance),
        keep=math.exp(-s.theta * dt),
    )


def compile_shocks(s: Shocks, steps_per_month: int, steps: int) -> ShockParams:
    """Raises InputError where a path could leave what a double holds, or the regime matrix has no root."""
    r = step_rates(s, steps_per_month)
    _check_range(s, r, steps)

    def three(values: np.ndarray) -> list[float]:
        return [float(values[min(i, len(values) - 1)]) for i in range(3)]

    to_01 = r.chain.matrix[:, :2].sum(axis=1) if len(s.regimes) == 3 else np.ones(len(s.regimes))
    start_01 = float(r.start[:2].sum()) if len(s.regimes) == 3 else 1.0
    return ShockParams._make([
        float(r.start[0]), start_01,
        *three(r.chain.matrix[:, 0]), *three(to_01),
        *three(r.drift), *three(r.spread), *three(r.jump), *three(r.pull), *three(r.noise),
        s.jump_mean, s.jump_sd, s.jump_demand, s.rho, math.sqrt(1 - s.rho**2), r.keep,
        float(s.history is not None),
    ])  # fmt: skip


def _check_range(s: Shocks, r: StepRates, steps: int) -> None:
    jumps = float(r.jump.max()) * steps
    jump_size = abs(s.jump_mean) + s.jump_sd
    spread = DEVIATIONS * math.sqrt(steps)
    price = float(np.abs(r.drift).max()) * steps + spread * float(r.spread.max())
    price += jump_size * (jumps + DEVIATIONS * math.sqrt(jumps))
    demand = float(np.abs(r.pull).max()) * steps + spread * float(r.noise.max())
    demand += abs(s.jump_demand) * jump_size * (jumps + DEVIATIONS * math.sqrt(jumps))
    for what, reach in (("price", price), ("demand", demand)):
        if not reach < LOG_LIMIT:
            raise InputError(
                f"these shocks can move the {what} by a factor of e^{reach:.3g} in {steps} steps, more than "
                f"the model computes with (e^{LOG_LIMIT:.0f}): lower the volatility, drift, jumps or months"
            )
