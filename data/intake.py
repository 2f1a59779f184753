"""What commands leave in the inbox, kind by kind: as an entry, and back, with everything in it checked."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import polars as pl

from data import answer_store, inbox, plain
from data.answer_store import AnswerRecord, Asked
from data.inbox import Entry, Taken, check
from data.records import PROJECTION, RunRecord, canonical
from data.store import FRAME_NAMES, Store
from data.stress_runs import STRESS, StressRecord
from models.economy import State
from models.parameters import Scenario, parse_scenario

ANSWER = "answer"
Record = RunRecord | StressRecord | AnswerRecord
# A run that is figures and tables has no steps of its own.
NO_STEPS = pl.DataFrame(schema={"step": pl.Int64, **dict.fromkeys(State._fields, pl.Float64)})
_KIND = re.compile(r"[a-z][a-z_-]{0,39}")
_RUN = {
    "kind",
    "scenario",
    "facts_version",
    "model_version",
    "parameters",
    "summary",
    "seconds",
    "created_at",
}
_ANSWER = {"kind", "asked", "result", "seconds", "created_at"}
# What a cell of each SQL type is in JSON, and in a frame.
_JSON = {"BIGINT": int, "DOUBLE": float, "BOOLEAN": bool, "DATE": str}
_POLARS = {"BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean, "DATE": pl.Date}


class Column(NamedTuple):
    """A column of a projection's frame as the store declares it: DuckDB's name of its type."""

    type: str
    nullable: bool


def record(store: Store, what: Record) -> bool:
    """Record it. False: it was there already, or is too large."""
    if isinstance(what, RunRecord):
        return store.record(what)
    if isinstance(what, AnswerRecord):
        return answer_store.keep(store, what)
    from data import stress_store

    return stress_store.record(store, what)


def leave(store_path: Path, what: Record) -> Path:
    """Leave it for the process that has the store. Raises StoreError when that is not possible."""
    return inbox.leave(store_path, what.id, _entry(what))


def take(store: Store) -> Taken:
    """Record what other processes left while this one had the store."""
    columns = store.rows(
        "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE table_name = 'run_step' AND column_name <> 'run' ORDER BY column_index",
        [],
    )
    expected = {FRAME_NAMES.get(name, name): Column(kind, null) for name, kind, null in columns}
    return inbox.take(store.path, lambda entry: _parsed(entry, expected), lambda what: _new(store, what))


def _new(store: Store, what: Record) -> bool:
    """Record what is not there yet: nothing from the inbox takes the place of anything."""
    if isinstance(what, AnswerRecord) and store.rows("SELECT 1 FROM answer WHERE id = ?", [what.id]):
        return False
    return record(store, what)


def _entry(what: Record) -> Entry:
    if isinstance(what, StressRecord):
        from data.stress_intake import entry

        return entry(what)
    if isinstance(what, AnswerRecord):
        asked = {name: getattr(what.asked, name) for name in Asked.__dataclass_fields__}
        return {
            "kind": ANSWER,
            "asked": asked | {"scenario": what.asked.scenario and json.loads(what.asked.scenario)},
            "result": json.loads(what.result),
            "seconds": what.seconds,
            "created_at": what.created_at.isoformat(),
        }
    own = {name: getattr(what, name) for name in _RUN} | {
        "scenario": json.loads(what.scenario),
        "created_at": what.created_at.isoformat(),
    }
    if what.kind != PROJECTION:
        return own
    frame = what.frame.with_columns(pl.col(pl.Date).cast(pl.String))
    return own | {"frame": frame.to_dict(as_series=False)}


def _parsed(entry: Entry, columns: Mapping[str, Column]) -> Record:
    kind = entry.get("kind")
    check(isinstance(kind, str) and _KIND.fullmatch(kind), "the kind is none")
    if kind == STRESS:
        from data.stress_intake import parsed

        return parsed(entry)
    if kind == ANSWER:
        return _answer(entry)
    return _run(entry, columns)


def _run(entry: Entry, columns: Mapping[str, Column]) -> RunRecord:
    projection = entry["kind"] == PROJECTION
    inbox.fields(entry, _RUN | {"frame"} if projection else _RUN)
    facts, model = (inbox.version(entry, name) for name in ("facts_version", "model_version"))
    scenario, parameters = _scenario(entry["scenario"]), entry["parameters"]
    check(isinstance(parameters, dict), "parameters is not an object")
    if projection:
        check(parameters == {}, "a projection takes no parameters")
        summary = _summary(entry["summary"])
        frame = _frame(entry["frame"], columns, scenario.months * scenario.steps_per_month)
    else:
        canonical(parameters)  # ValueError: it holds what is not finite
        summary, frame = _figures_and_tables(entry["summary"]), NO_STEPS
    return RunRecord(
        entry["kind"], scenario.canonical_json(), facts, model, summary, frame,
        inbox.seconds(entry["seconds"]), inbox.past(entry["created_at"]), parameters,
    )  # fmt: skip


def _scenario(value: Any) -> Scenario:
    check(isinstance(value, dict), "scenario is not an object")
    return parse_scenario(value)


def _summary(value: Any) -> dict[str, Any]:
    check(isinstance(value, dict), "summary is not an object")
    flat = [v for v in value.values() if not isinstance(v, dict)]
    flat += [v for part in value.values() if isinstance(part, dict) for v in part.values()]
    check(all(v is None or inbox.is_number(v) for v in flat), "summary holds more than finite numbers")
    return dict(value)


def _frame(value: Any, columns: Mapping[str, Column], rows: int) -> pl.DataFrame:
    check(isinstance(value, dict) and value.keys() == columns.keys(), "the frame has not the store's columns")
    series = []
    for name, (kind, nullable) in columns.items():
        cells = value[name]
        check(isinstance(cells, list) and len(cells) == rows, f"{name} does not have {rows} rows")
        types = {type(cell) for cell in cells} - ({NoneType} if nullable else set())
        check(types <= {_JSON[kind]}, f"{name} is not all {kind}")
        if kind == "DATE":
            cells = [date.fromisoformat(cell) for cell in cells]
        elif kind in ("DOUBLE", "BIGINT"):
            finite = all(cell is None or inbox.is_number(cell) for cell in cells)
            check(finite, f"{name} is not all finite")
        series.append(pl.Series(name, cells, _POLARS[kind]))
    frame = pl.DataFrame(series)
    check(frame["step"].to_list() == list(range(1, rows + 1)), "the steps do not count from 1")
    return frame


def _figures_and_tables(value: Any) -> dict[str, Any]:
    """The summary of a run that is figures and tables, each with the types of its columns."""
    check(
        isinstance(value, dict) and value.keys() == {"figures", "tables"}, "summary is not figures and tables"
    )
    check(isinstance(value["figures"], dict) and isinstance(value["tables"], dict), "they are not by name")
    _finite(value["figures"])
    for name, table in value["tables"].items():
        check(isinstance(table, dict) and table.keys() == {"schema", "rows"}, f"{name:.60} is not a table")
        schema, rows = table["schema"], table["rows"]
        check(isinstance(schema, dict) and isinstance(rows, list), f"{name:.60} is not a table")
        whole = all(isinstance(row, list) and len(row) == len(schema) for row in rows)
        check(whole, f"the rows of {name:.60} are not as long as its schema")
        columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
        packed = [[n, k, list(c)] for (n, k), c in zip(schema.items(), columns, strict=True)]
        plain.unpack(pl.DataFrame, packed)
    return dict(value)


def _finite(value: Any) -> None:
    """Raises InputError for what is not plain, finite JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            _finite(part)
    else:
        plain_text = value is None or isinstance(value, str | bool)
        check(plain_text or inbox.is_number(value), "it holds more than text and finite numbers")


def _answer(entry: Entry) -> AnswerRecord:
    inbox.fields(entry, _ANSWER)
    asked = entry["asked"]
    check(isinstance(asked, dict) and asked.keys() == {*Asked.__dataclass_fields__}, "asked is no question")
    check(isinstance(asked["kind"], str) and _KIND.fullmatch(asked["kind"]), "the answer's kind is none")
    check(isinstance(asked["inputs"], dict), "inputs is not an object")
    _finite(asked["inputs"])
    _finite(entry["result"])
    scenario = None if asked["scenario"] is None else _scenario(asked["scenario"]).canonical_json()
    facts, model = (inbox.version(asked, name) for name in ("facts_version", "model_version"))
    return AnswerRecord(
        Asked(asked["kind"], scenario, facts, model, asked["inputs"]),
        json.dumps(entry["result"], separators=(",", ":"), allow_nan=False),
        inbox.seconds(entry["seconds"]),
        inbox.past(entry["created_at"]),
    )
