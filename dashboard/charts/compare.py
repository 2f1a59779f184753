"""The charts of Compare: scenarios beside each other, at one scale."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from dashboard.charts import stress as charts_stress
from dashboard.charts.figures import Chart, date_axis, figure, label, line, palette, value_axis
from dashboard.charts.stress import CHANCE
from dashboard.questions.comparisons import Compared
from dashboard.words.formats import month
from dashboard.words.stress_words import FANS

DASHES = ("solid", "dash", "dot", "dashdot")
NEED_VAULT = ("V", "runway")


def chance_by_month(found: Compared, days: Sequence[date], *, dark: bool = False) -> Chart:
    """The chance that a shortfall has come by each month, a line a scenario; the differences from the first
    with their errors are in the data."""
    colours, x = palette(dark), [day.isoformat() for day in days]
    frame = found.by_month.join(
        pl.DataFrame({"month": range(1, len(days) + 1), "date": days}), on="month"
    ).select("date", *found.by_month.columns)
    shades = (colours.main, colours.second, colours.green, colours.purple)
    traces = []
    for k, column in enumerate(found.question.columns, 1):
        own = frame.filter(column=k)
        traces.append(
            line(x, own["p_shortfall"].to_list(), label(column.title), shades[k - 1], dash=DASHES[k - 1],
                 width=3 if k == 1 else 2.5, hovertemplate="%{y:.1%}")
        )  # fmt: skip
    title = "Chance that the vaults have run short, by month"
    notice = _widest(found, frame, days)
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis(CHANCE, colours, tickformat=".0%", range=[0, 1.02]),
    }
    share = dict.fromkeys(("p_shortfall", "error", "less_first", "less_first_error"), CHANCE)
    return Chart(
        "compared-chance", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=340), frame,
        {"date": "month's end", "month": "run month", "column": "", "scenario": "", **share},
    )  # fmt: skip


def _widest(found: Compared, frame: pl.DataFrame, days: Sequence[date]) -> str:
    """Where the scenarios lie furthest from the first, in words."""
    apart = frame.filter(pl.col("column") > 1).sort(pl.col("less_first").abs(), descending=True)
    row = apart.row(0, named=True)
    size, error = abs(row["less_first"]), row["less_first_error"]
    if size == 0:
        return "The chances are the same in every month."
    way = "below" if row["less_first"] < 0 else "above"
    first = found.question.columns[0].title
    return (
        f"{row['scenario']} is furthest from {first} in {month(days[row['month'] - 1], row['month'])}: "
        f"{size * 100:.1f} points {way} it (± {error * 100:.2f})."
    )


def has_fan(name: str, rule: str) -> bool:
    """Whether there is such a quantity under a rule: the old schedule has no vaults."""
    return rule == "ide" or name not in NEED_VAULT


def fans(
    name: str,
    quantiles: Sequence[tuple[str, pl.DataFrame]],
    days: Sequence[date],
    *,
    dark: bool = False,
) -> list[Chart]:
    """The same fan of several scenarios (title, models.stress.report.quantiles), all at one scale."""
    made = [charts_stress.fan(name, frame, days, dark=dark) for _, frame in quantiles]
    scale = 1e6 if FANS[name].unit == "IO" else 1.0
    tops, lows = [], []
    for chart in made:
        values = chart.frame.select(pl.col("^p[0-9]+$")).to_numpy().ravel() / scale
        finite = [v for v in values.tolist() if v == v]  # not NaN: a runway without end has none
        tops.append(max(finite, default=1.0))
        lows.append(min(finite, default=0.0))
    top, low = max(tops), min(0.0, *lows)
    out = []
    for k, (chart, (title, _)) in enumerate(zip(made, quantiles, strict=True), 1):
        chart.drawing["layout"]["yaxis"]["range"] = [low, (top or 1.0) * 1.03]
        heading = f"{title}: {FANS[name].title.lower()}"
        out.append(
            replace(
                chart, name=f"compared-{chart.name}-{k}", title=heading, alt=f"{heading}: {chart.subtitle}"
            )
        )
    return out
