"""The charts of the Engine page: where each dollar and token went in one month, and the vaults over time."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from dashboard.charts.figures import (
    Chart,
    Palette,
    by_month,
    date_axis,
    faint,
    figure,
    iso,
    line,
    palette,
    run_start,
    value_axis,
    zones,
)
from dashboard.charts.overview import coverage_words
from dashboard.words.formats import io, millions, month, usd
from models.economy import Flows
from models.projection import MOVES, Move, Projection

HOLDER_NAMES = {
    "U": "not yet emitted",
    "V": "Reward Vault",
    "L": "locked",
    "C": "circulation",
    "K": "staked",
    "Q": "cooldown",
    "B": "burned",
}
FLOW_NAMES = {
    "unlocked": "unlocked",
    "emitted": "emitted",
    "released": "released to suppliers",
    "burned_market": "bought and burned",
    "burned_vault": "burned out of the vault",
    "burned_unissued": "burned out of what is not yet emitted",
    "overflow_burned": "overflow bought and burned",
    "refilled": "overflow bought back into the vault",
    "retired": "retired",
    "unstaked": "unstaked",
    "staked": "staked",
    "cooled": "out of cooldown",
}


CIRCULATING = ("C", "K", "Q")
PAPER = {"xref": "paper", "yref": "paper"}


class Link(NamedTuple):
    """One band of a flow diagram."""

    source: str
    target: str
    flow: str
    amount: float


def month_flows(projection: Projection, run_month: int) -> list[Flows]:
    """The steps of one run month (1 is the first)."""
    n = projection.scenario.steps_per_month
    return projection.flows[(run_month - 1) * n : run_month * n]


def usd_links(projection: Projection, run_month: int) -> list[Link]:
    """Where the month's dollars came from and went, in USD. In and out of each middle node are equal."""
    steps = month_flows(projection, run_month)
    released = math.fsum(f.released * f.price for f in steps)
    draw, paid = _sum(steps, "fee_vault_draw"), _sum(steps, "paid")
    burn, kept, lost = _sum(steps, "burn_usd"), _sum(steps, "fee_vault_in"), _sum(steps, "lost_usd")
    overflow = max(_sum(steps, "surplus") - burn - kept, 0.0)
    # Money goes unspent only when circulation is empty, so overflow is lost before any burn is
    unspent = min(overflow, lost)
    after = "burned as overflow" if projection.scenario.overflow == "burn" else "bought back into the vault"
    vault = "Reward Vault" if projection.scenario.rule == "ide" else "emission"
    links = [
        Link("revenue", "paid to suppliers", "revenue paid out", paid),
        Link(vault, "paid to suppliers", "IO released, at the month's price", released),
        Link("Fee Vault", "paid to suppliers", "Fee Vault draw", draw),
        Link("revenue", "burned", "burn of the surplus", burn - (lost - unspent)),
        Link("revenue", "kept in Fee Vault", "surplus kept", kept),
        Link("revenue", after, "overflow", overflow - unspent),
        Link("revenue", "lost", "found no IO to buy", lost),
    ]
    return [link for link in links if link.amount > 0]


def io_links(projection: Projection, run_month: int) -> list[Link]:
    """Every token move of the month, in IO, from holder to holder."""
    steps = month_flows(projection, run_month)
    links = [
        Link(HOLDER_NAMES[m.source], HOLDER_NAMES[m.target], FLOW_NAMES[m.flow], _sum(steps, m.flow))
        for m in MOVES
    ]
    return [link for link in links if link.amount > 0]


def _sum(steps: list[Flows], name: str) -> float:
    return math.fsum(getattr(f, name) for f in steps)


def usd_flow(projection: Projection, run_month: int, *, dark: bool = False) -> Chart:
    """Where each dollar of one run month came from and went."""
    steps, at = month_flows(projection, run_month), _when(projection, run_month)
    short, target = _sum(steps, "short"), _sum(steps, "target")
    words = f"{usd(_sum(steps, 'revenue'))} came in; suppliers were owed {usd(target)}"
    words += f" and {usd(short)} of it stayed unpaid." if short > 1e-9 * target else " and got all of it."
    title = f"Where each dollar went in {at}"
    return _flow_chart("usd-flow", title, words, usd_links(projection, run_month), "USD", usd, dark)


