"""The Workbench's charts: what a recorded run found by month, and the engine against exact laws."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from dashboard.charts.figures import Chart, date_axis, figure, line, palette, value_axis
from dashboard.words.formats import month, percent
from models.economy import NEGLIGIBLE
from models.stress.checks import LARGEST_Z

SHARE = "share of the payout target, month's lowest"


def by_month(frame: pl.DataFrame, days: Sequence[date], *, dark: bool = False) -> Chart:
    """`frame` has one row a month with coverage and pay."""
    colours, x = palette(dark), [day.isoformat() for day in days]
    drawn = frame.select(pl.Series("date", days), "month", "coverage", "pay")
    traces = [
        line(x, drawn["coverage"].to_list(), "coverage", colours.main, width=3, hovertemplate="%{y:.2%}"),
        line(x, drawn["pay"].to_list(), "pay", colours.second, dash="dash", hovertemplate="%{y:.2%}"),
    ]
    words = [_lowest(drawn, name, days) for name in ("coverage", "pay")]
    notice = f"{words[0][:1].upper()}{words[0][1:]}; {words[1]}."
    title = "What the run recorded: coverage and pay"
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis("share of payout target", colours, tickformat=".0%", rangemode="tozero"),
    }
    units = {"date": "month's end", "month": "run month", "coverage": SHARE, "pay": SHARE}
    return Chart("recorded-run", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=320), drawn, units)  # fmt: skip


def _lowest(frame: pl.DataFrame, name: str, days: Sequence[date]) -> str:
    values = frame[name].to_list()
    at = min(range(len(values)), key=values.__getitem__)
    if values[at] >= 1 - NEGLIGIBLE:
        return f"{name} is full in every month"
    return f"{name} is lowest in {month(days[at], at + 1)}, at {percent(values[at])}"


def laws(rows: pl.DataFrame, *, dark: bool = False) -> Chart:
    """How far each law's number is from ours, in standard errors; `rows` as dashboard.validation.frame."""
    colours = palette(dark)
    drawn = rows.with_columns(case=pl.col("shocks") + ", " + pl.col("steps"))
    traces = [
        {
            "type": "scatter", "mode": "markers", "name": case, "x": part["z"].to_list(),
            "y": part["law"].to_list(), "hovertemplate": "%{x:.2f} standard errors",
            "marker": {"size": 10, "symbol": symbol, "color": colour},
        }
        for (case, part), symbol, colour in zip(
            ((str(name), part) for (name,), part in drawn.group_by("case", maintain_order=True)),
            ("circle", "square", "diamond", "x"),
            (colours.main, colours.second, colours.green, colours.purple),
            strict=False,
        )
    ]  # fmt: skip
    far = max(rows["z"].abs().to_list(), default=0.0)
    within = rows.filter(pl.col("z").abs() <= 2).height
    notice = (
        f"{within} of {rows.height} are within two standard errors and the furthest {far:.1f} away; by "
        f"chance about one in twenty would be further than two, and beyond {LARGEST_Z:g} counts as off."
    )
    title = "How far the engine is from what is known exactly"
    edge = max(LARGEST_Z, far) * 1.1
    layout = {
        "xaxis": value_axis("standard errors from the exact law", colours, range=[-edge, edge]),
        "yaxis": {"automargin": True, "tickfont": {"size": 10}, "gridcolor": colours.grid},
        "shapes": [
            {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at,
             "line": {"color": colours.text, "width": 1, "dash": "dot"}}
            for at in (-LARGEST_Z, LARGEST_Z)
        ],
        "hovermode": "closest",
    }  # fmt: skip
    units = {"z": "standard errors", "expected": "as the law", "ours": "as the law"}
    return Chart("validation", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=380), rows, units)  # fmt: skip
