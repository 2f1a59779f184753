"""All that was recorded, runs and answers alike: listed, named by id, and read as tables by any version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from data import plain
from data.records import PROJECTION
from data.store import Store
from data.stress_runs import STRESS
from data.stress_store import SHORTEST_ID
from models.parameters import InputError
from models.projection import monthly

MOST_LISTED = 2_000
FIGURES = "figures"
LISTED: dict[str, Any] = {
    "id": pl.String, "kind": pl.String, "name": pl.String, "digest": pl.String, "scenario": pl.String,
    "parameters": pl.String, "facts_version": pl.String, "model_version": pl.String, "paths": pl.Int64,
    "device": pl.String, "counts_sha256": pl.String, "seconds": pl.Float64, "created_at": pl.Datetime("us"),
}  # fmt: skip
# What a reader has saved a scenario as; of several names the first.
_NAME = (
    "(SELECT min(v.name) FROM saved_scenario AS v WHERE v.scenario = s.digest AND v.deleted_at IS NULL) "
    "AS name"
)
_RUNS = (
    f"SELECT r.id, r.kind, {_NAME}, s.digest, s.inputs AS scenario, r.parameters, r.facts_version, "
    "r.model_version, c.paths, c.device, c.counts_sha256, r.seconds, r.created_at "
    "FROM run AS r JOIN scenario AS s ON s.digest = r.scenario LEFT JOIN run_counts AS c ON c.run = r.id"
)
_ANSWERS = (
    f"SELECT a.id, a.kind, {_NAME}, s.digest, s.inputs AS scenario, a.inputs AS parameters, a.facts_version, "
    "a.model_version, NULL AS paths, NULL AS device, NULL AS counts_sha256, a.seconds, a.created_at "
    "FROM answer AS a LEFT JOIN scenario AS s ON s.digest = a.scenario"
)
_ALL = f"SELECT * FROM ({_RUNS} UNION ALL BY NAME {_ANSWERS})"
_NEWEST = f"{_ALL} ORDER BY created_at DESC, id LIMIT {MOST_LISTED}"
_NAMED = f"{_ALL} WHERE starts_with(id, ?) LIMIT 2"
_RESULT = "SELECT summary FROM run WHERE id = ? UNION ALL SELECT result FROM answer WHERE id = ?"
_COUNTS = (
    "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM answer), (SELECT count(*) FROM scenario), "
    "(SELECT count(*) FROM fact), (SELECT count(*) FROM price)"
)
_QUANTILES = "SELECT * EXCLUDE (run) FROM run_quantile WHERE run = ? ORDER BY variable, month, quantile"


@dataclass(frozen=True)
class Recorded:
    """One run or answer. `scenario` is canonical JSON, None where it depends on none; `parameters` all else
    that was asked; times are UTC."""

    id: str
    kind: str
    name: str | None
    digest: str | None
    scenario: str | None
    parameters: dict[str, Any]
    facts_version: str
    model_version: str
    paths: int | None
    device: str | None
    counts_sha256: str | None
    seconds: float
    created_at: datetime


def counts(store: Store) -> dict[str, int]:
    """How many runs, answers, scenarios, facts and prices (days) there are."""
    names = ("runs", "answers", "scenarios", "facts", "prices")
    return dict(zip(names, store.rows(_COUNTS, [])[0], strict=True))


def listing(store: Store) -> pl.DataFrame:
    """The newest MOST_LISTED runs and answers, with the columns of LISTED."""
    return store.frame(_NEWEST, []).select(pl.col(name).cast(kind) for name, kind in LISTED.items())


def named(store: Store, start: str) -> Recorded:
    """The run or answer whose id begins so. Raises InputError when there is none, or more than one."""
    start = start.strip().lower()
    if len(start) < SHORTEST_ID or not set(start) <= set("0123456789abcdef"):
        raise InputError(
            f"{start[:80]!r} is no run: give at least the first {SHORTEST_ID} characters (0-9, a-f) of its id"
        )
    found = store.frame(_NAMED, [start]).to_dicts()
    if len(found) != 1:
        many = "more than one run or answer whose id begins" if found else "no run or answer whose id begins"
        raise InputError(f"the store has {many} with {start!r}")
    return Recorded(**{**found[0], "parameters": json.loads(found[0]["parameters"])})


def tables(store: Store, what: Recorded) -> dict[str, pl.DataFrame]:
    """Everything that came out, as tables by name, the first the one that says most. FIGURES are the single
    figures: name, value, and text where it is no number."""
    found: dict[str, pl.DataFrame] = {}
    result = json.loads(store.rows(_RESULT, [what.id, what.id])[0][0])
    if what.kind == PROJECTION:
        run = store.find_run(what.id)
        if run is not None:
            found = {"by_month": monthly(run.frame), "steps": run.frame}
    elif what.kind == STRESS:
        result.pop("quantiles", None)
        found = {"by_month": pl.DataFrame(result.pop("by_month", [])),
                 "quantiles": store.frame(_QUANTILES, [what.id])}  # fmt: skip
    inner, figures = unfolded(result)
    return found | inner | {FIGURES: figures}


def unfolded(result: Any) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Any result that was kept as JSON: its tables by name, and its single figures."""
    found: dict[str, pl.DataFrame] = {}
    figures: list[tuple[str, float | None, str | None]] = []
    _unfold("", result, found, figures)
    schema = {"name": pl.String, "value": pl.Float64, "text": pl.String}
    return found, pl.DataFrame(figures, schema=schema, orient="row")


