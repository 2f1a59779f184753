"""Price files: what is read, and what is refused in a sentence that names file, line and what is allowed."""

import math
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.files import MAX_BYTES, PriceSeries, closes_by_month, printable, read_price_csv
from models.parameters import InputError

TODAY = date(2026, 11, 23)
START = date(2024, 6, 11)


def csv_of(closes: list[float], start: date = START) -> bytes:
    rows = (f"{start + timedelta(days=i)},{close!r}" for i, close in enumerate(closes))
    return ("date,close\n" + "\n".join(rows) + "\n").encode()


def read(data: bytes) -> PriceSeries:
    return read_price_csv(data, today=TODAY, name="IO.csv")


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read(data)
    text = str(refused.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


def test_all_columns_in_any_order_and_rows_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "render.csv"
    path.write_text(
        "close,volume_usd,date,high,low,open\n"
        "2.5,1e3,2024-06-12,3,2,2.25\n"
        " 2.25 , 2000 , 2024-06-11 ,2.5,.5,1.\n"
    )
    series = read_price_csv(path, today=TODAY)
    assert series.symbol == "RENDER"
    assert (series.first, series.last) == (date(2024, 6, 11), date(2024, 6, 12))
    assert series.frame.rows() == [
        (date(2024, 6, 11), 1.0, 2.5, 0.5, 2.25, 2000.0),
        (date(2024, 6, 12), 2.25, 3.0, 2.0, 2.5, 1000.0),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"date,close\n2024-06-11,1.5",
        b"date,close\r\n2024-06-11,1.5\r\n",
        b"date,close\r2024-06-11,1.5\r",
        b"\xef\xbb\xbfdate,close\n2024-06-11,1.5\n",
        b'"date","close"\n"2024-06-11","1.5"\n\n\n',
        b"date,close\n\n2024-06-11,+15e-1\n",
    ],
)
def test_harmless_dialects(data: bytes) -> None:
    frame = read(data).frame
    assert frame["close"].to_list() == [1.5]
    assert frame["open"].to_list() == [None]


def test_the_day_of_reading_is_allowed_and_the_next_is_not() -> None:
    assert read(csv_of([1.0, 2.0], TODAY - timedelta(days=1))).last == TODAY
    assert "line 3: 2026-11-24 is in the future" in refusal(csv_of([1.0, 2.0], TODAY))


def test_the_series_is_named_by_its_bytes() -> None:
    assert read(csv_of([1.0])).sha256 == read(csv_of([1.0])).sha256 != read(csv_of([2.0])).sha256


@pytest.mark.parametrize(
    "value", ["abc", "", "1,5", "1 5", "1_000", "0x10", "nan", "inf", "-inf", "1e400", "١٢"]
)
def test_what_is_no_number_is_refused(value: str) -> None:
    text = refusal(f'date,close\n2024-06-11,1\n2024-06-12,"{value}"\n'.encode())
    assert text == (f"IO.csv, line 3: close is {value!r}; a number above 0 is needed, with a decimal point")


@pytest.mark.parametrize("value", ["0", "-1", "0.0", "-0", "1e-400"])
@pytest.mark.parametrize("column", ["close", "open", "high", "low"])
def test_prices_are_above_zero(column: str, value: str) -> None:
    header, row = (
        ("date,close", "2024-06-11,") if column == "close" else (f"date,close,{column}", "2024-06-11,1,")
    )
    assert f"line 2: {column} is {value!r}; a number above 0" in refusal(f"{header}\n{row}{value}\n".encode())


def test_volume_may_be_zero_or_unknown_but_not_negative() -> None:
    frame = read(b"date,close,volume_usd\n2024-06-11,1,0\n2024-06-12,1,\n").frame
    assert frame["volume_usd"].to_list() == [0.0, None]
    assert "at least 0" in refusal(b"date,close,volume_usd\n2024-06-11,1,-1\n")


