"""Charts of the policy lab and of the networks' rules: tables go in, figures and words come out."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import inputs
from dashboard.charts.figures import LEGEND, Chart, Palette, faint, figure, label, line, palette, value_axis
from dashboard.words import formats
from dashboard.words import policy_words as words
from dashboard.words.formats import percent
from dashboard.words.risk_words import FRONTIER_EVENTS
from dashboard.words.stress_words import chance
from models.mechanism_paths import REFERENCE
from models.policy import DOMINATED, EFFICIENT, EVENTS, QUANTITIES, UNCLEAR, pays_less, unbeaten
from models.stress.summary import NORMAL_95

SCALE = 1e6
FOLD = 46  # characters of a line of a hover


def frontier(
    table: pl.DataFrame,
    figures: Mapping[str, Any],
    event: str,
    mine: int | None,
    *,
    dark: bool = False,
) -> Chart:
    """What policies burn against the chance of the event: the efficient ones joined, and apart from them the
    best of all that pay no less than today's. `table` and `figures` are a Found's; `mine`: the number of the
    policy that the scenario has, where it is not today's."""
    colours, risk = palette(dark), EVENTS[event]
    today = table.row(0, named=True)
    verdict = pl.col(f"verdict_{event}")
    rest = pl.col("number") != 0
    efficient = table.filter(verdict == EFFICIENT).sort("burned", risk)
    fair = unbeaten(table.filter(~pays_less()), event)
    traces = [
        _points(table.filter(verdict == DOMINATED, rest), today, figures, risk, "dominated", "circle",
                faint(colours.grey, 0.4), 7),
        _points(table.filter(verdict == UNCLEAR, rest), today, figures, risk, "not told apart", "diamond",
                colours.yellow, 8),
        line((efficient["burned"] / SCALE).to_list(), efficient[risk].to_list(), "efficient frontier",
             colours.main, width=2, shape="hv", hoverinfo="skip"),
        line((fair["burned"] / SCALE).to_list(), fair[risk].to_list(), "frontier at no less pay",
             colours.green, dash="dash", width=2, shape="hv", hoverinfo="skip"),
        {**_points(efficient.filter(rest), today, figures, risk, "efficient (bars: 95 %)", "circle",
                   colours.main, 9),
         "error_x": _errors(efficient.filter(rest)["burned_error"] / SCALE, colours),
         "error_y": _errors(efficient.filter(rest)[f"{risk}_error"], colours)},
        _named(today, today, figures, risk, "today's policy", "star", colours.second),
    ]  # fmt: skip
    if mine:
        row = table.row(mine, named=True)
        traces.append(_named(row, today, figures, risk, "yours", "cross", colours.purple))
    said = FRONTIER_EVENTS[event]
    title = f"What each policy burns, and the chance of {said}"
    notice = f"{words.frontier_notice(table, event)} Those, and others that do, are drawn hollow."
    layout = {
        "hovermode": "closest",
        "xaxis": value_axis(
            f"burned in {formats.months(figures['months'])}, mean, million IO", colours, rangemode="tozero"
        ),
        "yaxis": value_axis(f"chance of {said}", colours, tickformat=".0%", range=[-0.03, _top(table[risk])]),
        "legend": LEGEND | {"y": -0.2},
        "margin": {"l": 8, "r": 24, "t": 16, "b": 8},
    }
    levers = list(figures["levers"])
    frame = table.select(
        "number", "kind", f"verdict_{event}", f"beaten_by_{event}",
        *(f"{name}{end}" for name in QUANTITIES for end in ("", "_error", "_less", "_less_error")), *levers,
    )  # fmt: skip
    units = dict.fromkeys(frame.columns, "") | {
        f"{name}{end}": q.unit
        for name, q in QUANTITIES.items()
        for end in ("", "_error", "_less", "_less_error")
    }
    units |= {name: inputs.unit(name) for name in levers}
    return Chart(f"policy-{event}", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=460), frame, units)  # fmt: skip


def _top(chances: pl.Series) -> float:
    most: Any = chances.max()
    return min(1.03, 1.12 * float(most) + 0.03)


