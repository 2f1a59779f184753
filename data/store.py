"""The store: facts, prices, scenarios and runs in one DuckDB file, recorded once and found again.

One connection a process, a cursor an operation, one writer at a time: open one Store and share it between
threads. What a method has returned from is on disk.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import duckdb
import polars as pl

from data import inbox
from data.database import StoreBusy, StoreError, default_path, open_database, unusable
from data.fact import Fact
from data.records import RunRecord, canonical
from data.registry import Registry, load_facts
from data.sources.files import PriceSeries
from models.parameters import InputError

__all__ = ["PriceImport", "Store", "StoreBusy", "StoreError", "default_path"]

# The frame's names where SQL, which ignores case, needs another: K is the stake.
_SQL_NAMES = {"k": "k_target"}
FRAME_NAMES = {sql: name for name, sql in _SQL_NAMES.items()}

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,19}")


class PriceImport(NamedTuple):
    """What an import stored, and how many days of the symbol it took the place of."""

    symbol: str
    days: int
    first: date
    last: date
    replaced: int


class Store:
    """See the module. Every method raises StoreError when the file fails it, and leaves it as it was then."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._write = Lock()

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The store at `path` or at its usual place, made if there is none, with the facts of this version
        and its inbox taken in. Raises StoreBusy while another process has it open."""
        path = (path or default_path()).expanduser().absolute()
        store = cls(path, open_database(path))
        try:
            store.load_facts(load_facts())
            store.take_inbox()
        except StoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        with self._write:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Facts

    def load_facts(self, registry: Registry) -> bool:
        """Put the registry's facts and sources in the place of the stored ones. False: they are the same."""
        if self.rows("SELECT 1 FROM fact WHERE version = ? LIMIT 1", [registry.version]):
            return False
        facts = pl.DataFrame([_fact_row(fact) for fact in registry.facts.values()], infer_schema_length=None)
        sources = pl.DataFrame([s.model_dump() for s in registry.sources.values()], infer_schema_length=None)
        with self.transaction() as cursor:
            cursor.execute("DELETE FROM fact; DELETE FROM source")
            cursor.register("facts", facts)
            cursor.register("sources", sources)
            cursor.execute("INSERT INTO fact BY NAME SELECT ? AS version, * FROM facts", [registry.version])
            cursor.execute("INSERT INTO source BY NAME FROM sources")
        return True

    # Runs

    def record(self, run: RunRecord) -> bool:
        """Store a run with its scenario. False when it was there already."""
        frame = run.frame.rename(_SQL_NAMES)
        with self.transaction() as cursor:
            if cursor.execute("SELECT 1 FROM run WHERE id = ?", [run.id]).fetchall():
                return False
            created_at = run.created_at.astimezone(UTC).replace(tzinfo=None)
            digest = insert_scenario(cursor, run.scenario, created_at)
            cursor.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    run.id, run.kind, digest, run.facts_version, run.model_version,
                    canonical(run.parameters), json.dumps(run.summary, allow_nan=False),
                    run.seconds, created_at,
                ],
            )  # fmt: skip
            cursor.register("frame", frame)
            cursor.execute("INSERT INTO run_step BY NAME SELECT ? AS run, * FROM frame", [run.id])
            return True

    def find_run(self, run_id: str) -> RunRecord | None:
        """The run of that id (data.records.run_id), as it was recorded."""
        with self._cursor() as cursor:
            found = cursor.execute(
                "SELECT kind, inputs, facts_version, model_version, parameters, summary, seconds, "
                "run.created_at FROM run JOIN scenario ON digest = scenario WHERE id = ?",
                [run_id],
            ).fetchall()
            if not found:
                return None
            kind, inputs, facts_version, model_version, parameters, summary, seconds, created_at = found[0]
            steps = cursor.sql(
                "SELECT * EXCLUDE (run) FROM run_step WHERE run = ? ORDER BY step", params=[run_id]
            ).pl()
        return RunRecord(
            kind, inputs, facts_version, model_version, json.loads(summary), steps.rename(FRAME_NAMES),
            seconds, created_at.replace(tzinfo=UTC), json.loads(parameters),
        )  # fmt: skip

    def runs(self, *, facts_version: str, model_version: str, limit: int = 1000) -> pl.DataFrame:
        """The newest runs: id, kind, scenario, created_at (UTC), seconds, facts_version, model_version
        and `stale`: made from other facts or by another model than the versions given."""
        return self.frame(
            "SELECT id, kind, scenario, created_at, seconds, facts_version, model_version, "
            "facts_version <> ? OR model_version <> ? AS stale FROM run ORDER BY created_at DESC, id LIMIT ?",
            [facts_version, model_version, limit],
        )

    def take_inbox(self) -> inbox.Taken:
        """Record what other processes left while this one had the store (data/intake.py)."""
        if not inbox.waiting(self.path):
            return inbox.Taken(0, ())
        from data import intake  # which knows every kind of record, and this module

        return intake.take(self)

    # Scenarios

    def scenarios(self) -> pl.DataFrame:
        """Every scenario: digest, created_at (UTC), newest first."""
        query = "SELECT digest, created_at FROM scenario ORDER BY created_at DESC, digest"
        return self.frame(query, [])

    # Prices

    def import_prices(self, series: PriceSeries) -> PriceImport:
        """Store a symbol's daily prices, in the place of all that it had: one symbol is one file. Raises
        InputError on a symbol that is none."""
        symbol = series.symbol
        if not _SYMBOL.fullmatch(symbol):
            raise InputError(f"the symbol {symbol!r} is not allowed: 1 to 20 of A-Z, 0-9, dot and hyphen are")
        with self.transaction() as cursor:
            gone = cursor.execute("DELETE FROM price WHERE symbol = ? RETURNING 1", [symbol]).fetchall()
            cursor.register("frame", series.frame)
            cursor.execute(
                "INSERT INTO price BY NAME SELECT ? AS symbol, ? AS file_sha256, * FROM frame",
                [symbol, series.sha256],
            )
        return PriceImport(symbol, series.frame.height, series.first, series.last, len(gone))

    def prices(self, symbol: str) -> PriceSeries:
        """The imported prices of a symbol. Raises InputError when there are none."""
        frame = self.frame("SELECT * EXCLUDE (symbol) FROM price WHERE symbol = ? ORDER BY date", [symbol])
        if frame.is_empty():
            known = ", ".join(s for (s,) in self.rows("SELECT DISTINCT symbol FROM price ORDER BY 1", []))
            raise InputError(f"the store has no prices of {symbol!r}; it has {known or 'none at all'}")
        return PriceSeries(symbol, frame.drop("file_sha256"), frame.item(0, "file_sha256"))

    def price_list(self) -> pl.DataFrame:
        """What prices there are: symbol, days, first, last (dates), file_sha256."""
        return self.frame(
            "SELECT symbol, count(*) AS days, min(date) AS first, max(date) AS last, any_value(file_sha256) "
            "AS file_sha256 FROM price GROUP BY symbol ORDER BY symbol",
            [],
        )

    def schema_version(self) -> int:
        """The newest migration that the file has."""
        return int(self.rows("SELECT max(version) FROM schema_version", [])[0][0])

    # Cursors

    def rows(self, query: str, params: list[Any]) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(query, params).fetchall()

    def frame(self, query: str, params: list[Any]) -> pl.DataFrame:
        """The rows of a query that is a text of ours; what is not goes into `params`."""
        with self._cursor() as cursor:
            frame: pl.DataFrame = cursor.sql(query, params=params).pl()
            return frame

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            cursor = self._connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        except duckdb.Error as error:
            raise unusable(self.path, error) from error
        except RuntimeError as error:
            # DuckDB's own words for a Ctrl-C that came while it was at work
            if str(error) == "Query interrupted":
                raise KeyboardInterrupt from None
            raise

    @contextmanager
    def still(self) -> Iterator[None]:
        """While this lasts nothing is written, so that the file can be copied, by another process alone:
        closing it once more in this one would let go of its lock."""
        with self._write:
            yield

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """What is done with the cursor is on disk when this ends; none of it is after an exception."""
        with self._write, self._cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise
            cursor.commit()


def _fact_row(fact: Fact) -> dict[str, Any]:
    texts = ("id", "theme", "title", "unit", "date", "source", "kind", "confidence", "feeds", "note")
    table = {"columns": fact.columns, "units": fact.units, "rows": fact.rows}
    low, high = fact.range or (None, None)
    return {
        **{name: getattr(fact, name) for name in texts},
        "value": json.dumps(table if fact.rows else fact.value),
        "low": low,
        "high": high,
    }


def insert_scenario(cursor: duckdb.DuckDBPyConnection, inputs: str, created_at: datetime) -> str:
    """Keep a scenario's canonical JSON. Returns its digest."""
    digest = hashlib.sha256(inputs.encode()).hexdigest()
    cursor.execute(
        "INSERT INTO scenario VALUES (?, ?, NULL, ?) ON CONFLICT DO NOTHING", [digest, inputs, created_at]
    )
    return digest
