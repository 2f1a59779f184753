"""How well a daily law describes the history it was fitted to: residuals, and what it would have made."""

import math
from datetime import date

import numpy as np
import polars as pl
from scipy.special import ndtri
from scipy.stats import chi2, kstest

from models.price_law import DAYS_PER_YEAR, Array, DailyLaw, densities, probabilities, simulate, smoother

LAGS = 20
WINDOW_DAYS = 30
# A transform of exactly 0 or 1 is a return that the law all but excludes; its score is kept finite.
PIT_EDGE = 1e-15


def residuals(law: DailyLaw, days: list[date], returns: Array, regimes: tuple[str, ...]) -> pl.DataFrame:
    """By day: date, log_return, pit (its probability-integral transform given the days before), score (the
    normal score of pit) and p_<regime>, the regime's probability in hindsight, given all days."""
    pit = probabilities(law, returns)
    seen = smoother(law, densities(law, returns).log_density).regime
    return pl.DataFrame(
        {
            "date": days,
            "log_return": returns,
            "pit": pit,
            "score": ndtri(np.clip(pit, PIT_EDGE, 1 - PIT_EDGE)),
            **{f"p_{name}": seen[:, i] for i, name in enumerate(regimes)},
        }
    )


def autocorrelation(values: Array, lags: int) -> Array:
    """Of lags 1 .. lags."""
    z = values - values.mean()
    result: Array = np.array([z[lag:] @ z[:-lag] for lag in range(1, lags + 1)]) / (z @ z)
    return result


def correlogram(frame: pl.DataFrame) -> pl.DataFrame:
    """From `residuals`: lag, and the autocorrelation of the scores, of their squares and of the returns'
    squares; band is where 95 % of them lie if there is none."""
    score, returns = frame["score"].to_numpy(), frame["log_return"].to_numpy()
    return pl.DataFrame(
        {
            "lag": range(1, LAGS + 1),
            "scores": autocorrelation(score, LAGS),
            "squared_scores": autocorrelation(score**2, LAGS),
            "squared_returns": autocorrelation(returns**2, LAGS),
            "band": 1.96 / math.sqrt(len(score)),
        }
    )


def residual_tests(frame: pl.DataFrame) -> pl.DataFrame:
    """From `residuals`: test, statistic, p. The p-values do not know that the law was fitted to the same
    days: a low one is telling, a high one no proof."""
    score = frame["score"].to_numpy()
    uniform = kstest(frame["pit"].to_numpy(), "uniform")
    rows = [("transforms uniform (Kolmogorov-Smirnov)", float(uniform.statistic), float(uniform.pvalue))]
    for name, values in (("scores", score), ("squared scores", score**2)):
        n, weights = len(values), 1 / (len(values) - np.arange(1.0, LAGS + 1))
        q = float(n * (n + 2) * (autocorrelation(values, LAGS) ** 2 @ weights))
        rows.append((f"{name} uncorrelated (Ljung-Box, {LAGS} lags)", q, float(chi2.sf(q, LAGS))))
    return pl.DataFrame(rows, schema=["test", "statistic", "p"], orient="row")


def _statistics(returns: Array) -> dict[str, tuple[str, Array]]:
    """Name: (unit, value by path) of daily log returns [days, paths]."""
    z = returns - returns.mean(axis=0)
    sd = returns.std(axis=0)
    level = np.vstack([np.zeros(returns.shape[1]), returns.cumsum(axis=0)])
    fall = (np.maximum.accumulate(level, axis=0) - level).max(axis=0)
    swing = np.abs(z)
    swing = swing - swing.mean(axis=0)
    return {
        "volatility": ("1/sqrt(year)", sd * math.sqrt(DAYS_PER_YEAR)),
        "skewness": ("", (z**3).mean(axis=0) / sd**3),
        "excess kurtosis": ("", (z**4).mean(axis=0) / sd**4 - 3),
        "1 % quantile of a day": ("share", np.expm1(np.quantile(returns, 0.01, axis=0))),
        "99 % quantile of a day": ("share", np.expm1(np.quantile(returns, 0.99, axis=0))),
        "worst day": ("share", np.expm1(returns.min(axis=0))),
        f"worst {WINDOW_DAYS} days": (
            "share",
            np.expm1((level[WINDOW_DAYS:] - level[:-WINDOW_DAYS]).min(axis=0)),
        ),
        "deepest fall from a high": ("share", np.expm1(-fall)),
        "autocorrelation of swings, 1 day": (
            "",
            (swing[1:] * swing[:-1]).sum(axis=0) / (swing**2).sum(axis=0),
        ),
    }


def simulated_against_history(law: DailyLaw, returns: Array, paths: int, seed: int) -> pl.DataFrame:
    """statistic, unit, history, and of histories of the same length under the law (its drift included) the
    median, low and high (5 and 95 %), and whether the history's lies between."""
    made = _statistics(simulate(law, law.mix, len(returns), paths, np.random.default_rng(seed)))
    seen = _statistics(returns[:, None])
    rows = []
    for name, (unit, values) in made.items():
        low, median, high = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
        history = float(seen[name][1][0])
        rows.append((name, unit, history, median, low, high, low <= history <= high))
    columns = ["statistic", "unit", "history", "median", "low", "high", "inside"]
    return pl.DataFrame(rows, schema=columns, orient="row")
