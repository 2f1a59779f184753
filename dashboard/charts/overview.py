"""The charts of the Overview: results go in, figures and their words come out.

A figure carries no title: the page shows `title` and `subtitle` as text, which wraps on a phone and can be
read aloud; exports draw them in. A page shows a chart with
`st.plotly_chart(bare(chart.drawing), theme=None, config=CONFIG, alt=chart.alt)`.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dashboard.charts.figures import (
    Chart,
    by_month,
    date_axis,
    faint,
    figure,
    iso,
    line,
    palette,
    run_start,
    value_axis,
    zone_key,
    zones,
)
from dashboard.words.formats import io, month, months, percent, usd
from models.economy import NEGLIGIBLE, Flows, State
from models.projection import Projection


def coverage_and_pay(projection: Projection, *, dark: bool = False) -> Chart:
    """Coverage and pay by month (the month's lowest), always side by side, with the short months shaded."""
    colours = palette(dark)
    months_frame = by_month(projection)
    frame = months_frame.select("date", "month", "coverage", "pay", "shortfall", "underpaid")
    x, flags = iso(frame["date"]), frame["shortfall"].to_list()
    traces = [
        line(x, frame["coverage"].to_numpy(), "coverage", colours.main, width=3,
             customdata=frame["month"].to_numpy(), hovertemplate="%{y:.2%} (month %{customdata})"),
        line(x, frame["pay"].to_numpy(), "pay", colours.second, dash="dash", hovertemplate="%{y:.2%}"),
    ]  # fmt: skip
    shapes = zones(x, flags, run_start(projection), colours.zone)
    if shapes:
        traces.append(zone_key(colours.zone))
    shapes.append(
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "layer": "below",
         "line": {"color": colours.text, "width": 1, "dash": "dot"}}
    )  # fmt: skip
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis("share of payout target", colours, tickformat=".0%", range=[0, 1.06]),
        "shapes": shapes,
    }
    notice = coverage_words(projection, months_frame)
    title = "How much of the payout target is covered and paid"
    return Chart(
        "coverage-and-pay", title, notice, f"{title}, by month: {notice}",
        figure(traces, layout, dark=dark, height=340), frame,
        {"date": "month's end", "month": "run month", "coverage": "share of the target, month's lowest",
         "pay": "share of the target at the start, month's lowest", "shortfall": "flag", "underpaid": "flag"},
    )  # fmt: skip


def coverage_words(projection: Projection, frame: pl.DataFrame) -> str:
    """What to notice about coverage and pay, from the numbers."""
    coverage, pay = _lowest(frame, "coverage"), _lowest(frame, "pay")
    first = projection.summary["first_shortfall_month"]
    if first is None:
        words = "Coverage stays at 100\N{NO-BREAK SPACE}% in every month"
    else:
        at = month(frame["date"][first - 1], first)
        words = f"First shortfall in {at}; coverage falls to {coverage}"
    return f"{words}; pay {_pay_words(frame, pay)}."


def _pay_words(frame: pl.DataFrame, lowest: str) -> str:
    pay = frame["pay"].to_numpy()
    if pay.min() >= 1 - NEGLIGIBLE:
        return "stays at 100\N{NO-BREAK SPACE}% too"
    if np.allclose(pay, frame["coverage"].to_numpy()):
        return "falls with it"
    return f"falls to {lowest}, because the controller lowers the target"


def _lowest(frame: pl.DataFrame, column: str) -> str:
    values = frame[column].to_list()
    at = values.index(min(values))
    return f"{percent(values[at])} in {month(frame['date'][at], at + 1)}"


OWN = "this scenario"


class Variable(NamedTuple):
    """One choice of the Overview's switch: what it is called, its unit, tick and number format."""

    title: str
    axis: str
    unit: str
    number: str
    tick: str


# fmt: off
COVERAGE_UNIT = "share of the target, month's lowest"
PAY_UNIT = "share of the target at the start, month's lowest"
VARIABLES = {
    "reserve": Variable("Reserve, in months of payouts", "months of payouts", "months of H0", ".1f", ""),
    "coverage": Variable("Coverage of the payout target", "share of target", COVERAGE_UNIT, ".2%", ".0%"),
    "pay": Variable("Pay of suppliers", "share of target at start", PAY_UNIT, ".2%", ".0%"),
    "price": Variable("Price of IO", "USD per IO", "USD per IO, month's mean", "$.4f", "$~g"),
    "circulating": Variable("Circulating supply", "million IO", "million IO", ",.1f", ""),
}
# fmt: on


