"""`vaultline replay`: one path of a recorded stress run, step by step, by the plain-Python reference."""

import argparse
import json
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from dashboard.questions.stress import Question, nearest, replayed
from dashboard.settings import number, whole
from dashboard.words import formats
from data import stress_store
from data.registry import load_facts
from data.store import Store
from data.stress_runs import StressRecord
from models.parameters import InputError, Scenario, parse_scenario
from models.schedules import month_end
from models.shocks import parse_shocks
from models.stress.plan import Plan

EVENTS = {"first_shortfall": "shortfall", "first_empty": "empty vaults", "first_underpaid": "underpaid"}
SHOWN = ("price", "demand", "coverage", "pay", "V", "F", "circulating")


def run(args: argparse.Namespace) -> int:
    if (args.path is None) == (args.nearest is None):
        raise InputError("which path? give its number, or --nearest NAME:PERCENT, and not both")
    out = checked_target(args.out, None) if args.out is not None else None
    with working("replaying"), Store.open(args.store) as store:
        record = stress_store.named(store, args.run)
        if args.nearest is not None:
            args.path = nearest(record, *_quantile(args.nearest))
            note(f"path {args.path} is the nearest to {args.nearest}")
        plan, frame = replayed(record, args.path)
    if args.path >= record.paths:
        note(f"the run has paths 0 to {record.paths - 1:,}; this is one that a longer run would have")
    if out is not None:
        for path in write_frame(out, frame, _manifest(record, args.path, frame)):
            note(f"{path} written")
    if args.json:
        marks = {"run_id": record.id, "path": args.path, "seed": record.parameters["seed"]}
        events = {name: _month(plan, frame, name) for name in EVENTS}
        say_json({**marks, **events, "steps": _rows(frame)})
    else:
        _tell(record, plan, frame, args.path)
    return 0


def _quantile(text: str) -> tuple[str, float, int | None]:
    """Of `V:5:24`: the quantity, the level in per cent, the run month."""
    name, *numbers = (part.strip() for part in text.split(":"))
    if not 1 <= len(numbers) <= 2:
        raise InputError(f"--nearest {text[:40]!r} is not NAME:PERCENT or NAME:PERCENT:MONTH, like V:5:24")
    level = number("--nearest: percent", numbers[0])
    if not 0 <= level <= 100:
        raise InputError(f"--nearest: percent = {level:g} is not allowed: it must be from 0 to 100")
    return name, level, whole("--nearest: month", numbers[1]) if len(numbers) == 2 else None


def _month(plan: Plan, frame: pl.DataFrame, event: str) -> int | None:
    step = int(frame.item(-1, event))
    return (step - 1) // plan.steps_per_month + 1 if step else None


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.drop(*EVENTS).to_dicts()


def _scenario(record: StressRecord) -> Scenario:
    return parse_scenario(json.loads(record.scenario))


def _manifest(record: StressRecord, path: int, frame: pl.DataFrame) -> dict[str, Any]:
    from dashboard import exports

    scenario, p = _scenario(record), record.parameters
    question = Question(scenario, parse_shocks(p["shocks"]), p["paths"], p["seed"], tuple(p["fans"]))
    made = exports.manifest(
        kind="table",
        title=f"Path {path} of a stress run, step by step",
        frame=frame,
        units={"price": "USD per IO", "runway": "months"},
        scenario=scenario,
        facts_version=record.facts_version,
        model_version=record.model_version,
        command=question.command,
        time=datetime.now(UTC),
    )
    drawn = exports.drawn(question.shocks, question.seed, question.paths)
    return made | drawn | {"run_id": record.id, "path": path}


def _tell(record: StressRecord, plan: Plan, frame: pl.DataFrame, path: int) -> None:
    scenario, protocol = _scenario(record), load_facts().protocol()
    events = [
        f"{words} in {formats.month(month_end(protocol, scenario.m0 + month), month)}"
        for name, words in EVENTS.items()
        if (month := _month(plan, frame, name)) is not None
    ]
    say(
        f"Path {path} of run {record.id[:12]}: {formats.listing(events) if events else 'nothing runs short'}."
    )
    say("")
    rows: list[tuple[str, ...]] = [("month", *SHOWN)]
    ends = frame.group_by("month", maintain_order=True).last()
    for row in ends.iter_rows(named=True):
        rows.append(
            (
                str(row["month"]), formats.usd(row["price"]), f"{row['demand']:.3f}",
                formats.percent(row["coverage"]), formats.percent(row["pay"]), formats.io(row["V"]),
                formats.usd(row["F"]), formats.io(row["circulating"]),
            )
        )  # fmt: skip
    say_table(rows)
    say("\nEvery step by the plain-Python reference, with exactly the numbers of the run.")
