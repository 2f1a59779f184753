"""How a comparison reads: what a change buys, in a sentence, and the cells of its two tables."""

from collections.abc import Callable, Sequence

import polars as pl

from dashboard.compare_table import Cell
from dashboard.questions.comparisons import Column, Compared
from dashboard.settings import contracts_from_text
from dashboard.words import formats
from dashboard.words.formats import MINUS, NO_BREAK, months, percent, plain
from dashboard.words.stress_words import chance
from models.stress.contrast import FIGURES, Mean, exists

NONE = "none"
# Differences nearer to zero than this many standard errors are not told from chance.
TELLING = 2.0


def verdict(found: Compared, name: Callable[[str], str] = plain) -> str:
    """What each change does to the chance of a shortfall, against the first scenario, as Markdown."""
    first, *others = found.question.columns
    before = found.result.value(0, "p_shortfall").value
    parts = [_effect(found, k, name(column.title), before) for k, column in enumerate(others, 1)]
    within = months(first.scenario.months)
    return (
        f"**{'; '.join(parts)}**: against {name(first.title)}, within {within}, on the same "
        f"{found.result.paths:,} random futures and under these assumptions (± one standard error)."
    )


def sentence(found: Compared) -> str:
    """`verdict` as plain text."""
    return verdict(found, str).replace("**", "")


def _effect(found: Compared, k: int, name: str, before: float) -> str:
    d, after = found.result.difference(k, "p_shortfall"), found.result.value(k, "p_shortfall").value
    said = "the chance of a shortfall" if k == 1 else "it"
    if d == (0.0, 0.0):
        return f"{name} leaves {said} at {chance(after)} in every one of these futures"
    if abs(d.value) < TELLING * d.standard_error:
        return f"{name} moves {said} by no more than chance would ({points(d)})"
    verb = "lowers" if d.value < 0 else "raises"
    size = f"{abs(d.value) * 100:.1f} points (±{NO_BREAK}{d.standard_error * 100:.2f})"
    start = f"from {chance(before)} " if k == 1 else ""
    return f"{name} {verb} {said} by {size}, {start}to {chance(after)}"


def points(d: Mean) -> str:
    """A difference of shares in percentage points, with its standard error."""
    return f"{_sign(d.value)}{abs(d.value) * 100:.2f} points ±{NO_BREAK}{d.standard_error * 100:.2f}"


def _sign(value: float) -> str:
    return MINUS if value < 0 else "+"


def quantity(figure: str, value: float) -> str:
    """A figure in its unit, plain text."""
    unit = FIGURES[figure].unit
    if unit.startswith("share"):
        return chance(value) if figure.startswith("p_") else percent(value)
    if unit == "USD":
        return formats.usd(value)
    return formats.io(value) if unit == "IO" else months(value)


def with_error(figure: str, mean: Mean) -> str:
    """A mean with its standard error; the error of a share is in points."""
    return f"{quantity(figure, mean.value)} ±{NO_BREAK}{_error(figure, mean.standard_error)}"


def _error(figure: str, error: float) -> str:
    unit = FIGURES[figure].unit
    if unit.startswith("share"):
        return f"{error * 100:.2f}"
    return f"{error:.2f}" if unit == "months" else quantity(figure, error)


def less_first(figure: str, d: Mean) -> str:
    """What a scenario has more than the first, with its standard error."""
    if d == (0.0, 0.0):
        return "no difference"
    if FIGURES[figure].unit.startswith("share"):
        return points(d)
    size = quantity(figure, abs(d.value))
    return f"{_sign(d.value)}{size} ±{NO_BREAK}{_error(figure, d.standard_error)}"


def first_answer(columns: Sequence[Column], firsts: Sequence[int | None]) -> str:
    """What is known before any random future: the first shortfall of each on its own path, as Markdown."""
    said = [f"{plain(c.title)} {_first(month)}" for c, month in zip(columns, firsts, strict=True)]
    return f"**Without random shocks {formats.listing(said)}**; the random futures are on their way."


def _first(month: int | None) -> str:
    return "is never short" if month is None else f"is short in month {month}"


def still_row(columns: Sequence[Column], firsts: Sequence[int | None]) -> tuple[str, list[Cell]]:
    """The first shortfall of each scenario on its own path, where nothing is random and nothing is an
    error."""
    said = [f"none in {months(c.scenario.months)}" if m is None else f"month {m}"
            for c, m in zip(columns, firsts, strict=True)]  # fmt: skip
    return "First shortfall without random shocks", [Cell(text, "") for text in said]


def outputs(found: Compared) -> list[tuple[str, list[Cell]]]:
    """One row a figure: its title, and for each scenario its mean with the error and, beyond the first, what
    that is more than the first's."""
    columns = found.question.columns
    return [
        (figure.title, [_cell(found, k, name, column) for k, column in enumerate(columns)])
        for name, figure in FIGURES.items()
    ]


def _cell(found: Compared, k: int, name: str, column: Column) -> Cell:
    if not exists(name, column.scenario):
        return Cell(NONE, "")
    paired = k and exists(name, found.question.scenarios[0])
    less = less_first(name, found.result.difference(k, name)) if paired else ""
    return Cell(with_error(name, found.result.value(k, name)), less)


def inputs_rows(differing: pl.DataFrame) -> list[tuple[str, list[Cell]]]:
    """One row an input that differs: its title, and each scenario's value with what that rests on."""
    rows = []
    for (title,), part in differing.group_by("title", maintain_order=True):
        cells = [
            Cell(_contracts(value) if field == "contracts" else shown, kind.replace("_", " "))
            for field, value, shown, kind in part.select("field", "value", "shown", "kind").iter_rows()
        ]
        rows.append((str(title), cells))
    return rows


def _contracts(text: str) -> str:
    """`1:12:650000` as a reader says it."""
    said = [
        f"{formats.usd(c['usd'])} a month in months {c['first']} to {c['first'] + c['months'] - 1}"
        for c in contracts_from_text(text)
    ]
    return "; ".join(said) or NONE


def about_rules(columns: tuple[Column, ...]) -> str:
    """What a reader must know of rules without an engine, or nothing."""
    rules = {column.scenario.rule for column in columns}
    if rules == {"ide"}:
        return ""
    words = (
        "The old schedule owes suppliers nothing: its shortfall, coverage and pay say what all emission and "
        "revenue leave unpaid of the same target. It has no vaults, so there is no reserve"
    )
    return f"{words}, and without the engine nothing is burned." if "legacy" in rules else f"{words}."


def made_by(found: Compared) -> str:
    how = "found in the store" if found.found else f"computed in {found.result.seconds:.2f} s"
    return f"{found.result.paths:,} futures, seed {found.question.seed}, {how}."
