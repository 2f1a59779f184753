"""The charts of the Supply page: who holds the 800M, what comes to market, what unlocks next.

They take the frames of `Answers.supply`; see dashboard/charts/overview.py for how a page shows a Chart.
"""

import math
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl

from dashboard.charts.figures import (
    LEGEND,
    Chart,
    date_axis,
    faint,
    figure,
    iso,
    label,
    line,
    palette,
    value_axis,
)
from dashboard.words.formats import io, month, percent, usd
from models.parameters import DAYS_PER_MONTH

# From the bottom: what circulates, what the calendar frees, what the engine holds, what is gone.
# One hue a group, so that the top of the blue ones is the circulating supply.
HOLDERS = {
    "C": "liquid",
    "K": "staked",
    "Q": "in cooldown",
    "L": "locked",
    "V": "Reward Vault",
    "U": "not yet emitted",
    "B": "burned",
}
# Two years either side of today: listing and the next few unlocks are both in sight.
WINDOW = timedelta(days=730)


def holders(
    by_month: pl.DataFrame, observed: pl.DataFrame, *, around: date | None = None, dark: bool = False
) -> Chart:
    """Who holds the 800M at each month's end: the ide variant stacked, circulating supply of both variants as
    lines, observed supply as points.

    `by_month`: variant ("ide" or "as_reported"), date, m, U V L C K Q B and circulating in IO. `observed`:
    date, observed_io, ide_gap and as_reported_gap (fractions). `around` opens a window of four years."""
    colours = palette(dark)
    ide = by_month.filter(pl.col("variant") == "ide")
    reported = by_month.filter(pl.col("variant") == "as_reported")
    x = iso(ide["date"])
    fills = dict(zip(HOLDERS, (colours.main, colours.light, colours.purple, colours.yellow, colours.green,
                               colours.grey, colours.second), strict=True))  # fmt: skip
    millions = ide.select(pl.col(*HOLDERS) / 1e6)
    traces: list[dict[str, Any]] = [
        line(x, millions[h].to_numpy(), name, fills[h], width=0.5, stackgroup="held",
             fillcolor=faint(fills[h], 0.55), hovertemplate="%{y:,.1f}M")
        for h, name in HOLDERS.items() if millions[h].to_numpy().max() > 0
    ]  # fmt: skip
    traces += [
        line(x, (ide["circulating"] / 1e6).to_numpy(), "full operation", colours.text, width=2.5,
             customdata=ide["m"].to_numpy(), hovertemplate="%{y:,.1f}M (protocol month %{customdata})"),
        line(iso(reported["date"]), (reported["circulating"] / 1e6).to_numpy(), "as reported",
             colours.second, width=2.5, dash="dash", hovertemplate="%{y:,.1f}M"),
        {"type": "scatter", "mode": "markers", "x": iso(observed["date"]),
         "y": (observed["observed_io"] / 1e6).to_numpy(), "name": "observed",
         "hovertemplate": "%{y:,.1f}M",
         "marker": {"symbol": "diamond", "size": 10, "color": colours.text,
                    "line": {"width": 1.5, "color": colours.second}}},
    ]  # fmt: skip
    axis = date_axis(colours)
    if around is not None:
        ends = (max(ide["date"][0], around - WINDOW), min(ide["date"][-1], around + WINDOW))
        axis["range"] = [day.isoformat() for day in ends]
    # on a phone the eight entries stand in two columns
    layout = {
        "xaxis": axis,
        "yaxis": value_axis("million IO", colours, range=[0, 800]),
        "legend": LEGEND | {"entrywidth": 95},
    }
    frame = pl.concat(
        [
            by_month.select("variant", "date", "m", *HOLDERS, "circulating"),
            observed.select(pl.lit("observed").alias("variant"), "date", circulating="observed_io"),
        ],
        how="diagonal",
    )
    title = "Who holds the 800 million IO, and what circulates of them"
    notice = _gap_words(observed)
    return Chart(
        "who-holds-the-supply", title, notice, f"{title}, month by month: {notice}",
        figure(traces, layout, dark=dark, height=460), frame,
        {"variant": "", "date": "month's end, or day of observation", "m": "protocol month"}
        | dict.fromkeys((*HOLDERS, "circulating"), "IO"),
    )  # fmt: skip


def _gap_words(observed: pl.DataFrame) -> str:
    last = observed.sort("date").row(-1, named=True)
    closer = "as reported" if abs(last["as_reported_gap"]) < abs(last["ide_gap"]) else "full operation"
    return (
        f"Observed in {month(last['date'])}: {io(last['observed_io'])} circulating. The IDE in full operation"
        f" is {percent(last['ide_gap'])} off, as reported {percent(last['as_reported_gap'])}: "
        f"the network followed {closer} more closely."
    )


def _pattern(shape: str) -> dict[str, Any]:
    """Bars told apart by more than their colour."""
    return {
        "shape": shape,
        "fillmode": "overlay",
        "size": 7,
        "solidity": 0.3,
        "fgcolor": "#FFFFFF",
        "fgopacity": 0.45,
    }


class Unit(NamedTuple):
    """What a token amount is counted in."""

    axis: str
    number: str


UNITS = {
    "io": Unit("million IO a month", ",.2f"),
    "usd": Unit("million USD a month", "$,.2f"),
    "days": Unit("days of trading volume", ",.2f"),
}


