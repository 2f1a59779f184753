"""Charts of how well the shocks were fitted and what such fits would have foretold, good and bad."""

import math
from statistics import NormalDist
from typing import Any

import polars as pl

from dashboard.charts.figures import Chart, Palette, figure, label, line, palette, value_axis
from dashboard.words.calibration_words import GAIN
from dashboard.words.formats import listing, percent

NORMAL = NormalDist()
SYMBOLS = ("circle", "diamond")
SCORES = {
    **dict.fromkeys(("token", "law", "score", "origins", "stretches"), ""),
    **dict.fromkeys(("target", "value", "low", "high"), "share"),
    "horizon_months": "months",
    "fails": "flag",
}


def residuals(quantiles: pl.DataFrame, days: int, *, dark: bool = False) -> Chart:
    """Quantiles of the fit's normal scores against the normal's, with where 95 % of each would lie if the law
    were right. `quantiles`: level, score; `days` is how many scores there are."""
    colours = palette(dark)
    normal = [NORMAL.inv_cdf(p) for p in quantiles["level"]]
    # the spread of a sample's quantile, at each level alone
    error = [
        1.96 * math.sqrt(p * (1 - p) / days) / NORMAL.pdf(z)
        for p, z in zip(quantiles["level"], normal, strict=True)
    ]
    frame = quantiles.with_columns(
        pl.Series("normal", normal),
        low=pl.Series([z - e for z, e in zip(normal, error, strict=True)]),
        high=pl.Series([z + e for z, e in zip(normal, error, strict=True)]),
    ).with_columns(outside=~pl.col("score").is_between("low", "high"))
    x = frame["normal"].to_list()
    traces = [
        line(x, frame["high"].to_list(), "", colours.grey, width=0, showlegend=False, hoverinfo="skip"),
        line(x, frame["low"].to_list(), "95 % if the law is right", colours.grey, width=0, fill="tonexty",
             fillcolor=colours.grid, hoverinfo="skip"),
        line(x, x, "the law", colours.text, dash="dot", width=1, hoverinfo="skip"),
        _points(x, frame["score"].to_list(), "residuals", colours.main, SYMBOLS[0]),
    ]  # fmt: skip
    out = frame["outside"].sum()
    notice = (
        f"{frame.height - out} of {frame.height} quantiles of {days} days' residuals lie where they "
        "would if the law were right; the law was fitted to these days, so this is no proof."
    )
    title = "Residuals of the fit against what the law expects"
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis("quantile of the normal", colours),
        "yaxis": value_axis("quantile of the residuals", colours),
    }
    units = {"level": "share", "score": "", "normal": "", "low": "", "high": "", "outside": "flag"}
    return Chart("fit-residuals", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=340), frame, units)  # fmt: skip


def coverage(scores: pl.DataFrame, band: int, months: int, *, dark: bool = False) -> Chart:
    """Share of outcomes inside the central `band` (50, 90, 98 %) by token, for both laws, with 95 % intervals
    where there are any. `scores`: token and the columns of hindcast_scores.scores."""
    colours, target = palette(dark), band / 100
    frame = scores.filter(score=f"coverage_{band}", horizon_months=months)
    traces = _by_law(frame, colours.main, colours.second)
    layout = {
        "hovermode": "closest",
        "yaxis": _tokens(frame, colours),
        "xaxis": value_axis("of what came", colours, tickformat=".0%", range=[-0.02, 1.04]),
        "shapes": [_mark(target, colours.text)],
    }
    title = f"What the {band} % band held, {_horizon(months)} ahead"
    notice = _coverage_words(frame, target)
    return Chart(
        f"hindcast-coverage-{band}-{months}", title, notice, f"{title}, by token: {notice}",
        figure(traces, layout, dark=dark, height=_height(frame)), frame, SCORES,
    )  # fmt: skip


def gain(scores: pl.DataFrame, months: int, *, dark: bool = False) -> Chart:
    """How much lower the CRPS of the fitted law is than that of its rival, by token, with 95 % intervals."""
    colours = palette(dark)
    frame = scores.filter(pl.col("law") == scores["law"][0], score=GAIN, horizon_months=months)
    traces = _by_law(frame, colours.main, colours.second)
    layout = {
        "hovermode": "closest",
        "yaxis": _tokens(frame, colours),
        "xaxis": value_axis("lower CRPS (right is better)", colours, tickformat=".0%"),
        "shapes": [_mark(0.0, colours.text)],
    }
    rival = scores.filter(pl.col("law") != scores["law"][0])["law"]
    title = f"Was the fit better than {rival[0] if len(rival) else 'its rival'}, {_horizon(months)} ahead?"
    notice = _gain_words(frame)
    return Chart(
        f"hindcast-gain-{months}", title, notice, f"{title} {notice}",
        figure(traces, layout, dark=dark, height=_height(frame)), frame, SCORES,
    )  # fmt: skip


