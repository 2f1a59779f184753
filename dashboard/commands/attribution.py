"""`vaultline attribution`: which assumptions the answer hangs on."""

import argparse
import textwrap
from typing import Any

import polars as pl

from dashboard import formats
from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.risks import AttributionQuestion, Found
from dashboard.settings import whole
from data.registry import load_facts
from data.risk_inputs import DEFAULT_INPUTS
from data.shock_choices import provisional
from models.stress.engine import check_request

WIDTH = 100
SMALL = 0.005
LARGE = 10_000
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
    flags = ["--metric", args.metric, "--inputs", ",".join(names), "--paths", str(args.paths)]
    flags += ["--base-points", str(points), "--seed", str(args.seed)]
    made = risk_output.marks(found, scenario, shocks, flags)
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
    if f["ranking"]:
        top = [titles[name] for name in f["ranking"][:3]]
        say(
            f"Under these assumptions the {_lower(metric['title'])} hangs most on "
            f"{formats.listing([_lower(t) for t in top])}."
        )
    else:
        say(f"No variation: none of these assumptions moves the {_lower(metric['title'])}.")
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
        share, end = shares.get(name), ends[name]
        rows.append(
            (
                titles[name],
                "no variation" if share is None else _share(share, "first"),
                "" if share is None else _share(share, "total"),
                _range(ranges[name]),
                _value(end["at_low"], unit),
                _value(end["at_high"], unit),
            )
        )
    return rows


def _share(row: dict[str, Any], order: str) -> str:
    value, low, high = (row[f"{order}{end}"] for end in ("", "_low", "_high"))
    return f"{_zero(value):.2f} ({_zero(low):.2f} to {_zero(high):.2f})"


def _zero(value: float) -> float:
    return 0.0 if abs(value) < SMALL else value


def _range(row: dict[str, Any]) -> str:
    if row["choices"]:
        return str(row["choices"]).replace("False", "off").replace("True", "on")
    ends = (row["low"], row["high"])
    return " to ".join(formats.millions(e) if abs(e) >= LARGE else f"{e:g}" for e in ends)


def _value(value: float, unit: str) -> str:
    if unit == "USD":
        return formats.usd(value)
    if unit == "IO":
        return formats.io(value)
    return formats.months(value) if unit == "months" else formats.percent(value)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
