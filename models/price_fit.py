"""Maximum likelihood for the daily law of price_law.py, from several starts, with standard errors.

Returns are fitted in units of their own standard deviation, so that one set of bounds and steps suits all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from models.markov import matrix_exp, stationary
from models.parameters import InputError
from models.price_law import DAYS_PER_YEAR, Array, DailyLaw, Smoothed, densities, smoother

# What is searched: standard deviations of a day's return, and numbers a year.
LOCATION = (-3.0, 3.0)
SPREAD = (0.05, 5.0)
JUMP_MEAN = (-10.0, 10.0)
JUMP_SD = (0.1, 10.0)
RAREST = 0.1
# Regimes and jumps of a few days: the other end of the trade-off that a resolution makes.
FINEST_DAYS = 4.0
# A start that ends this much lower has found another optimum.
SAME_OPTIMUM = 0.01
HESSIAN_STEP = 1e-4
AT_BOUND = 1e-6


class Stopped(Exception):
    """The caller asked to stop."""


@dataclass
class Watch:
    """Tells a caller how far a long job is (`progress(done, total)`), and stops it with Stopped."""

    total: int
    progress: Callable[[int, int], None] | None = None
    should_stop: Callable[[], bool] | None = None
    done: int = 0

    def check(self) -> None:
        if self.should_stop is not None and self.should_stop():
            raise Stopped

    def advance(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)


class Shape(NamedTuple):
    """Which law is fitted: one regime without jumps is geometric Brownian motion.

    On average, each move out of a regime takes at least `resolution_days` and jumps come at most once in that
    time: a step holds one move and at most one jump, so only what is slower than the longest step means the
    same at every step length."""

    regimes: int
    jumps: bool
    resolution_days: float

    @property
    def parameters(self) -> int:
        return self.regimes * (2 + self.jumps + self.regimes - 1) + 2 * self.jumps

    @property
    def bounds(self) -> Array:
        """Low and high of every entry of a vector, [parameters, 2]; see `law_of`."""
        k = self.regimes
        rates = [(np.log(RAREST / DAYS_PER_YEAR), -np.log(self.resolution_days))] * k
        rows = [LOCATION] * k + [tuple(np.log(SPREAD))] * k
        if self.jumps:
            rows += [*rates, JUMP_MEAN, tuple(np.log(JUMP_SD))]
        return np.array(rows + rates * (k - 1))


def jump_shape(regimes: int, resolution_days: float) -> Shape:
    """Regimes with jumps, from untrusted numbers. Raises InputError."""
    if regimes not in (1, 2, 3):
        raise InputError(f"{regimes} regimes were asked for: 1, 2 or 3 can be fitted")
    if not FINEST_DAYS <= resolution_days <= DAYS_PER_YEAR:
        raise InputError(
            f"resolution_days is {resolution_days:g}: {FINEST_DAYS:g} to {DAYS_PER_YEAR:g} are allowed"
        )
    return Shape(regimes, True, resolution_days)


def law_of(vector: Array, shape: Shape) -> DailyLaw:
    """Vector: by regime the location, log spread and log jump rate; jump mean and log sd; log switching rates
    row by row."""
    k = shape.regimes
    location, spread, rest = vector[:k], np.exp(vector[k : 2 * k]), vector[2 * k :]
    chance, jump_mean, jump_sd = np.zeros(k), 0.0, 0.0
    if shape.jumps:
        chance = -np.expm1(-np.exp(rest[:k]))
        jump_mean, jump_sd = float(rest[k]), float(np.exp(rest[k + 1]))
        rest = rest[k + 2 :]
    return DailyLaw(location, spread, chance, jump_mean, jump_sd, _generator(np.exp(rest), k))


def _generator(switches: Array, k: int) -> Array:
    rates = np.zeros((k, k))
    rates[~np.eye(k, dtype=bool)] = switches
    rates -= np.diag(rates.sum(axis=1))
    return rates


def score(vector: Array, shape: Shape, samples: list[Array]) -> tuple[float, Array]:
    """Log likelihood of independent samples of returns, and its gradient (Fisher's identity)."""
    law, total, gradient = law_of(vector, shape), 0.0, np.zeros(len(vector))
    for returns in samples:
        parts = densities(law, returns)
        seen = smoother(law, parts.log_density)
        z = returns[:, None] - law.location
        narrow, wide = law.spread**2, law.spread**2 + law.jump_sd**2
        plain = seen.regime * parts.plain
        jumped = seen.regime * parts.jumped
        y = z - law.jump_mean
        by_regime = [
            (plain * z / narrow + jumped * y / wide).sum(axis=0),
            (plain * (z**2 / narrow - 1) + jumped * (y**2 / wide - 1) * narrow / wide).sum(axis=0),
        ]
        common: list[float] = []
        if shape.jumps:
            rate = -np.log1p(-law.chance)
            odds = jumped * (1 - law.chance) / law.chance - plain
            by_regime.append(rate * odds.sum(axis=0))
            common = [
                (jumped * y / wide).sum(),
                (jumped * (y**2 / wide - 1) * law.jump_sd**2 / wide).sum(),
            ]
        switches = shape.regimes * (shape.regimes - 1)
        switching = _switching_gradient(vector[len(vector) - switches :], shape, seen)
        gradient += np.concatenate([*by_regime, common, switching])
        total += seen.log_likelihood
    return total, gradient


def _switching_gradient(log_rates: Array, shape: Shape, seen: Smoothed) -> Array:
    def expected(log_rates: Array) -> float:
        matrix = matrix_exp(_generator(np.exp(log_rates), shape.regimes))
        return float((seen.moves * np.log(matrix)).sum() + seen.regime[0] @ np.log(stationary(matrix)))

    steps = 1e-5 * np.eye(len(log_rates))
    return np.array([(expected(log_rates + h) - expected(log_rates - h)) / 2e-5 for h in steps])


@dataclass(frozen=True, eq=False)
class Fit:
    """The best of several starts. `law` is in the samples' own units; `vector` and `covariance` in units of
    `scale`. `ends`: log likelihood that each start came to, in order.

    `free` marks entries that are not at the edge of what is searched; the covariance is that of those alone
    and None where the Hessian is not positive definite (the history does not determine all of them)."""

    shape: Shape
    vector: Array
    scale: float
    days: int
    log_likelihood: float
    ends: tuple[float, ...]
    free: Array
    covariance: Array | None

    @property
    def law(self) -> DailyLaw:
        return self.law_at(self.vector)

    def law_at(self, vector: Array) -> DailyLaw:
        """The law of another vector, in the samples' units."""
        return law_of(vector, self.shape).scaled(self.scale)

    @property
    def aic(self) -> float:
        return 2 * self.shape.parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        return float(np.log(self.days)) * self.shape.parameters - 2 * self.log_likelihood

    def errors(self, of: Callable[[DailyLaw], Array]) -> Array | None:
        """Standard errors of what is computed from the law, by the delta method; 0 for what no free entry
        moves, None without a covariance."""
        if self.covariance is None:
            return None
        steps = HESSIAN_STEP * np.eye(len(self.vector))[self.free]
        slopes = [of(self.law_at(self.vector + h)) - of(self.law_at(self.vector - h)) for h in steps]
        jacobian = np.array(slopes).T / (2 * HESSIAN_STEP)
        errors: Array = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, self.covariance, jacobian))
        return errors


