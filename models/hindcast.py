"""Would the fitted shocks have told, at the time, how widely the price could move? (SPEC sections 5, 6)

At each origin the laws know the history up to that day alone; they are simulated on from the regime that the
filter sees there, and scored on what came. It validates the law of the price; demand and payouts it cannot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.calibration import LEAST_DAYS, log_returns, own_scale
from models.hindcast_pool import POOLED, PooledFits
from models.hindcast_scores import LEAST_STRETCHES, RIVAL, crps, pit_histogram, scores
from models.parameters import DAYS_PER_MONTH, InputError
from models.price_fit import Fit, Shape, Watch, fit, jump_shape
from models.price_law import Array, hamilton_filter, simulate

FITTED = "regimes and jumps"
HORIZONS_MONTHS = (1, 3, 6)
QUANTILES = {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q95": 0.95, "q99": 0.99}


@dataclass(frozen=True, eq=False)
class Hindcast:
    """Frames:

    forecasts  one row per law, origin and horizon: law, horizon_months, origin, end (dates), realised (log
               return from origin to end), q01 .. q99 and median q50 (log returns), pit, crps (log return)
    scores     see hindcast_scores.scores
    pit        see hindcast_scores.pit_histogram"""

    forecasts: pl.DataFrame
    scores: pl.DataFrame
    pit: pl.DataFrame
    notes: tuple[str, ...]


def hindcast(
    dates: Sequence[date],
    closes: Sequence[float],
    *,
    regimes: int = 2,
    resolution_days: float = DAYS_PER_MONTH,
    horizons_months: tuple[int, ...] = HORIZONS_MONTHS,
    drift: bool = False,
    first_origin_days: int = 180,
    origin_days: int = 7,
    refit_days: int = 28,
    paths: int = 2000,
    seed: int = 0,
    pooled: PooledFits | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Hindcast:
    """Forecasts from every `origin_days`-th day on, the first after `first_origin_days` returns; the laws are
    fitted anew every `refit_days` days, to all returns before. Without `drift` the expected price stays where
    it is, as in the default shocks. `pooled` adds the law of many tokens, brought to this one's mean and
    scale as they were known. Raises InputError for a history that is unfit or too short, and Stopped
    when `should_stop` says so."""
    least = min(origin_days, refit_days, *(horizons_months or (0,)))
    if first_origin_days < LEAST_DAYS or least < 1 or paths < 100:
        raise InputError(
            f"first_origin_days must be at least {LEAST_DAYS}, paths at least 100, and origin_days, "
            "refit_days and the horizons at least 1"
        )
    shapes = {FITTED: jump_shape(regimes, resolution_days), RIVAL: Shape(1, False, resolution_days)}
    returns = log_returns(dates, closes)
    horizons = {months: round(months * DAYS_PER_MONTH) for months in horizons_months}
    needed = first_origin_days + min(horizons.values())
    if len(returns) < needed:
        raise InputError(
            f"the history has {len(closes)} days; a hindcast over {min(horizons_months)} months from day "
            f"{first_origin_days} on needs at least {needed + 1}"
        )
    origins = range(first_origin_days, len(returns) - min(horizons.values()) + 1, origin_days)
    watch = Watch(len(origins), progress, should_stop)
    fits: dict[str, Fit] = {}
    fitted_at, rows = -refit_days, []
    for origin in origins:
        watch.check()
        known = returns[:origin]
        if origin >= fitted_at + refit_days:
            stop = Watch(0, None, should_stop)
            fits = {name: _refit(known, shape, fits.get(name), seed, stop) for name, shape in shapes.items()}
            fitted_at = origin
        reach = {months: days for months, days in horizons.items() if origin + days <= len(returns)}
        laws = {name: fitted.law for name, fitted in fits.items()}
        if pooled is not None:
            laws[POOLED] = own_scale(known).law(pooled.law(dates[origin], Watch(0, None, should_stop)))
        for name, fitted_law in laws.items():
            law = fitted_law if drift else fitted_law.without_drift()
            # Which regime it is now, the law as fitted tells; drift is a choice for what follows.
            now = hamilton_filter(fitted_law, known).known[-1]
            draws = np.random.default_rng((seed, origin))
            moves = simulate(law, now, max(reach.values()), paths, draws).cumsum(axis=0)
            for months, days in reach.items():
                came = float(returns[origin : origin + days].sum())
                ends = (dates[origin], dates[origin + days])
                rows.append(_forecast(name, months, ends, np.sort(moves[days - 1]), came))
        watch.advance()
    forecasts = pl.DataFrame(rows)
    table = scores(forecasts, seed)
    return Hindcast(forecasts, table, pit_histogram(forecasts), tuple(score_notes(table)))


def _refit(known: Array, shape: Shape, before: Fit | None, seed: int, watch: Watch) -> Fit:
    # The fit of a month ago is a good start; others guard against staying in its optimum.
    near = None if before is None else before.vector
    return fit([known], shape, 3, seed, near=near, errors=False, watch=watch)


def _forecast(
    law: str, months: int, ends: tuple[date, date], outcomes: Array, came: float
) -> dict[str, object]:
    """`outcomes`: simulated log returns, sorted."""
    below = np.searchsorted(outcomes, came) / len(outcomes)
    quantiles = np.quantile(outcomes, list(QUANTILES.values()))
    return {
        "law": law,
        "horizon_months": months,
        "origin": ends[0],
        "end": ends[1],
        "realised": came,
        **dict(zip(QUANTILES, map(float, quantiles), strict=True)),
        "pit": float(below),
        "crps": crps(outcomes, came),
    }


def score_notes(table: pl.DataFrame) -> list[str]:
    """Where the bands fail, and whether the fitted law was worth it, from hindcast_scores.scores."""
    notes = []
    for row in table.filter(pl.col("fails") & (pl.col("score") != "crps_gain")).iter_rows(named=True):
        way = "too narrow" if row["value"] < row["target"] else "too wide"
        notes.append(
            f"{row['law']}, {row['horizon_months']}-month horizon: the {_share(row['target'])} band is "
            f"{way}, it held {_share(row['value'])} of what came (95 % interval {_share(row['low'])} to "
            f"{_share(row['high'])})."
        )
    for row in table.filter(pl.col("score") == "crps_gain").iter_rows(named=True):
        told = "" if row["low"] is None else f" (95 % interval: {_gain(row['low'])} to {_gain(row['high'])})"
        notes.append(
            f"{row['law']}, {row['horizon_months']}-month horizon: CRPS {_gain(row['value'])} than that of "
            f"{RIVAL}{told}."
        )
    few = table.filter(pl.col("low").is_null())["horizon_months"].unique().sort().to_list()
    if few:
        notes.append(
            f"At horizons of {', '.join(map(str, few))} months the origins span fewer than {LEAST_STRETCHES} "
            "stretches that do not overlap: those scores have no interval and decide nothing."
        )
    notes.append(
        "Each forecast takes its law's parameters as fitted: how unsure they are is not in the bands, which "
        "are too narrow by that, most of all early on, when few days were known."
    )
    notes.append("Only the price is scored: demand and payouts are not validated by it.")
    return notes


def _gain(share: float) -> str:
    return f"{100 * abs(share):.1f} % {'lower' if share > 0 else 'higher'}"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"
