"""Charts of the network's record: machines as they were counted, and what a GPU-hour costs where."""

from typing import Any

import polars as pl

from dashboard.charts.figures import Chart, date_axis, figure, iso, label, palette, value_axis
from dashboard.words.formats import listing, month, usd
from data.fact import first_day

# Counts that somebody checked, against those that somebody only stated.
CHECKED = ("verified", "cluster-ready", "active")
PLURAL = {"hyperscaler": "hyperscalers", "long tail": "the long tail"}


def gpus(counts: pl.DataFrame, *, dark: bool = False) -> Chart:
    """GPUs by date on a log scale: stated ones as diamonds, checked ones as circles. `counts` has date (an
    ISO year, month or day), counted, gpus, what, kind and source."""
    colours = palette(dark)
    frame = counts.with_columns(
        date=pl.Series([first_day(text) for text in counts["date"]], dtype=pl.Date),
        checked=pl.col("counted").is_in(CHECKED),
    ).sort("date")
    symbols = {True: ("circle", "circle-open", "square"), False: ("diamond", "diamond-open", "triangle-up")}
    traces: list[dict[str, Any]] = []
    for checked in (False, True):
        group = frame.filter(pl.col("checked") == checked)
        for i, ((name,), part) in enumerate(group.group_by("counted", maintain_order=True)):
            colour = colours.main if checked else colours.second
            traces.append(
                {"type": "scatter", "mode": "lines+markers+text", "x": iso(part["date"]),
                 "y": part["gpus"].to_numpy(), "name": label(str(name)),
                 "text": _ends_labelled(part["gpus"].to_list()),
                 "textposition": "bottom center" if i == 1 else "top center", "textfont": {"size": 11},
                 "customdata": [label(f"{w}; {s}") for w, s in part.select("what", "source").iter_rows()],
                 "hovertemplate": "%{y:,}: %{customdata}<extra></extra>", "cliponaxis": False,
                 "line": {"color": colour, "width": 1.5, "dash": "solid" if checked else "dash"},
                 "marker": {"color": colour, "size": 10, "symbol": symbols[checked][i % 3]}}
            )  # fmt: skip
    layout = {
        "hovermode": "closest",
        "margin": {"l": 8, "r": 24, "t": 24, "b": 8},
        "xaxis": date_axis(colours),
        "yaxis": value_axis("GPUs, log scale", colours, type="log", dtick=1, tickformat="~s"),
    }
    title, notice = "GPUs: stated against checked", _gpu_words(frame)
    return Chart(
        "gpus", title, notice, f"{title}, on a log scale: {notice}",
        figure(traces, layout, dark=dark, height=400), frame,
        {"date": "first day of what is known", "gpus": "GPUs", "checked": "flag", **dict.fromkeys(
            ("counted", "what", "kind", "source"), "")},
    )  # fmt: skip


def _ends_labelled(counts: list[int]) -> list[str]:
    """The first and the last count as text: those between would run into each other on a phone."""
    ends = (0, len(counts) - 1)
    return [f"{count:,}" if at in ends else "" for at, count in enumerate(counts)]


def _gpu_words(frame: pl.DataFrame) -> str:
    stated, checked = frame.filter(~pl.col("checked")), frame.filter("checked")
    if stated.is_empty() or checked.is_empty():
        return "There is nothing to compare: one of the two is missing."
    first, last = (checked.row(at, named=True) for at in (0, -1))
    claims = [f"{r['gpus']:,} {r['counted']}" for r in stated.sort("gpus", descending=True).to_dicts()]
    return (
        f"{last['gpus']:,} {last['counted']} in {month(last['date'])}, after {first['gpus']:,} "
        f"{first['counted']} in {month(first['date'])}; against {listing(claims)}. "
        "They do not count the same thing."
    )


def gpu_hours(prices: pl.DataFrame, *, dark: bool = False) -> Chart:
    """Lowest to highest price of a GPU-hour by model and provider. `prices` has model, provider, low, high
    (USD), date, kind, source and remark."""
    colours = palette(dark)
    tints = {"io.net": colours.main, "hyperscaler": colours.second, "long tail": colours.green}
    symbols = {"io.net": "circle", "hyperscaler": "diamond", "long tail": "square"}
    frame = prices.with_columns(
        row=pl.format("{}, {}, {}", "model", "provider", "date")
    ).sort("model", "provider", "date", "high", descending=[True, True, True, False])  # fmt: skip
    # two sources may give the same model, provider and date
    seen: dict[str, int] = {}
    rows = []
    for name in frame["row"]:
        seen[name] = seen.get(name, 0) + 1
        rows.append(name + "\N{ZERO WIDTH SPACE}" * (seen[name] - 1))
    frame = frame.with_columns(row=pl.Series(rows))
    traces: list[dict[str, Any]] = []
    for (name,), part in frame.group_by("provider", maintain_order=True):
        x, y, about = [], [], []
        for r in part.iter_rows(named=True):
            x += [r["low"], r["high"], None]
            y += [label(r["row"])] * 3
            about += [label("; ".join(filter(None, (r["remark"], r["source"]))))] * 3
        colour = tints.get(str(name), colours.grey)
        traces.append(
            {"type": "scatter", "mode": "lines+markers", "x": x, "y": y, "name": label(str(name)),
             "customdata": about, "hovertemplate": "$%{x:.2f}: %{customdata}<extra>%{y}</extra>",
             "line": {"color": colour, "width": 6}, "connectgaps": False,
             "marker": {"color": colour, "size": 11, "symbol": symbols.get(str(name), "triangle-up")}}
        )  # fmt: skip
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis("USD a GPU-hour", colours, tickformat="$.2f", rangemode="tozero"),
        "yaxis": {
            "automargin": True, "gridcolor": colours.grid, "tickfont": {"size": 11},
            "categoryorder": "array", "categoryarray": [label(r) for r in frame["row"]],
        },
    }  # fmt: skip
    title, notice = "What a GPU-hour costs", _price_words(frame)
    return Chart(
        "gpu-hours", title, notice, f"{title}, lowest to highest by model and provider: {notice}",
        figure(traces, layout, dark=dark, height=420), frame.drop("row"),
        {"low": "USD", "high": "USD",
         **dict.fromkeys(("model", "provider", "date", "kind", "source", "remark"), "")},
    )  # fmt: skip


def _price_words(frame: pl.DataFrame) -> str:
    """The model that most providers offer, provider by provider."""
    offers = frame.group_by("model").agg(n=pl.col("provider").n_unique()).sort("n", "model")
    model = offers["model"][-1]
    parts = []
    for (name,), part in frame.filter(model=model).sort("low").group_by("provider", maintain_order=True):
        low, high = float(min(part["low"])), float(max(part["high"]))
        span = usd(low) if low == high else f"{usd(low)} to {usd(high)}"
        parts.append(f"{span} at {PLURAL.get(str(name), name)}")
    return f"An hour of {model}: {listing(parts)}; where sources differ, all of what they say."
