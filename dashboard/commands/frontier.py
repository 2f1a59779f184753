"""`vaultline frontier`: which shocks to price and demand together break the reserve."""

import argparse

import polars as pl

from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.questions.risks import Found, FrontierQuestion
from dashboard.settings import whole
from dashboard.words import formats
from dashboard.words.risk_words import FRONTIER_EVENTS, drop, escape, frontier_flags, frontier_sentence, lasts
from data.registry import load_facts
from models.parameters import InputError

SHOWN_DROPS = (0.0, 0.2, 0.4, 0.6, 0.8)
MOST_ESCAPES = 10
UNITS = {"months": "months from the onset", "price_drop": "fraction", "demand_drop": "fraction"}


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    if args.event not in FRONTIER_EVENTS:
        raise InputError(
            f"there is no frontier of {args.event[:40]!r}; there are {', '.join(FRONTIER_EVENTS)}"
        )
    durations = tuple(
        None if word.strip() == "lasting" else whole("--durations", word.strip())
        for word in args.durations.split(",")
        if word.strip()
    )
    points = whole("--points", args.points)
    question = FrontierQuestion(scenario, shocks, args.event, durations, points)
    found = risk_output.reckon(args, question)
    notes += [found.note] if found.note else []
    for text in notes:
        note(text)
    made = risk_output.marks(found, scenario, shocks, frontier_flags(question))
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
    event = FRONTIER_EVENTS[f["event"]]
    say(frontier_sentence(f))
    say(f"\nThe least demand drop that brings {event}, by price drop (shocks start in month {f['onset']}):")
    say_table(_surface_table(tables["surface"]))
    say("\nShocks that were published or seen, and this scenario's:")
    say_table([("", "price", "demand", "lasts", event), *(
        (row["label"], drop(row["price_drop"]), drop(row["demand_drop"]), lasts(row["months"]),
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
            say(f"  {escape(row)}")
    say(
        f"\n{f['projections']:,} projections, a grid of {formats.percent(f['grid'], 2)} refined at the edge, "
        f"{risk_output.computed(found)}."
    )


def _surface_table(surface: pl.DataFrame) -> list[tuple[str, ...]]:
    drops = surface["price_drop"].unique().sort().to_list()
    shown = [min(drops, key=lambda d: abs(d - wanted)) for wanted in SHOWN_DROPS]
    shown = list(dict.fromkeys(shown))
    rows: list[tuple[str, ...]] = [("lasts", *(drop(d) for d in shown))]
    for months in surface["months"].unique(maintain_order=True).to_list():
        part = surface.filter(pl.col("months").eq_missing(pl.lit(months, dtype=pl.Int64)))
        least = dict(part.select("price_drop", "demand_drop").iter_rows())
        rows.append((lasts(months), *("none" if least[d] is None else drop(least[d]) for d in shown)))
    return rows
