"""How the policy lab and the networks' rules read: the same sentences and rows for terminal and page."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard import inputs
from dashboard.words import formats
from dashboard.words.formats import MINUS, NO_BREAK
from dashboard.words.risk_words import RESERVE_EVENTS, lower
from dashboard.words.stress_words import chance
from models.mechanism_paths import REFERENCE
from models.policy import DOMINATED, EFFICIENT, EVENTS, UNCLEAR, pays_less, unbeaten

if TYPE_CHECKING:
    from dashboard.questions.policies import MechanismsQuestion, PolicyQuestion
    from dashboard.questions.risks import Found

Row = Mapping[str, Any]
CAVEAT = (
    "Dominated: another of these policies burns no less at no more risk, and is better in one of the two by "
    "more than the 95 % error of that difference on the same futures. More policies could find better ones; "
    "the best of many is flattered by about an error."
)
# What burn is weighed against.
WEIGHED = {"shortfall": "a shortfall", "underpaid": "underpaid suppliers"}
IN_USD = ("income_usd", "lowest_month_usd")
QUANTITIES = {
    "income_usd": "Supplier income", "lowest_month_usd": "Worst month's income", "issued": "Issued",
    "burned": "Burned", "net": "Net issuance", "circulating": "Circulating at the end",
    "dilution": "Dilution",
}  # fmt: skip


def policy_flags(question: "PolicyQuestion") -> list[str]:
    """The flags of the command that asks this, besides scenario and shocks."""
    return [
        "--levers", ",".join(question.levers), "--policies", str(question.policies),
        "--paths", str(question.paths), "--seed", str(question.seed),
    ]  # fmt: skip


def mechanism_flags(question: "MechanismsQuestion") -> list[str]:
    return ["--paths", str(question.paths), "--seed", str(question.seed)]


def policy_sentences(found: "Found", event: str) -> list[str]:
    """Today's policy, what beats it, and how the others fare."""
    table, f = found.tables["policies"], found.figures
    today = table.row(0, named=True)
    risk, said = EVENTS[event], RESERVE_EVENTS[event]
    sure = f"{today[f'{risk}_error'] * 100:.2f} points"
    told = [
        f"Under these assumptions today's policy burns {formats.io(today['burned'])} "
        f"{plus_minus(formats.io(today['burned_error']))} in {formats.months(f['months'])}, and the "
        f"vaults {said} in {chance(today[risk])} of random futures {plus_minus(sure)}."
    ]
    most, safest = (table.row(f["best"][event][end], named=True) for end in ("burn", "safe"))
    if today[f"verdict_{event}"] == EFFICIENT:
        told.append(f"None of the {table.height - 1} others burns as much at no more risk.")
    else:
        beaten = "is beaten" if today[f"verdict_{event}"] == DOMINATED else "seems beaten, within the error"
        told.append(
            f"It {beaten}. At no more risk {name_of(most)} burns most: {differs(most, event)}. Burning no "
            f"less, {name_of(safest)} is the safest: {differs(safest, event)}."
        )
    verdict = table[f"verdict_{event}"].to_list()
    efficient = table.filter(pl.col(f"verdict_{event}") == EFFICIENT)
    less = efficient.filter(pays_less()).height
    fair = table.row(f["best"][event]["fair"], named=True)
    told.append(
        "None that pays no less at the lowest is safer without burning less."
        if fair["number"] == 0
        else f"Among those that pay no less at the lowest than today's, {name_of(fair)} is the safest that "
        f"burns no less: {differs(fair, event)}."
    )
    looks = ": a controller can look solvent by paying less" if event == "shortfall" and less else ""
    told.append(
        f"Of {table.height} policies {efficient.height} are efficient, {verdict.count(DOMINATED)} dominated "
        f"and {verdict.count(UNCLEAR)} not told apart. {less} of the efficient pay suppliers less at the "
        f"lowest than today's does{looks}."
    )
    return told


def frontier_notice(table: pl.DataFrame, event: str) -> str:
    """What to notice where burn stands against risk."""
    today, risk = table.row(0, named=True), EVENTS[event]
    efficient = table.filter(pl.col(f"verdict_{event}") == EFFICIENT).sort("burned")
    least, most = efficient.row(0, named=True), efficient.row(-1, named=True)
    less = efficient.filter(pays_less()).height
    own = {EFFICIENT: "is efficient", DOMINATED: "is dominated"}.get(
        today[f"verdict_{event}"], "is not told apart from a better one"
    )
    return (
        f"Under these assumptions today's policy {own}. The frontier runs from {formats.io(least['burned'])} "
        f"at {chance(least[risk])} to {formats.io(most['burned'])} at {chance(most[risk])}; {less} of its "
        f"{efficient.height} policies pay suppliers less at the lowest than today's."
    )


def choice(row: Row, event: str) -> str:
    """A policy in a list to choose from."""
    risk = chance(row[EVENTS[event]])
    told = f"{name_of(row)}: {formats.io(row['burned'])}, {risk}, {row[f'verdict_{event}']}"
    return f"{told[:1].upper()}{told[1:]}"


def differs(row: Row, event: str) -> str:
    """Burn, risk and pay against today's policy, each with the standard error of the difference."""
    risk = EVENTS[event]
    return (
        f"burn {_less_burned(row)}, chance {points(row[f'{risk}_less'], row[f'{risk}_less_error'])}, lowest "
        f"pay {points(row['lowest_pay_less'], row['lowest_pay_less_error'])}"
    )


