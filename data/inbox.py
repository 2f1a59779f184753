"""Records left beside a store that another process has open, for that process to take in.

A record is one JSON file, `inbox/<run id>.json`, there whole or not at all. Files found there may be
anybody's: each is read with a limit, checked field by field and against its own id, recorded, and deleted; a
bad one goes to `inbox/rejected/` with the reason beside it.
"""

import json
import math
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import polars as pl

from data.database import StoreError
from data.records import PROJECTION, RunRecord
from models.parameters import InputError, parse_scenario

FORMAT = 1
MAX_BYTES = 64_000_000
# Taken at one go; the rest wait for the next.
MAX_FILES = 200
# A file still being written is younger; an older one was left by a process that was killed.
ABANDONED_SECONDS = 3600.0

_FIELDS = {
    "format", "kind", "scenario", "facts_version", "model_version", "parameters", "summary", "frame",
    "seconds", "created_at",
}  # fmt: skip
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,64}")
# What a cell of each SQL type is in JSON, and in a frame.
_JSON = {"BIGINT": int, "DOUBLE": float, "BOOLEAN": bool, "DATE": str}
_POLARS = {"BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean, "DATE": pl.Date}


class Column(NamedTuple):
    """A column of a projection's frame as the store declares it: DuckDB's name of its type."""

    type: str
    nullable: bool


class Taken(NamedTuple):
    """How many records were new, and (file, reason) of every file that was refused."""

    recorded: int
    rejected: tuple[tuple[str, str], ...]


def folder(store_path: Path) -> Path:
    return store_path.parent / "inbox"


def waiting(store_path: Path) -> bool:
    """Whether anything is there to take."""
    try:
        return any(f.name.endswith(".json") for f in folder(store_path).iterdir())
    except OSError:
        return False


def leave(store_path: Path, run: RunRecord) -> Path:
    """Leave a record for the process that has the store. Raises StoreError when it cannot be written."""
    entry = {
        "format": FORMAT,
        "kind": run.kind,
        "scenario": json.loads(run.scenario),
        "facts_version": run.facts_version,
        "model_version": run.model_version,
        "parameters": run.parameters,
        "summary": run.summary,
        "frame": run.frame.with_columns(pl.col(pl.Date).cast(pl.String)).to_dict(as_series=False),
        "seconds": run.seconds,
        "created_at": run.created_at.isoformat(),
    }
    data = json.dumps(entry, separators=(",", ":"), allow_nan=False).encode()
    target = folder(store_path) / f"{run.id}.json"
    if len(data) > MAX_BYTES:
        raise StoreError(f"the record is too large for {target.parent}: {MAX_BYTES:,} bytes are allowed")
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"no record could be left in {target.parent}: {error.strerror}") from error
    return target


def take(store_path: Path, columns: Mapping[str, Column], record: Callable[[RunRecord], bool]) -> Taken:
    """Record every file of the inbox and delete it; `columns` are those that a frame must have. A failing
    store raises StoreError and leaves the rest of the inbox as it is."""
    recorded = 0
    rejected = []
    for path in sorted(folder(store_path).glob("*.json"))[:MAX_FILES]:
        try:
            run = read(path, columns)
        except FileNotFoundError:
            continue
        except (InputError, OSError) as error:
            _reject(path, str(error))
            rejected.append((path.name, str(error)))
            continue
        recorded += record(run)
        with suppress(OSError):
            path.unlink()
    for path in folder(store_path).glob("*.part"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
    return Taken(recorded, tuple(rejected))


def read(path: Path, columns: Mapping[str, Column]) -> RunRecord:
    """One record, checked. Raises InputError with the reason, or OSError."""
    try:
        entry = json.loads(_bytes(path))
        _check(isinstance(entry, dict) and entry.keys() == _FIELDS, f"the fields are not {sorted(_FIELDS)}")
        _check(entry["format"] == FORMAT, f"the format is not {FORMAT}")
        _check(entry["kind"] == PROJECTION and entry["parameters"] == {}, "this is not a projection")
        for name in ("facts_version", "model_version"):
            version = entry[name]
            _check(isinstance(version, str) and _VERSION.fullmatch(version), f"{name} is not a version")
        _check(isinstance(entry["scenario"], dict), "scenario is not an object")
        scenario = parse_scenario(entry["scenario"])
        run = RunRecord(
            PROJECTION,
            scenario.canonical_json(),
            entry["facts_version"],
            entry["model_version"],
            _summary(entry["summary"]),
            _frame(entry["frame"], columns, scenario.months * scenario.steps_per_month),
            _seconds(entry["seconds"]),
            _past(entry["created_at"]),
        )
    except InputError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"this is not a record: {error}") from error
    _check(run.id == path.stem, "the name is not the id of what is inside")
    return run


def _bytes(path: Path) -> bytes:
    # Neither a link nor a pipe is followed or waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _check(stat.S_ISREG(found.st_mode), "this is not a regular file")
        _check(found.st_size <= MAX_BYTES, f"{found.st_size:,} bytes are too many: {MAX_BYTES:,} are allowed")
        return file.read(MAX_BYTES)


def _summary(value: Any) -> dict[str, Any]:
    _check(isinstance(value, dict), "summary is not an object")
    flat = [v for v in value.values() if not isinstance(v, dict)]
    flat += [v for part in value.values() if isinstance(part, dict) for v in part.values()]
    _check(all(v is None or _is_number(v) for v in flat), "summary holds more than finite numbers")
    return dict(value)


def _frame(value: Any, columns: Mapping[str, Column], rows: int) -> pl.DataFrame:
    _check(
        isinstance(value, dict) and value.keys() == columns.keys(), "the frame has not the store's columns"
    )
    series = []
    for name, (kind, nullable) in columns.items():
        cells = value[name]
        _check(isinstance(cells, list) and len(cells) == rows, f"{name} does not have {rows} rows")
        types = {type(cell) for cell in cells} - ({NoneType} if nullable else set())
        _check(types <= {_JSON[kind]}, f"{name} is not all {kind}")
        if kind == "DATE":
            cells = [date.fromisoformat(cell) for cell in cells]
        elif kind in ("DOUBLE", "BIGINT"):
            _check(all(cell is None or _is_number(cell) for cell in cells), f"{name} is not all finite")
        series.append(pl.Series(name, cells, _POLARS[kind]))
    frame = pl.DataFrame(series)
    _check(frame["step"].to_list() == list(range(1, rows + 1)), "the steps do not count from 1")
    return frame


def _seconds(value: Any) -> float:
    _check(isinstance(value, float) and math.isfinite(value) and value >= 0, "seconds is not a duration")
    return float(value)


def _past(value: Any) -> datetime:
    _check(isinstance(value, str), "created_at is not a time")
    moment = datetime.fromisoformat(value)
    _check(moment.tzinfo is not None and moment <= datetime.now(UTC), "created_at is not a time in the past")
    return moment


def _is_number(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or (type(value) is int and abs(value) < 2**53)


def _check(condition: object, reason: str) -> None:
    if not condition:
        raise InputError(reason)


def _reject(path: Path, reason: str) -> None:
    place = path.parent / "rejected" / path.name
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        place.with_suffix(".txt").write_text(reason + "\n", "utf-8")


def _sync_folder(path: Path) -> None:
    """Make the new name itself durable; only POSIX can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
