"""`vaultline customers`: what a workload costs at io.net, hyperscalers and peers, and what goes unserved."""

import argparse
from datetime import UTC, datetime
from typing import Any

from dashboard.answers import Answers
from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from dashboard.commands.project import stamp
from dashboard.commands.scenario import asked
from dashboard.questions import rents
from dashboard.questions.rents import Rent
from data.registry import load_facts
from models.parameters import Scenario
from models.readers.customers import Hours, unserved_figures


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    workload = rents.Asked(args.hours, args.tokens, args.model)
    work = rents.workload(registry, workload)
    scenario, notes = asked(args, registry)
    with working("running"), Answers.open(args.store) as answers:
        found = answers.rent(scenario, work)
        projected = answers.project(scenario)
        marks = stamp(answers, projected)
    if args.tokens is not None:
        notes.append(rents.ASSUMED)
    for text in notes:
        note(text)
    if out is not None:
        replaced = out.exists()
        for path in write_frame(
            out, found.prices, _manifest(found, rents.command(scenario, workload), scenario, marks)
        ):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        say_json({**_record(found, work), **marks, "notes": notes})
    else:
        _tell(found)
    return 0


def _record(found: Rent, work: list[Hours]) -> dict[str, Any]:
    return {
        "workload": [hours._asdict() for hours in work],
        "prices": found.prices.to_dicts(),
        "providers": found.providers.to_dicts(),
        "unserved": unserved_figures(found.unserved),
    }


def _manifest(found: Rent, command: str, scenario: Scenario, marks: dict[str, Any]) -> dict[str, Any]:
    from dashboard import exports

    made = exports.manifest(
        kind="table",
        title="A workload at every stated price",
        frame=found.prices,
        units={c: rents.UNITS.get(c, "") for c in found.prices.columns},
        scenario=scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=command,
        time=datetime.now(UTC),
    )
    return {**made, **exports.STILL}


def _tell(found: Rent) -> None:
    say(rents.answer(found))
    say("")
    rows: list[tuple[str, ...]] = [("provider", "GPU", "by", "of", "an hour", "a month")]
    for r in found.prices.iter_rows(named=True):
        remark = f" ({r['remark']})" if r["remark"] else ""
        rows.append(
            (
                r["provider"],
                r["model"],
                f"{r['source']}{remark}",
                r["date"],
                rents.between(r["price_low"], r["price_high"]),
                rents.between(r["cost_low"], r["cost_high"]),
            )
        )
    say_table(rows, left=4)
    for text in rents.conflicts(found):
        say(text)
    say("\n" + rents.unserved(found))
