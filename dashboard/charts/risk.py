"""Charts of reverse stress, reserve needed and attribution: tables go in, figures and words come out."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboard.charts.figures import LEGEND, Chart, Palette, faint, figure, label, line, palette, value_axis
from dashboard.words import formats
from dashboard.words.formats import percent
from dashboard.words.risk_words import (
    FRONTIER_EVENTS,
    attribution_sentence,
    frontier_sentence,
    lasts,
    lower,
    value,
)
from dashboard.words.stress_words import chance

OWN = "This scenario"
DEEPEST = 1.0
DROP = "fraction of the scenario's"
PERCENT_AXIS: dict[str, Any] = {"tickformat": ".0%", "range": [-0.03, 1.03]}


def frontier(
    surface: pl.DataFrame,
    marks: pl.DataFrame,
    figures: Mapping[str, Any],
    months: int | None,
    *,
    dark: bool = False,
) -> Chart:
    """Which drops of price and demand bring the event, shaded for shocks that last `months` (None: to the
    end), as lines for the other durations of `surface`. `surface`, `marks` and `figures` are a Found's."""
    colours = palette(dark)
    lengths = surface["months"].unique(maintain_order=True).to_list()
    # a duration beyond the run is the same as one to its end
    shaded = months if months in lengths else lengths[-1]
    traces = _region(surface.filter(_at(shaded)), colours)
    for order, length in enumerate(lengths):
        if length != shaded:
            part = surface.filter(_at(length))
            tint = faint(colours.main, 0.35 + 0.5 * order / len(lengths))
            traces.append(
                line(part["price_drop"].to_list(), part["demand_drop"].to_list(), lasts(length), tint,
                     dash="dot", width=1.5, hovertemplate="%{x:.0%} and %{y:.1%}")
            )  # fmt: skip
    shown = marks.filter(_at(shaded) | pl.col("months").is_null()).with_columns(
        pl.col("price_drop", "demand_drop").abs()
    )
    traces += [_mark(row, shaded, colours) for row in shown.iter_rows(named=True)]
    nearest = figures["nearest"]
    if nearest is not None:
        traces.append(
            _point(
                nearest["price_drop"], nearest["demand_drop"], "likeliest", "star", colours.yellow, colours
            )
        )
    event = FRONTIER_EVENTS[figures["event"]]
    lasting = "last to the end" if shaded is None else f"last {formats.months(shaded)}"
    title = f"Which falls of price and demand together bring {event}, if they {lasting}"
    bring = shown["triggers"].sum()
    notice = f"{frontier_sentence(dict(figures))} Of {shown.height} shocks marked, {bring} would bring it."
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis("fall of the price", colours, **PERCENT_AXIS),
        "yaxis": value_axis("fall of demand", colours, **PERCENT_AXIS),
        "legend": LEGEND | {"y": -0.2},
        "margin": {"l": 8, "r": 24, "t": 16, "b": 8},
    }
    frame = pl.concat(
        [
            surface.with_columns(label=pl.lit("edge"), triggers=pl.lit(True)),
            shown.select("months", "price_drop", "demand_drop", "label", "triggers"),
        ]
    )
    units = {"months": "months from the onset; none: to the end", "price_drop": DROP, "demand_drop": DROP,
             "label": "", "triggers": "flag"}  # fmt: skip
    name = f"frontier-{figures['event']}"
    return Chart(name, title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=440), frame, units)  # fmt: skip


def _at(months: int | None) -> pl.Expr:
    return pl.col("months").eq_missing(pl.lit(months, dtype=pl.Int64))


def _region(part: pl.DataFrame, colours: Palette) -> list[dict[str, Any]]:
    """The shaded region, a polygon for each run of price drops at which some demand drop triggers."""
    runs: list[list[tuple[Any, Any]]] = [[]]
    for price, demand in part.select("price_drop", "demand_drop").iter_rows():
        if demand is None:
            runs.append([])
        else:
            runs[-1].append((price, demand))
    traces: list[dict[str, Any]] = []
    for edge in filter(None, runs):
        x, y = [p for p, _ in edge], [d for _, d in edge]
        traces.append(
            line([*x, x[-1], x[0], x[0]], [*y, DEEPEST, DEEPEST, y[0]], "brings it", colours.second,
                 fill="toself", fillcolor=colours.zone, showlegend=not traces,
                 hovertemplate="edge: %{x:.0%} and %{y:.1%}")
        )  # fmt: skip
    return traces


