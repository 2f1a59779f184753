"""Price shocks fitted to a daily history: parameters with errors, rivals, and what the fit gets wrong.

Only the price's law can be fitted: what demand does (theta, g, nu, rho, the share of a jump that it feels)
leaves no trace in prices and stays an assumption. The fitted drift is reported with its error and is never
the default: `Calibration.shocks` has none unless asked.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from models.calibration_tables import EDGE, comparison, law_name, parameter_table, stability
from models.parameters import DAYS_PER_MONTH, InputError
from models.price_checks import correlogram, residual_tests, residuals, simulated_against_history
from models.price_fit import FINEST_DAYS, Fit, Shape, Watch, fit, jump_shape
from models.price_law import DAYS_PER_YEAR, Array, DailyLaw
from models.shocks import Regime, Shocks

LEAST_DAYS = 120
NAMES = ("calm", "stress", "boom")
# In sentences; the others read as they are.
SYMBOLS = {"lambda": "jump rate", "A": "chance of"}
PATHS = 1000
RIVAL_STARTS = 3
SIGNIFICANT = 0.05

History = tuple[Sequence[date], Sequence[float]]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fit to one history. Frames: see calibration_tables (table, comparison, stability) and price_checks
    (residuals, correlogram, tests, moments). `regimes` names the law's, calm first; `pooled` the other
    histories; `notes` are what a reader should know, in sentences."""

    law: DailyLaw
    regimes: tuple[str, ...]
    pooled: tuple[str, ...]
    first: date
    last: date
    days: int
    table: pl.DataFrame
    comparison: pl.DataFrame
    stability: pl.DataFrame
    residuals: pl.DataFrame
    correlogram: pl.DataFrame
    tests: pl.DataFrame
    moments: pl.DataFrame
    notes: tuple[str, ...]

    def shocks(self, base: Shocks, *, drift: bool = False) -> Shocks:
        """`base` with the fitted price law. Demand stays as in `base`: that of the regime of the same name,
        or else of its first."""
        law = self.law if drift else self.law.without_drift()
        demand = {regime.name: regime for regime in base.regimes}
        regimes = tuple(
            Regime(
                name=name,
                mu=float(law.mu[i]) if drift else 0.0,
                sigma=float(law.sigma[i]),
                jump_rate=float(law.jump_rate[i]),
                g=demand.get(name, base.regimes[0]).g,
                nu=demand.get(name, base.regimes[0]).nu,
            )
            for i, name in enumerate(self.regimes)
        )
        changes = {
            "regimes": regimes,
            "transition": tuple(map(tuple, law.monthly_matrix.tolist())),
            "jump_mean": law.jump_mean,
            "jump_sd": law.jump_sd,
            "history": None,
            "block_days": None,
        }
        return Shocks.model_validate(dict(base) | changes)


def log_returns(dates: Sequence[date], closes: Sequence[float], least_days: int = LEAST_DAYS) -> Array:
    """Daily log returns. Raises InputError unless there is a close above zero for every day, and enough."""
    if len(dates) != len(closes):
        raise InputError(f"{len(dates)} dates and {len(closes)} closes were given: one close a day is needed")
    if len(closes) <= least_days:
        raise InputError(
            f"the history has {len(closes)} days; a fit needs at least {least_days + 1}, "
            "and its errors stay large below two years"
        )
    for before, day in pairwise(dates):
        if day != before + timedelta(days=1):
            raise InputError(f"{day} follows {before}: a close for every single day is needed, oldest first")
    prices = np.asarray(closes, float)
    wrong = np.flatnonzero(~(np.isfinite(prices) & (prices > 0)))
    if len(wrong):
        raise InputError(
            f"the close of {dates[wrong[0]]} is {prices[wrong[0]]:g}: prices must be numbers above zero"
        )
    returns: Array = np.diff(np.log(prices))
    # rounding alone leaves returns of some 1e-16
    if returns.std() < 1e-9:
        raise InputError("the price grows by the same factor every day: there is nothing random to fit")
    return returns


