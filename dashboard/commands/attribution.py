"""`vaultline attribution`: which assumptions the answer hangs on."""

import argparse
import textwrap

import polars as pl

from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.questions.risks import AttributionQuestion, Found
from dashboard.settings import whole
from dashboard.words.risk_words import attribution_flags, attribution_sentence, range_words, share, value
from data.registry import load_facts
from data.risk_inputs import DEFAULT_INPUTS
from data.shock_choices import provisional
from models.stress.engine import check_request

WIDTH = 100
UNITS = dict.fromkeys(
    ("first", "first_low", "first_high", "total", "total_low", "total_high"), "share of variance"
)


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    check_request(args.paths, args.seed)
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    given = args.inputs or ",".join(DEFAULT_INPUTS)
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    points = whole("--base-points", args.base_points)
    question = AttributionQuestion(scenario, shocks, names, args.metric, args.paths, points, args.seed)
    found = risk_output.reckon(args, question)
    notes += [provisional(registry, shocks)] + ([found.note] if found.note else [])
    for text in notes:
        note(text)
    made = risk_output.marks(found, scenario, shocks, attribution_flags(question))
    if out is not None:
        risk_output.write(out, found.tables["sobol"], "Sobol's indices", scenario, made, UNITS)
    if args.json:
        say_json(
            {**found.figures, **{k: t.to_dicts() for k, t in found.tables.items()}, **made, "notes": notes}
        )
    else:
        _tell(found)
    return 0


def _tell(found: Found) -> None:
    f = found.figures
    metric = f["metrics"][f["metric"]]
    titles = dict(found.tables["inputs"].select("input", "title").iter_rows())
    say(attribution_sentence(metric["title"], [titles[name] for name in f["ranking"]]))
    say(
        f"\nWhat makes it uncertain, as shares of its variance with 95 % intervals ({f['base_points']:,} base"
    )
    say(f"points, {f['paths']:,} random futures each), and what each does alone, from low to high:")
    say_table(_table(found, titles))
    others = [f["metrics"][name]["title"] for name in f["constant"] if name != f["metric"]]
    if others:
        say(f"\nNo variation in: {'; '.join(others)}.")
    if f["settle"]:
        say("\nWhat would settle them:")
    for name, text in f["settle"].items():
        say(textwrap.fill(f"{titles[name]}. {text}", WIDTH, initial_indent="  ", subsequent_indent="    "))
    say(f"\nSeed {f['seed']}, {risk_output.computed(found)}.")


def _table(found: Found, titles: dict[str, str]) -> list[tuple[str, ...]]:
    f = found.figures
    at = pl.col("metric") == f["metric"]
    ends = found.tables["tornado"].filter(at).rows_by_key("input", named=True, unique=True)
    shares = found.tables["sobol"].filter(at).rows_by_key("input", named=True, unique=True)
    ranges = found.tables["inputs"].rows_by_key("input", named=True, unique=True)
    unit = f["metrics"][f["metric"]]["unit"]
    rows: list[tuple[str, ...]] = [("", "alone", "in all", "low to high", "moves it from", "to")]
    for name in [*f["ranking"], *(n for n in ranges if n not in f["ranking"])]:
        shown, end = shares.get(name), ends[name]
        rows.append(
            (
                titles[name],
                "no variation" if shown is None else share(shown, "first"),
                "" if shown is None else share(shown, "total"),
                range_words(ranges[name]),
                value(end["at_low"], unit),
                value(end["at_high"], unit),
            )
        )
    return rows
