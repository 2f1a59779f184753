"""`vaultline policy`: burn against solvency over the settings that io.net could choose."""

import argparse
import textwrap

from dashboard.commands import risk_output
from dashboard.commands.output import checked_target, note, say, say_json, say_table
from dashboard.commands.scenario import asked
from dashboard.questions.policies import policy_question
from dashboard.questions.risks import Found
from dashboard.settings import whole
from dashboard.words import policy_words as words
from data.policy_inputs import LEVERS
from data.registry import load_facts
from data.shock_choices import provisional
from models.parameters import InputError, field_info
from models.policy import EVENTS, QUANTITIES
from models.stress.engine import check_request

WIDTH = 100
UNITS = {
    f"{name}{end}": quantity.unit
    for name, quantity in QUANTITIES.items()
    for end in ("", "_error", "_less", "_less_error", "_low", "_high")
}


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    check_request(args.paths, args.seed)
    if args.event not in EVENTS:
        raise InputError(f"there is no event {args.event[:40]!r} here; there are {', '.join(EVENTS)}")
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    given = ",".join(LEVERS) if args.levers is None else args.levers
    levers = tuple(name.strip() for name in given.split(",") if name.strip())
    policies = whole("--policies", args.policies)
    question = policy_question(registry, scenario, shocks, levers, policies, args.paths, args.seed)
    found = risk_output.reckon(args, question)
    notes += [provisional(registry, shocks)] + ([found.note] if found.note else [])
    for text in notes:
        note(text)
    made = risk_output.marks(found, scenario, shocks, words.policy_flags(question))
    table = found.tables["policies"]
    if out is not None:
        units = UNITS | {name: _unit(name) for name in levers}
        risk_output.write(out, table, "Policies", scenario, made, units)
    if args.json:
        say_json({**found.figures, "table": table.to_dicts(), **made, "notes": notes})
    else:
        _tell(found, args.event)
    return 0


def _unit(name: str) -> str:
    extra = field_info(name).json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def _tell(found: Found, event: str) -> None:
    table, f = found.tables["policies"], found.figures
    for text in words.policy_sentences(found, event):
        say(textwrap.fill(text, WIDTH))
    say("\nWhat no other beats for sure, and the best of those that pay no less; ± is a standard error:")
    say_table(words.policy_rows(table, event))
    say("\nTheir settings, where they are not today's:")
    today = table.row(0, named=True)
    for row in words.shown_policies(table, event).iter_rows(named=True):
        text = f"{words.name_of(row)}: {words.settings(row, today, f['levers'])}"
        say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    "))
    say("\n" + textwrap.fill(words.CAVEAT, WIDTH))
    say(f"\n{f['paths']:,} random futures each, seed {f['seed']}, {risk_output.computed(found)}.")