def _unfold(name: str, value: Any, found: dict[str, pl.DataFrame], figures: list[Any]) -> None:
    frame = _frame(value)
    if frame is not None:
        if frame.width:
            found[name or "table"] = frame
    elif isinstance(value, Mapping):
        shapes = {key: shape for key, part in value.items() if (shape := _shape(part)) is not None}
        if len(shapes) > 1 and len(set(shapes.values())) == 1:
            series = {key: value[key] for key in shapes}
            found[name or "table"] = _beside(series, next(iter(shapes.values())))
            value = {key: part for key, part in value.items() if key not in series}
        for key, part in value.items():
            # what only says that tables follow says nothing to a reader
            inner = key if name in ("", "tables", FIGURES) else f"{name}.{key}"
            _unfold(inner, part, found, figures)
    elif isinstance(value, list) and not all(map(_is_cell, value)):
        for at, part in enumerate(value, 1):
            _unfold(f"{name}.{at}", part, found, figures)
    elif isinstance(value, list):
        figures.append((name, None, "; ".join(map(str, value))))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        figures.append((name, None, None if value is None else str(value)))
    else:
        figures.append((name, float(value), None))


def _frame(value: Any) -> pl.DataFrame | None:
    """A frame as data.plain packs it, as rows under a schema, or as equal objects; None: it is none."""
    if isinstance(value, Mapping) and value.keys() == {"schema", "rows"}:
        kinds = {name: plain.column_type(kind) for name, kind in value["schema"].items()}
        return pl.DataFrame([tuple(row) for row in value["rows"]], schema=kinds, orient="row")
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(part, list) and len(part) == 3 and isinstance(part[2], list) for part in value):
        try:
            frame: pl.DataFrame = plain.unpack(pl.DataFrame, value)
            return frame
        except InputError:
            return None
    alike = all(isinstance(part, Mapping) and part.keys() == value[0].keys() for part in value)
    if alike and all(_is_cell(cell) for part in value for cell in part.values()):
        return pl.DataFrame(value, infer_schema_length=None, strict=False)
    return None


def _shape(value: Any) -> tuple[int, int] | None:
    """Rows and columns of an array of numbers (one row where it is flat), None of anything else."""
    if not isinstance(value, list) or len(value) == 0:
        return None
    rows = value if isinstance(value[0], list) else [value]
    numbers = all(isinstance(row, list) and all(type(cell) in (int, float) for cell in row) for row in rows)
    if not numbers or len({len(row) for row in rows}) != 1 or len(rows) * len(rows[0]) < 2:
        return None
    return len(rows), len(rows[0])


def _beside(series: Mapping[str, Any], shape: tuple[int, int]) -> pl.DataFrame:
    """Arrays of one shape as columns, each number in a row of its own: its path, where there are several, and
    its place (1, 2, ..)."""
    paths, places = shape
    columns = {"path": [path + 1 for path in range(paths) for _ in range(places)]} if paths > 1 else {}
    columns |= {"at": [place + 1 for _ in range(paths) for place in range(places)]}
    flat = {
        name: [cell for row in part for cell in row] if isinstance(part[0], list) else part
        for name, part in series.items()
    }
    return pl.DataFrame({**columns, **flat}, strict=False)


def _is_cell(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
