"""What a claim is, when it counts as reproduced, and how its arithmetic is written."""

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.parameters import Protocol, Scenario

Verdict = Literal["reproduces", "conflicts", "cannot be verified"]
VERDICTS: tuple[Verdict, ...] = typing.get_args(Verdict)
Cell = int | float | str
# Rounding in binary must not decide over a half in the last digit.
EDGE = 1 + 1e-9


class Figure(typing.Protocol):
    """One sourced figure or table, as the facts hold it. `number` and `text` raise InputError where the value
    is not of that kind; `records` gives a table's rows by column name."""

    @property
    def date(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def number(self) -> float: ...
    @property
    def text(self) -> str: ...
    def records(self) -> list[dict[str, Cell]]: ...


Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Claim:
    """One claim and what became of it when it was recomputed.

    `source` and `date`: who says it (a source's id) and when; `reason`: what to know where it reproduces,
    with what it conflicts, or what is missing; `result`: what was recomputed; `tolerance`: how far off still
    counts as the same; `arithmetic`: how, line by line, with the facts' own figures; `facts`: ids of all
    facts used."""

    id: str
    topic: str
    statement: str
    source: str
    date: str
    verdict: Verdict
    reason: str
    result: str
    tolerance: str
    arithmetic: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """What claims are judged on: the facts, the token, the engine's baseline, and the named alternatives of
    what nobody has published for any scenario, each with its label."""

    figures: Figures
    protocol: Protocol
    baseline: Scenario
    alternatives: Callable[[Scenario], Sequence[tuple[str, Scenario]]]


class Noted(Mapping[str, Figure]):
    """Figures that remember which of them were asked for, in order."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.asked: dict[str, None] = {}

    def __getitem__(self, id_: str) -> Figure:
        self.asked[id_] = None
        return self.figures[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


def row(figure: Figure, **wanted: Cell) -> dict[str, Cell]:
    """The first row of a table whose cells are as wanted. Raises LookupError when there is none."""
    for record in figure.records():
        if all(record.get(name) == cell for name, cell in wanted.items()):
            return record
    raise LookupError(f"no row with {wanted}")


def rounds_to(stated: float, found: float, unit: float) -> bool:
    """Whether `found`, rounded to a multiple of `unit`, is what was stated."""
    return abs(found - stated) <= unit / 2 * EDGE


def within(stated: float, found: float, share: float) -> bool:
    """Whether `found` differs from what was stated by at most that share of it."""
    return abs(found - stated) <= abs(stated) * share * EDGE


def judged(reproduced: bool, conflict: str, note: str = "") -> tuple[Verdict, str]:
    """The verdict of a comparison and its reason: `note` where it reproduces, else `conflict`."""
    return ("reproduces", note) if reproduced else ("conflicts", conflict)


def missing(what: str) -> tuple[Verdict, str]:
    """The verdict on what nobody outside can recompute, and what it would take."""
    return "cannot be verified", what


def finding(claim: Claim) -> str:
    """The verdict with its reason: conflicts: .., or cannot be verified, missing: .."""
    link = ", missing: " if claim.verdict == "cannot be verified" else ": "
    return f"{claim.verdict}{link}{claim.reason or 'within the tolerance'}"


def amount(value: float) -> str:
    """A number as the arithmetic shows it: 25 trillion, 4 billion, 231.32M, 16,000, 0.3676."""
    size = abs(value)
    for scale, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, "M")):
        if size >= scale:
            return f"{value / scale:,.5g}{name}" if size < 1e5 * scale else f"{value / scale:,.0f}{name}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"


def usd(value: float) -> str:
    size = abs(value)
    cents = f"{size:,.2f}" if 1 <= size < 1000 else amount(size)
    return f"{'-' if value < 0 else ''}${cents}"


def io(value: float) -> str:
    return f"{amount(value)} IO"


def percent(share: float) -> str:
    """Three significant digits: 3.47 %, 0.112 %, 97.5 %."""
    return f"{share * 100:.3g} %"


def signed(share: float) -> str:
    return f"{share * 100:+.1f} %"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
