"""`vaultline export`: a recorded run's table, or one of the store's own, as a file with its manifest."""

import argparse
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard import recall
from dashboard.commands.output import checked_target, note, say_json, working, write_frame
from data import recorded, tables
from data.registry import load_facts
from data.store import Store
from models.parameters import InputError


def run(args: argparse.Namespace) -> int:
    if args.out is None:
        raise InputError("--out is missing: name the file to write, .parquet, .csv or .xlsx")
    out = checked_target(args.out, None)
    with working("reading"), Store.open(args.store) as store:
        title, frame, stamp = _found(store, args.what, args.table)
    made = _manifest(title, frame, stamp)
    replaced = out.exists()
    files = write_frame(out, frame, made)
    for path in files:
        note(f"{path} {'replaced' if replaced else 'written'}")
    if args.json:
        say_json({**made, "files": [str(path) for path in files]})
    return 0


def _found(store: Store, what: str, table: str | None) -> tuple[str, pl.DataFrame, dict[str, Any]]:
    """Title, rows and stamp."""
    if what.strip().lower() in tables.TABLES:
        if table is not None:
            raise InputError(f"--table is of a run alone; {what} is a table already")
        name = what.strip().lower()
        return f"{name}: {tables.TABLES[name].words}", tables.whole(store, name), recall.table_stamp(what)
    try:
        run = recorded.named(store, what)
    except InputError as error:
        raise InputError(f"{error}; the store's tables are {', '.join(tables.TABLES)}") from None
    found = recorded.tables(store, run)
    name = next(iter(found)) if table is None else table.strip()
    if name not in found:
        raise InputError(f"run {run.id[:12]} has no table {name[:60]!r}; it has {', '.join(found)}")
    return f"{run.kind} {run.id[:12]}: {name}", found[name], recall.stamp(run, load_facts())


def _manifest(title: str, frame: pl.DataFrame, stamp: dict[str, Any]) -> dict[str, Any]:
    from dashboard import exports

    registry = load_facts()
    whole = exports.manifest(
        kind="table", title=title, frame=frame, units=recall.units(frame.columns),
        scenario=registry.baseline(), facts_version=registry.version, model_version="", command="",
        time=datetime.now(UTC),
    )  # fmt: skip
    return {**whole, **stamp}
