"""`vaultline reserve`: how much the vaults must hold for a chosen safety."""

import argparse
from collections.abc import Callable

import polars as pl

from dashboard import formats
from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.risks import Found, ReserveQuestion
from dashboard.settings import number, whole
from dashboard.stress_words import chance
from data.registry import load_facts
from data.shock_choices import provisional
from models.parameters import InputError
from models.reserve import Ask

EVENTS = {
    "shortfall": "run short",
    "empty": "are empty",
    "underpaid": "let suppliers be underpaid",
}
Words = Callable[[float], str]
MOST_REVERSALS = 10  # shown; --json and --out have all
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
    flags = [
        "--event",
        ask.event,
        "--horizons",
        args.horizons,
        "--levels",
        args.levels,
        "--paths",
        str(ask.paths),
    ]
    flags += [
        "--seed",
        str(ask.seed),
        "--points",
        str(ask.points),
        "--curve",
        "{}:{}".format(*question.headline),
    ]
    made = risk_output.marks(found, scenario, shocks, flags)
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
    key = (pl.col("horizon") == f["horizon"]) & (pl.col("level") == f["level"])
    head = tables["V0_needed"].filter(key)
    say(_sentence(f, head, tables["range"]))
    say(
        f"\nReward Vault needed at the start (a grid of {formats.io(f['grid_io'])}; {f['paths']:,} paths), by"
    )
    say("horizon and by the chance that is not to be passed, with what sampling error implies:")
    say_table(_needed_table(tables["V0_needed"], formats.io))
    say("\nThe same in months of the emission schedule:")
    in_months = tables["V0_needed"].with_columns(needed=pl.col("months_of_schedule"))
    say_table(_needed_table(in_months, lambda v: f"{v:.1f}", False))
    say(f"\nFee Vault needed beside a Reward Vault of {formats.io(f['V0'])}, a grid of "
        f"{formats.usd(f['grid_usd'])}:")  # fmt: skip
    say_table(_needed_table(tables["F0_needed"], formats.usd))
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
        (row["label"], *(_amount(row[c], formats.io) for c in ("needed", "low", "high")))
        for row in tables["range"].iter_rows(named=True)
    )])  # fmt: skip
    for sentence in f["sentences"]:
        say(f"\n{sentence[:1].upper()}{sentence[1:]}.")
    _tell_reversals(found)
    say(f"\nSeed {f['seed']}, {risk_output.computed(found)}.")


def _sentence(f: dict[str, object], head: pl.DataFrame, ranged: pl.DataFrame) -> str:
    """The headline: the range over what nobody has published, and this scenario's with its error."""
    level, horizon = float(str(f["level"])), float(str(f["horizon"]))
    row = head.row(0, named=True)
    own = (
        f"no Reward Vault up to {formats.io(float(str(f['top_io'])))} is enough"
        if row["needed"] is None
        else f"the Reward Vault must hold {formats.io(row['needed'])} "
        f"({_amount(row['low'], formats.io)} to {_amount(row['high'], formats.io)} by sampling error)"
    )
    some = ranged["needed"].drop_nulls().to_list()
    without = ranged["needed"].null_count()
    over = "none is enough in any"
    if some:
        over = f"{formats.io(min(some))} to {formats.io(max(some))}"
        over += f", and none is enough in {without}" if without else ""
    return (
        f"Under these assumptions, for the vaults to {EVENTS[str(f['event'])]} within "
        f"{formats.months(horizon)} in at most {chance(level)} of random futures, {own}. Over "
        f"{ranged.height} named alternatives of what nobody has published: {over}."
    )


def _amount(value: float | None, words: Words) -> str:
    return "none" if value is None else words(value)


def _needed_table(needed: pl.DataFrame, words: Words, errors: bool = True) -> list[tuple[str, ...]]:
    levels = needed["level"].unique(maintain_order=True).to_list()
    rows: list[tuple[str, ...]] = [("", *(chance(level) for level in levels))]
    for horizon in needed["horizon"].unique(maintain_order=True).to_list():
        cells = []
        for row in needed.filter(pl.col("horizon") == horizon).iter_rows(named=True):
            text = _amount(row["needed"], words)
            ends = [_amount(row[end], words) for end in ("low", "high")] if errors else []
            cells.append(text + (f" ({' to '.join(ends)})" if set(ends) - {text} else ""))
        rows.append((formats.months(horizon), *cells))
    return rows


def _tell_reversals(found: Found) -> None:
    for name, title, words in (("V0", "Reward Vault", formats.io), ("F0", "Fee Vault", formats.usd)):
        reversals = found.tables[f"{name}_reversals"]
        if reversals.is_empty():
            say(f"\nOn these paths a larger {title} never failed a level that a smaller one met.")
            continue
        say(f"\nFinding: a larger {title} can do harm. {reversals.height} points fail above one that passes:")
        for row in reversals.head(MOST_REVERSALS).iter_rows(named=True):
            say(
                f"  {formats.months(row['horizon'])} at {chance(row['level'])}: {words(row['passes_at'])} is "
                f"enough, {words(row['fails_at'])} is not ({chance(row['p'])}, from month {row['month']})"
            )
