"""`vaultline investors`: the burn against release and unlocks, a second contract, the old schedule."""

import argparse
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard.answers import Answers
from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from dashboard.commands.project import stamp
from dashboard.commands.scenario import asked
from dashboard.questions import investing
from dashboard.questions.investing import Issuance, Question
from dashboard.settings import number, whole
from dashboard.words import cards_investors, cards_outlook
from dashboard.words.formats import usd
from data.registry import Registry, load_facts
from models.parameters import InputError, Scenario
from models.readers.outlook import Outlook, horizons

WIDTH = 100


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    registry = load_facts()
    scenario, notes = asked(args, registry)
    question = _question(args, registry, scenario)
    with working("running"), Answers.open(args.store) as answers:
        found = answers.issuance(scenario, question.window)
        outlook = answers.outlook(scenario, question)
        marks = stamp(answers, answers.project(scenario))
    for text in notes:
        note(text)
    command = investing.command(scenario, question)
    if out is not None:
        replaced = out.exists()
        frame = by_month(found)
        for path in write_frame(out, frame, _manifest(frame, scenario, marks, command)):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        say_json({**_record(found, outlook, question), **marks, "command": command, "notes": notes})
    else:
        _tell(found, outlook, question, scenario)
    return 0


def _question(args: argparse.Namespace, registry: Registry, scenario: Scenario) -> Question:
    def given(name: str, read: Callable[[str, str], Any]) -> Any:
        text = getattr(args, name)
        return None if text is None else read(f"--{name.replace('_', '-')}", text)

    contract = {
        "probability": given("probability", number),
        "usd": given("contract_usd", number),
        "first": given("contract_first", whole),
        "months": given("contract_months", whole),
    }
    contract = {name: value for name, value in contract.items() if value is not None}
    total = given("contract_total", number)
    if total is not None:
        if "usd" in contract:
            raise InputError(
                "--contract-usd is a month's size and --contract-total the whole: give one of them"
            )
        months = contract.get("months", investing.assumed(registry, scenario.months)["months"])
        contract["usd"] = total / max(months, 1)
    sizes = {name: given(name, whole) for name in ("window", "paths", "seed")}
    sizes = {name: value for name, value in sizes.items() if value is not None}
    return investing.question(registry, scenario, contract, **sizes)


def by_month(found: Issuance) -> pl.DataFrame:
    """Break-even and sell pressure side by side, one row a month."""
    return found.by_month.join(found.pressure.drop("date"), on="month")


def _record(found: Issuance, outlook: Outlook, question: Question) -> dict[str, Any]:
    return {
        **question.parameters,
        "balance": found.balance._asdict(),
        "first_contract_usd": found.contract_usd,
        "break_even": {m: getattr(found, m)._asdict() for m in ("burn", "circulating")},
        "alternatives": found.alternatives.to_dicts(),
        "volumes": [{**row, "until": row["until"].isoformat()} for row in found.volumes.to_dicts()],
        "second_contract": outlook.contract.to_dicts(),
        "old_schedule": outlook.rules.to_dicts(),
        "outlook_alternatives": outlook.alternatives.to_dicts(),
        "by_month": [{**row, "date": row["date"].isoformat()} for row in by_month(found).to_dicts()],
    }


def _unit(column: str) -> str:
    endings = {"_usd": "USD a month", "_contracts": "contracts", "price": "USD per IO", "month": "run month"}
    days = "days of trading volume" if "_days_" in column else ""
    return days or next((unit for end, unit in endings.items() if column.endswith(end)), "")


def _manifest(frame: pl.DataFrame, scenario: Scenario, marks: dict[str, Any], command: str) -> dict[str, Any]:
    from dashboard import exports

    made = exports.manifest(
        kind="table",
        title="Revenue at which the burn covers release and unlocks, and what comes to market, by month",
        frame=frame,
        units={c: _unit(c) for c in frame.columns},
        scenario=scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=command,
        time=datetime.now(UTC),
    )
    return {**made, **exports.STILL}


def _tell(found: Issuance, outlook: Outlook, question: Question, scenario: Scenario) -> None:
    say(_filled(cards_investors.verdict(found)))
    for card in cards_investors.cards(found, scenario):
        _paragraph(f"{card.label}: {card.value}. {card.detail}")
    _paragraph(cards_investors.conflict(found))
    if found.alternatives.height:
        say("")
        say_table(_alternatives(found))
    horizon = horizons(scenario.months)[-1]
    _paragraph(cards_outlook.contract(outlook, question, horizon))
    _table(cards_outlook.contract_table(outlook, scenario, horizon))
    _paragraph(cards_outlook.rules(outlook, scenario, question.paths, horizon))
    _table(cards_outlook.rules_table(outlook, scenario, horizon))


def _alternatives(found: Issuance) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("Under what nobody has published", "revenue a month", "contracts")]
    for r in found.alternatives.iter_rows(named=True):
        level, contracts = r["revenue_usd"], r["contracts"]
        rows.append(
            (
                r["label"],
                "none" if level is None else usd(level),
                "none" if contracts is None else f"{contracts:.2f}",
            )
        )
    return rows


def _table(frame: pl.DataFrame) -> None:
    say_table([tuple(frame.columns), *frame.rows()])


def _paragraph(text: str) -> None:
    say("\n" + _filled(text))


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)
