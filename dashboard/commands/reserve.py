"""`vaultline reserve`: how much the vaults must hold for a chosen safety."""

import argparse

import polars as pl

from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.questions.risks import Found, ReserveQuestion
from dashboard.settings import number, whole
from dashboard.words import formats
from dashboard.words.risk_words import amount, needed_table, reserve_flags, reserve_sentence, reversals
from dashboard.words.stress_words import chance
from data.registry import load_facts
from data.shock_choices import provisional
from models.parameters import InputError
from models.reserve import Ask

UNITS = {"horizon": "run month", "level": "fraction", "needed": "IO", "low": "IO", "high": "IO"}


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    points = whole("--points", args.points)
    ask = Ask(
        event=args.event,
        horizons=risk_output.wholes("--horizons", args.horizons),
        levels=risk_output.numbers("--levels", args.levels),
        paths=args.paths,
        seed=args.seed,
        points=points,
        curve_fees=min(points, Ask.curve_fees),
    )
    ask.check()
    question = ReserveQuestion(scenario, shocks, ask, _curve(args.curve))
    found = risk_output.reckon(args, question)
    notes += [provisional(registry, shocks)] + ([found.note] if found.note else [])
    for text in notes:
        note(text)
    made = risk_output.marks(found, scenario, shocks, reserve_flags(question))
    if out is not None:
        risk_output.write(out, found.tables["V0_needed"], "Reward Vault needed", scenario, made, UNITS)
    if args.json:
        say_json({**found.figures, **_json(found), **made, "notes": notes})
    else:
        _tell(found)
    return 0


def _curve(text: str | None) -> tuple[int, float] | None:
    if text is None:
        return None
    months, colon, level = text.partition(":")
    if not colon:
        raise InputError(f"--curve {text[:40]!r} is not a horizon and a level: write them like 36:0.05")
    return whole("--curve", months.strip()), number("--curve", level.strip())


def _json(found: Found) -> dict[str, object]:
    return {name: frame.to_dicts() for name, frame in found.tables.items() if not name.endswith("points")}


def _tell(found: Found) -> None:
    f, tables = found.figures, found.tables
    say(reserve_sentence(found))
    say(
        f"\nReward Vault needed at the start (a grid of {formats.io(f['grid_io'])}; {f['paths']:,} paths), by"
    )
    say("horizon and by the chance that is not to be passed, with what sampling error implies:")
    say_table(needed_table(tables["V0_needed"], formats.io))
    say("\nThe same in months of the emission schedule:")
    in_months = tables["V0_needed"].with_columns(needed=pl.col("months_of_schedule"))
    say_table(needed_table(in_months, lambda v: f"{v:.1f}", False))
    say(f"\nFee Vault needed beside a Reward Vault of {formats.io(f['V0'])}, a grid of "
        f"{formats.usd(f['grid_usd'])}:")  # fmt: skip
    say_table(needed_table(tables["F0_needed"], formats.usd))
    say(
        f"\nOne for the other, at {chance(f['level'])} within {formats.months(f['horizon'])} "
        f"({f['curve_paths']:,} paths):"
    )
    say_table([("Reward Vault", "Fee Vault"), *(
        (formats.io(row["V0"]), "none" if row["F0"] is None else formats.usd(row["F0"]))
        for row in tables["curve"].iter_rows(named=True)
    )])  # fmt: skip
    say(f"\nThe Reward Vault over what nobody has published ({f['curve_paths']:,} paths):")
    say_table([("", "needed", "from", "to"), *(
        (row["label"], *(amount(row[c], formats.io) for c in ("needed", "low", "high")))
        for row in tables["range"].iter_rows(named=True)
    )])  # fmt: skip
    for sentence in f["sentences"]:
        say(f"\n{sentence[:1].upper()}{sentence[1:]}.")
    for sentence, points in reversals(found):
        say(f"\n{sentence}")
        for text in points:
            say(f"  {text}")
    say(f"\nSeed {f['seed']}, {risk_output.computed(found)}.")
