"""`vaultline suppliers`: what a fleet of GPUs would earn, with its break-even and its risk."""

import argparse
import textwrap
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard.answers import Answers
from dashboard.commands.output import (
    REPORTS,
    SUFFIXES,
    checked_report,
    note,
    say,
    say_json,
    say_table,
    working,
    write_frame,
    write_report,
)
from dashboard.commands.project import stamp
from dashboard.commands.scenario import asked
from dashboard.questions import fleets
from dashboard.questions.fleets import Question
from dashboard.settings import number, whole
from dashboard.words import cards_suppliers
from dashboard.words.formats import percent, usd
from data.registry import Registry, load_facts
from data.suppliers import example_fleet
from models.parameters import Scenario
from models.readers.fleet import Site, eligibility
from models.readers.fleet_income import WAYS, Judgement
from models.readers.suppliers import Answer

WIDTH = 100
SHARES = ("negative", "paid_back", "paid_back_low", "paid_back_high")


def run(args: argparse.Namespace) -> int:
    out = checked_report(args.out, args.prices, (*SUFFIXES, *REPORTS)) if args.out is not None else None
    registry = load_facts()
    question = _question(args, registry)
    scenario, notes = asked(args, registry)
    if args.fleet is None:
        notes.append("this is an example: --fleet gives your own machines")
    with working("running"), Answers.open(args.store) as answers:
        found = answers.supplier(scenario, question)
        projected = answers.project(scenario)
        marks = stamp(answers, projected)
        page = None
        if out is not None and out.suffix.lower() in REPORTS:
            from dashboard.report import fleet as report_fleet  # it brings the charts' library along

            page = report_fleet.make(answers, found, question, scenario, datetime.now(UTC))
    for text in notes:
        note(text)
    command = fleets.command(scenario, question)
    if out is not None and page is not None:
        write_report(out, page)
    elif out is not None:
        replaced = out.exists()
        for path in write_frame(out, found.by_month, _manifest(found, question, scenario, marks, command)):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        say_json({**_record(found, question), **marks, "command": command, "notes": notes})
    else:
        _tell(found, question, scenario)
    return 0


def _question(args: argparse.Namespace, registry: Registry) -> Question:
    rows: list[dict[str, Any]] = (
        example_fleet(registry.facts) if args.fleet is None else fleets.rows_from_text(args.fleet)
    )
    return fleets.question(
        registry,
        rows,
        site=_numbers(args, Site),
        judged=_numbers(args, Judgement),
        paths=fleets.PATHS if args.paths is None else whole("--paths", args.paths),
        seed=fleets.SEED if args.seed is None else whole("--seed", args.seed),
    )


def _numbers(args: argparse.Namespace, fields: type[Site | Judgement]) -> dict[str, float]:
    given = {name: getattr(args, name) for name in fields.model_fields}
    return {name: number(name, text) for name, text in given.items() if text is not None}


def _record(found: Answer, question: Question) -> dict[str, Any]:
    return {
        **question.parameters,
        **found.figures._asdict(),
        "checklist": [c._asdict() for c in eligibility(question.fleet, question.site)],
        "lines": question.fleet.table.to_dicts(),
        "results": found.results.to_dicts(),
        "payouts": found.payouts.to_dicts(),
        "squeeze": found.squeeze.to_dicts(),
        "ranges": found.ranges.to_dicts(),
        "by_month": found.by_month.to_dicts(),
    }


def _manifest(
    found: Answer, about: Question, scenario: Scenario, marks: dict[str, Any], command: str
) -> dict[str, Any]:
    from dashboard import exports

    frame = found.by_month
    units = {"way": "", "month": "run month", **dict.fromkeys(SHARES, "share of paths")}
    made = exports.manifest(
        kind="table",
        title="A fleet's income after electricity and fees, by month",
        frame=frame,
        units={c: units.get(c, "USD a month") for c in frame.columns},
        scenario=scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=command,
        time=datetime.now(UTC),
    )
    return {**made, **exports.drawn(load_facts().shocks(), about.seed, about.paths)}


def _tell(found: Answer, question: Question, scenario: Scenario) -> None:
    say(_filled(cards_suppliers.verdict(found, question)))
    conditions = eligibility(question.fleet, question.site)
    _paragraph(cards_suppliers.missing(conditions))
    say_table([(c.condition, c.needed, c.yours, cards_suppliers.STATES[c.state]) for c in conditions], left=4)
    for card in cards_suppliers.cards(found):
        _paragraph(f"{card.label}: {card.value}. {card.detail}")
    say_table(_results(found), left=1)
    say("\nThe pay taken in USDC or in IO, over the run, after electricity:")
    rows = [("", "middle", "worst twentieth", "better than USDC")]
    rows += [
        (r["payout"], usd(r["total_usd_p50"]), usd(r["total_usd_p5"]), percent(r["better_than_usdc"]))
        for r in found.payouts.iter_rows(named=True)
    ]
    say_table(rows)
    _paragraph(cards_suppliers.smallest(found))
    _paragraph(cards_suppliers.depends_on(found, question, scenario))
    say_table(_ranges(found))


def _paragraph(text: str) -> None:
    say("\n" + _filled(text))


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def _results(found: Answer) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "a month", "return", "net present value", "never paid back")]
    for r in found.results.iter_rows(named=True):
        rows.append(
            (
                WAYS[r["way"]],
                usd(r["month_usd_p50"]),
                percent(r["roi_p50"]),
                usd(r["npv_usd_p50"]),
                percent(r["never"]),
            )
        )
    return rows


def _ranges(found: Answer) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("If it were", "", "", "a month", "never paid back")]
    for r in found.ranges.sort(pl.col("way") == "legacy", maintain_order=True).iter_rows(named=True):
        rows.append(
            (
                cards_suppliers.TITLES[r["field"]],
                f"{r['value']:g}",
                WAYS[r["way"]],
                usd(r["month_usd"]),
                percent(r["never"]),
            )
        )
    return rows
