"""`vaultline mechanisms`: the scenario's revenue and prices under io.net's rules and other networks'."""

import argparse
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dashboard.answers import Answers
from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from dashboard.commands.project import stamp
from dashboard.commands.scenario import asked
from dashboard.settings import command
from dashboard.words import formats
from data.registry import Registry, load_facts
from models.mechanism_paths import REFERENCE, Comparison, Mechanism
from models.parameters import InputError, Scenario

WIDTH = 100
# Of the columns whose names begin with these.
UNITS = {
    "income_usd": "USD",
    **dict.fromkeys(("issued", "burned", "net", "circulating"), "IO"),
    "month": "run month",
}
QUANTITIES = ("income_usd", "lowest_month_usd", "issued", "burned", "net", "circulating", "dilution")


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    if args.paths is not None:
        return _on_futures(args, out)
    if args.shock:
        raise InputError("--shock changes the random shocks, and there are none without --paths")
    # Before the store is touched: bad input changes nothing.
    scenario, notes = asked(args, load_facts())
    with working("comparing"), Answers.open(args.store) as answers:
        projected = answers.project(scenario)
        found = answers.mechanisms(scenario)
        marks = stamp(answers, projected)
        registry = answers.registry
    notes += [projected.note] if projected.note else []
    for text in notes:
        note(text)
    records = [_record(registry, found, m) for m in found.mechanisms]
    if out is not None:
        replaced = out.exists()
        for path in write_frame(
            out, found.by_month, {**_manifest(found, scenario, marks), "mechanisms": records}
        ):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        say_json({"mechanisms": records, **marks, "recorded": projected.note is None, "notes": notes})
    else:
        _tell(registry, found, scenario)
    return 0


def _on_futures(args: argparse.Namespace, out: Path | None) -> int:
    """The same on random futures, as distributions."""
    # the compiler of the paths comes along: one path does without
    from dashboard.commands import risk_output
    from dashboard.questions.policies import MechanismsQuestion
    from dashboard.words import policy_words as words
    from data.mechanisms import build_mechanisms
    from data.shock_choices import provisional

    registry = load_facts()
    shocks = risk_output.shocks_of(args, registry)
    scenario, notes = asked(args, registry)
    question = MechanismsQuestion(scenario, shocks, args.paths, args.seed)
    found = risk_output.reckon(args, question)
    notes += [provisional(registry, shocks)] + ([found.note] if found.note else [])
    for text in notes:
        note(text)
    made = risk_output.marks(found, scenario, shocks, words.mechanism_flags(question))
    totals, by_month = found.tables["totals"], found.tables["by_month"]
    if out is not None:
        risk_output.write(out, by_month, "Mechanisms by month", scenario, made, _units(by_month))
    rules = build_mechanisms(registry.facts)
    if args.json:
        records = [{**_about(registry, m), "totals": _of(totals, m.name)} for m in rules]
        say_json({**found.figures, "mechanisms": records, **made, "notes": notes})
        return 0
    f = found.figures
    say(textwrap.fill(words.mechanism_sentence(totals, f["paths"], f["months"]), WIDTH))
    say("")
    say_table(words.mechanism_rows(totals, QUANTITIES), left=2)
    say(
        "\n± is a standard error, of a difference the one on the same futures. Income counts tokens at the\n"
        "price of the month that pays them; issued tokens may have been minted again. By the month,\n"
        "whatever the scenario's steps. How the rules were brought to IO's scale:\n"
    )
    _rules(registry, rules)
    say(f"\n{f['paths']:,} random futures, seed {f['seed']}, {risk_output.computed(found)}.")
    return 0


def _of(totals: pl.DataFrame, name: str) -> dict[str, Any]:
    rows = totals.filter(mechanism=name).drop("mechanism", "title")
    return {row.pop("quantity"): row for row in rows.to_dicts()}


def _manifest(found: Comparison, scenario: Scenario, marks: dict[str, Any]) -> dict[str, Any]:
    from dashboard import exports

    made = exports.manifest(
        kind="table",
        title="Mechanisms by month, from the same revenue at the same prices",
        frame=found.by_month,
        units=_units(found.by_month),
        scenario=scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=command(scenario, "mechanisms"),
        time=datetime.now(UTC),
    )
    return {**made, **exports.STILL}


def _units(by_month: pl.DataFrame) -> dict[str, str]:
    return {c: unit for q, unit in UNITS.items() for c in by_month.columns if c.startswith(q)}


def _record(registry: Registry, found: Comparison, mechanism: Mechanism) -> dict[str, Any]:
    return {**_about(registry, mechanism), **_totals(found, mechanism.name)}


def _about(registry: Registry, mechanism: Mechanism) -> dict[str, Any]:
    return {
        "name": mechanism.name,
        "title": mechanism.title,
        "notes": mechanism.notes,
        "sources": _sources(registry, mechanism),
        "facts": list(mechanism.facts),
    }


def _totals(found: Comparison, name: str) -> dict[str, float]:
    """Over the run, by quantity, and the income beyond that of the IDE."""
    rows = found.totals.filter(pl.col("mechanism") == name)
    totals = {row["quantity"]: row for row in rows.iter_rows(named=True)}
    less = {"income_usd_less_ide": totals["income_usd"]["less_ide"]}
    return {q: totals[q]["mean"] for q in QUANTITIES} | less


def _sources(registry: Registry, mechanism: Mechanism) -> list[str]:
    sources = (registry.source(registry.facts[id_].source) for id_ in mechanism.facts)
    return list(dict.fromkeys(source.name for source in sources))


def _tell(registry: Registry, found: Comparison, scenario: Scenario) -> None:
    totals = {m.name: _totals(found, m.name) for m in found.mechanisms}
    own = totals[REFERENCE]["income_usd"]
    others = [t["income_usd"] for name, t in totals.items() if name != REFERENCE]
    say(
        f"Under these assumptions suppliers earn {formats.usd(own)} over {scenario.months} months under the "
        f"IDE, and {formats.usd(min(others))} to {formats.usd(max(others))} under the other rules, from the "
        "same revenue at the same prices."
    )
    say("")
    rows: list[tuple[str, ...]] = [
        ("", "income", "less IDE's", "worst month", "issued", "burned", "circulating", "dilution")
    ]
    for mechanism in found.mechanisms:
        t = totals[mechanism.name]
        rows.append(
            (
                mechanism.title,
                *(formats.usd(t[q]) for q in ("income_usd", "income_usd_less_ide", "lowest_month_usd")),
                *(formats.io(t[q]) for q in ("issued", "burned", "circulating")),
                formats.percent(t["dilution"]),
            )
        )
    say_table(rows)
    say(
        "\nIncome counts tokens at the price of the step that pays them; dilution is what payouts and burn\n"
        "add to what would circulate at the end by unlocks alone. How the rules were brought to IO's scale:\n"
    )
    _rules(registry, found.mechanisms)


def _rules(registry: Registry, mechanisms: Sequence[Mechanism]) -> None:
    for mechanism in mechanisms:
        sources = "; ".join(_sources(registry, mechanism))
        text = f"{mechanism.title}. {mechanism.notes} Sources: {sources}."
        say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))