def _points(
    rows: pl.DataFrame,
    today: Mapping[str, Any],
    figures: Mapping[str, Any],
    risk: str,
    name: str,
    symbol: str,
    colour: str,
    size: int,
) -> dict[str, Any]:
    hollow = rows.select(pays_less().alias("less"))["less"].to_list()
    return {
        "type": "scatter", "mode": "markers", "name": name,
        "x": (rows["burned"] / SCALE).to_list(), "y": rows[risk].to_list(),
        "marker": {
            "symbol": [f"{symbol}-open" if less else symbol for less in hollow], "size": size,
            "color": colour, "line": {"width": 1.5, "color": colour},
        },
        "customdata": [_hover(row, today, figures) for row in rows.iter_rows(named=True)],
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _errors(errors: pl.Series, colours: Palette) -> dict[str, Any]:
    return {"type": "data", "array": (errors * NORMAL_95).to_list(), "thickness": 1, "width": 0,
            "color": colours.main}  # fmt: skip


def _named(
    row: Mapping[str, Any],
    today: Mapping[str, Any],
    figures: Mapping[str, Any],
    risk: str,
    name: str,
    symbol: str,
    colour: str,
) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [row["burned"] / SCALE], "y": [row[risk]],
        "marker": {"symbol": symbol, "size": 14, "color": colour},
        "customdata": [_hover(row, today, figures)], "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _hover(row: Mapping[str, Any], today: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    lines = [
        f"<b>{words.name_of(row)}</b>",
        f"burned {formats.io(row['burned'])} {words.plus_minus(formats.io(row['burned_error']))}",
        f"shortfall {chance(row['p_shortfall'])} "
        + words.plus_minus(f"{row['p_shortfall_error'] * 100:.2f} points"),
        f"underpaid {chance(row['p_underpaid'])}, lowest pay {percent(row['lowest_pay'])}",
    ]
    rest = words.settings(row, today, figures["levers"])
    while len(rest) > FOLD and " " in rest[:FOLD]:
        cut = rest.rindex(" ", 0, FOLD)
        lines.append(label(rest[:cut]))
        rest = rest[cut + 1 :]
    return "<br>".join([*lines, label(rest)])


def mechanisms(
    totals: pl.DataFrame, quantity: str, figures: Mapping[str, Any], *, dark: bool = False
) -> Chart:
    """One quantity under every rule: the middle nine tenths of the futures, the median and the mean."""
    colours = palette(dark)
    frame = totals.filter(quantity=quantity)
    share = quantity == "dilution"
    scale = 1.0 if share else SCALE
    rows = frame.reverse()  # the first on top
    names = [label(title) for title in rows["title"].to_list()]
    own = [m == REFERENCE for m in rows["mechanism"].to_list()]
    tints = [colours.second if mine else colours.main for mine in own]
    told = [
        f"5 % to 95 %: {words.amount(quantity, row['p5'])} to {words.amount(quantity, row['p95'])}<br>median "
        f"{words.amount(quantity, row['median'])}<br>mean "
        f"{words.with_error(quantity, row['mean'], row['error'])}"
        for row in rows.iter_rows(named=True)
    ]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar", "orientation": "h", "y": names, "name": "5 % to 95 % of the futures",
            "x": ((rows["p95"] - rows["p5"]) / scale).to_list(), "base": (rows["p5"] / scale).to_list(),
            "marker": {"color": [faint(tint, 0.45) for tint in tints]}, "customdata": told,
            "hovertemplate": "%{customdata}",
        },
        *(
            {
                "type": "scatter", "mode": "markers", "y": names, "x": (rows[what] / scale).to_list(),
                "name": what, "marker": {"symbol": symbol, "size": 10, "color": colours.text},
                "hoverinfo": "skip",
            }
            for what, symbol in (("median", "line-ns-open"), ("mean", "diamond"))
        ),
    ]  # fmt: skip
    title = f"{words.QUANTITIES[quantity]} by rule, over {formats.months(figures['months'])}"
    notice = words.mechanism_notice(frame, quantity)
    unit = "%" if share else "USD" if quantity in words.IN_USD else "IO"
    layout = {
        "hovermode": "closest", "bargap": 0.45, "barmode": "overlay",
        "xaxis": value_axis("share" if share else f"million {unit}", colours,
                            **({"tickformat": ".0%"} if share else {})),
        "yaxis": {"automargin": True, "type": "category", "categoryarray": names},
        "legend": LEGEND | {"y": -0.2},
    }  # fmt: skip
    numbers = ("mean", "error", "p5", "median", "p95", "less_ide", "less_ide_error")
    units = dict.fromkeys(frame.columns, "") | dict.fromkeys(numbers, "fraction" if share else unit)
    return Chart(f"mechanisms-{quantity.replace('_', '-')}", title, notice, f"{title}: {notice}",
                 figure(traces, layout, dark=dark, height=400), frame, units)  # fmt: skip