def fit(
    samples: list[Array],
    shape: Shape,
    starts: int,
    seed: int,
    *,
    near: Array | None = None,
    errors: bool = True,
    watch: Watch | None = None,
) -> Fit:
    """Maximum likelihood over independent samples of daily log returns.

    `near` replaces the first start (the vector of an earlier fit of the same shape). `watch` advances with
    every start. The regime of least variance comes first, the others by rising mean return."""
    watch = watch or Watch(starts)
    scale = float(np.concatenate(samples).std())
    units = [returns / scale for returns in samples]
    days = sum(map(len, samples))

    def loss(vector: Array) -> tuple[float, Array]:
        watch.check()
        value, gradient = score(vector, shape, units)
        return -value / days, -gradient / days

    bounds = shape.bounds
    found = []
    # the whole curvature is remembered, which halves the number of steps
    options = {"ftol": 1e-12, "gtol": 1e-8, "maxcor": 20, "maxiter": 1000}
    for start in _starts(shape, starts, seed, near):
        found.append(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options))
        watch.advance()
    vector = _ordered(min(found, key=lambda f: float(f.fun)).x, shape)
    free = (vector > bounds[:, 0] + AT_BOUND) & (vector < bounds[:, 1] - AT_BOUND)
    unit = days * np.log(scale)
    ends = tuple(-float(f.fun) * days - unit for f in found)
    covariance = _covariance(vector, shape, units, free) if errors else None
    return Fit(shape, vector, scale, days, max(ends), ends, free, covariance)


def _starts(shape: Shape, starts: int, seed: int, near: Array | None) -> Iterator[Array]:
    k, bounds, rng = shape.regimes, shape.bounds, np.random.default_rng(seed)
    a_year = np.log(1 / DAYS_PER_YEAR)
    centre = [np.zeros(k), np.linspace(-0.5, 0.5, k) if k > 1 else np.zeros(1)]
    if shape.jumps:
        centre += [np.linspace(1.0, 2.0, k) + a_year, np.array([0.0, np.log(2.0)])]
    first = np.concatenate([*centre, np.full(k * (k - 1), np.log(5.0) + a_year)])
    width = np.concatenate([np.full(k, 0.1), np.full(k, 0.4), np.ones(len(first) - 2 * k)])
    yield np.clip(first if near is None else near, *bounds.T)
    for _ in range(starts - 1):
        yield np.clip(first + width * rng.standard_normal(len(first)), *bounds.T)


def _ordered(vector: Array, shape: Shape) -> Array:
    """The same law, its regimes reordered: least variance first, the others by rising mean return."""
    k, law = shape.regimes, law_of(vector, shape)
    calmest = int(np.argmin(law.variance))
    order = [calmest, *sorted(set(range(k)) - {calmest}, key=lambda s: float(law.mean[s]))]
    by_regime = 3 if shape.jumps else 2
    parts = [vector[i * k : (i + 1) * k][order] for i in range(by_regime)]
    common: Array | list[float] = vector[by_regime * k : by_regime * k + 2] if shape.jumps else []
    off = ~np.eye(k, dtype=bool)
    switches = np.zeros((k, k))
    switches[off] = vector[len(vector) - k * (k - 1) :]
    return np.concatenate([*parts, common, switches[np.ix_(order, order)][off]])


def _covariance(vector: Array, shape: Shape, samples: list[Array], free: Array) -> Array | None:
    """Inverse of the negative Hessian of the free entries, by central differences of the exact gradient."""
    steps = HESSIAN_STEP * np.eye(len(vector))[free]
    slopes = [score(vector + h, shape, samples)[1] - score(vector - h, shape, samples)[1] for h in steps]
    information = -np.array(slopes)[:, free] / (2 * HESSIAN_STEP)
    information = (information + information.T) / 2
    if np.linalg.eigvalsh(information).min() <= 0:
        return None
    inverse: Array = np.linalg.inv(information)
    return inverse
