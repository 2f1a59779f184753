"""What is known exactly about the random shocks (SPEC section 5), to test the engine against.

All laws take sP = 1 and no price impact. A path's regime is a Markov chain and its step a mixture of a
Gaussian and a jump, so moments follow from small matrices, step by step.
"""

import math
from typing import NamedTuple

import numpy as np

from models.shocks import Shocks, StepRates, step_rates

# E[overshoot] of a Gaussian walk over a barrier, in standard deviations of a step: -zeta(1/2) / sqrt(2 pi)
OVERSHOOT = 0.5826


class Moments(NamedTuple):
    """Mean and variance of one quantity at the end of steps 1, 2, .."""

    mean: np.ndarray
    variance: np.ndarray


def regime_shares(shocks: Shocks, steps_per_month: int, steps: int) -> np.ndarray:
    """Probability of each regime in steps 1, 2, .. [steps, regimes]."""
    r = step_rates(shocks, steps_per_month)
    shares, now = [], r.start
    for _ in range(steps):
        now = now @ r.chain.matrix
        shares.append(now)
    return np.array(shares)


def price_power(shocks: Shocks, steps_per_month: int, steps: int, power: float) -> np.ndarray:
    """E[(P/P0)^power] at the end of steps 1, 2, ..: pi_0' (A diag f)^t 1, f the step's own factors."""
    r = step_rates(shocks, steps_per_month)
    matrix = r.chain.matrix * _step_factors(shocks, r, power)
    now, out = r.start, []
    for _ in range(steps):
        now = now @ matrix
        out.append(now.sum())
    return np.array(out)


def _step_factors(shocks: Shocks, r: StepRates, power: float) -> np.ndarray:
    jump = math.expm1(power * shocks.jump_mean + (power * shocks.jump_sd) ** 2 / 2)
    return np.asarray(np.exp(power * r.drift + (power * r.spread) ** 2 / 2) * (1 + r.jump * jump))


def price(shocks: Shocks, steps_per_month: int, steps: int) -> Moments:
    """P/P0; in one regime its mean is exp(mu T) for every step length."""
    mean = price_power(shocks, steps_per_month, steps, 1.0)
    return Moments(mean, price_power(shocks, steps_per_month, steps, 2.0) - mean**2)


def log_price(shocks: Shocks, steps_per_month: int, steps: int) -> Moments:
    """x; in one regime its variance is T n [sigma^2 dt + p (s_J^2 + m_J^2) - p^2 m_J^2]."""
    r = step_rates(shocks, steps_per_month)
    mean, variance = _jump_moments(shocks, r, 1.0)
    return _affine(r, steps, 1.0, r.drift + mean, r.spread**2 + variance)


def log_demand(shocks: Shocks, steps_per_month: int, steps: int) -> Moments:
    """y."""
    r = step_rates(shocks, steps_per_month)
    mean, variance = _jump_moments(shocks, r, shocks.jump_demand)
    return _affine(r, steps, r.keep, r.pull + mean, r.noise**2 + variance)


def _jump_moments(shocks: Shocks, r: StepRates, factor: float) -> tuple[np.ndarray, np.ndarray]:
    m, s, p = factor * shocks.jump_mean, factor * shocks.jump_sd, r.jump
    return p * m, p * (s * s + m * m) - (p * m) ** 2


def _affine(r: StepRates, steps: int, keep: float, mean: np.ndarray, variance: np.ndarray) -> Moments:
    """Moments of z' = keep z + noise(regime), from the parts of E[1], E[z], E[z^2] in each regime."""
    matrix = r.chain.matrix
    share, first, second = r.start, np.zeros_like(r.start), np.zeros_like(r.start)
    means, variances = [], []
    for _ in range(steps):
        share, first, second = share @ matrix, keep * (first @ matrix), keep**2 * (second @ matrix)
        second = second + 2 * mean * first + share * (variance + mean**2)
        first = first + share * mean
        means.append(first.sum())
        variances.append(second.sum() - first.sum() ** 2)
    return Moments(np.array(means), np.array(variances))


