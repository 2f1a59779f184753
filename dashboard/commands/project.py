"""`vaultline project`: one scenario month by month, as a sentence and a table, as JSON, as a file."""

import argparse
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard.answers import Answers, Projected
from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from dashboard.commands.scenario import asked
from dashboard.settings import command
from dashboard.versions import VERSION, model_version
from dashboard.words import formats
from data.registry import load_facts
from models.projection import HOLDERS, MOVES

END = {
    "U": "Not yet emitted",
    "V": "Reward Vault",
    "L": "Locked",
    "C": "Liquid, circulating",
    "K": "Staked",
    "Q": "In cooldown",
    "B": "Burned",
}
USD = (
    "revenue", "unserved", "target", "paid", "fee_vault_draw", "short", "surplus", "burn_usd", "fee_vault_in",
    "lost_usd", "reserve_usd", "F",
)  # fmt: skip
# Of the columns of a projection's frame; what is not named is a ratio, a count or a flag.
UNITS = {
    **dict.fromkeys([*HOLDERS, *(m.flow for m in MOVES), "burned", "circulating", "residual"], "IO"),
    **dict.fromkeys(USD, "USD"),
    "price": "USD per IO",
    "runway": "months",
    "g": "USD a month",
    "month": "run month",
    "m": "protocol month",
    "date": "end of the month",
}
ALTERNATIVE = (
    "label", "H0", "V0_months", "first_shortfall_month", "min_coverage", "min_pay", "burn_year1",
    "release_year1",
)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    # Before the store is touched: bad input changes nothing.
    scenario, notes = asked(args, load_facts())
    with working("running"), Answers.open(args.store) as answers:
        projected = answers.project(scenario)
        replay = scenario.price_history is not None
        alternatives = _alternatives(answers, projected) if replay else None
        marks = stamp(answers, projected)
    notes += [projected.note] if projected.note else []
    for text in notes:
        note(text)
    if out is not None:
        replaced = out.exists()
        for path in write_frame(out, projected.frame, _manifest(projected, marks)):
            note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        more = {} if alternatives is None else {"alternatives": alternatives.to_dicts()}
        say_json({**projected.summary, **more, **marks, "recorded": projected.note is None, "notes": notes})
    else:
        _tell(projected, alternatives, marks)
    return 0


def _alternatives(answers: Answers, projected: Projected) -> pl.DataFrame:
    """A replay's answer for every payout target and start vault that the facts name as possible."""
    scenario = projected.scenario
    named = answers.alternatives(scenario).filter(pl.col("order") == scenario.order)
    return named.select(ALTERNATIVE)


def stamp(answers: Answers, projected: Projected) -> dict[str, Any]:
    """What it takes to get these numbers again."""
    scenario = projected.scenario
    return {
        "scenario": scenario.model_dump(mode="json"),
        "scenario_sha256": scenario.digest(),
        "facts_version": answers.registry.version,
        "version": VERSION,
        "model_version": model_version(),
        "run_id": projected.run_id,
    }


def _manifest(projected: Projected, marks: dict[str, Any]) -> dict[str, Any]:
    from dashboard import exports

    made = exports.manifest(
        kind="table",
        title="Every step of one projection",
        frame=projected.frame,
        units=UNITS,
        scenario=projected.scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=command(projected.scenario),
        time=datetime.now(UTC),
    )
    return {**made, **exports.STILL, "run_id": projected.run_id}


def _tell(projected: Projected, alternatives: pl.DataFrame | None, marks: dict[str, Any]) -> None:
    summary, months = projected.summary, projected.scenario.months
    year = f"in the first {min(12, months)} months" if months > 1 else "in the month"
    say(sentence(projected))
    say("")
    say_table(
        [
            ("Lowest coverage", formats.percent(summary["min_coverage"], 2)),
            ("Lowest pay", formats.percent(summary["min_pay"], 2)),
            (f"Burned {year}", formats.io(summary["burn_year1"])),
            (f"Released {year}", formats.io(summary["release_year1"])),
        ]
    )
    end = summary["end"]
    say(f"\nAt the end of {_when(projected, months)}:")
    say_table(
        [(name, symbol, formats.io(end[symbol])) for symbol, name in END.items()]
        + [
            ("Fee Vault", "F", formats.usd(end["F"])),
            ("Active supply", "N", f"{end['N']:.4f}"),
            ("Payout target", "k", f"{end['k']:.4f}"),
            ("Ledger is off by at most", "", f"{summary['max_residual']:.1g} IO"),
        ],
        left=2,
    )
    if alternatives is not None:
        say("\nThe same under what nobody has published:")
        say_table(_alternative_rows(alternatives))
    named = {"Scenario": "scenario_sha256", "facts": "facts_version", "run": "run_id"}
    say("\n" + ", ".join(f"{word} {marks[key][:12]}" for word, key in named.items()))


def _alternative_rows(alternatives: pl.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("", "first short", "coverage", "pay", "burned, year 1", "released, year 1")
    ]
    for row in alternatives.iter_rows(named=True):
        first = row["first_shortfall_month"]
        rows.append(
            (
                row["label"],
                "never" if first is None else f"month {first}",
                formats.percent(row["min_coverage"]),
                formats.percent(row["min_pay"]),
                formats.io(row["burn_year1"]),
                formats.io(row["release_year1"]),
            )
        )
    return rows


def sentence(projected: Projected) -> str:
    """The answer in plain words: does the reserve hold, and if not, when does it run short and how far?"""
    summary, scenario = projected.summary, projected.scenario
    first, underpaid = summary["first_shortfall_month"], summary["first_underpaid_month"]
    payers = "the vaults" if scenario.rule == "ide" else "revenue and emission"
    if first is not None:
        return (
            f"Under these assumptions {payers} run short in {_when(projected, first)}: at the worst they "
            f"cover {formats.percent(summary['min_coverage'])} of what suppliers are owed."
        )
    answer = f"Under these assumptions {payers} cover the payout target in every month"
    if underpaid is None:
        return f"{answer}, {_when(projected, 1)} to {_when(projected, scenario.months)}."
    return (
        f"{answer}, but only because it is lowered: from {_when(projected, underpaid)} suppliers are "
        f"underpaid, at the worst with {formats.percent(summary['min_pay'])} of the target at the start."
    )


def _when(projected: Projected, run_month: int) -> str:
    return formats.month(projected.by_month.item(run_month - 1, "date"), run_month)