def _named_returns(name: str, dates: Sequence[date], closes: Sequence[float]) -> Array:
    try:
        return log_returns(dates, closes)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def calibrate(
    dates: Sequence[date],
    closes: Sequence[float],
    *,
    regimes: int = 2,
    resolution_days: float = DAYS_PER_MONTH,
    pool: Mapping[str, History] | None = None,
    starts: int = 8,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Calibration:
    """Regimes and jumps fitted to daily closes by maximum likelihood.

    `resolution_days`: regimes last at least that long on average, and jumps come at most that often (see
    Shape): a month, so that the parameters hold for monthly steps as well as for daily ones. `pool`: further
    histories by name, fitted together with this one: each token's returns less their own mean, in units of
    their own mean absolute deviation, are taken as draws of one law, which is then brought to this token's
    mean and scale. Raises InputError for a history that cannot be fitted, Stopped when `should_stop` says
    so."""
    returns = log_returns(dates, closes)
    shape = jump_shape(regimes, resolution_days)
    if starts < 1:
        raise InputError(f"{starts} starts were asked for: at least 1 is needed")
    others = {name: _named_returns(name, *history) for name, history in (pool or {}).items()}
    samples, own = _samples(returns, others)
    rivals = [rival for rival in _rivals(regimes, resolution_days) if rival != shape]
    watch = Watch(starts + RIVAL_STARTS * len(rivals), progress, should_stop)
    best = fit(samples, shape, starts, seed, watch=watch)
    behind = [fit(samples, rival, RIVAL_STARTS, seed, errors=False, watch=watch) for rival in rivals]
    names, law = NAMES[:regimes], own.law(best.law)
    found = residuals(law, list(dates[1:]), returns, names)
    result = Calibration(
        law=law,
        regimes=names,
        pooled=tuple(others),
        first=dates[0],
        last=dates[-1],
        days=len(returns),
        table=parameter_table(best, own.law, names),
        comparison=comparison(best, behind),
        stability=stability(best),
        residuals=found,
        correlogram=correlogram(found),
        tests=residual_tests(found),
        moments=simulated_against_history(law, returns, PATHS, seed),
        notes=(),
    )
    return replace(result, notes=tuple(_notes(result, best, returns)))


@dataclass(frozen=True)
class Own:
    """What a token's returns are divided by and centred on before they are pooled with others'."""

    scale: float
    mean: float

    def law(self, law: DailyLaw) -> DailyLaw:
        """A law of pooled returns, brought to this token's."""
        return law.scaled(self.scale, self.mean)

    def scaled(self, returns: Array) -> Array:
        """This token's returns as they are pooled."""
        scaled: Array = (returns - self.mean) / self.scale
        return scaled


def _samples(returns: Array, others: Mapping[str, Array]) -> tuple[list[Array], Own]:
    if not others:
        return [returns], Own(1.0, 0.0)
    own = own_scale(returns)
    return [own.scaled(returns), *(own_scale(r).scaled(r) for r in others.values())], own


def own_scale(returns: Array) -> Own:
    """Mean and mean absolute deviation of a token's daily log returns."""
    # The mean absolute deviation: a standard deviation would be the work of a few days.
    mean = float(returns.mean())
    return Own(float(np.abs(returns - mean).mean()), mean)


def _rivals(regimes: int, resolution_days: float) -> list[Shape]:
    most = max(regimes, 2)
    laws = [(1, False), (1, True), (most, False), (2, True)]
    return [Shape(k, jumps, resolution_days) for k, jumps in laws] + [Shape(regimes, True, FINEST_DAYS)]


def _notes(c: Calibration, best: Fit, returns: Array) -> list[str]:
    """What a reader should know before using the numbers."""
    notes = [f"{law_name(best.shape)}, fitted to {c.days} daily returns up to {c.last}."]
    if c.pooled:
        notes = [
            f"{law_name(best.shape)}, fitted to {best.days} daily returns of {len(c.pooled) + 1} tokens "
            f"(with {', '.join(c.pooled)}), each less its own mean and in units of its own mean absolute "
            "deviation, then brought to this token's. The tokens are taken as independent, which they are "
            "not: they fall on the same days, so the errors are too small."
        ]
    same = int(c.stability["same"].sum())
    notes.append(f"{same} of {len(c.stability)} starts came to the same optimum.")
    if best.covariance is None:
        notes.append("The history does not determine all parameters: there are no standard errors.")
    edges = c.table.filter(pl.col("remark") == EDGE)
    if len(edges):
        named = ", ".join(
            f"{SYMBOLS.get(p, p)} {r or ''}".strip() for p, r in edges.select("parameter", "regime").rows()
        )
        notes.append(
            f"At the edge of what is searched, so without a standard error, and the other errors hold given "
            f"them: {named}."
        )
    notes += [_rival_note(c.comparison), _resolution_note(c.comparison, best)]
    for name, _, p in c.tests.filter(pl.col("p") < SIGNIFICANT).rows():
        notes.append(f"The residuals fail a test: {name}, p = {p:.2g}.")
    for row in c.moments.filter(~pl.col("inside")).iter_rows(named=True):
        notes.append(
            f"The history's {row['statistic']}, {row['history']:.3g}, lies outside what 90 % of histories "
            f"simulated from the fit show: {row['low']:.3g} to {row['high']:.3g}."
        )
    growth = returns.mean() * DAYS_PER_YEAR
    error = returns.std() * math.sqrt(DAYS_PER_YEAR / len(returns)) * math.sqrt(DAYS_PER_YEAR)
    notes.append(
        f"The log price moved by {growth:+.2f} a year, give or take {error:.2f} (one standard error): no "
        "drift is the default, the fitted one a preset."
    )
    return notes


def _rival_note(rivals: pl.DataFrame) -> str:
    fitted = rivals.row(by_predicate=pl.col("fitted"), named=True)
    same = rivals.filter(pl.col("resolution_days") == fitted["resolution_days"])
    words = []
    for criterion in ("aic", "bic"):
        best = same.sort(criterion).row(0, named=True)
        words.append(
            f"{criterion.upper()} prefers it to its rivals"
            if best["fitted"]
            else f"{criterion.upper()} prefers {best['law']} by {fitted[criterion] - best[criterion]:.1f}"
        )
    return f"{words[0]}; {words[1]}."


def _resolution_note(rivals: pl.DataFrame, best: Fit) -> str:
    finest = rivals.filter(~pl.col("fitted") & (pl.col("resolution_days") == FINEST_DAYS))
    if finest.is_empty():
        return "Regimes and jumps of some days are allowed, so the law holds for daily steps only."
    gain = finest.item(0, "log_likelihood") - best.log_likelihood
    return (
        f"Regimes last {best.shape.resolution_days:.3g} days or more on average and jumps come no oftener, "
        f"so that steps that long can carry them; with bursts of {FINEST_DAYS:g} days allowed, the log "
        f"likelihood changes by {gain:+.1f}."
    )
