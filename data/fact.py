"""One fact and one source, as the TOML files of data/facts state them (how to write one: engine.toml)."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from models.parameters import InputError, Strict, field_info

# The value of a fact that stands for "not set": TOML has no null.
NOT_SET = "none"

Kind = Literal["official", "litepaper", "research", "third_party", "derived", "assumption"]
Value = bool | int | float | str
Cell = int | float | str
Text = Annotated[str, Field(min_length=1)]
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)


def _iso(text: str) -> str:
    first_day(text)
    return text


IsoDate = Annotated[str, AfterValidator(_iso)]


def first_day(text: str) -> date:
    """The first day of what an ISO year, month or day names. Raises InputError."""
    try:
        if not _PARTIAL_DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        raise InputError(f"{text!r} is not an ISO date: write 2026, 2026-06 or 2026-06-11") from None


class Source(Strict):
    """Who said it: an address (https), or the document where no address is known."""

    id: Text
    name: Text
    publisher: Text
    address: str | None = Field(default=None, pattern=r"^https://\S+$")
    document: Text | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.address is None and self.document is None:
            raise InputError("an address or a document is needed")
        return self


class Fact(Strict):
    """One figure (`value`, `unit`) or one table (`columns`, `units`, `rows`), and what stands behind it.

    `range` is the plausible low and high, always our own judgement; `feeds` the Scenario field whose default
    this is. `theme` is the name of the file."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    theme: Text
    title: Text
    value: Value | None = None
    unit: Text | None = None
    columns: tuple[Text, ...] = ()
    units: tuple[Text, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    date: IsoDate
    source: Text
    kind: Kind
    confidence: Literal["high", "medium", "low"]
    range: tuple[float, float] | None = None
    alternatives: tuple[Value, ...] = ()
    feeds: str | None = None
    derivation: Text | None = None
    rounded_to: float | None = Field(default=None, gt=0)
    conflicts: tuple[Text, ...] = ()
    note: Text | None = None
    context: Text | None = None
    awaits: Text | None = None

    @property
    def number(self) -> float:
        """Raises InputError where the value is no number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise InputError(f"{self.id} holds no number")
        return self.value

    @property
    def text(self) -> str:
        """Raises InputError where the value is no text."""
        if not isinstance(self.value, str):
            raise InputError(f"{self.id} holds no text")
        return self.value

    def column(self, name: str) -> tuple[Cell, ...]:
        """One column of the table. Raises InputError where it has none of that name."""
        if name not in self.columns:
            raise InputError(f"{self.id} has no column {name}")
        return tuple(row[self.columns.index(name)] for row in self.rows)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(cell) for cell in self.column(name))

    def numbers(self, name: str) -> tuple[float, ...]:
        """One column as floats. Raises InputError where it holds text."""
        cells = self.column(name)
        if any(isinstance(cell, str) for cell in cells):
            raise InputError(f"{self.id}: column {name} holds no numbers")
        return tuple(float(cell) for cell in cells)

    def records(self) -> list[dict[str, Cell]]:
        """The table's rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def cited(self) -> set[str]:
        """Ids of all sources it names, in its rows too."""
        named = (self.texts(c) for c, u in zip(self.columns, self.units, strict=True) if u == "source")
        return {self.source}.union(*named)

    @model_validator(mode="after")
    def _holds_one_figure(self) -> Self:
        if (self.value is None) == (not self.rows):
            raise InputError("exactly one of value and rows is needed")
        if self.value is not None and (self.unit is None or self.columns or self.units):
            raise InputError("a value needs a unit and takes no columns or units")
        if self.rows:
            self._check_table()
        return self

    def _check_table(self) -> None:
        if self.unit is not None:
            raise InputError("a table takes units, one a column, and no unit")
        if not len(self.columns) == len(set(self.columns)) == len(self.units):
            raise InputError("columns and units must be equally long, and no column may stand twice")
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise InputError(f"row {number} has {len(row)} cells for {len(self.columns)} columns")
        for name, unit in zip(self.columns, self.units, strict=True):
            cells = self.column(name)
            if len({isinstance(cell, str) for cell in cells}) > 1:
                raise InputError(f"column {name} mixes numbers and text")
            if unit in ("date", "month"):
                for cell in cells:
                    if isinstance(cell, str):
                        first_day(cell)
            if unit == "kind" and (wrong := set(cells) - set(get_args(Kind))):
                raise InputError(f"column {name} holds {min(map(str, wrong))!r}, which is no kind")

    @model_validator(mode="after")
    def _range_and_alternatives_fit(self) -> Self:
        numeric = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if self.range is not None:
            lo, hi = self.range
            if not lo < hi:
                raise InputError(f"range [{lo:g}, {hi:g}] must rise")
            inside = [v for v in (self.value, *self.alternatives) if isinstance(v, int | float)]
            for v in inside:
                if not lo <= v <= hi:
                    raise InputError(f"range [{lo:g}, {hi:g}] does not contain {v:g}")
        if self.feeds is not None and self.range is None and numeric:
            raise InputError(f"a number that feeds {self.feeds} needs a range")
        if self.alternatives and self.value not in self.alternatives:
            raise InputError("alternatives must contain the value itself")
        return self

    @model_validator(mode="after")
    def _says_what_it_must(self) -> Self:
        if self.feeds is not None:
            field_info(self.feeds)
        if self.kind == "derived" and self.derivation is None:
            raise InputError("a derived fact needs its derivation")
        if (self.derivation is None) != (self.rounded_to is None):
            raise InputError("derivation and rounded_to go together")
        if self.conflicts and self.note is None:
            raise InputError("conflicts need a note that says how")
        if sum(mark is not None for mark in (self.feeds, self.context, self.awaits)) > 1:
            raise InputError("only one of feeds, context and awaits can hold")
        return self


class Facts(dict[str, Fact]):
    """Facts by id; asking for one that is not there raises InputError."""

    def __missing__(self, id_: str) -> Fact:
        raise InputError(f"there is no fact {id_}")


Entry = TypeVar("Entry", Fact, Source)


def parse_entry(model: type[Entry], entry: object, **given: str) -> Entry:
    """One TOML table as a Fact or Source. Raises InputError: one sentence for the first fault."""
    if not isinstance(entry, dict):
        raise InputError("a table of keys is needed")
    if repeated := given.keys() & entry.keys():
        raise InputError(f"{min(repeated)} is not a known key")
    try:
        # by way of JSON, where arrays are tuples and a bare TOML date is its own text
        return model.model_validate_json(json.dumps(entry | given, default=str))
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    fault = faults[0]
    key = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}" if key else str(fault["ctx"]["error"])
    if fault["type"] == "missing":
        return f"{key} is missing"
    if fault["type"] == "extra_forbidden":
        return f"{key} is not a known key"
    if key in ("value", "rows", "alternatives"):
        return f"{key} takes finite numbers and text only"
    return f"{key} = {fault['input']!r:.60} is not allowed: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def digest(facts: Mapping[str, Fact], sources: Mapping[str, Source]) -> str:
    """sha256 (hex) over the canonical content: equal facts give an equal version, however laid out."""
    content: dict[str, Any] = {
        "facts": {id_: fact.model_dump(mode="json") for id_, fact in facts.items()},
        "sources": {id_: source.model_dump(mode="json") for id_, source in sources.items()},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