@pytest.mark.parametrize(
    "day",
    ["2024-13-01", "2024-02-30", "11.06.2024", "06/11/2024", "20240611", "2024-W24-2", "2024-06-11T00:00:00Z",
     "1718064000", "", "0000-01-01", "2024-6-11", "２０２４-06-11"],
)  # fmt: skip
def test_what_is_no_day_is_refused(day: str) -> None:
    assert refusal(f"date,close\n{day},1\n".encode()).startswith(
        f"IO.csv, line 2: date is {day!r}; a day like"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "IO.csv is empty"),
        (b"\n\n", "IO.csv is empty"),
        (b"\xef\xbb\xbf", "IO.csv is empty"),
        (b"date,close\n", "IO.csv has a header but no rows"),
        (b"2024-06-11,1.5\n", "line 1: there is no column date"),
        (b"date,price\n2024-06-11,1\n", "line 1: there is no column close"),
        (b"Date,Close\n2024-06-11,1\n", "line 1: there is no column date in 'Date, Close'"),
        (b"date;close\n2024-06-11;1,5\n", "commas separate them"),
        (b"date\tclose\n2024-06-11\t1\n", "commas separate them"),
        (b"date,close,vol\n2024-06-11,1,2\n", "line 1: the column 'vol' is not known"),
        (b"date,close,\n2024-06-11,1,2\n", "line 1: the column '' is not known"),
        (b"date,close,close\n2024-06-11,1,2\n", "line 1: the column close is there twice"),
        (b"date,close\n2024-06-11,1,5\n", "line 2: 3 cells where the header has 2"),
        (b"date,close\n2024-06-11\n", "line 2: 1 cells where the header has 2"),
        (b"date,close\n2024-06-11,1\n2024-06-11,1\n", "line 3: 2024-06-11 is there already, on line 2"),
        (b"date,close\n2024-06-11,1\n2024-06-13,1\n", "line 3: 2024-06-12 is missing; every day"),
        (b"date,close\n2024-06-20,1\n\n2024-06-11,1\n", "line 2: 2024-06-12 is missing, 8 days in a row"),
        (b'date,close\n2024-06-11,"1\n', "this is not a CSV file"),
        (b'date,close\n2024-06-11,"1"x\n', "line 2: this is not a CSV file"),
        (b'date,close\n"2024-06-11\n",1\n2024-06-13,1\n', "line 4: 2024-06-12 is missing"),
        (b"date,close\n2024-06-11,\xff\n", "line 2: this is not UTF-8 text"),
        ("date,close\n2024-06-11,1\n".encode("utf-16"), "line 1: this is not UTF-8 text"),
        ("date,close\n2024-06-11,1\n".encode("utf-16-le"), "line 1: this is binary data"),
        (b"date,close\n2024-06-11,1\0\n", "line 2: this is binary data"),
        (b"PAR1" + bytes(range(256)), "this is not UTF-8 text"),
        (b"date,close\n" + b"x" * 200_000, "this is not a CSV file"),
        (b"date,close\n" + b"," * 100_000 + b"1\n", "cells where the header has 2"),
        (b"date,close\n=cmd|' /C calc'!A0,1\n", "date is \"=cmd|' /C calc'!A0\""),
        (b"date,close\n\x1b[31m2024,1\n", r"date is '\x1b[31m2024'"),
    ],
)
def test_other_bad_files(data: bytes, said: str) -> None:
    assert said in refusal(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_a_sentence(junk: bytes) -> None:
    refusal(junk)


TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


@given(TEXT, TEXT)
def test_any_row_is_read_or_refused_in_a_sentence(day: str, close: str) -> None:
    data = f"date,close\n{day},{close}\n".encode()
    try:
        frame = read(data).frame
    except InputError:
        refusal(data)
    else:
        assert frame["date"].item() <= TODAY
        assert 0 < frame["close"].item() < math.inf


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=80))
def test_every_close_is_read_to_the_bit(closes: list[float]) -> None:
    assert read(csv_of(closes)).frame["close"].to_list() == closes


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    cases = {
        tmp_path: "is a directory",
        tmp_path / "none.csv": "there is no file",
        tmp_path / "pipe.csv": "is not a regular file",
        Path("/dev/zero"): "is not a regular file",
        tmp_path / "a\0b.csv": "cannot be read",
        tmp_path / ("n" * 300): "cannot be read",
    }
    for path, said in cases.items():
        with pytest.raises(InputError, match=said):
            read_price_csv(path, today=TODAY)


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "IO.csv"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError, match=r"IO.csv is larger than the 20 MB"):
        read_price_csv(path, today=TODAY)
    with pytest.raises(InputError, match=r"larger than"):
        read(b"0" * (MAX_BYTES + 1))


def test_a_name_cannot_break_the_sentence() -> None:
    assert printable("a\nb\x1b[2Jc\u202ed") == "a?b?[2Jc?d"
    with pytest.raises(InputError, match=r"^up\?load.csv is empty"):
        read_price_csv(b"", today=TODAY, name="up\nload.csv")


def test_closes_of_the_months_that_are_covered_in_full() -> None:
    closes = [1 + i / 1000 for i in range(20 + 31 + 31 + 29)]  # 2024-06-11 to 2024-09-29
    series = read(csv_of(closes))
    months = closes_by_month(series, date(2024, 7, 1))
    assert months == (tuple(closes[20:51]), tuple(closes[51:82]))
    assert closes_by_month(series, date(2024, 8, 1)) == months[1:]
    whole = read(csv_of([*closes, 2.0]))
    assert [len(month) for month in closes_by_month(whole, date(2024, 7, 1))] == [31, 31, 30]


def test_leap_years_and_year_ends_are_whole_months() -> None:
    series = read(csv_of([1.0] * 91, date(2023, 12, 1)))
    assert [len(month) for month in closes_by_month(series, date(2023, 12, 1))] == [31, 31, 29]


@pytest.mark.parametrize("first", [date(2024, 6, 1), date(2024, 9, 1), date(2020, 1, 1), date(2030, 1, 1)])
def test_a_first_month_that_is_not_covered_is_refused(first: date) -> None:
    series = read(csv_of([1.0] * 110))
    with pytest.raises(
        InputError, match=f"2024-06-11 to 2024-09-28, which does not cover all of {first:%Y-%m}"
    ):
        closes_by_month(series, first)


def test_a_first_month_starts_on_its_first_day() -> None:
    with pytest.raises(InputError, match="2024-07-02 is not the first of a month, such as 2024-07-01"):
        closes_by_month(read(csv_of([1.0] * 110)), date(2024, 7, 2))
