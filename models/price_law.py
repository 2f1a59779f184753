"""The law of one day's log return behind SPEC section 5, and what a history says under it.

A day is a step of 1 / 30.4375 months. Regimes move by a continuous-time chain, so the matrices of a day, of a
month and of any other step are powers of one another; in a regime the day's return is a normal, and with the
regime's probability one jump is added. The filter is Hamilton's (Econometrica 57, 1989).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from models.markov import matrix_exp, stationary
from models.parameters import DAYS_PER_MONTH
from models.shocks import MONTHS_PER_YEAR

DAYS_PER_YEAR = MONTHS_PER_YEAR * DAYS_PER_MONTH
LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class DailyLaw:
    """What a day's log return is drawn from. Arrays have one entry a regime; all numbers are per day."""

    location: Array  # mean of the normal part
    spread: Array  # its standard deviation
    chance: Array  # probability of the day's jump
    jump_mean: float
    jump_sd: float
    rates: Array  # generator of the regimes: rates[i, j] from i to j, rows sum to 0

    @property
    def regimes(self) -> int:
        return len(self.location)

    @cached_property
    def matrix(self) -> Array:
        """Transition matrix of one day."""
        return matrix_exp(self.rates)

    @cached_property
    def monthly_matrix(self) -> Array:
        """Transition matrix of one month, the matrix of `Shocks`."""
        return matrix_exp(self.rates * DAYS_PER_MONTH)

    @cached_property
    def mix(self) -> Array:
        """Share of days in each regime, in the long run."""
        return stationary(self.matrix)

    @property
    def mean(self) -> Array:
        """Expected log return of a day, by regime."""
        return self.location + self.chance * self.jump_mean

    @property
    def variance(self) -> Array:
        """Variance of a day's log return, by regime: SPEC section 5, exact laws."""
        jump = self.chance * (self.jump_sd**2 + self.jump_mean**2) - self.chance**2 * self.jump_mean**2
        return self.spread**2 + jump

    @property
    def sigma(self) -> Array:
        """Volatility a year, without the jumps."""
        return self.spread * math.sqrt(DAYS_PER_YEAR)

    @property
    def jump_rate(self) -> Array:
        """Jumps a year."""
        rate: Array = -np.log1p(-self.chance) * DAYS_PER_YEAR
        return rate

    @property
    def mu(self) -> Array:
        """Expected growth of the price a year: the location without SPEC section 5's two corrections."""
        jump = np.log1p(self.chance * math.expm1(self.jump_mean + self.jump_sd**2 / 2))
        return (self.location + self.spread**2 / 2 + jump) * DAYS_PER_YEAR

    def without_drift(self) -> "DailyLaw":
        """The same law with mu = 0 in every regime: the price is then expected to stay where it is."""
        return replace(self, location=self.location - self.mu / DAYS_PER_YEAR)

    def scaled(self, factor: float, shift: float = 0.0) -> "DailyLaw":
        """The law of `factor` times the return, plus `shift`."""
        return replace(
            self,
            location=self.location * factor + shift,
            spread=self.spread * factor,
            jump_mean=self.jump_mean * factor,
            jump_sd=self.jump_sd * factor,
        )


class Parts(NamedTuple):
    """A day's log density in each regime and, of it, the share without and with a jump: [days, regimes]."""

    log_density: Array
    plain: Array
    jumped: Array


def densities(law: DailyLaw, returns: Array) -> Parts:
    z = returns[:, None] - law.location
    plain = _log_normal(z, law.spread)
    if not law.chance.any():
        return Parts(plain, np.ones_like(plain), np.zeros_like(plain))
    jumped = _log_normal(z - law.jump_mean, np.hypot(law.spread, law.jump_sd)) + np.log(law.chance)
    plain = plain + np.log1p(-law.chance)
    total = np.logaddexp(plain, jumped)
    return Parts(total, np.exp(plain - total), np.exp(jumped - total))


def _log_normal(z: Array, sd: Array) -> Array:
    result: Array = -0.5 * (z / sd) ** 2 - np.log(sd) - LOG_ROOT_2PI
    return result


