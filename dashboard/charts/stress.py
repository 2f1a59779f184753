"""The charts of the Stress lab: counts and quantiles go in, figures and their words come out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from dashboard.charts.figures import (
    LEGEND,
    Chart,
    by_month,
    date_axis,
    faint,
    figure,
    iso,
    line,
    palette,
    value_axis,
)
from dashboard.words.formats import month, percent
from dashboard.words.stress_words import FANS, chance, quantity
from models.projection import Projection

CHANCE = "share of the random futures"
CHANCE_TITLE = "Chance that the vaults have run short, by month"
HEIGHT = 340


def shock(projection: Projection, *, dark: bool = False) -> Chart:
    """Price and demand of the scenario itself, by month and without random shocks, against its start."""
    colours, scenario = palette(dark), projection.scenario
    months = by_month(projection)
    frame = months.select("date", "month", price=pl.col("price") / scenario.P0, demand="demand")
    x = iso(frame["date"])
    traces = [
        line(x, frame["price"].to_list(), "price", colours.main, width=3, hovertemplate="%{y:.0%}"),
        line(x, frame["demand"].to_list(), "demand", colours.second, dash="dash", hovertemplate="%{y:.0%}"),
    ]
    words = [
        _depth(name, frame[name.lower()].to_list(), frame["date"].to_list()) for name in ("Price", "demand")
    ]
    notice = f"{words[0]}; {words[1]}. Random shocks come on top."
    title = "The shock before any chance: price and demand against the start"
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis("of the start", colours, tickformat=".0%", rangemode="tozero"),
        "legend": LEGEND | {"y": -0.26},
    }
    units = {"date": "month's end", "month": "run month", "price": "of P0", "demand": "of the start"}
    return Chart("shock", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=300), frame, units)  # fmt: skip


def _depth(name: str, values: list[float], days: list[date]) -> str:
    lowest = min(values)
    if lowest >= 1 - 1e-9:
        return f"{name} never falls below its start"
    first = next(i for i, v in enumerate(values) if v <= lowest + 1e-9)
    return f"{name} is lowest in {month(days[first], first + 1)}, at {percent(lowest)}"


def chance_by_month(
    months: pl.DataFrame, spread: pl.DataFrame | None, days: Sequence[date], *, dark: bool = False
) -> Chart:
    """The chance that a shortfall has come by each month, with its 95 % band, the chance of underpaid
    suppliers, and, where there is a `spread` (of questions.stress), its range over the alternatives."""
    colours, x = palette(dark), [day.isoformat() for day in days]
    frame = months.select(
        pl.Series("date", days), "month", "p_shortfall", "shortfall_low", "shortfall_high",
        "shortfall_hazard", "p_empty", "p_underpaid",
    )  # fmt: skip
    traces: list[dict[str, Any]] = []
    if spread is not None:
        wide = spread.group_by("month").agg(
            alternatives_low=pl.col("p_shortfall").min(), alternatives_high=pl.col("p_shortfall").max()
        )
        frame = frame.join(wide.sort("month"), on="month")
        traces += _band(
            x, frame, "alternatives", f"{spread['label'].n_unique()} alternatives",
            faint(colours.grey, 0.3 if dark else 0.22),
        )  # fmt: skip
    traces += _band(x, frame, "shortfall", "95 % of sampling", faint(colours.main, 0.45))
    traces += [
        line(x, frame["p_shortfall"].to_list(), "shortfall", colours.main, width=3,
             customdata=frame["month"].to_list(), hovertemplate="%{y:.2%} (month %{customdata})"),
        line(x, frame["p_underpaid"].to_list(), "underpaid", colours.second, dash="dash",
             hovertemplate="%{y:.2%}"),
    ]  # fmt: skip
    notice = _chance_words(frame, days)
    title = CHANCE_TITLE
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis(CHANCE, colours, tickformat=".0%", range=[0, 1.02]),
    }
    units = {"date": "month's end", "month": "run month"}
    return Chart("chance-of-shortfall", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=HEIGHT), frame,
                 units | {c: CHANCE for c in frame.columns if c not in units})  # fmt: skip


def _band(x: list[str], frame: pl.DataFrame, name: str, label: str, colour: str) -> list[dict[str, Any]]:
    """A shaded range between the columns `name`_low and `name`_high."""
    high, low = frame[f"{name}_high"].to_list(), frame[f"{name}_low"].to_list()
    return [
        line(x, high, f"{label}, high", colour, width=0, showlegend=False, hovertemplate="%{y:.2%}"),
        line(x, low, label, colour, width=0, fill="tonexty", fillcolor=colour, hovertemplate="from %{y:.2%}"),
    ]


def _chance_words(frame: pl.DataFrame, days: Sequence[date]) -> str:
    last = frame.row(-1, named=True)
    p, at = last["p_shortfall"], month(days[-1], frame.height)
    words = f"{chance(p)} by {at}" if p else f"None of the futures runs short by {at}"
    if "alternatives_low" in frame.columns:
        ends = chance(last["alternatives_low"]), chance(last["alternatives_high"])
        words += f", from {ends[0]} to {ends[1]} over what nobody has published" if ends[0] != ends[1] else ""
    hazards = [h or 0.0 for h in frame["shortfall_hazard"].to_list()]
    worst = max(range(len(hazards)), key=hazards.__getitem__)
    if hazards[worst] > 0:
        words += (
            f"; the most dangerous month is {month(days[worst], worst + 1)}, when {chance(hazards[worst])} "
        )
        words += "of those still whole run short"
    return f"{words}."


def fan(
    name: str,
    quantiles: pl.DataFrame,
    days: Sequence[date],
    path: tuple[str, Sequence[float | None]] | None = None,
    *,
    dark: bool = False,
) -> Chart:
    """The spread of one quantity at the months' ends, 1 to 99 %, with one replayed `path` (label, values)."""
    colours, x, what = palette(dark), [day.isoformat() for day in days], FANS[name]
    wide = (
        quantiles.filter(pl.col("variable") == name)
        .with_columns(level=(pl.col("quantile") * 100).round().cast(pl.Int64).cast(pl.String))
        .with_columns(value=pl.when(pl.col("value").is_finite()).then(pl.col("value")))
        .pivot("level", index="month", values="value")
        .sort("month")
    )
    frame = wide.select(pl.Series("date", days), "month", *(pl.col(p).alias(f"p{p}") for p in LEVELS))
    scale = 1e6 if what.unit == "IO" else 1.0
    column = {p: [None if v is None else v / scale for v in frame[f"p{p}"].to_list()] for p in LEVELS}
    traces: list[dict[str, Any]] = []
    for low, high, opacity in (("1", "99", 0.12), ("5", "95", 0.16), ("25", "75", 0.24)):
        shade = faint(colours.main, opacity * (1.4 if dark else 1))
        traces += [
            line(x, column[high], f"{high} %", shade, width=0, showlegend=False, hoverinfo="skip"),
            line(x, column[low], f"{low} to {high} %", shade, width=0, fill="tonexty", fillcolor=shade,
                 hoverinfo="skip"),
        ]  # fmt: skip
    tick = {"share": ".0%", "USD": "$~s", "USD per IO": "$~g"}.get(what.unit, "")
    number = "%{y:" + {"share": ".1%", "USD": "$,.0f", "USD per IO": "$.4f"}.get(what.unit, ",.1f") + "}"
    traces.append(line(x, column["50"], "median", colours.main, width=3, hovertemplate=number))
    traces.append(line(x, column["5"], "5 %", colours.main, dash="dot", width=1.5, hovertemplate=number))
    if path is not None:
        values = [None if v is None else v / scale for v in path[1]]
        frame = frame.with_columns(pl.Series("path", path[1], dtype=pl.Float64))
        traces.append(line(x, values, path[0], colours.second, dash="dash", width=2.5, hovertemplate=number))
    ends = {p: column[p][-1] for p in LEVELS}
    at = month(days[-1], len(days))
    said = {p: quantity(name, None if v is None else v * scale) for p, v in ends.items()}
    notice = (
        f"{said['50']} in the middle future in {at}; nine in ten lie between {said['5']} and {said['95']}."
    )
    title = fan_title(name)
    unit = "million IO" if what.unit == "IO" else what.unit
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis(unit, colours, tickformat=tick or None, rangemode="tozero"),
    }
    units = {"date": "month's end", "month": "run month"}
    return Chart(f"fan-{name}", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=HEIGHT), frame,
                 units | {c: what.unit for c in frame.columns if c not in units})  # fmt: skip


