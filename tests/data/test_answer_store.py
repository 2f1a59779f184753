"""Readers' answers: packed as plain JSON, found exactly as they were, and refused where they are not."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data import answer_store
from data.answer_store import Asked
from data.plain import pack, unpack
from data.store import Store
from models.parameters import InputError
from tests.data.runs import VERSIONS
from tests.scenarios import BASELINE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKED = Asked("supplier", BASELINE.canonical_json(), **VERSIONS, inputs={"seed": 1, "fleet": ["H100"]})


class Pair(NamedTuple):
    paths: int
    error: float | None


@dataclass(frozen=True, eq=False)
class Made:
    frame: pl.DataFrame
    weights: np.ndarray
    pair: Pair
    day: date
    verdict: Literal["holds", "fails"]
    notes: Mapping[str, tuple[str, ...]]


FRAME = pl.DataFrame(
    {
        "x": [0.1 + 0.2, 5e-324, -0.0, math.nan, math.inf, -math.inf, 1.7976931348623157e308, None],
        "n": [2**53 + 1, -1, 0, None, 1, 2, 3, 4],
        "small": pl.Series([1, 2, 3, 4, 5, 6, 7, None], dtype=pl.UInt32),
        "text": ["nan", "", "日本", None, "'; DROP TABLE answer; --", "\0", "\ud7ff", "é"],
        "yes": [True, False, None, True, True, True, True, True],
        "day": [date(1, 1, 1), date(2024, 2, 29), None, *[date(9999, 12, 31)] * 5],
        "none": [None] * 8,
    }
)
MADE = Made(
    FRAME, np.array([[0.1, math.nan], [1 / 3, 2.0]]), Pair(7, None), date(2024, 7, 1), "holds",
    {"z": ("one", "two"), "a": ()},
)  # fmt: skip


def record(store: Store, asked: Asked = ASKED, answer: Any = MADE) -> bool:
    return answer_store.record(store, asked, answer, seconds=0.5, created_at=NOW)


def test_an_answer_is_found_exactly_as_it_was_recorded(store: Store) -> None:
    assert answer_store.find(store, ASKED, Made) is None
    assert record(store)
    found = answer_store.find(store, ASKED, Made)
    assert_frame_equal(found.frame, FRAME, check_exact=True)
    assert math.copysign(1, found.frame["x"][2]) == -1
    assert np.array_equal(found.weights, MADE.weights, equal_nan=True)
    assert (found.pair, found.day, found.verdict) == (MADE.pair, MADE.day, MADE.verdict)
    assert list(found.notes.items()) == [("z", ("one", "two")), ("a", ())]
    with pytest.raises(TypeError):
        found.notes["z"] = ()


def test_a_frame_without_rows_keeps_its_columns() -> None:
    assert_frame_equal(unpack(pl.DataFrame, json.loads(json.dumps(pack(FRAME.clear())))), FRAME.clear())


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, kind="rent"),
        replace(ASKED, scenario=None),
        replace(ASKED, facts_version="e" * 64),
        replace(ASKED, model_version="0.1.1"),
        replace(ASKED, inputs={"seed": 2, "fleet": ["H100"]}),
    ],
)
def test_all_that_is_asked_decides_the_answer(store: Store, other: Asked) -> None:
    record(store)
    assert answer_store.find(store, other, Made) is None
    assert record(store, other, replace(MADE, pair=Pair(8, 0.5)))
    assert answer_store.find(store, other, Made).pair == Pair(8, 0.5)
    assert answer_store.find(store, ASKED, Made).pair == Pair(7, None)


def test_the_order_of_the_inputs_decides_nothing() -> None:
    assert replace(ASKED, inputs={"fleet": ["H100"], "seed": 1}).id == ASKED.id


def test_what_is_too_large_is_not_recorded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_store, "MAX_BYTES", 100)
    assert not record(store)
    monkeypatch.undo()
    assert answer_store.find(store, ASKED, Made) is None
    record(store)
    monkeypatch.setattr(answer_store, "MAX_BYTES", 100)
    assert answer_store.find(store, ASKED, Made) is None


@pytest.mark.parametrize("value", [object(), {1: 2}, b"x", {1}, pl.DataFrame({"x": [[1]]}), Made])
def test_what_is_not_plain_data_is_not_packed(value: Any) -> None:
    with pytest.raises(TypeError, match="not plain data"):
        pack(value)


GOOD = json.loads(json.dumps(pack(MADE)))
HOSTILE = [
    "", "null", "[]", "{}", "NaN", '"x"', "{", "[" * 100_000, "1" * 10_000,
    *(
        json.dumps({**GOOD, **change})
        for change in (
            {"more": 1},
            {"pair": [7, None]},
            {"pair": {"paths": True, "error": None}},
            {"pair": {"paths": 7, "error": "__import__('os')"}},
            {"pair": {"paths": 7, "error": 2**60}},
            {"day": "yesterday"},
            {"day": 7},
            {"verdict": "perhaps"},
            {"verdict": ["holds"]},
            {"notes": {"a": "text"}},
            {"weights": [[1.0], [1.0, 2.0]]},
            {"weights": "nan"},
            {"weights": [None]},
            {"frame": {"x": [1]}},
            {"frame": [["x", "Object", [1]]]},
            {"frame": [["x", "read_csv", [1]]]},
            {"frame": [["x", ["Int64"], [1]]]},
            {"frame": [["x", "Int64", [1.5]]]},
            {"frame": [["x", "Int64", [True]]]},
            {"frame": [["x", "Int8", [1000]]]},
            {"frame": [["x", "Int64", [2**70]]]},
            {"frame": [["x", "Float64", ["one"]]]},
            {"frame": [["x", "Null", [1]]]},
            {"frame": [["x", "Int64", [1]], ["x", "Int64", [1]]]},
            {"frame": [["x", "Int64", [1]], ["y", "Int64", [1, 2]]]},
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("result", HOSTILE, ids=range(len(HOSTILE)))
def test_what_somebody_else_wrote_is_refused_and_replaced(store: Store, result: str) -> None:
    record(store)
    with store.transaction() as cursor:
        cursor.execute("UPDATE answer SET result = ?", [result])
    assert answer_store.find(store, ASKED, Made) is None
    record(store)
    assert answer_store.find(store, ASKED, Made).pair == MADE.pair


def test_a_type_that_is_not_plain_data_is_nothing_to_unpack() -> None:
    with pytest.raises(TypeError, match="not plain data"):
        unpack(object, {})
    with pytest.raises(InputError, match="not int"):
        unpack(int, 1.0)
