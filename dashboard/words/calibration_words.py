"""How fits and hindcasts read: their parameters, tests, scores and intervals in words."""

from typing import Any

import polars as pl

from dashboard.words.formats import MINUS, NO_BREAK, percent

PARAMETERS = {
    "mu": "drift",
    "sigma": "volatility",
    "lambda": "jumps",
    "m_J": "mean log jump",
    "s_J": "spread of log jumps",
    "A": "chance of a move",
    "share of time": "share of time",
    "mean drift": "mean drift",
    "volatility with jumps": "volatility with jumps",
}
GAIN = "crps_gain"
COVERAGE = ("coverage_50", "coverage_90", "coverage_98")


def parameters(table: pl.DataFrame) -> list[tuple[str, ...]]:
    """Rows of Calibration.table under their heads, each number with its standard error or why it has none."""
    rows: list[tuple[str, ...]] = [("parameter", "of", "value", "standard error", "unit")]
    for row in table.iter_rows(named=True):
        error = row["standard_error"]
        rows.append(
            (
                PARAMETERS[row["parameter"]],
                row["regime"] or "",
                number(row["value"]),
                f"none: {row['remark']}" if error is None else number(error),
                row["unit"],
            )
        )
    return rows


def laws(comparison: pl.DataFrame) -> list[tuple[str, ...]]:
    """Rows of Calibration.comparison, least AIC first."""
    rows: list[tuple[str, ...]] = [("law", "at least", "parameters", "log likelihood", "AIC", "BIC", "")]
    for row in comparison.sort("aic").iter_rows(named=True):
        rows.append(
            (
                row["law"],
                f"{row['resolution_days']:.1f} days",
                str(row["parameters"]),
                *(fixed(row[name], 1) for name in ("log_likelihood", "aic", "bic")),
                "this fit" if row["fitted"] else "",
            )
        )
    return rows


def moments(table: pl.DataFrame) -> list[tuple[str, ...]]:
    """What simulated histories show beside the history itself."""
    rows: list[tuple[str, ...]] = [("statistic", "history", "fit, median", "fit, 5 to 95 %", "")]
    for row in table.iter_rows(named=True):
        share = row["unit"] == "share"
        history, median, low, high = (
            percent(row[name]) if share else number(row[name])
            for name in ("history", "median", "low", "high")
        )
        rows.append(
            (row["statistic"], history, median, f"{low} to {high}", "" if row["inside"] else "outside")
        )
    return rows


def tests(table: pl.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("residuals", "statistic", "p")]
    rows += [(row["test"], number(row["statistic"]), f"{row['p']:.2g}") for row in table.to_dicts()]
    return rows


def scores(table: pl.DataFrame) -> list[tuple[str, ...]]:
    """One row a token, horizon and law: what the bands held, and the gain in CRPS over GBM, each with its
    95 % interval; a star where that excludes what it should be."""
    rows: list[tuple[str, ...]] = [
        ("token", "months", "law", "50 % band", "90 % band", "98 % band", "CRPS gain", "stretches")
    ]
    keys = ["token", "horizon_months", "law"]
    for (token, months, law), part in table.group_by(keys, maintain_order=True):
        found = {row["score"]: row for row in part.iter_rows(named=True)}
        gain = with_interval(found[GAIN], 1) if GAIN in found else "the rival"
        held = [with_interval(found[name]) for name in COVERAGE]
        rows.append((str(token), str(months), str(law), *held, gain, f"{part['stretches'][0]:.1f}"))
    return rows


def table(rows: list[tuple[str, ...]]) -> pl.DataFrame:
    """Rows under their heads as a frame for a page; a head that is empty gets spaces, each its own."""
    heads, *body = rows
    names = [head or " " * (at + 1) for at, head in enumerate(heads)]
    return pl.DataFrame(body, schema=names, orient="row")


def with_interval(row: dict[str, Any], decimals: int = 0) -> str:
    """53 % (25 to 80 %), with a star where it fails; without an interval it decides nothing."""
    signed = row["score"] == GAIN
    value = _percent(row["value"], decimals, signed)
    if row["low"] is None:
        return f"{value} (?)"
    low, high = (_percent(row[end], decimals, signed) for end in ("low", "high"))
    return f"{value} ({low.removesuffix(f'{NO_BREAK}%')} to {high}){'*' if row['fails'] else ''}"


def number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)


def fixed(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def _percent(share: float, decimals: int, signed: bool) -> str:
    text = percent(share, decimals)
    return f"+{text}" if signed and share > 0 else text