def log_price_fourth_cumulant(shocks: Shocks, steps_per_month: int, steps: int) -> float:
    """Fourth cumulant of x in one regime, for the standard error of its variance."""
    p = float(step_rates(shocks, steps_per_month).jump[0])
    m, s = shocks.jump_mean, shocks.jump_sd
    m1, m2, m3 = p * m, p * (m**2 + s**2), p * (m**3 + 3 * m * s**2)
    m4 = p * (m**4 + 6 * m**2 * s**2 + 3 * s**4)
    return steps * (m4 - 4 * m3 * m1 - 3 * m2**2 + 12 * m2 * m1**2 - 6 * m1**4)


def tokens_for_a_dollar_a_step(shocks: Shocks, steps_per_month: int, steps: int) -> tuple[float, float]:
    """Mean and variance of P0 times the sum of 1/P over the steps: tokens that a constant USD amount
    takes."""
    r = step_rates(shocks, steps_per_month)
    once = r.chain.matrix * _step_factors(shocks, r, -1.0)
    twice = r.chain.matrix * _step_factors(shocks, r, -2.0)
    ones = np.ones(len(r.start))
    # later[k] = E[sum of P_now / P over the next k steps], by the regime of now
    later = [np.zeros_like(ones)]
    for _ in range(steps):
        later.append(once @ (ones + later[-1]))
    mean, square, now = float(r.start @ later[steps]), 0.0, r.start
    for step in range(1, steps + 1):
        now = now @ twice
        square += float(now @ (ones + 2 * later[steps - step]))
    return mean, square - mean**2


def barrier_probability(sigma: float, mu: float, years: float, steps: int, level: float) -> float:
    """Chance that a price of geometric Brownian motion, P0 = 1, is at or below `level` < 1 at the end of one
    of the steps: the density of the paths not yet there, carried from step to step by Gauss quadrature."""
    dt = years / steps
    spread, drift, low = sigma * math.sqrt(dt), (mu - sigma**2 / 2) * dt, math.log(level)
    reach = 9 * sigma * math.sqrt(years) + abs(drift) * steps
    panels = max(int(reach / (3 * spread)), 4)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    width = reach / panels
    x = (low + width * (np.arange(panels)[:, None] + (nodes + 1) / 2)).ravel()
    w = np.tile(weights * width / 2, panels)

    def density(distance: np.ndarray) -> np.ndarray:
        z = (distance - drift) / spread
        return np.asarray(np.exp(-z * z / 2) / (spread * math.sqrt(2 * math.pi)))

    alive = density(x)
    carry = density(x[:, None] - x[None, :]) * w
    for _ in range(steps - 1):
        alive = carry @ alive
    return 1 - float(w @ alive)


def barrier_probability_continuous(sigma: float, mu: float, years: float, level: float) -> float:
    """The same, watched at every moment: a limit for many steps, never equal."""
    b, v, s = math.log(level), mu - sigma**2 / 2, sigma * math.sqrt(years)
    mirrored = math.exp(2 * v * b / sigma**2) * _normal((b + v * years) / s)
    return _normal((b - v * years) / s) + mirrored


def _normal(z: float) -> float:
    """Phi, without scipy, which takes its time to load."""
    return math.erfc(-z / math.sqrt(2)) / 2


def barrier_probability_corrected(sigma: float, mu: float, years: float, steps: int, level: float) -> float:
    """The continuous formula with the barrier moved by the mean overshoot (Broadie, Glasserman and Kou 1997):
    an approximation whose error falls faster than 1 / sqrt(steps)."""
    moved = level * math.exp(-OVERSHOOT * sigma * math.sqrt(years / steps))
    return barrier_probability_continuous(sigma, mu, years, moved)