class Filtered(NamedTuple):
    """`predicted[t]`: probabilities of day t's regime from the days before it; `known[t]`: from day t too."""

    log_likelihood: float
    predicted: Array
    known: Array


class Smoothed(NamedTuple):
    """What all days say of the regimes: `regime[t]`, probabilities on day t; `moves[i, j]`, expected number
    of days on which i was followed by j."""

    log_likelihood: float
    regime: Array
    moves: Array


def hamilton_filter(law: DailyLaw, returns: Array) -> Filtered:
    """The regime of the day before the first is taken from the long-run mix."""
    log_density = densities(law, returns).log_density
    top = log_density.max(axis=1)
    known, scale = _forward(np.exp(log_density - top[:, None]), law)
    before = np.vstack([law.mix, known[:-1]])
    return Filtered(float(np.log(scale).sum() + top.sum()), before @ law.matrix, known)


def smoother(law: DailyLaw, log_density: Array) -> Smoothed:
    """From the densities of the days (see `densities`)."""
    top = log_density.max(axis=1)
    density = np.exp(log_density - top[:, None])
    known, scale = _forward(density, law)
    future = _backward(density, law)
    future /= (known * future).sum(axis=1, keepdims=True)
    moves = law.matrix * (known[:-1].T @ (density / scale[:, None] * future)[1:])
    return Smoothed(float(np.log(scale).sum() + top.sum()), known * future, moves)


def _forward(density: Array, law: DailyLaw) -> tuple[Array, Array]:
    """By day: probabilities of the regime given the days so far, and the day's density given those before."""
    steps = law.matrix[:, :, None] * density.T
    steps[:, :, 0] = law.mix @ law.matrix * density[0]
    joint = _running_products(steps).sum(axis=0).T
    known = joint / joint.sum(axis=1, keepdims=True)
    before = np.vstack([law.mix, known[:-1]])
    return known, ((before @ law.matrix) * density).sum(axis=1)


def _backward(density: Array, law: DailyLaw) -> Array:
    """By day and regime: density of the days that follow, up to a factor by day."""
    steps = law.matrix.T[:, :, None] * density.T[:, None]
    following = _running_products(steps[:, :, :0:-1]).sum(axis=0).T
    return np.vstack([following[::-1], np.ones(law.regimes)])


def _running_products(steps: Array) -> Array:
    """Products of the first 1, 2, .. matrices [regimes, regimes, days], each up to a factor.

    By doubling, over all days at once: in Python, a loop over the days takes three times as long."""
    products: Array = steps / steps.sum(axis=(0, 1))
    reach = 1
    while reach < products.shape[2]:
        early, late = products[:, :, :-reach], products[:, :, reach:]
        longer = (early[:, :, None] * late[None]).sum(axis=1)
        products = np.concatenate([products[:, :, :reach], longer / longer.sum(axis=(0, 1))], axis=2)
        reach *= 2
    return products


def probabilities(law: DailyLaw, returns: Array) -> Array:
    """Probability-integral transforms: of a return at most as high, given the days before. Uniform and
    independent if the law is right."""
    z = returns[:, None] - law.location
    jumped = ndtr((z - law.jump_mean) / np.hypot(law.spread, law.jump_sd))
    below = (1 - law.chance) * ndtr(z / law.spread) + law.chance * jumped
    predicted = hamilton_filter(law, returns).predicted
    result: Array = (predicted * below).sum(axis=1)
    return result


def simulate(law: DailyLaw, start: Array, days: int, paths: int, rng: np.random.Generator) -> Array:
    """Daily log returns, [days, paths]. `start`: probabilities of the regime on the day before the first."""
    out = np.empty((days, paths))
    up_to = law.matrix.cumsum(axis=1)[:, :-1]
    regime = (rng.random((paths, 1)) > start.cumsum()[:-1]).sum(axis=1)
    for day in range(days):
        regime = (rng.random((paths, 1)) > up_to[regime]).sum(axis=1)
        out[day] = law.location[regime] + law.spread[regime] * rng.standard_normal(paths)
        jumps = np.flatnonzero(rng.random(paths) < law.chance[regime])
        out[day, jumps] += law.jump_mean + law.jump_sd * rng.standard_normal(len(jumps))
    return out