def fan_title(name: str) -> str:
    return f"{FANS[name].title}: the spread over all futures"


def alternatives_title(at: int) -> str:
    return f"Chance of a shortfall by month {at} under what nobody has published"


def alternatives_height(count: int) -> int:
    return 90 + 34 * count


LEVELS = ("1", "5", "25", "50", "75", "95", "99")


def alternatives(spread: pl.DataFrame, at: int, *, dark: bool = False) -> Chart:
    """The chance of a shortfall by run month `at` under each named alternative, the least first."""
    colours = palette(dark)
    frame = spread.filter(pl.col("month") == at).sort("p_shortfall", "label")
    shares = frame["p_shortfall"].to_list()
    # two lines, so that the bars keep room on a phone
    labels = [text.replace(", ", "<br>", 1) for text in frame["label"].to_list()]
    bars: dict[str, Any] = {
        "y": labels,
        "type": "bar", "orientation": "h", "x": shares, "name": "shortfall",
        "marker": {"color": [colours.main if own else colours.grey for own in frame["is_scenario"]]},
        "error_x": {
            "type": "data", "array": (frame["shortfall_high"] - frame["p_shortfall"]).to_list(),
            "arrayminus": (frame["p_shortfall"] - frame["shortfall_low"]).to_list(), "thickness": 1,
        },
        "hovertemplate": "%{x:.2%}<extra></extra>",
    }  # fmt: skip
    least, most = frame.row(0, named=True), frame.row(-1, named=True)
    ends = [f"{row['label']} ({chance(row['p_shortfall'])})" for row in (least, most)]
    notice = f"Least with {ends[0]}, most with {ends[1]}."
    title = alternatives_title(at)
    layout = {
        "xaxis": value_axis("", colours, tickformat=".0%", range=[0, 1.02]),
        "yaxis": {"automargin": True, "tickfont": {"size": 10}},
        "hovermode": "closest", "showlegend": False, "bargap": 0.35,
    }  # fmt: skip
    units: Mapping[str, str] = {"label": "", "month": "run month", "is_scenario": "flag"}
    return Chart("chance-by-alternative", title, notice, f"{title}: {notice}",
                 figure([bars], layout, dark=dark, height=alternatives_height(frame.height)), frame,
                 {c: units.get(c, CHANCE) for c in frame.columns})  # fmt: skip