def _mark(row: dict[str, Any], shaded: int | None, colours: Palette) -> dict[str, Any]:
    own = row["label"] == OWN
    name = row["label"].removeprefix("Published: ")
    if row["months"] != shaded:  # or it would seem to be on the wrong side of the edge
        name += ", lasting"
    symbol = "cross" if own else "circle" if row["triggers"] else "circle-open"
    colour = colours.green if own else colours.text
    made = _point(row["price_drop"], row["demand_drop"], name, symbol, colour, colours)
    does = "brings it" if row["triggers"] else "is held"
    # in two lines and to different sides, or they would stand on each other on a phone; the scenario's own is
    # often a published one
    x, y = row["price_drop"], row["demand_drop"]
    right = x < 0.3 or (own and x <= 0.7)
    below = y > 0.1 and (own or x < 0.3)
    made["textposition"] = f"{'bottom' if below else 'top'} {'right' if right else 'left'}"
    made["text"] = [label(name).replace(", ", ",<br>", 1)]
    made["hovertemplate"] = f"%{{x:.1%}} and %{{y:.1%}}, {lasts(row['months'])}: {does}"
    return made


def _point(x: float, y: float, name: str, symbol: str, colour: str, colours: Palette) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers+text", "x": [x], "y": [y], "name": label(name),
        "text": [label(name)], "textposition": f"bottom {_side(x)}", "showlegend": False,
        "textfont": {"size": 11, "color": colours.text},
        "marker": {"symbol": symbol, "size": 11, "color": colour},
        "hovertemplate": "%{x:.1%} and %{y:.1%}",
    }  # fmt: skip


def _side(x: float) -> str:
    """Words beside a point near an edge run inwards."""
    return "right" if x < 0.3 else "left" if x > 0.7 else "center"


def trade_off(curve: pl.DataFrame, figures: Mapping[str, Any], *, dark: bool = False) -> Chart:
    """The Fee Vault needed beside each Reward Vault, with what sampling error implies, and what the vaults of
    the scenario hold. `curve` and `figures` are a Found's."""
    colours = palette(dark)
    known = curve.drop_nulls("F0")
    x = (curve["V0"] / 1e6).to_list()
    ends = {end: (curve[end] / 1e6).to_list() for end in ("low", "high")}
    traces = [
        line(x, ends["high"], "", colours.main, width=0, showlegend=False, hoverinfo="skip"),
        line(x, ends["low"], "sampling error", colours.main, width=0, fill="tonexty",
             fillcolor=faint(colours.main, 0.25), hoverinfo="skip"),
        line(x, (curve["F0"] / 1e6).to_list(), "Fee Vault needed", colours.main, width=3,
             mode="lines+markers", hovertemplate="$%{y:.2f}M beside %{x:.1f}M IO"),
        {**_point(figures["V0"] / 1e6, figures["F0"] / 1e6, OWN, "cross", colours.green, colours),
         "textposition": "top right", "hovertemplate": "$%{y:.2f}M and %{x:.1f}M IO"},
    ]  # fmt: skip
    title = "One vault for the other: the pairs that are enough"
    asked = f"at most {chance(figures['level'])} within {formats.months(figures['horizon'])}"
    if known.is_empty():
        notice = f"Under these assumptions no pair on this grid keeps the chance at {asked}."
    else:
        first, last = known.row(0, named=True), known.row(-1, named=True)
        notice = (
            f"Under these assumptions, for {asked}, a Reward Vault of {formats.io(first['V0'])} needs a Fee "
            f"Vault of {formats.usd(first['F0'])}, and one of {formats.io(last['V0'])} needs "
            f"{formats.usd(last['F0'])}. {figures['curve_paths']:,} random futures a pair."
        )
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis("Reward Vault at the start, million IO", colours, rangemode="tozero"),
        "yaxis": value_axis("Fee Vault at the start, million USD", colours, rangemode="tozero"),
        "legend": LEGEND | {"y": -0.22},
    }
    units = {"V0": "IO", "F0": "USD", "low": "USD", "high": "USD"}
    return Chart("reserve-trade-off", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=360), curve, units)  # fmt: skip