def over_time(
    variable: str, projection: Projection, others: Mapping[str, Projection], *, dark: bool = False
) -> Chart:
    """One of VARIABLES by month: the scenario's own path bold, `others` (label -> projection over the same
    months, such as the named alternatives) as thin dashed lines, and the range over all of them as a band.

    The reserve counts both vaults at the month's price in months of each path's own target at the start."""
    colours, what = palette(dark), VARIABLES[variable]
    base = by_month(projection)
    x = iso(base["date"])
    own = monthly_values(projection, variable)
    scenario = projection.scenario
    paths = {name: monthly_values(p, variable) for name, p in others.items() if p.scenario != scenario}
    every = [own, *paths.values()]
    low, high = [min(v) for v in zip(*every, strict=True)], [max(v) for v in zip(*every, strict=True)]
    number = f"%{{y:{what.number}}}"
    traces = []
    if paths:
        traces += [
            line(x, high, "highest", colours.light, width=0, showlegend=False, hovertemplate=number),
            line(x, low, "range", colours.light, width=0, fill="tonexty",
                 fillcolor=faint(colours.main, 0.28 if dark else 0.16), hovertemplate=f"from {number}"),
            line(*_joined(x, paths.values()), f"{len(paths)} alternatives", colours.grey, dash="dash",
                 width=1, hoverinfo="skip", opacity=0.75),
        ]  # fmt: skip
    traces.append(
        line(x, own, OWN, colours.main, width=3.5,
             customdata=base["month"].to_numpy(), hovertemplate=f"{number} (month %{{customdata}})")
    )  # fmt: skip
    shapes = zones(x, base["shortfall"].to_list(), run_start(projection), colours.zone)
    if shapes:
        traces.append(zone_key(colours.zone))
    frame = base.select("date", "month", pl.Series(OWN, own), pl.Series("low", low),
                        pl.Series("high", high), pl.col("shortfall"),
                        *(pl.Series(name, values) for name, values in paths.items()))  # fmt: skip
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis(what.axis, colours, tickformat=what.tick or None, rangemode="tozero"),
        "shapes": shapes,
    }
    notice = _path_words(variable, base, own, low, high, len(paths))
    units = {"date": "month's end", "month": "run month", "shortfall": "flag of this scenario"}
    return Chart(
        f"{variable}-over-time", what.title, notice, f"{what.title}, by month: {notice}",
        figure(traces, layout, dark=dark, height=360), frame,
        units | {c: what.unit for c in frame.columns if c not in units},
    )  # fmt: skip


def monthly_values(projection: Projection, variable: str) -> list[float]:
    """One of VARIABLES at each month of a run: states at the month's end, coverage and pay at the month's
    lowest, price as its mean. Read off the path: a frame for each of many alternatives would cost more."""
    n, target = projection.scenario.steps_per_month, projection.scenario.H0
    flows, states = projection.flows, projection.states
    if variable == "reserve":
        ends = zip(states[n::n], flows[n - 1 :: n], strict=True)
        return [_reserve(s, f, target) for s, f in ends]
    if variable == "circulating":
        return [(s.C + s.K + s.Q) / 1e6 for s in states[n::n]]
    values = [getattr(f, variable) for f in flows]
    if n == 1:
        return values
    fold = min if variable in ("coverage", "pay") else _mean
    return [fold(values[i : i + n]) for i in range(0, len(values), n)]


def _reserve(s: State, f: Flows, target: float) -> float:
    return (s.V * f.price + s.F) / target if target > 0 else math.nan


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _joined(x: list[str], paths: Iterable[list[float]]) -> tuple[list[str | None], list[float | None]]:
    """Many paths as one trace with gaps between: one legend entry, and quick to draw."""
    xs: list[str | None] = []
    ys: list[float | None] = []
    for path in paths:
        xs += [*x, None]
        ys += [*path, None]
    return xs, ys


WRITERS: dict[str, Callable[[float], str]] = {
    "reserve": months,
    "coverage": percent,
    "pay": percent,
    "price": usd,
    "circulating": lambda value: io(value * 1e6),
}


def _path_words(
    variable: str, frame: pl.DataFrame, own: list[float], low: list[float], high: list[float], others: int
) -> str:
    if any(math.isnan(v) for v in own):
        return "There is no payout target, so nothing draws on the reserve."
    write = WRITERS[variable]
    first, lowest, last = write(own[0]), write(min(own)), write(own[-1])
    at, end = own.index(min(own)), month(frame["date"][-1], len(own))
    if len({write(v) for v in own}) == 1:
        words = f"{last} in every month"
    elif lowest in (first, last):
        words = f"From {first} in {month(frame['date'][0], 1)} to {last} in {end}"
    else:
        words = f"Lowest in {month(frame['date'][at], at + 1)}, at {lowest}; {last} in {end}"
    if not others:
        return f"{words}."
    wide = max(range(len(own)), key=lambda i: high[i] - low[i])
    ends = write(low[wide]), write(high[wide])
    if ends[0] == ends[1]:
        return f"{words}; the same in all {others} alternatives."
    apart = f"from {ends[0]} to {ends[1]} in {month(frame['date'][wide], wide + 1)}"
    return f"{words}; with the {others} alternatives it spreads furthest {apart}."
