"""Stress runs in the store: recorded once with their counts, found again, extended by the next."""

import json
from datetime import UTC
from typing import Any

from data.records import canonical
from data.store import Store, insert_scenario
from data.stress_runs import STRESS, StressRecord
from models.parameters import InputError

# Of a run's id, what a reader must give of it at least.
SHORTEST_ID = 8
_COLUMNS = (
    "inputs, facts_version, model_version, parameters, summary, packed, counts_sha256, device, seconds, "
    "run.created_at"
)
_JOINED = "run JOIN run_counts ON run_counts.run = id JOIN scenario ON digest = scenario"


def record(store: Store, run: StressRecord) -> bool:
    """Store a run whole: figures, quantiles and counts. False when it was there already."""
    with store.transaction() as cursor:
        if cursor.execute("SELECT 1 FROM run WHERE id = ?", [run.id]).fetchall():
            return False
        created_at = run.created_at.astimezone(UTC).replace(tzinfo=None)
        digest = insert_scenario(cursor, run.scenario, created_at)
        cursor.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run.id, STRESS, digest, run.facts_version, run.model_version, canonical(run.parameters),
                json.dumps(run.summary, allow_nan=False), run.seconds, created_at,
            ],
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO run_counts VALUES (?, ?, ?, ?, ?, ?)",
            [run.id, run.family, run.paths, run.device, run.counts_sha256, run.packed],
        )
        cursor.register("quantiles", run.quantiles)
        cursor.execute("INSERT INTO run_quantile BY NAME SELECT ? AS run, * FROM quantiles", [run.id])
        return True


def find(store: Store, run_id: str) -> StressRecord | None:
    """The run of that whole id."""
    found = _runs(store, "id = ?", [run_id])
    return found[0] if found else None


def longest(store: Store, family: str, at_most: int) -> StressRecord | None:
    """Of the runs that differ in nothing but how many paths they have, the longest of at most so many."""
    found = _runs(store, "family = ? AND paths <= ? ORDER BY paths DESC LIMIT 1", [family, at_most])
    return found[0] if found else None


def named(store: Store, start: str) -> StressRecord:
    """The run whose id begins so. Raises InputError when there is none, or more than one."""
    start = start.strip().lower()
    if len(start) < SHORTEST_ID or not set(start) <= set("0123456789abcdef"):
        raise InputError(
            f"{start[:80]!r} is no run: give at least the first {SHORTEST_ID} characters (0-9, a-f) of its id"
        )
    found = _runs(store, "starts_with(id, ?) LIMIT 2", [start])
    if len(found) != 1:
        many = "more than one stress run whose id begins" if found else "no stress run whose id begins"
        raise InputError(f"the store has {many} with {start!r}")
    return found[0]


def _runs(store: Store, where: str, params: list[Any]) -> list[StressRecord]:
    """Without their quantiles, which only SQL reads: they are in the counts."""
    rows = store.rows(f"SELECT {_COLUMNS} FROM {_JOINED} WHERE {where}", params)
    return [
        StressRecord(
            scenario, facts_version, model_version, json.loads(parameters), json.loads(summary), None, packed,
            counts_sha256, device, seconds, created_at.replace(tzinfo=UTC),
        )
        for (scenario, facts_version, model_version, parameters, summary, packed, counts_sha256, device,
             seconds, created_at) in rows
    ]  # fmt: skip
