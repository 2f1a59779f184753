"""Workbooks, read back by their XML alone: values as they were, text never a formula, same bytes."""

import io
import json
import math
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import polars as pl
import pytest

from dashboard import exports, xlsx
from dashboard.charts import overview as charts
from dashboard.charts.figures import Table
from dashboard.cli import main
from models.parameters import InputError
from tests.dashboard.test_exports import CHART, NOON, made
from tests.scenarios import run

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DAY_ZERO = date(1899, 12, 30)  # of Excel's calendar after February 1900
BAD = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "http://127.0.0.1/x", "1e5", "<b>&", "{=1}")


def sheets(data: bytes) -> dict[str, list[list[object]]]:
    """Every sheet's rows, as a reader of spreadsheets takes them: text, numbers, truth values or None."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        texts = [
            # control characters are written as _xHHHH_
            re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), item.findtext(f"{SPACE}t") or "")
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        names = [
            s.attrib["name"]
            for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SPACE}sheet")
        ]
        found = {}
        for at, name in enumerate(names, 1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{at}.xml"))
            assert not list(root.iter(f"{SPACE}f")), "a formula"
            assert not list(root.iter(f"{SPACE}hyperlink")), "a link"
            found[name] = [_row(row, texts) for row in root.iter(f"{SPACE}row")]
        return found


def _row(row: ElementTree.Element, texts: list[str]) -> list[object]:
    cells: list[object] = []
    for cell in row:
        letters = cell.attrib["r"].rstrip("0123456789")
        column = sum((ord(c) - 64) * 26**k for k, c in enumerate(reversed(letters)))
        cells += [None] * (column - 1 - len(cells))
        value = cell.findtext(f"{SPACE}v")
        kind = cell.attrib.get("t", "n")
        assert value is not None
        cells.append({"s": lambda v: texts[int(v)], "n": float, "b": lambda v: v == "1"}[kind](value))
    return cells


def test_values_come_back_as_they_were() -> None:
    frame = pl.DataFrame(
        {
            "x": [0.1, -1e-7, 6.0e8, None],
            "n": [1, 2, 3, -4],
            "ok": [True, False, None, True],
            "day": [date(2026, 5, 31), None, date(1900, 3, 1), date(2044, 6, 30)],
            "odd": [math.inf, -math.inf, math.nan, 2.5],
        }
    )
    head, *rows = sheets(xlsx.workbook(frame, {"kind": "table"}))["data"]
    assert head == frame.columns
    days = [None if d is None else (d - DAY_ZERO).days for d in frame["day"]]
    assert [row[:4] for row in rows] == [
        [0.1, 1, True, days[0]], [-1e-7, 2, False, None], [6.0e8, 3, None, days[2]],
        [None, -4, True, days[3]],
    ]  # fmt: skip
    assert [row[4] for row in rows] == ["inf", "-inf", "nan", 2.5]


def test_text_stays_text_whatever_a_spreadsheet_would_make_of_it() -> None:
    frame = pl.DataFrame({BAD[0]: BAD, "plain": ["a"] * len(BAD)})
    head, *rows = sheets(xlsx.workbook(frame, {"title": "=1+1", "command": BAD[1]}))["data"]
    assert head == ["=1+1", "plain"]
    assert [row[0] for row in rows] == list(BAD)


def test_the_manifest_is_a_sheet_and_a_long_field_goes_on_in_the_next_cell() -> None:
    long = {"kind": "table", "title": "T", "rows": 3, "text": "y" * 70_000, "scenario": {"H0": 1.5}}
    told = {row[0]: row[1:] for row in sheets(xlsx.workbook(CHART.frame, long))["manifest"]}
    assert told["kind"] == ["table"]
    assert told["rows"] == ["3"]
    assert json.loads(str(told["scenario"][0])) == {"H0": 1.5}
    assert len(told["text"]) == 3
    assert "".join(map(str, told["text"])) == long["text"]


def test_the_same_state_gives_the_same_bytes_and_another_time_changes_one_field() -> None:
    again = charts.coverage_and_pay(run(price_shock=-0.5, demand_shock=-0.55))
    first = exports.export(CHART, "xlsx", made())
    assert exports.export(again, "xlsx", made()) == first
    later = sheets(exports.export(CHART, "xlsx", made(time=NOON + timedelta(days=1))))
    before = sheets(first)
    assert later["data"] == before["data"]
    changed = [a[0] for a, b in zip(before["manifest"], later["manifest"], strict=True) if a != b]
    assert changed == ["created"]
    with zipfile.ZipFile(io.BytesIO(first)) as book:
        assert b"1980-01-01T00:00:00Z" in book.read("docProps/core.xml")


def test_a_table_has_data_and_no_images() -> None:
    what = Table("t", "A table", CHART.frame, {"coverage": "share"})
    manifest = exports.manifest_of(
        what, scenario=run().scenario, facts_version="f", model_version="m", command="c",
        time=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip
    assert manifest["kind"] == "table"
    assert exports.export(what, "csv", manifest) == exports.csv_bytes(CHART.frame, manifest)
    with pytest.raises(exports.ExportError, match="a table has no PNG"):
        exports.export(what, "png", manifest)


def test_more_rows_than_a_sheet_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 35)
    with pytest.raises(InputError, match="36 rows are more than a spreadsheet holds"):
        xlsx.workbook(CHART.frame, {})


@pytest.mark.usefixtures("store_path")
def test_a_command_writes_the_same_numbers_into_a_workbook(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("out")
    for name in ("run.xlsx", "run.parquet"):
        assert main(["project", "--preset", "both", "--out", str(folder / name)]) == 0
    frame = pl.read_parquet(folder / "run.parquet")
    book = sheets((folder / "run.xlsx").read_bytes())
    at = book["data"][0].index("V")
    assert [row[at] for row in book["data"][1:]] == pytest.approx(frame["V"].to_list(), rel=1e-15)
    told = {row[0]: row[1] for row in book["manifest"]}
    assert told["command"].startswith("vaultline project ")
