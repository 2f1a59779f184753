"""The chart of an investor's question: at which revenue the burn covers release and unlocks, by month."""

import polars as pl

from dashboard.charts.figures import Chart, date_axis, figure, iso, line, palette, value_axis
from dashboard.words.formats import month, usd

UNITS = {
    "month": "run month", "date": "month's end", "own_usd": "USD a month", "servable_usd": "USD a month",
    "burn_revenue_usd": "USD a month", "circulating_revenue_usd": "USD a month",
}  # fmt: skip


def break_even(by_month: pl.DataFrame, *, dark: bool = False) -> Chart:
    """`by_month`: of questions.investing.Issuance. Each month is taken alone, as the run enters it."""
    colours, frame = palette(dark), by_month.select(*UNITS)
    if frame["circulating_revenue_usd"].round().equals(frame["burn_revenue_usd"].round(), null_equal=True):
        frame = frame.drop("circulating_revenue_usd")  # one line is enough for both ways to count
    looks = {
        "burn_revenue_usd": ("burn covers release and unlocks", colours.second, "solid"),
        "circulating_revenue_usd": ("circulating supply stands still", colours.green, "dot"),
        "own_usd": ("revenue of the run", colours.main, "solid"),
        "servable_usd": ("most that supply can sell", colours.grey, "dash"),
    }
    x = iso(frame["date"])
    traces = [
        line(x, (frame[name] / 1e6).to_numpy(), title, colour, dash=dash, width=2.5,
             hovertemplate="$%{y:,.2f}M", connectgaps=False)
        for name, (title, colour, dash) in looks.items()
        if name in frame.columns and frame[name].null_count() < frame.height
    ]  # fmt: skip
    layout = {
        "xaxis": date_axis(colours),
        "yaxis": value_axis("million USD a month", colours, rangemode="tozero"),
    }
    title = "Revenue at which the burn covers what comes to market, month by month"
    notice = _words(frame)
    return Chart(
        "break-even-revenue", title, notice, f"{title}: {notice}",
        figure(traces, layout, dark=dark, height=340), frame, {c: UNITS[c] for c in frame.columns},
    )  # fmt: skip


def _words(frame: pl.DataFrame) -> str:
    known = frame.drop_nulls("burn_revenue_usd")
    if known.is_empty():
        return f"In none of the {frame.height} months is there a revenue at which it does."
    highest = known.row(int(known["burn_revenue_usd"].arg_max() or 0), named=True)
    last = known.row(-1, named=True)
    reached = known.filter(pl.col("own_usd") >= pl.col("burn_revenue_usd")).height
    never = frame.height - known.height
    words = (
        f"At most {usd(highest['burn_revenue_usd'])}, in {month(highest['date'], highest['month'])}; "
        f"{usd(last['burn_revenue_usd'])} in {month(last['date'], last['month'])}. The run's own revenue "
        f"reaches it in {reached} of {frame.height} months"
    )
    return f"{words}; in {never} no revenue does." if never else f"{words}."
