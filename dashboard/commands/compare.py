"""`vaultline compare`: scenarios beside each other on the same random futures."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.answers import Answers
from dashboard.commands.output import checked_target, note, say, say_json, say_table, write_frame
from dashboard.commands.scenario import asked, preset
from dashboard.commands.stress import INTERRUPTED, progress, stoppable
from dashboard.questions.comparisons import (
    TABLE_UNITS,
    Column,
    Compared,
    Question,
    check,
    differing,
    first_shortfalls,
    fitted,
)
from dashboard.settings import parse_setting
from dashboard.shock_settings import shocks_from
from dashboard.versions import VERSION, model_version
from dashboard.words import compare_words
from data.registry import Registry, load_facts
from data.scenario_file import MAX_BYTES, MAX_NAME, checked_name, load
from data.shock_choices import choose, provisional
from models.parameters import InputError, Scenario, parse_scenario

AT_FIRST = (("second_contract",), ("legacy",))


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    shocks = shocks_from(args.shock, choose(registry, "regimes", named=args.shock_set))
    scenario, notes = asked(args, registry)
    columns = columns_of(registry, scenario, args.preset, args.beside or AT_FIRST)
    question = Question(columns, shocks, args.paths, args.seed)
    check(registry.protocol(), question)
    with Answers.open(args.store) as answers, stoppable() as stop, progress(args.paths) as shown:
        found = answers.compare(question, shown, lambda: bool(stop))
        firsts = first_shortfalls(answers, columns)
    if found.result.paths < args.paths:
        done = f"{found.result.paths:,} of {args.paths:,}"
        print(f"vaultline: interrupted after {done} paths; none is kept", file=sys.stderr)
        return INTERRUPTED
    notes += [provisional(registry, shocks), *([found.note] if found.note else [])]
    for text in notes:
        note(text)
    marks = _marks(registry, found)
    if out is not None:
        replaced = out.exists()
        for path in write_frame(out, found.table, _manifest(found, marks)):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        inputs = differing(registry, columns).to_dicts()
        say_json(
            {**_record(found, firsts), "inputs": inputs, **marks, "recorded": not found.note, "notes": notes}
        )
    else:
        _tell(registry, found, firsts)
    return 0


def columns_of(
    registry: Registry, scenario: Scenario, based_on: str, beside: Sequence[Sequence[str]]
) -> tuple[Column, ...]:
    """The scenario of the flags, by the preset that it is based on, and those of --with, over its months and
    steps. Raises InputError."""
    own = preset(registry, based_on)
    known = [p for p in (own, *registry.presets().values()) if p.scenario == scenario]
    first = Column(f"{own.title}, changed", scenario)
    if known:
        first = Column(known[0].title, scenario, known[0].name)
    return first, *(fitted(_other(registry, scenario, words), scenario) for words in beside)


def _other(registry: Registry, first: Scenario, words: Sequence[str]) -> Column:
    """PRESET or FILE, then what is set upon it; with neither, the settings are upon the first scenario."""
    title, base, known = "", first, None
    settings = list(words)
    if "=" not in words[0]:
        settings = settings[1:]
        if words[0].lower().endswith(".json"):
            title, base = load(_read(Path(words[0])))
        else:
            found = preset(registry, words[0])
            title, base, known = found.title, found.scenario, found.name
    titles = [text.partition("=")[2] for text in settings if text.startswith("title=")]
    settings = [text for text in settings if not text.startswith("title=")]
    changes = dict(map(parse_setting, settings))
    scenario = parse_scenario(changes, base)
    if scenario != base:
        known = None
        title = f"{title}, changed" if title else ", ".join(settings)
        title = title if len(title) <= MAX_NAME else f"{title[: MAX_NAME - 3]}..."
    return Column(checked_name(titles[-1]) if titles else title or "The same", scenario, known)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"--with {path} cannot be read: {error.strerror}") from error


def _record(found: Compared, firsts: list[int | None]) -> dict[str, Any]:
    """The scenarios with all their figures, and the chances by month."""
    scenarios = []
    for k, column in enumerate(found.question.columns, 1):
        rows = found.table.filter(column=k).iter_rows(named=True)
        months = found.by_month.filter(column=k).drop("column", "scenario").to_dicts()
        scenarios.append(
            {
                "title": column.title,
                "scenario": column.scenario.model_dump(mode="json"),
                "scenario_sha256": column.scenario.digest(),
                "first_shortfall_month": firsts[k - 1],
                "figures": {
                    row["figure"]: {
                        key: row[key] for key in ("value", "error", "less_first", "less_first_error")
                    }
                    for row in rows
                },
                "by_month": months,
            }
        )
    return {"scenarios": scenarios}


def _marks(registry: Registry, found: Compared) -> dict[str, Any]:
    question = found.question
    return {
        "paths": found.result.paths,
        "seed": question.seed,
        "months": question.scenarios[0].months,
        "steps_per_month": question.scenarios[0].steps_per_month,
        "shocks": json.loads(question.shocks.canonical_json()),
        "provisional": True,
        "facts_version": registry.version,
        "version": VERSION,
        "model_version": model_version(),
        "found": found.found,
        "seconds": found.result.seconds,
        "command": question.command,
    }


def _manifest(found: Compared, marks: dict[str, Any]) -> dict[str, Any]:
    from dashboard import exports

    made = exports.manifest(
        kind="table",
        title="Scenarios beside each other on the same random futures",
        frame=found.table,
        units=TABLE_UNITS,
        scenario=found.question.scenarios[0],
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=marks["command"],
        time=datetime.now(UTC),
    )
    others = [
        {"title": c.title, "scenario": c.scenario.model_dump(mode="json")} for c in found.question.columns[1:]
    ]
    return made | {"compared_with": others} | {key: marks[key] for key in ("shocks", "seed", "paths")}


def _tell(registry: Registry, found: Compared, firsts: list[int | None]) -> None:
    columns = found.question.columns
    say(compare_words.sentence(found))
    heads = ["", *(column.title for column in columns)]
    outputs = [compare_words.still_row(columns, firsts), *compare_words.outputs(found)]
    for head, rows in (
        ("What differs in the inputs:", compare_words.inputs_rows(differing(registry, columns))),
        ("What differs in the outcome, ± one standard error:", outputs),
    ):
        say(f"\n{head}")
        lines = [heads]
        for title, cells in rows:
            lines.append([title, *(cell.value for cell in cells)])
            if any(cell.detail for cell in cells):
                lines.append(["", *(f"({cell.detail})" if cell.detail else "" for cell in cells)])
        say_table(lines)
    about = compare_words.about_rules(columns)
    if about:
        say(f"\n{about}")
    how = "found in the store, computed" if found.found else "computed"
    say(
        f"\nSeed {found.question.seed}, {found.result.paths:,} paths, {how} in {found.result.seconds:.2f} s; "
        f"in brackets: more than under {columns[0].title}, path by path on the same shocks."
    )
