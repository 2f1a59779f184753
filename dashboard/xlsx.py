"""A frame with its manifest as an XLSX workbook: one sheet of data, one that says what it is.

Numbers stay numbers, of 16 significant digits, and dates dates; text stays text, whatever a spreadsheet would
make of it. The same frame and manifest give the same bytes."""

import io
import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from models.parameters import InputError

MOST_ROWS = 1_048_576 - 1  # of a sheet, less the header
LONGEST = 32_000  # characters; a cell holds 32,767
CUT = "… (cut: a cell holds no more; CSV and Parquet have all of it)"
# The one timestamp is the manifest's: the document's own would be a second one.
UNDATED = datetime(1980, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def workbook(frame: pl.DataFrame, made: Mapping[str, Any]) -> bytes:
    """Raises InputError when the frame has more rows than a sheet."""
    if frame.height > MOST_ROWS:
        raise InputError(f"{frame.height:,} rows are more than a spreadsheet holds; take Parquet or CSV")
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd", "remove_timezone": True,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": made.get("title", ""), "created": UNDATED})
        head = book.add_format({"bold": True})
        data = book.add_worksheet("data")
        for at, name in enumerate(frame.columns):
            data.write_string(0, at, name, head)
        for at, row in enumerate(frame.iter_rows(), 1):
            for place, value in enumerate(row):
                _write(data, at, place, value)
        data.freeze_panes(1, 0)
        data.set_column(0, max(frame.width - 1, 0), 16)
        _manifest(book.add_worksheet("manifest"), made, head)
    return out.getvalue()


def _manifest(sheet: Any, made: Mapping[str, Any], head: Any) -> None:
    """A row a field: text as it is, all else as JSON; what is too long for a cell goes on in the next."""
    for at, (key, value) in enumerate(made.items()):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sheet.write_string(at, 0, key, head)
        for place, start in enumerate(range(0, len(text), LONGEST), 1):
            sheet.write_string(at, place, text[start : start + LONGEST])
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 100)


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    match value:
        case None:
            pass
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() if math.isfinite(value):
            sheet.write_number(row, column, value)
        case date():
            sheet.write_datetime(row, column, value)
        case _:
            text = str(value)
            sheet.write_string(row, column, text if len(text) <= LONGEST else f"{text[:LONGEST]} {CUT}")