def io_flow(projection: Projection, run_month: int, *, dark: bool = False) -> Chart:
    """Which tokens moved in one run month, from whom to whom."""
    links = io_links(projection, run_month)
    steps = month_flows(projection, run_month)
    into = _moved(steps, lambda m: m.target in CIRCULATING and m.source not in CIRCULATING)
    out = _moved(steps, lambda m: m.source in CIRCULATING and m.target not in CIRCULATING)
    gone = _moved(steps, lambda m: m.target == "B")
    grew = "grew" if into >= out else "shrank"
    end = f"{io(gone)} were burned or retired" if gone >= 0.5 else "nothing was burned"
    words = f"Circulation {grew} by {io(abs(into - out))}; {end}."
    title = f"Where each IO went in {_when(projection, run_month)}"
    return _flow_chart("io-flow", title, words, links, "IO", io, dark)


def _moved(steps: list[Flows], which: Callable[[Move], bool]) -> float:
    return math.fsum(_sum(steps, m.flow) for m in MOVES if which(m))


def _when(projection: Projection, run_month: int) -> str:
    row = (run_month - 1) * projection.scenario.steps_per_month
    return month(projection.frame["date"][row], run_month)


def _flow_chart(
    name: str, title: str, words: str, links: list[Link], unit: str, write: Any, dark: bool
) -> Chart:
    colours = palette(dark)
    frame = pl.DataFrame(links, schema=["source", "target", "flow", f"amount_{unit.lower()}"], orient="row")
    layout: dict[str, Any] = {"hovermode": "closest", "margin": {"l": 8, "r": 8, "t": 12, "b": 12}}
    if not links:
        words = "Nothing moved in this month."
        layout |= {
            "annotations": [{"text": words, "showarrow": False, "x": 0.5, "y": 0.5, **PAPER}],
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
        }  # fmt: skip
    # The same holder on both sides is two nodes: a diagram from left to right has no loops to untangle
    left = list(dict.fromkeys(link.source for link in links))
    right = list(dict.fromkeys(link.target for link in links))
    given = [write(math.fsum(link.amount for link in links if link.source == n)) for n in left]
    taken = [write(math.fsum(link.amount for link in links if link.target == n)) for n in right]
    tints = _tints(colours)
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "textfont": {"color": colours.text, "size": 13, "shadow": "none"},
        "node": {
            "label": [f"{n}: {v}" for n, v in zip((*left, *right), (*given, *taken), strict=True)],
            "color": [tints.get(n, colours.grey) for n in (*left, *right)],
            "pad": 26,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}<extra></extra>",
        },
        "link": {
            "source": [left.index(link.source) for link in links],
            "target": [len(left) + right.index(link.target) for link in links],
            "value": [link.amount for link in links],
            "customdata": [f"{link.flow}: {write(link.amount)}" for link in links],
            "color": [faint(tints.get(link.target, colours.grey), 0.4) for link in links],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    }
    return Chart(
        name, title, words, f"{title}: {words}",
        figure([trace] if links else [], layout, dark=dark, height=120 + 62 * max(len(left), len(right))),
        frame,
        {"source": "", "target": "", "flow": "", f"amount_{unit.lower()}": unit},
    )  # fmt: skip


def _tints(colours: Palette) -> dict[str, str]:
    return {
        "revenue": colours.green,
        "paid to suppliers": colours.main,
        "circulation": colours.main,
        "Reward Vault": colours.green,
        "bought back into the vault": colours.green,
        "Fee Vault": colours.yellow,
        "kept in Fee Vault": colours.yellow,
        "locked": colours.yellow,
        "burned": colours.second,
        "staked": colours.light,
        "cooldown": colours.purple,
    }


