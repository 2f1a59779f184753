"""Daily prices from a CSV file: read strictly, because a silent repair would be a wrong number later."""

import calendar
import csv
import hashlib
import io
import itertools
import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from models.parameters import InputError

MAX_BYTES = 20_000_000
PRICES = ("open", "high", "low", "close")
COLUMNS = ("date", *PRICES, "volume_usd")
REQUIRED = ("date", "close")
SCHEMA = {"date": pl.Date, **dict.fromkeys(COLUMNS[1:], pl.Float64)}

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, eq=False)
class PriceSeries:
    """Daily prices of one token. `frame`: date, open, high, low, close, volume_usd (USD; null where the file
    has none), oldest first, one row a day without a gap. `sha256` (hex) is that of the file."""

    symbol: str
    frame: pl.DataFrame
    sha256: str

    @property
    def first(self) -> date:
        day: date = self.frame.item(0, "date")
        return day

    @property
    def last(self) -> date:
        day: date = self.frame.item(-1, "date")
        return day


def read_price_csv(
    source: Path | bytes, *, today: date, name: str | None = None, symbol: str | None = None
) -> PriceSeries:
    """Prices from a file, or from the bytes of an upload called `name`.

    UTF-8, comma-separated, decimal points; columns date (YYYY-MM-DD) and close, and if wanted open, high, low
    and volume_usd, in any order; a row for every day, none after `today`, in any order. Without `symbol` the
    file's name is taken. Raises InputError, one sentence with file and line.
    """
    name = printable(name or (source.name if isinstance(source, Path) else "the uploaded file"))
    data = _read(source, name) if isinstance(source, Path) else source
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than the {MAX_BYTES // 1_000_000} MB that a price file may have")
    frame = _by_day(list(_rows(_text(data, name), name, today)), name)
    return PriceSeries(symbol or Path(name).stem.upper(), frame, hashlib.sha256(data).hexdigest())


def closes_by_month(series: PriceSeries, first_month: date) -> tuple[tuple[float, ...], ...]:
    """The daily closes (USD) of every calendar month that the series covers in full, from the one that starts
    on `first_month`. Raises InputError when that month is not covered from its first day to its last."""
    if first_month.day != 1:
        raise InputError(f"{first_month} is not the first of a month, such as {first_month.replace(day=1)}")
    if first_month < series.first or series.last < _month_end(first_month):
        raise InputError(
            f"the prices of {series.symbol} run from {series.first} to {series.last}, "
            f"which does not cover all of {first_month:%Y-%m}, the first month asked for"
        )
    days = series.frame.select("date", "close").filter(pl.col("date") >= first_month).rows()
    months = []
    for _, group in itertools.groupby(days, key=lambda day: (day[0].year, day[0].month)):
        month = list(group)
        if month[-1][0] == _month_end(month[0][0]):
            months.append(tuple(close for _, close in month))
    return tuple(months)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _read(path: Path, name: str) -> bytes:
    try:
        # Nothing but a regular file is opened: a pipe or a device would never end.
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"there is no file {printable(str(path))}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    what = "a directory" if path.is_dir() else "not a regular file"
    raise InputError(f"{name} is {what}; a CSV file is needed")


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{name}, line {line}: this is not UTF-8 text; a CSV file is needed") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(f"{name}, line {line}: this is binary data; a CSV file is needed")
    return text


def _rows(text: str, name: str, today: date) -> Iterator[tuple[int, dict[str, date | float | None]]]:
    """(line number, row) of every line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            where = f"{name}, line {reader.line_num}"
            if not any(cells):
                continue
            if header is None:
                header = _header(cells, where)
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{where}: {len(cells)} cells where the header has {len(header)}; "
                    "cells are separated by commas, decimals by a point"
                )
            yield (
                reader.line_num,
                {
                    column: _day(cell, where, today) if column == "date" else _number(column, cell, where)
                    for column, cell in zip(header, cells, strict=True)
                },
            )
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: this is not a CSV file ({error})") from None
    if header is None:
        raise InputError(f"{name} is empty; columns date and close and a row for every day are needed")


def _header(cells: list[str], where: str) -> list[str]:
    needed = "date and close are needed; open, high, low and volume_usd are allowed; commas separate them"
    for column in REQUIRED:
        if column not in cells:
            raise InputError(f"{where}: there is no column {column} in {_shown(', '.join(cells))}; {needed}")
    for column in cells:
        if column not in COLUMNS:
            raise InputError(f"{where}: the column {_shown(column)} is not known; {needed}")
        if cells.count(column) > 1:
            raise InputError(f"{where}: the column {column} is there twice; {needed}")
    return cells


def _day(cell: str, where: str, today: date) -> date:
    try:
        if not _DAY.fullmatch(cell):
            raise ValueError
        day = date.fromisoformat(cell)
    except ValueError:
        raise InputError(f"{where}: date is {_shown(cell)}; a day like 2024-06-11 is needed") from None
    if day > today:
        raise InputError(f"{where}: {day} is in the future; days up to today, {today}, are allowed")
    return day


def _number(column: str, cell: str, where: str) -> float | None:
    if not cell and column not in REQUIRED:
        return None
    value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    lowest = "a number of at least 0" if column == "volume_usd" else "a number above 0"
    if not math.isfinite(value) or value < 0 or (value == 0 and column in PRICES):
        raise InputError(f"{where}: {column} is {_shown(cell)}; {lowest} is needed, with a decimal point")
    return value


def _by_day(rows: list[tuple[int, dict[str, date | float | None]]], name: str) -> pl.DataFrame:
    if not rows:
        raise InputError(f"{name} has a header but no rows; a row for every day is needed")
    seen: dict[object, int] = {}
    for line, row in rows:
        if (before := seen.setdefault(row["date"], line)) != line:
            raise InputError(f"{name}, line {line}: {row['date']} is there already, on line {before}")
    frame = pl.DataFrame([row for _, row in rows], schema=SCHEMA).sort("date")
    days = frame["date"].to_list()
    for before, after in itertools.pairwise(days):
        missing = (after - before).days - 1
        if missing:
            gap = f"{before + timedelta(days=1)} is missing" + (f", {missing} days in a row" * (missing > 1))
            raise InputError(f"{name}, line {seen[after]}: {gap}; every day from {days[0]} on needs a row")
    return frame


def printable(text: str) -> str:
    """The text on one line, fit for a message: file names may hold line breaks and control characters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:37] + "...")
