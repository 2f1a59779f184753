"""`vaultline sql`: one query that reads, on a copy of the store."""

import argparse
from datetime import UTC, datetime
from typing import Any

import polars as pl

from dashboard import exports, recall
from dashboard.commands.output import checked_target, note, say, say_json, say_table, working, write_frame
from data import sql
from data.registry import load_facts
from data.store import Store

SHOWN = 40  # rows of a terminal; --json and --out have all
LONGEST = 64


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, None) if args.out is not None else None
    with working("asking"), Store.open(args.store) as store:
        found = sql.query(store, args.query)
    if out is not None:
        for path in write_frame(out, found, _manifest(found, args.query)):
            note(f"{path} written")
    if args.json:
        # what JSON has no word for, such as dates and numbers that are not finite, as text
        say_json({"columns": found.columns, "rows": [[_plain(cell) for cell in row] for row in found.rows()]})
    elif out is None:
        _tell(found)
    return 0


def _plain(cell: Any) -> Any:
    finite = isinstance(cell, float) and abs(cell) < float("inf")
    return cell if cell is None or finite or isinstance(cell, bool | int | str) else str(cell)


def _manifest(found: pl.DataFrame, query: str) -> dict[str, Any]:
    registry = load_facts()
    whole = exports.manifest(
        kind="table", title="Rows of a query", frame=found, units={}, scenario=registry.baseline(),
        facts_version=registry.version, model_version="", command="", time=datetime.now(UTC),
    )  # fmt: skip
    return {**whole, **recall.query_stamp(query)}


def _tell(found: pl.DataFrame) -> None:
    if found.width:
        say_table([tuple(found.columns), *(tuple(map(_cell, row)) for row in found.head(SHOWN).rows())])
    more = f", the first {SHOWN} of them shown" if found.height > SHOWN else ""
    say(f"\n{found.height:,} rows{more}.")


def _cell(value: Any) -> str:
    text = (
        "" if value is None else f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())
    )
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
