"""`vaultline runs`: what the store holds, newest first, or found by words."""

import argparse
from typing import Any

import polars as pl

from dashboard import recall
from dashboard.commands.output import say, say_json, say_table
from data import recorded
from data.registry import load_facts
from data.store import Store

SHOWN = 50  # --json has all
HASH = 12
LISTED = (
    "id", "kind", "name", "what", "digest", "paths", "seed", "device", "counts_sha256", "facts_version",
    "model_version", "stale", "seconds",
)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    with Store.open(args.store) as store:
        listed = recall.catalogue(store, load_facts())
        counts = recorded.counts(store)
    found = recall.matching(listed, args.find)
    if args.json:
        say_json({"counts": counts, "runs": [_record(row) for row in found.iter_rows(named=True)]})
    elif found.is_empty():
        say(
            "Nothing is recorded yet: vaultline project makes the first run."
            if listed.is_empty()
            else "No run or answer contains all of that."
        )
    else:
        _tell(found)
    return 0


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in LISTED}, "created_at": f"{row['created_at'].isoformat()}Z"}


def _tell(found: pl.DataFrame) -> None:
    rows: list[tuple[str, ...]] = [("id", "kind", "recorded (UTC)", "differs from the baseline", "paths", "")]
    for row in found.head(SHOWN).iter_rows(named=True):
        what = row["what"] if len(row["what"]) <= 60 else f"{row['what'][:57]}..."
        paths = f"{row['paths']:,}" if row["paths"] else ""
        stamp = f"{row['created_at']:%Y-%m-%d %H:%M}"
        rows.append((row["id"][:HASH], row["kind"], stamp, what, paths, "stale" if row["stale"] else ""))
    say_table(rows, left=4)
    more = f"; the newest {SHOWN} are shown" if found.height > SHOWN else ""
    say(f"\n{found.height:,} found{more}. vaultline export ID --out FILE takes one out with its manifest.")
