"""What is on record about the fit behind the default shocks, as frames: what to, how well, and its hindcasts.

The histories stay outside the project; their sha256 tells whether another copy is the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.fact import Fact

ALL = "all 7"  # the tokens' forecasts together
TENTHS = tuple(f"tenth_{i}" for i in range(1, 11))
BANDS = (50, 90, 98)
INTERVAL_OF = (*(f"coverage_{band}" for band in BANDS), "crps_gain")


@dataclass(frozen=True, eq=False)
class FitRecord:
    """`histories`: token, first, last, returns, sha256; `laws`: history, law, resolution_days, parameters,
    log_likelihood, aic, bic, fitted; `tests`, `moments` as models.price_checks has them; `residuals`: level,
    score; `scores`: token and the columns of models.hindcast_scores.scores; `pit`: token and those of
    pit_histogram; `limits`: in words."""

    limits: str
    histories: pl.DataFrame
    laws: pl.DataFrame
    tests: pl.DataFrame
    moments: pl.DataFrame
    residuals: pl.DataFrame
    scores: pl.DataFrame
    pit: pl.DataFrame


def fit_record(facts: Mapping[str, Fact]) -> FitRecord:
    def table(id_: str) -> pl.DataFrame:
        return pl.DataFrame(facts[id_].records(), infer_schema_length=None)

    return FitRecord(
        facts["shock_fit_limits"].text,
        table("shock_fit").with_columns(pl.col("first", "last").str.to_date()),
        table("shock_fit_laws").with_columns(pl.col("fitted") == "yes"),
        table("shock_fit_tests"),
        table("shock_fit_moments").with_columns(pl.col("history").is_between("low", "high").alias("inside")),
        table("shock_fit_residuals"),
        _scores(table("hindcast_scores"), table("hindcast_intervals")),
        _pit(table("hindcast_pit")),
    )


def _scores(points: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    keys = ["token", "months", "law"]
    both = points.join(intervals, on=keys, how="left", maintain_order="left")
    parts = []
    for score in INTERVAL_OF:
        target = 0.0 if score == "crps_gain" else int(score.removeprefix("coverage_")) / 100
        low, high = pl.col(f"{score}_low"), pl.col(f"{score}_high")
        parts.append(
            both.select(
                *keys,
                score=pl.lit(score),
                target=pl.lit(target),
                value=pl.col(score),
                low=low,
                high=high,
                fails=~pl.lit(target).is_between(low, high),
                origins="origins",
                stretches="stretches",
            )
        )
    return pl.concat(parts).rename({"months": "horizon_months"})


def _pit(wide: pl.DataFrame) -> pl.DataFrame:
    long = wide.unpivot(TENTHS, index=["token", "months", "law"], variable_name="tenth", value_name="share")
    low = (pl.col("tenth").str.strip_prefix("tenth_").cast(pl.Float64) - 1) / len(TENTHS)
    return long.select(
        "token",
        "law",
        pl.col("months").alias("horizon_months"),
        low.alias("low"),
        (low + 1 / len(TENTHS)).alias("high"),
        "share",
        pl.lit(1 / len(TENTHS)).alias("expected"),
    )
