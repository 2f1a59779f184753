"""The charts of the Suppliers page. See dashboard/charts/overview.py for how a page shows a Chart."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from dashboard.charts.figures import Chart, date_axis, faint, figure, iso, line, palette, value_axis
from dashboard.words.formats import month, percent, usd
from models.readers.fleet_income import WAYS

INCOME = "Income a month after electricity and fees, and what it would be under the old schedule"
INCOME_HEIGHT = 380
PAYBACK = "Chance that the machines are paid back by then"
PAYBACK_HEIGHT = 340


def income(by_month: pl.DataFrame, way: str, dates: Sequence[date], *, dark: bool = False) -> Chart:
    """Net income a month as a fan, one way of reckoning beside the old schedule on the same futures.

    `by_month` as models.readers.suppliers.Answer has it; `dates` are the months' ends."""
    colours = palette(dark)
    frame = _dated(by_month.filter(pl.col("way").is_in([way, "legacy"])), dates)
    own, old = frame.filter(way=way), frame.filter(way="legacy")
    x = iso(own["date"])
    number = "$%{y:,.0f}"
    traces: list[dict[str, Any]] = [
        line(x, old["p95"].to_numpy(), "old schedule, 5 to 95 %", colours.second, dash="dot", width=1.5,
             hovertemplate=number, legendgroup="old"),
        line(x, old["p5"].to_numpy(), "old schedule, 5 %", colours.second, dash="dot", width=1.5,
             hovertemplate=number, legendgroup="old", showlegend=False),
        line(x, own["p95"].to_numpy(), "engine, 95 %", colours.main, width=0, hovertemplate=number,
             showlegend=False),
        line(x, own["p5"].to_numpy(), "engine, 5 to 95 %", colours.main, width=0, fill="tonexty",
             fillcolor=faint(colours.main, 0.18), hovertemplate=number),
        line(x, own["p75"].to_numpy(), "engine, 75 %", colours.main, width=0, hoverinfo="skip",
             showlegend=False),
        line(x, own["p25"].to_numpy(), "engine, middle half", colours.main, width=0, fill="tonexty",
             fillcolor=faint(colours.main, 0.3), hoverinfo="skip"),
        line(x, own["p50"].to_numpy(), "engine, middle", colours.main, width=3, hovertemplate=number,
             customdata=own["month"].to_numpy()),
        line(x, old["p50"].to_numpy(), "old schedule, middle", colours.second, dash="dash", width=2.5,
             hovertemplate=number),
    ]  # fmt: skip
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis(
            "USD a month", colours, tickformat="$~s", zeroline=True, zerolinecolor=colours.text
        ),
    }
    title = INCOME
    notice = _income_words(own, old)
    units = {"way": "", "month": "run month", "date": "month's end"}
    shares = dict.fromkeys(("negative", "paid_back", "paid_back_low", "paid_back_high"), "share of futures")
    return Chart(
        f"supplier-income-{way}", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=INCOME_HEIGHT), frame,
        units | shares | {c: "USD a month" for c in frame.columns if c not in units | shares},
    )  # fmt: skip


def _income_words(own: pl.DataFrame, old: pl.DataFrame) -> str:
    first, last = own.row(0, named=True), own.row(-1, named=True)
    when = month(last["date"], last["month"])
    words = f"From {usd(first['p50'])} in {month(first['date'], 1)} to {usd(last['p50'])} in {when}"
    if last["p5"] < last["p50"]:
        words += f"; one future in twenty is then below {usd(last['p5'])}"
    then = old.row(-1, named=True)
    losing = f"; {percent(last['negative'])} of futures then lose money" if last["negative"] > 0 else ""
    return f"{words}{losing}. Under the old schedule {usd(then['p50'])}, between {usd(then['p5'])} and " + (
        f"{usd(then['p95'])} in nine of ten."
    )


def payback(by_month: pl.DataFrame, dates: Sequence[date], *, dark: bool = False) -> Chart:
    """The chance that the machines are paid back by each month, for every way of reckoning income."""
    colours = palette(dark)
    frame = _dated(by_month, dates).select(
        "way", "month", "date", "paid_back", "paid_back_low", "paid_back_high"
    )
    looks = {"multiplier": (colours.main, "solid"), "roi": (colours.green, "dashdot"),
             "legacy": (colours.second, "dash")}  # fmt: skip
    x = iso(frame.filter(way="legacy")["date"])
    traces = [
        line(x, frame.filter(way=way)["paid_back"].to_numpy(), WAYS[way], colour, dash=dash, width=2.5,
             hovertemplate="%{y:.1%}", shape="hv")
        for way, (colour, dash) in looks.items()
    ]  # fmt: skip
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis("chance", colours, tickformat=".0%", range=[-0.02, 1.06]),
    }
    title = PAYBACK
    notice = _payback_words(frame)
    units = {"way": "", "month": "run month", "date": "month's end"}
    return Chart(
        "supplier-payback", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=PAYBACK_HEIGHT), frame,
        units | {c: "share of futures" for c in frame.columns if c not in units},
    )  # fmt: skip


def _payback_words(frame: pl.DataFrame) -> str:
    words = []
    for way, name in WAYS.items():
        curve = frame.filter(way=way)
        half = curve.filter(pl.col("paid_back") >= 0.5)
        end = curve.row(-1, named=True)
        if half.is_empty():
            words.append(f"{name}: {percent(end['paid_back'])} by {month(end['date'], end['month'])}")
        else:
            words.append(f"{name}: even chances by {month(half['date'][0], half['month'][0])}")
    return f"{'; '.join(words)}."


def _dated(by_month: pl.DataFrame, dates: Sequence[date]) -> pl.DataFrame:
    calendar = pl.DataFrame({"month": range(1, len(dates) + 1), "date": dates})
    return by_month.join(calendar, on="month", how="left", maintain_order="left")