def tenths(pit: pl.DataFrame, token: str, months: int, *, dark: bool = False) -> Chart:
    """Share of outcomes by tenth of what was foretold, for both laws; level where a law is right. `pit`:
    token and the columns of hindcast_scores.pit_histogram."""
    colours = palette(dark)
    frame = pit.filter(token=token, horizon_months=months).sort("law", "low", descending=[True, False])
    traces: list[dict[str, Any]] = []
    tints = (colours.main, colours.second)
    for i, ((law,), part) in enumerate(frame.group_by("law", maintain_order=True)):
        names = [str(k + 1) for k in range(part.height)]
        traces.append(
            {"type": "bar", "x": names, "y": part["share"].to_list(), "name": label(str(law)),
             "marker": {"color": tints[i % 2], "pattern": {"shape": "/" if i else ""}},
             "hovertemplate": "%{y:.1%}"}
        )  # fmt: skip
    layout = {
        "bargap": 0.25,
        "xaxis": value_axis("tenth of the forecast, from the lowest", colours, type="category"),
        "yaxis": value_axis("of what came", colours, tickformat=".0%", rangemode="tozero"),
        "shapes": [
            {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0.1, "y1": 0.1,
             "line": {"color": colours.text, "width": 1, "dash": "dot"}}
        ],
    }  # fmt: skip
    first = frame.filter(pl.col("law") == frame["law"][0])["share"].to_list()
    low, high = sum(first[:5]), sum(first[5:])
    lean = "in the lower half" if low >= high else "in the upper half"
    notice = (
        f"{percent(max(low, high), 0)} of what came fell {lean} of the forecast ({frame['law'][0]}); "
        "10 % in each tenth would be right."
    )
    title = f"Where in the forecast what came fell: {token}, {_horizon(months)} ahead"
    units = {"token": "", "law": "", "horizon_months": "months", "low": "share of the forecast",
             "high": "share of the forecast", "share": "share", "expected": "share"}  # fmt: skip
    return Chart(f"hindcast-tenths-{months}", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=300), frame, units)  # fmt: skip


def _by_law(frame: pl.DataFrame, first: str, second: str) -> list[dict[str, Any]]:
    """Dots with intervals, a row a token, the laws one under the other; hollow where there is no interval."""
    rows = {token: at for at, token in enumerate(frame["token"].unique(maintain_order=True))}
    laws = frame["law"].unique(maintain_order=True).to_list()
    traces = []
    for i, law in enumerate(laws):
        part = frame.filter(law=law)
        apart = 0.28 * (i - (len(laws) - 1) / 2)
        at = [rows[token] + apart for token in part["token"]]
        dot = _points(part["value"].to_list(), at, law, (first, second)[i % 2], SYMBOLS[i % 2])
        told = part["low"].is_not_null()
        dot["marker"]["symbol"] = [SYMBOLS[i % 2] + ("" if known else "-open") for known in told]
        dot["error_x"] = {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 0,
            "array": (part["high"] - part["value"]).fill_null(0.0).to_list(),
            "arrayminus": (part["value"] - part["low"]).fill_null(0.0).to_list(),
        }  # fmt: skip
        dot["customdata"] = [
            label(f"{token}: {n} forecasts, {s:.1f} horizons side by side")
            for token, n, s in part.select("token", "origins", "stretches").iter_rows()
        ]
        dot["hovertemplate"] = "%{x:.1%}, %{customdata}"
        traces.append(dot)
    return traces


def _tokens(frame: pl.DataFrame, colours: Palette) -> dict[str, Any]:
    """The axis with a row for each token, the first on top."""
    tokens = frame["token"].unique(maintain_order=True).to_list()
    return value_axis(
        "token", colours, tickvals=[*range(len(tokens))], ticktext=[label(t) for t in tokens],
        range=[len(tokens) - 0.5, -0.5], zeroline=False,
    )  # fmt: skip


def _points(x: list[Any], y: list[Any], name: str, colour: str, symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "x": x, "y": y, "name": label(name),
        "marker": {"color": colour, "size": 9, "symbol": symbol},
    }  # fmt: skip


def _mark(at: float, colour: str) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
        "line": {"color": colour, "width": 1, "dash": "dot"},
    }  # fmt: skip


def _height(frame: pl.DataFrame) -> int:
    return 130 + 32 * frame["token"].n_unique()


def _horizon(months: int) -> str:
    return "1 month" if months == 1 else f"{months} months"


def _coverage_words(frame: pl.DataFrame, target: float) -> str:
    told = frame.drop_nulls("low")
    if told.is_empty():
        return "No history is long enough to tell: every dot is hollow and decides nothing."
    failed = [
        f"{law} on {token} ({percent(value, 0)}, too {'wide' if value > target else 'narrow'})"
        for law, token, value in told.filter("fails").select("law", "token", "value").iter_rows()
    ]
    words = f"Fails for {listing(failed)}" if failed else "No interval excludes what it should be"
    wide = told.select((pl.col("high") - pl.col("low")).median()).item()
    words += f"; but half of the intervals are {100 * wide:.0f} points wide or more, so little is told."
    return f"{words} {_hollow(frame)}".strip()


def _gain_words(frame: pl.DataFrame) -> str:
    told = frame.drop_nulls("low")
    if told.is_empty():
        return "No history is long enough to tell: every dot is hollow and decides nothing."
    better = told.filter(pl.col("low") > 0)["token"].to_list()
    worse = told.filter(pl.col("high") < 0)["token"].to_list()
    rest = told.height - len(better) - len(worse)
    named = {"better": better, "worse": worse}
    parts = [f"{how} on {listing(tokens)}" for how, tokens in named.items() if tokens]
    if rest:
        parts.append(f"no different within the error on {rest} of {told.height}")
    words = listing(parts)
    return f"{words[0].upper()}{words[1:]}. {_hollow(frame)}".strip()


def _hollow(frame: pl.DataFrame) -> str:
    count = frame.filter(pl.col("low").is_null())["token"].unique(maintain_order=True).to_list()
    return f"Hollow dots have no interval and decide nothing: {listing(count)}." if count else ""
