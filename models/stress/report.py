"""What a stress test reports (SPEC section 6), read off its counts: one plain dictionary and two frames."""

import math
from typing import Any

import numpy as np
import polars as pl

from models.economy import UNLIMITED
from models.stress import summary
from models.stress.bins import middle
from models.stress.counts import BINS, EVENTS, Counts

QUANTILE_COLUMNS = {
    "variable": pl.String, "month": pl.Int64, "quantile": pl.Float64, "value": pl.Float64
}  # fmt: skip


def report(counts: Counts) -> dict[str, Any]:
    """Shares with standard error and 95 % interval, months of the run, USD; None stands for "not reached" and
    for a runway without end. `p_depletion` is the chance of a shortfall within the run."""
    last = {event: summary.cumulative(counts, event)[-1] for event in EVENTS}
    depletion, loss = last["shortfall"], summary.losses(counts)
    return {
        "p_depletion": depletion.value,
        "standard_error": depletion.standard_error,
        "interval": [depletion.low, depletion.high],
        "interval_is": _interval_rule(depletion),
        **{f"p_{event}": _probability(last[event]) for event in ("empty", "underpaid")},
        "loss_usd": {
            "mean": loss.mean, "mean_error": loss.mean_error, "cvar5": loss.cvar,
            "cvar5_error": loss.cvar_error, "worst_from": loss.worst_from,
        },
        "months_to": {
            event: {f"{level:g}": summary.time_to(counts, event, level) for level in summary.LEVELS}
            for event in EVENTS
        },
        "by_month": by_month(counts).to_dicts(),
        "quantiles": {
            fan: {
                f"{level:g}": [_finite(value) for value in series]
                for level, series in zip(
                    summary.LEVELS, zip(*(_at_levels(counts, fan, m) for m in _months(counts)), strict=True),
                    strict=True,
                )
            }
            for fan in counts.layout.fans
        },
    }  # fmt: skip


def by_month(counts: Counts) -> pl.DataFrame:
    """One row a run month: `month`, and for each event the share of paths that it has come to by then
    (p_shortfall), its standard error, its 95 % interval (_low, _high), and the hazard: new among those that
    it had not come to (null once there are none)."""
    columns: dict[str, list[Any]] = {"month": [*_months(counts)]}
    for event in EVENTS:
        found = summary.cumulative(counts, event)
        columns[f"p_{event}"] = [p.value for p in found]
        columns[f"{event}_error"] = [p.standard_error for p in found]
        columns[f"{event}_low"] = [p.low for p in found]
        columns[f"{event}_high"] = [p.high for p in found]
        columns[f"{event}_hazard"] = [_finite(h) for h in summary.hazard(counts, event).tolist()]
    return pl.DataFrame(columns, schema_overrides={f"{event}_hazard": pl.Float64 for event in EVENTS})


def quantiles(counts: Counts) -> pl.DataFrame:
    """variable, month, quantile (a share) and value of every fan, nearest rank; infinite: no limit."""
    rows = [
        (fan, month, level / 100, value)
        for fan in counts.layout.fans
        for month in _months(counts)
        for level, value in zip(summary.LEVELS, _at_levels(counts, fan, month), strict=True)
    ]
    return pl.DataFrame(rows, schema=QUANTILE_COLUMNS, orient="row")


def _at_levels(counts: Counts, fan: str, month: int) -> list[float]:
    """summary.quantile at all of LEVELS, with one pass over the bins for all of them."""
    numbers, least, greatest = counts.of(fan, month)
    used = np.flatnonzero(numbers)
    reached = np.cumsum(numbers[used])
    ranks = [max(1, -(-level * counts.paths // 100)) for level in summary.LEVELS]
    values = [middle(int(used[i]), BINS[fan]) for i in np.searchsorted(reached, ranks).tolist()]
    values = [min(max(value, least), greatest) for value in values]
    return [math.inf if value >= UNLIMITED else value for value in values]


def _months(counts: Counts) -> range:
    return range(1, counts.layout.months + 1)


def _probability(p: summary.Probability) -> dict[str, Any]:
    return {"value": p.value, "standard_error": p.standard_error, "interval": [p.low, p.high]}


def _interval_rule(p: summary.Probability) -> str:
    return "rule of three, 95 %" if p.value in (0.0, 1.0) else "Wilson, 95 %"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