def tornado(
    ends: pl.DataFrame, titles: Mapping[str, str], metric: Mapping[str, str], *, dark: bool = False
) -> Chart:
    """What each assumption does alone, from one end of its range to the other. `ends`: input, at_low,
    at_high, base, of one metric."""
    colours, unit = palette(dark), metric["unit"]
    frame = (
        ends.select(
            "input", pl.col("input").replace_strict(dict(titles)).alias("title"), "at_low", "at_high", "base"
        )
        .with_columns(swing=(pl.max_horizontal("at_low", "at_high", "base")
                             - pl.min_horizontal("at_low", "at_high", "base")))
        .sort("swing", "input")
    )  # fmt: skip
    base = float(frame["base"][0])
    scale = 1e6 if unit in ("USD", "IO") else 1.0
    names = _folded(frame["title"].to_list())
    traces: list[dict[str, Any]] = []
    for column, name, colour in (
        ("at_low", "at the low end, or first choice", colours.main),
        ("at_high", "at the high end, or last choice", colours.second),
    ):
        lengths = [(v - base) / scale for v in frame[column].to_list()]
        traces.append(
            {"type": "bar", "orientation": "h", "y": names, "x": lengths, "base": base / scale, "name": name,
             "marker": {"color": colour}, "customdata": [value(v, unit) for v in frame[column].to_list()],
             "hovertemplate": "%{customdata}"}
        )  # fmt: skip
    most = frame.row(-1, named=True)
    title = f"{metric['title']}: what each assumption does alone"
    if most["swing"] == 0:
        notice = f"None of them moves it alone: it stays at {value(base, unit)}."
    else:
        notice = (
            f"Under these assumptions {value(base, unit)}; most moved by {lower(most['title'])}, which "
            f"takes it to {value(most['at_low'], unit)} at one end of its range and to "
            f"{value(most['at_high'], unit)} at the other."
        )
    tick = {} if scale > 1 or unit == "months" else {"tickformat": ".0%"}
    words = {"USD": "million USD", "IO": "million IO", "fraction": "share of the random futures"}
    layout = {
        "barmode": "overlay", "bargap": 0.3, "hovermode": "closest",
        "xaxis": value_axis(words.get(unit, unit), colours, **tick),
        "yaxis": _names(names),
        "legend": LEGEND | {"y": -0.16},
    }  # fmt: skip
    units = {"input": "", "title": "", **dict.fromkeys(("at_low", "at_high", "base", "swing"), unit)}
    return Chart("attribution-tornado", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=130 + 34 * frame.height), frame, units)  # fmt: skip


def sobol(
    shares: pl.DataFrame,
    titles: Mapping[str, str],
    metric: Mapping[str, str],
    ranking: Sequence[str],
    *,
    dark: bool = False,
) -> Chart:
    """Shares of the variance when all assumptions move at once, alone and with all they do together, with
    95 % intervals. `shares`: the rows of one metric; `ranking`: the inputs, the most important first."""
    colours = palette(dark)
    frame = shares.select(
        "input", pl.col("input").replace_strict(dict(titles)).alias("title"),
        *(f"{order}{end}" for order in ("first", "total") for end in ("", "_low", "_high")),
    ).sort("total", "input")  # fmt: skip
    names = _folded(frame["title"].to_list())
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "markers", "y": names, "x": frame[order].to_list(), "name": name,
            "marker": {"color": colour, "symbol": symbol, "size": 9},
            "error_x": {
                "type": "data", "symmetric": False, "thickness": 1.5,
                "array": (frame[f"{order}_high"] - frame[order]).clip(0).to_list(),
                "arrayminus": (frame[order] - frame[f"{order}_low"]).clip(0).to_list(),
            },
            "hovertemplate": "%{x:.1%}",
        }
        for order, name, colour, symbol in (
            ("first", "alone", colours.main, "circle"),
            ("total", "with the others", colours.second, "diamond"),
        )
    ]  # fmt: skip
    top = frame.row(-1, named=True)
    title = f"{metric['title']}: what makes it uncertain"
    notice = (
        f"{attribution_sentence(metric['title'], [titles[name] for name in ranking])} "
        f"{top['title']} has {percent(top['total'])} of the variance with all it does together with others "
        f"(95 %: {percent(top['total_low'])} to {percent(top['total_high'])})."
    )
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis("share of the variance", colours, tickformat=".0%"),
        "yaxis": _names(names),
        "legend": LEGEND | {"y": -0.16},
    }
    units = {c: "" if c in ("input", "title") else "share of variance" for c in frame.columns}
    return Chart("attribution-sobol", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=130 + 34 * frame.height), frame, units)  # fmt: skip


def _names(names: Sequence[str]) -> dict[str, Any]:
    return {"automargin": True, "tickfont": {"size": 11}, "type": "category", "categoryarray": list(names)}


def _folded(titles: Sequence[str]) -> list[str]:
    """Long names in two lines, so that the bars keep room on a phone."""
    folded = []
    for title in titles:
        cut = title.rfind(" ", 0, max(len(title) // 2 + 4, 1)) if len(title) > 18 else -1
        folded.append(label(title) if cut < 0 else f"{label(title[:cut])}<br>{label(title[cut + 1 :])}")
    return folded