def net_issuance(
    by_month: pl.DataFrame, unit: str, *, depth: float, around: date | None = None, dark: bool = False
) -> Chart:
    """What comes to market and what leaves it, by month: bars around zero and their net, in one of UNITS.

    `by_month`: the rows of one variant, with date, m, price (USD per IO) and in IO unlocked, released,
    burned_market, overflow_burned, refilled, burned (the last with what never circulated). `depth` is the
    market's volume in USD a month."""
    colours, what = palette(dark), UNITS[unit]
    scale = {
        "io": pl.lit(1e-6),
        "usd": pl.col("price") / 1e6,
        "days": pl.col("price") / (depth / DAYS_PER_MONTH),
    }[unit]
    priced = by_month if unit == "io" else by_month.drop_nulls("price")
    frame = priced.select(
        "date",
        "m",
        unlocked=pl.col("unlocked") * scale,
        released=pl.col("released") * scale,
        burned=-(pl.col("burned_market") + pl.col("overflow_burned")) * scale,
        refilled=-pl.col("refilled") * scale,
    ).with_columns(net=pl.sum_horizontal("unlocked", "released", "burned", "refilled"))
    x = iso(frame["date"])
    bars = {
        "unlocked": ("unlocked", colours.yellow, ""),
        "released": ("released", colours.main, "/"),
        "burned": ("burned", colours.second, "\\"),
        "refilled": ("bought back", colours.green, "x"),
    }
    number = f"%{{y:{what.number}}}"
    traces: list[dict[str, Any]] = [
        {"type": "bar", "x": x, "y": frame[c].to_numpy(), "name": name, "hovertemplate": number,
         "marker": {"color": colour, "pattern": _pattern(shape), "line": {"width": 0}}}
        for c, (name, colour, shape) in bars.items() if (frame[c] != 0).any()
    ]  # fmt: skip
    traces.append(
        line(x, frame["net"].to_numpy(), "net", colours.text, width=2.5, shape="hvh",
             customdata=frame["m"].to_numpy(), hovertemplate=f"{number} (protocol month %{{customdata}})")
    )  # fmt: skip
    axis = date_axis(colours)
    if around is not None:
        ends = (max(frame["date"][0], around - WINDOW), min(frame["date"][-1], around + WINDOW))
        axis["range"] = [day.isoformat() for day in ends]
    layout = {
        "barmode": "relative",
        "bargap": 0.15,
        "xaxis": axis,
        "yaxis": value_axis(what.axis, colours, zeroline=True, zerolinecolor=colours.text),
    }
    title = "What comes to market each month, and what leaves it"
    notice = _net_words(by_month, around)
    notice += f" A day of volume is {usd(depth / DAYS_PER_MONTH)} here." if unit == "days" else ""
    return Chart(
        f"net-issuance-{unit}", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=380), frame,
        {"date": "month's end", "m": "protocol month"} | dict.fromkeys((*bars, "net"), what.axis),
    )  # fmt: skip


def _net_words(by_month: pl.DataFrame, around: date | None) -> str:
    """The twelve months after `around` (or the first twelve), in words."""
    first = int((by_month["date"] > (around or date.min)).arg_max() or 0)
    year = by_month.slice(first, 12)
    total = {c: math.fsum(year[c]) for c in ("unlocked", "released", "refilled", "burned")}
    bought = math.fsum(year["burned_market"]) + math.fsum(year["overflow_burned"])
    come, out = total["unlocked"] + total["released"], bought + total["refilled"]
    span = f"{month(year['date'][0])} to {month(year['date'][-1])}"
    words = f"{span}: {io(come)} come to market, {io(out)} are bought out of it, net {io(come - out)}."
    unissued = total["burned"] - bought
    return f"{words} {io(unissued)} more are burned that never circulated." if unissued > 0.5 else words


def unlock_calendar(unlocks: pl.DataFrame, *, price: float, dark: bool = False) -> Chart:
    """Genesis tokens by the month they unlock in, stacked by bucket. `unlocks`: m, date, bucket, io, kind, in
    the order of the calendar; `price` (USD per IO) gives the words their value in USD."""
    colours = palette(dark)
    tints = (colours.main, colours.second, colours.green, colours.yellow, colours.purple, colours.light)
    shapes = ("", "/", "\\", "x", ".", "-")
    frame = unlocks.select("date", "m", "bucket", "kind", "io")
    traces: list[dict[str, Any]] = [
        {"type": "bar", "x": iso(part["date"]), "y": (part["io"] / 1e6).to_numpy(), "name": label(str(name)),
         "hovertemplate": "%{y:,.2f}M", "marker": {"color": tints[i % 6], "line": {"width": 0},
         "pattern": _pattern(shapes[i % 6])}}
        for i, ((name,), part) in enumerate(frame.group_by("bucket", maintain_order=True))
    ]  # fmt: skip
    layout = {
        "barmode": "stack",
        "bargap": 0.15,
        "xaxis": date_axis(colours),
        "yaxis": value_axis("million IO a month", colours),
    }
    title = "What unlocks, and when"
    notice = _unlock_words(frame, price)
    return Chart(
        "unlock-calendar", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=320), frame,
        {"date": "month's end", "m": "protocol month", "bucket": "", "kind": "", "io": "IO"},
    )  # fmt: skip


def _unlock_words(frame: pl.DataFrame, price: float) -> str:
    if frame.is_empty():
        return "Every genesis token is unlocked."
    day = frame["date"][0]
    first = math.fsum(frame.filter(date=day)["io"])
    return (
        f"Next: {io(first)} in {month(day)} ({usd(first * price)} at the start price); "
        f"{io(math.fsum(frame['io']))} in all, the last in {month(frame['date'][-1])}."
    )