def vaults(projection: Projection, run_month: int, *, dark: bool = False) -> Chart:
    """Reward Vault, Fee Vault, coverage and pay by month, one above the other, with one run month marked."""
    colours = palette(dark)
    whole = by_month(projection)
    frame = whole.select("date", "month", "V", "F", "coverage", "pay", "shortfall")
    x = iso(frame["date"])
    panels = (
        ("Reward Vault", frame["V"] / 1e6, "million IO", ",.2f", colours.main, "solid"),
        ("Fee Vault", frame["F"] / 1e6, "million USD", "$,.2f", colours.green, "dot"),
        ("Coverage", frame["coverage"], "share of target", ".2%", colours.main, "dashdot"),
        ("Pay", frame["pay"], "share of start", ".2%", colours.second, "dash"),
    )
    layout: dict[str, Any] = {
        "showlegend": False,
        "xaxis": date_axis(colours, anchor="y4"),
        "annotations": [],
        "shapes": zones(x, frame["shortfall"].to_list(), run_start(projection), colours.zone),
        "hoversubplots": "axis",
    }
    traces, hover_month = [], " (month %{customdata})"
    for i, (name, values, unit, number, colour, dash) in enumerate(panels, 1):
        axis = "y" if i == 1 else f"y{i}"
        top = 1 - (i - 1) * 0.26
        shared = unit.startswith("share")
        extra = {"range": [0, 1.08], "tickformat": ".0%"} if shared else {"rangemode": "tozero"}
        layout[f"yaxis{i if i > 1 else ''}"] = value_axis(
            unit, colours, domain=[top - 0.2, top], nticks=4, anchor="x", **extra
        )
        layout["annotations"].append(
            {"text": f"<b>{name}</b>", "showarrow": False, "xref": "paper", "yref": "paper", "x": 0,
             "y": top, "xanchor": "left", "yanchor": "bottom"}
        )  # fmt: skip
        traces.append(line(x, values.to_numpy(), name, colour, dash=dash, yaxis=axis,
                           customdata=frame["month"].to_numpy(),
                           hovertemplate=f"%{{y:{number}}}{hover_month if i == 1 else ''}"))  # fmt: skip
    mark = x[run_month - 1]
    layout["shapes"].append(
        {"type": "line", "xref": "x", "yref": "paper", "x0": mark, "x1": mark, "y0": 0, "y1": 1,
         "line": {"color": colours.text, "width": 1.5, "dash": "dot"}}
    )  # fmt: skip
    row = frame.row(run_month - 1, named=True)
    here = f"In {_when(projection, run_month)} the vaults end with {io(row['V'])} and {usd(row['F'])}."
    words = f"{here} {coverage_words(projection, whole)}"
    title = "The vaults, coverage and pay over time"
    return Chart(
        "vaults-over-time", title, words, f"{title}: {words}",
        figure(traces, layout, dark=dark, height=640), frame,
        {"date": "month's end", "month": "run month", "V": "IO", "F": "USD", "shortfall": "flag",
         "coverage": "share of the target, month's lowest",
         "pay": "share of the target at the start, month's lowest"},
    )  # fmt: skip


def ledger(projection: Projection, *, dark: bool = False) -> Chart:
    """By how many IO the identity (all balances = cap) is missed at each step: a quiet line at zero."""
    colours = palette(dark)
    frame = projection.frame.select("date", "month", "step", "residual")
    worst = projection.summary["max_residual"]
    cap = millions(projection.protocol.cap_io)
    words = (
        f"At no step do the balances miss {cap} IO by more than {worst:.1g} IO."
        if worst
        else f"Every step sums to {cap} IO exactly."
    )
    layout = {
        "showlegend": False,
        "xaxis": {
            "title": {"text": "step of the run", "font": {"size": 12}},
            "automargin": True,
            "showgrid": False,
        },
        "yaxis": value_axis(
            "IO", colours, range=[-1e-3, 1e-3], tickvals=[-1e-3, 0, 1e-3], ticktext=["−0.001", "0", "0.001"]
        ),
    }
    traces = [line(frame["step"].to_list(), frame["residual"].to_numpy(), "residual", colours.grey, width=1.5,
                   hovertemplate="%{y:.2g} IO")]  # fmt: skip
    title = "The ledger: tokens that the steps lose or make"
    return Chart(
        "ledger", title, words, f"{title}: {words}", figure(traces, layout, dark=dark, height=150), frame,
        {"date": "month's end", "month": "run month", "step": "step of the run", "residual": "IO"},
    )  # fmt: skip