def _less_burned(row: Row) -> str:
    return f"{_signed(row['burned_less'], formats.io)} {plus_minus(formats.io(row['burned_less_error']))}"


def points(value: float, error: float) -> str:
    return f"{_signed(value, lambda v: f'{v * 100:.1f}')} points {plus_minus(f'{error * 100:.2f}')}"


def plus_minus(error: str) -> str:
    """A standard error behind its value."""
    return f"(±{NO_BREAK}{error})"


def _signed(value: float, write: Any) -> str:
    return f"{MINUS if value < 0 else '+'}{write(abs(value))}"


def settings(row: Row, today: Row, levers: Iterable[str]) -> str:
    """What a policy has otherwise than today's."""
    changed = [
        f"{lower(inputs.title(name))} {inputs.shown(name, row[name])}"
        for name in levers
        if row[name] != today[name]
    ]
    return formats.listing(changed) if changed else "as today"


def shown_policies(table: pl.DataFrame, event: str) -> pl.DataFrame:
    """Today's, the reader's own, what no other beats for sure, and those that are best of all which pay no
    less, by what they burn."""
    fair = unbeaten(table.filter(~pays_less()), event)["number"].to_list()
    kept = (pl.col(f"verdict_{event}") != DOMINATED) | pl.col("kind").is_in(["today", "yours"])
    return table.filter(kept | pl.col("number").is_in(fair)).sort("burned", "number")


def policy_rows(table: pl.DataFrame, event: str) -> list[tuple[str, ...]]:
    """Those policies under their heads, coverage and pay side by side."""
    rows: list[tuple[str, ...]] = [
        ("", "burned", "than today's", "shortfall", "underpaid", "lowest pay", "retired", "")
    ]
    for row in shown_policies(table, event).iter_rows(named=True):
        rows.append(
            (
                name_of(row),
                formats.io(row["burned"]),
                "" if row["number"] == 0 else _less_burned(row),
                chance(row["p_shortfall"]),
                chance(row["p_underpaid"]),
                formats.percent(row["lowest_pay"]),
                formats.io(row["retired"]),
                row[f"verdict_{event}"],
            )
        )
    return rows


def name_of(row: Row) -> str:
    return {"today": "today's", "yours": "yours"}.get(row["kind"], f"policy {row['number']}")


def mechanism_sentence(totals: pl.DataFrame, paths: int, months: int) -> str:
    income = totals.filter(quantity="income_usd")
    own, others = income.row(0, named=True), income.slice(1).sort("less_ide")
    least, most = others.row(0, named=True), others.row(-1, named=True)
    return (
        f"Under these assumptions suppliers earn {formats.usd(own['mean'])} "
        f"{plus_minus(formats.usd(own['error']))} over {formats.months(months)} under the IDE, mean of "
        f"{paths:,} random futures; on the same futures {_less(least)} and {_less(most)}."
    )


def _less(row: Row) -> str:
    rule = "the old schedule" if row["mechanism"] == "legacy" else f"{row['title']}'s rule"
    less = _signed(row["less_ide"], formats.usd)
    return f"{less} {plus_minus(formats.usd(row['less_ide_error']))} under {rule}"


def mechanism_notice(rows: pl.DataFrame, quantity: str) -> str:
    """What to notice where one quantity stands by rule; `rows`: those of the totals."""
    own, others = rows.row(0, named=True), rows.slice(1).sort("less_ide")
    least, most = others.row(0, named=True), others.row(-1, named=True)

    def told(row: Row) -> str:
        return f"{row['title']} {with_error(quantity, row['less_ide'], row['less_ide_error'])}"

    return (
        f"Under these assumptions the IDE's mean is {with_error(quantity, own['mean'], own['error'])}, and "
        f"{amount(quantity, own['p5'])} to {amount(quantity, own['p95'])} in nine of ten futures. Against "
        f"it on the same futures: {told(least)} at the low end, {told(most)} at the high."
    )


def amount(quantity: str, value: float) -> str:
    if quantity in IN_USD:
        return formats.usd(value)
    return formats.percent(value) if quantity == "dilution" else formats.io(value)


def with_error(quantity: str, value: float, error: float | None) -> str:
    if error is None:  # one path
        return amount(quantity, value)
    told = f"{error * 100:.2f} points" if quantity == "dilution" else amount(quantity, error)
    return f"{amount(quantity, value)} {plus_minus(told)}"


def mechanism_rows(totals: pl.DataFrame, quantities: Iterable[str]) -> list[tuple[str, ...]]:
    """One row a mechanism and quantity: mean with its error, 5 % to 95 % of futures, less the IDE's."""
    rows: list[tuple[str, ...]] = [("", "", "mean", "5 % to 95 %", "less IDE's")]
    for quantity in quantities:
        for row in totals.filter(quantity=quantity).iter_rows(named=True):
            less = with_error(quantity, row["less_ide"], row["less_ide_error"])
            rows.append(
                (
                    QUANTITIES[quantity],
                    row["title"],
                    with_error(quantity, row["mean"], row["error"]),
                    f"{amount(quantity, row['p5'])} to {amount(quantity, row['p95'])}",
                    "" if row["mechanism"] == REFERENCE else less,
                )
            )
    return rows
