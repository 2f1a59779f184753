"""In words what a second contract changes, and the engine beside the old schedule: each difference with its
error. Plain text, for pages and commands alike."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from dashboard.questions.investing import Question
from dashboard.words.formats import MINUS, io, millions, percent, usd
from models.parameters import Scenario
from models.readers.outlook import ACROSS_PATHS, QUANTITIES, RULE_QUANTITIES, Outlook, engine_rule

TITLES = {
    "burned": "Burned",
    "released": "Released to suppliers",
    "net_issuance": "Growth of supply",
    "circulating": "Circulating at the end",
    "income_usd": "Income of all suppliers",
    "shortfall_usd": "Short of the target",
    "shortfall": "Chance of a shortfall",
}
IN_USD = ("income_usd", "shortfall_usd")
ONE_AND_TWO = ("One contract", "Two", "Two less one")
WITHOUT_AND_WITH = ("Without it", "With it", "Difference")
NINE = "In 9 futures of 10"
RULES = {"ide": "the engine", "as_reported": "the network as reported"}


def contract(found: Outlook, asked: Question, horizon: int) -> str:
    """What a second contract changes, in expectation and if it comes, in two sentences."""
    p = asked.prospect
    rows = _rows(found.contract, horizon)
    burn, chance = rows["burned"], rows["shortfall"]
    return (
        f"A contract of {usd(p.usd)} a month for {p.months} months from month {p.first} on, over the same "
        f"{asked.paths:,} random futures to month {horizon}: at a chance of {percent(p.probability)} it "
        f"moves the burn by {apart('burned', burn, 'effect')} in expectation, and by "
        f"{apart('burned', burn, 'difference')} if it comes. If it comes, the chance of a shortfall moves by "
        f"{apart('shortfall', chance, 'difference')}.{_across(found, ('burned', 'shortfall'), asked.paths)}"
    )


MOVED = {
    "burned": "the contract moves the burn by",
    "shortfall": "the chance by",
    "circulating": "that difference in circulation is",
}


def _across(found: Outlook, names: tuple[str, ...], paths: int) -> str:
    """The range of some differences over the alternatives, each end with its own error."""
    others = found.alternatives
    if others.height < 2:
        return ""
    said = []
    for name in names:
        ends = others.sort(name)[[0, -1]].iter_rows(named=True)
        low, high = (apart(name, row, name) for row in ends)
        said.append(f"{MOVED[name]} {low} to {high}")
    return (
        f" Over {others.height} named alternatives of what nobody has published, on "
        f"{min(paths, ACROSS_PATHS):,} futures to the run's end: {' and '.join(said)}."
    )


def contract_table(found: Outlook | None, scenario: Scenario, horizon: int) -> pl.DataFrame:
    """A row a quantity, in words; as many while the answer is on its way."""
    without, with_it, less = ONE_AND_TWO if len(scenario.contracts) == 1 else WITHOUT_AND_WITH
    cells = {
        without: lambda name, row: with_error(name, row, "one"),
        with_it: lambda name, row: with_error(name, row, "two"),
        less: lambda name, row: apart(name, row, "difference"),
        "Expected effect": lambda name, row: apart(name, row, "effect"),
        NINE: lambda name, row: (
            f"spares {percent(row['avoided'])}, hits {percent(row['caused'])}"
            if name == "shortfall"
            else _between(name, row["effect_low"], row["effect_high"])
        ),
    }
    return _table(QUANTITIES, cells, None if found is None else found.contract, horizon)


def rules(found: Outlook, scenario: Scenario, paths: int, horizon: int) -> str:
    """The engine against the old schedule in one sentence."""
    rows = _rows(found.rules, horizon)
    said = []
    for name in ("circulating", "income_usd"):
        value, error = rows[name]["difference"], _error(name, rows[name]["difference_error"])
        said.append(f"{_written(name, abs(value))} {'less' if value < 0 else 'more'} ({error})")
    return (
        f"Against the old schedule, over the same {paths:,} random futures to month {horizon}, "
        f"{RULES[engine_rule(scenario)]} leaves {said[0]} in circulation and pays suppliers {said[1]}."
        f"{_across(found, ('circulating',), paths)}"
    )


def rules_table(found: Outlook | None, scenario: Scenario, horizon: int) -> pl.DataFrame:
    """Likewise for the two rules."""
    engine = RULES[engine_rule(scenario)]
    cells = {
        "Old schedule": lambda name, row: with_error(name, row, "old"),
        engine[0].upper() + engine[1:]: lambda name, row: with_error(name, row, "engine"),
        "Difference": lambda name, row: apart(name, row, "difference"),
        NINE: lambda name, row: _between(name, row["low"], row["high"]),
    }
    return _table(RULE_QUANTITIES, cells, None if found is None else found.rules, horizon)


def alternatives_table(found: Outlook) -> pl.DataFrame:
    """A row an alternative: what the contract moves, and what the engine leaves less the old schedule."""
    heads = {
        "burned": "Burn, by the contract",
        "net_issuance": "Growth of supply, by it",
        "shortfall": "Chance of a shortfall, by it",
        "circulating": "Circulating, less the old schedule's",
    }
    return pl.DataFrame(
        [
            {"Alternative": row["label"]} | {head: apart(name, row, name) for name, head in heads.items()}
            for row in found.alternatives.iter_rows(named=True)
        ]
    )


Row = Mapping[str, Any]


def _rows(frame: pl.DataFrame, horizon: int) -> dict[str, Row]:
    return {row["quantity"]: row for row in frame.filter(horizon=horizon).iter_rows(named=True)}


def _table(
    names: Iterable[str],
    cells: Mapping[str, Callable[[str, Row], str]],
    frame: pl.DataFrame | None,
    horizon: int,
) -> pl.DataFrame:
    rows = {} if frame is None else _rows(frame, horizon)
    return pl.DataFrame(
        [
            {f"By month {horizon}": TITLES[name]}
            | {title: cell(name, rows[name]) if rows else "…" for title, cell in cells.items()}
            for name in names
        ]
    )


def with_error(name: str, row: Row, column: str) -> str:
    """58.74M IO ± 1.11M."""
    return f"{_written(name, row[column])} {_error(name, row[f'{column}_error'])}"


def apart(name: str, row: Row, column: str) -> str:
    """A difference with its sign and its standard error: +53.21M IO ± 0.567M."""
    value = row[column]
    sign = MINUS if value < 0 else "+"
    written = f"{abs(value) * 100:.2f} points" if name == "shortfall" else _written(name, abs(value))
    return f"{sign}{written} {_error(name, row[f'{column}_error'])}"


def _written(name: str, value: float) -> str:
    if name == "shortfall":
        return percent(value, 2)
    return usd(value) if name in IN_USD else io(value)


def _error(name: str, error: float | None) -> str:
    if error is None:
        return "(one future: no error)"
    if name == "shortfall":
        return f"± {error * 100:.2f}"
    return f"± {usd(error) if name in IN_USD else millions(error)}"


def _between(name: str, low: float, high: float) -> str:
    return f"{_written(name, low)} to {_written(name, high)}"
