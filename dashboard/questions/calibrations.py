"""Fits of random shocks to price histories, and hindcasts of such fits, as answers.

Answers load this when they are asked: it brings scipy along."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from data.sources.files import PriceSeries
from models import hindcast_scores
from models.calibration import Calibration, History, calibrate
from models.hindcast import HORIZONS_MONTHS, hindcast, score_notes
from models.hindcast_pool import PooledFits
from models.parameters import DAYS_PER_MONTH, InputError
from models.price_fit import jump_shape

SEED = 0
REGIMES = 2
SOURCES = (
    "calibration.py", "calibration_tables.py", "price_law.py", "price_fit.py", "price_checks.py",
    "hindcast.py", "hindcast_pool.py", "hindcast_scores.py", "markov.py",
)  # fmt: skip

# (what is worked on, steps done, steps in all)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Fitting:
    """All that decides a fit: the history, those pooled with it, and how it is searched."""

    history: PriceSeries
    pool: tuple[PriceSeries, ...] = ()
    regimes: int = REGIMES
    seed: int = SEED

    @property
    def parameters(self) -> dict[str, Any]:
        """All of it as JSON would have it."""
        return {
            "histories": [[series.symbol, series.sha256] for series in (self.history, *self.pool)],
            "regimes": self.regimes,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class Scoring:
    """All that decides a hindcast."""

    histories: tuple[PriceSeries, ...]
    horizons: tuple[int, ...] = HORIZONS_MONTHS
    regimes: int = REGIMES
    drift: bool = False
    seed: int = SEED
    pooled: bool = False  # the law of all the histories together stands beside each one's own

    @property
    def parameters(self) -> dict[str, Any]:
        """All of it as JSON would have it."""
        return {
            "histories": [[series.symbol, series.sha256] for series in self.histories],
            "horizons": [*self.horizons],
            "regimes": self.regimes,
            "drift": self.drift,
            "pooled": self.pooled,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class Scored:
    """The frames of models.hindcast with the column `token` before them; with several histories, the last
    token is `all N`, their forecasts together. `notes` by token."""

    forecasts: pl.DataFrame
    scores: pl.DataFrame
    pit: pl.DataFrame
    notes: Mapping[str, tuple[str, ...]]


def fit(asked: Fitting, progress: Progress | None = None) -> Calibration:
    """Raises InputError for a history that cannot be fitted, naming it."""
    _distinct((asked.history, *asked.pool))
    name = asked.history.symbol
    pool = {series.symbol: _history(series) for series in asked.pool}
    shown = None if progress is None else lambda done, total: progress(name, done, total)
    try:
        return calibrate(
            *_history(asked.history), regimes=asked.regimes, pool=pool, seed=asked.seed, progress=shown
        )
    except InputError as error:
        raise InputError(_named(name, pool, error)) from None


def score(asked: Scoring, progress: Progress | None = None) -> Scored:
    """Raises InputError for a history that is unfit or too short, naming it."""
    _distinct(asked.histories)
    pooled = None
    if asked.pooled:
        known = {series.symbol: _history(series) for series in asked.histories}
        pooled = PooledFits(known, jump_shape(asked.regimes, DAYS_PER_MONTH), asked.seed)
    forecasts, tables, pits = [], [], []
    notes: dict[str, tuple[str, ...]] = {}
    for series in asked.histories:
        name = series.symbol
        shown = None if progress is None else lambda done, total, name=name: progress(name, done, total)
        try:
            found = hindcast(
                *_history(series), regimes=asked.regimes, horizons_months=asked.horizons, drift=asked.drift,
                seed=asked.seed, pooled=pooled, progress=shown,
            )  # fmt: skip
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        forecasts.append(_of(name, found.forecasts))
        tables.append(_of(name, found.scores))
        pits.append(_of(name, found.pit))
        notes[name] = found.notes
    together = pl.concat(forecasts)
    if len(forecasts) > 1:
        name = f"all {len(forecasts)}"
        table = hindcast_scores.scores(together, asked.seed)
        tables.append(_of(name, table))
        pits.append(_of(name, hindcast_scores.pit_histogram(together)))
        notes[name] = tuple(score_notes(table))
    return Scored(together, pl.concat(tables), pl.concat(pits), notes)


@cache
def code_version() -> str:
    """Digest of the source that fits and scores: with the same files and seed it gives the same numbers."""
    folder = resources.files("models")
    return hashlib.sha256(b"".join(folder.joinpath(name).read_bytes() for name in SOURCES)).hexdigest()[:12]


def is_file(text: str) -> bool:
    """Whether a history is named by its file, and not by the symbol of imported prices."""
    return text.lower().endswith(".csv") or "/" in text or "\\" in text or Path(text).is_file()


def _of(token: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.lit(token).alias("token"), pl.all())


def _history(series: PriceSeries) -> History:
    return series.frame["date"].to_list(), series.frame["close"].to_list()


def _named(name: str, pool: dict[str, History], error: InputError) -> str:
    # what is wrong with a pooled history names it already
    text = str(error)
    return text if text.startswith(tuple(f"{other}: " for other in pool)) else f"{name}: {text}"


def _distinct(histories: Sequence[PriceSeries]) -> None:
    for what, keys in (
        ("are called", [series.symbol for series in histories]),
        ("are the same file,", [series.sha256 for series in histories]),
    ):
        twice = [i for i, key in enumerate(keys) if key in keys[:i]]
        if twice:
            raise InputError(
                f"two of the histories {what} {histories[twice[0]].symbol}: each counts once, under a name "
                "of its own"
            )
