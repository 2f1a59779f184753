"""`vaultline frontier`: which shocks to price and demand together break the reserve."""

import argparse
from typing import Any

import polars as pl

from dashboard import formats
from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.risks import Found, FrontierQuestion
from dashboard.settings import whole
from data.registry import load_facts
from models import frontier
from models.parameters import InputError

EVENTS: dict[str, tuple[frontier.Event, str]] = {
    "shortfall": ("shortfall", "a shortfall"),
    "underpaid": ("underpaid", "underpaid suppliers"),
}
SHOWN_DROPS = (0.0, 0.2, 0.4, 0.6, 0.8)
MOST_ESCAPES = 10
UNITS = {"months": "months from the onset", "price_drop": "fraction", "demand_drop": "fraction"}


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    if args.event not in EVENTS:
        raise InputError(f"there is no frontier of {args.event[:40]!r}; there are {', '.join(EVENTS)}")
    durations = tuple(
        None if word.strip() == "lasting" else whole("--durations", word.strip())
        for word in args.durations.split(",")
        if word.strip()
    )
    points = whole("--points", args.points)
    question = FrontierQuestion(scenario, shocks, EVENTS[args.event][0], durations, points)
    found = risk_output.reckon(args, question)
    notes += [found.note] if found.note else []
    for text in notes:
        note(text)
    flags = ["--event", args.event, "--durations", args.durations, "--points", str(points)]
    made = risk_output.marks(found, scenario, shocks, flags)
    if out is not None:
        risk_output.write(out, found.tables["edge"], "Shocks at the edge", scenario, made, UNITS)
    if args.json:
        say_json(
            {**found.figures, **{k: t.to_dicts() for k, t in found.tables.items()}, **made, "notes": notes}
        )
    else:
        _tell(found)
    return 0


def _tell(found: Found) -> None:
    f, tables = found.figures, found.tables
    event = EVENTS[f["event"]][1]
    say(_sentence(f, event))
    say(f"\nThe least demand drop that brings {event}, by price drop (shocks start in month {f['onset']}):")
    say_table(_surface_table(tables["surface"]))
    say("\nShocks that were published or seen, and this scenario's:")
    say_table([("", "price", "demand", "lasts", event), *(
        (row["label"], _drop(row["price_drop"]), _drop(row["demand_drop"]), _lasts(row["months"]),
         "yes" if row["triggers"] else "no")
        for row in tables["marks"].iter_rows(named=True)
    )])  # fmt: skip
    say("  IO's own falls are the deepest between two monthly closes; its revenue rose meanwhile.")
    escapes = tables["escapes"]
    if escapes.is_empty():
        say("\nOn this grid no deeper or longer shock did less harm.")
    else:
        say(f"\nFinding: a worse shock can do less harm. {escapes.height} points of the grid are spared:")
        for row in escapes.head(MOST_ESCAPES).iter_rows(named=True):
            say(f"  {_escape(row)}")
    say(
        f"\n{f['projections']:,} projections, a grid of {formats.percent(f['grid'], 2)} refined at the edge, "
        f"{risk_output.computed(found)}."
    )


def _sentence(f: dict[str, Any], event: str) -> str:
    n = f["nearest"]
    if n is None:
        return (
            f"Under these assumptions no shock of this grid that these random shocks can make brings {event}."
        )
    if n["price_drop"] == n["demand_drop"] == 0:
        return f"Under these assumptions it takes no shock: the scenario itself brings {event}."
    return (
        f"Under these assumptions the likeliest shock that brings {event} takes {_drop(n['price_drop'])} off "
        f"the price and {_drop(n['demand_drop'])} off demand for {formats.months(n['months'])}, as the "
        "random shocks measure it."
    )


def _surface_table(surface: pl.DataFrame) -> list[tuple[str, ...]]:
    drops = surface["price_drop"].unique().sort().to_list()
    shown = [min(drops, key=lambda d: abs(d - wanted)) for wanted in SHOWN_DROPS]
    shown = list(dict.fromkeys(shown))
    rows: list[tuple[str, ...]] = [("lasts", *(_drop(d) for d in shown))]
    for months in surface["months"].unique(maintain_order=True).to_list():
        part = surface.filter(pl.col("months").eq_missing(pl.lit(months, dtype=pl.Int64)))
        least = dict(part.select("price_drop", "demand_drop").iter_rows())
        rows.append((_lasts(months), *("none" if least[d] is None else _drop(least[d]) for d in shown)))
    return rows


def _escape(row: dict[str, Any]) -> str:
    lasts = formats.months(row["months"])
    worse = f"{_drop(row['price_drop'])} and {_drop(row['demand_drop'])} for {lasts} is held"
    if row["shorter"] is not None:
        return f"{worse}, but the same for {formats.months(row['shorter'])} is not"
    return f"{worse}, but {_drop(row['shallower_price'])} and {_drop(row['shallower_demand'])} is not"


def _drop(share: float) -> str:
    return formats.percent(share)


def _lasts(months: int | None) -> str:
    return "to the end" if months is None else formats.months(months)
