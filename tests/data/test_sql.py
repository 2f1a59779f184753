"""SQL of readers: what it may read, what it may not do, and that it costs the store's writers nothing."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from data import sql
from data.registry import load_facts
from data.sql import Cancelled, query
from data.store import Store
from models.parameters import InputError
from tests.data.runs import run

NOON = datetime(2026, 5, 31, 10, tzinfo=UTC).replace(tzinfo=None)
ENDLESS = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"


@pytest.fixture
def store(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store, and a place for temporary files that must be empty in the end."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with Store.open(path) as opened:
        yield opened
        assert [*place.iterdir()] == []


def refused(store: Store, text: str) -> str:
    with pytest.raises(InputError) as caught:
        query(store, text)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_it_reads_what_was_written_a_moment_ago(store: Store) -> None:
    for months in (6, 7, 8):
        made = run(months=months)
        store.record(made)
        found = query(
            store, f"SELECT count(*) AS n, max(month) AS last FROM run_step WHERE run = '{made.id}'"
        )
        assert found.rows() == [(months, months)]
    end = query(store, "SELECT value FROM run_summary WHERE name = 'end.V' ORDER BY value")
    assert end["value"].to_list() == sorted(run(months=m).summary["end"]["V"] for m in (6, 7, 8))
    assert query(store, "SELECT count(*) FROM fact").item() == len(load_facts().facts)


def test_every_type_comes_as_a_plain_one(store: Store) -> None:
    found = query(
        store,
        "SELECT sum(n) AS whole, 0.5 AS half, 1::FLOAT AS single, n > 0 AS yes, DATE '2026-05-31' AS day, "
        "TIMESTAMPTZ '2026-05-31 12:00:00+02' AS moment, [1, 2] AS list, {'a': 1} AS record, 'ab'::BLOB AS "
        "bytes, NULL AS nothing, 'x'::ENUM('x') AS word, 2::HUGEINT ** 100 AS power, 'twice' AS list "
        "FROM (VALUES (3)) AS v(n) GROUP BY n",
    )
    assert found.row(0) == (
        3, 0.5, 1.0, True, date(2026, 5, 31), NOON, "[1, 2]", "{'a': 1}", "binary, 2",
        None, "x", 2.0**100, "twice",
    )  # fmt: skip
    assert found.columns[-1] == "list_1"
    plain = {pl.Int64, pl.Int32, pl.Float64, pl.Boolean, pl.Date, pl.Datetime("us"), pl.String}
    assert set(found.dtypes) <= plain


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no query"),
        ("-- nothing", "a comment alone"),
        ("SELEC 1", "no SQL that can be read: syntax error"),
        ("SELECT nope FROM run", "nope"),
        ("SELECT 'x'::INTEGER", "cannot be answered"),
        ("SELECT * FROM read_csv('/etc/passwd')", "forbidden"),
        ("SELECT * FROM '/etc/passwd'", "does not exist"),
        ("SELECT * FROM read_text('/etc/passwd')", "forbidden"),
        ("SELECT * FROM glob('/*')", "forbidden"),
        ("SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')", "forbidden"),
        ("SELECT * FROM con", "does not exist"),  # a variable of the process that runs it
        ("SELECT getenv('HOME')", "getenv"),
        ("ATTACH '/tmp/other.duckdb'", "forbidden: this is ATTACH"),
        ("COPY run TO '/tmp/out.csv'", "forbidden: this is COPY"),
        ("EXPORT DATABASE '/tmp/out'", "forbidden: this is EXPORT"),
        ("INSTALL httpfs", "forbidden: this is LOAD"),
        ("LOAD httpfs", "forbidden: this is LOAD"),
        ("PRAGMA database_list", "forbidden: this is PRAGMA"),
        ("SET memory_limit = '64GB'", "forbidden: this is SET"),
        ("RESET lock_configuration", "forbidden: this is SET"),
        ("CREATE TEMP TABLE t AS SELECT 1", "forbidden: this is CREATE"),
        ("DROP TABLE run", "forbidden: this is DROP"),
        ("SELECT 1; DROP TABLE run", "forbidden: this is SELECT and DROP"),
        ("SELECT 1; SELECT 2", "forbidden: this is SELECT and SELECT"),
        ("WITH x AS (DELETE FROM fact RETURNING 1) SELECT * FROM x", "would change the store"),
        ("WITH x AS (INSERT INTO schema_version VALUES (9, now()) RETURNING 1) FROM x", "would change"),
        ("FROM range(100001)", "more than 100,000 rows"),
        ("SELECT n, * FROM range(200000) AS t(n), range(1000)", "more than 100,000 rows"),
        ("SELECT repeat('x', 90_000_000)", "larger than 64 MB"),
        ("SELECT repeat('x', 3_000_000_000)", "more memory"),
        ("SELECT list(range) FROM range(50_000_000)", "more memory"),
        ("FROM range(1_000_000) AS a, range(1_000) AS b ORDER BY random()", "more memory"),
        (f"SELECT {', '.join(map(str, range(501)))}", "501 columns: 500 are allowed"),
        ("SELECT '" + "x" * 100_000 + "'", "100,000 are allowed"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_one_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.setattr(sql, "SECONDS", 25.0)  # a busy machine must not be the reason
    assert sentence in refused(store, text)


def test_what_does_not_end_is_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "SECONDS", 1.0)
    assert "longer than 1 s" in refused(store, ENDLESS)


def test_a_reader_can_cancel(store: Store) -> None:
    with pytest.raises(Cancelled):
        query(store, ENDLESS, cancelled=lambda: True)


def test_a_process_that_breaks_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "import os, sys; print('ready', flush=True); sys.stdin.readline(); print('copied', flush=True)"
    dying = f"{said}; os.abort()"
    monkeypatch.setattr(sql, "START", dying)
    assert "broke the database engine" in refused(store, "SELECT 1")
    monkeypatch.setattr(sql, "START", "raise SystemExit")
    assert "no copy of the store" in refused(store, "SELECT 1")


def test_no_more_run_at_once_than_may(store: Store) -> None:
    stop = threading.Event()

    def endless() -> None:
        with pytest.raises(Cancelled):
            query(store, ENDLESS, cancelled=stop.is_set)

    threads = [threading.Thread(target=endless) for _ in range(sql.AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    try:
        assert "running already" in refused(store, "SELECT 1")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert query(store, "SELECT 1 AS one").item() == 1


def test_the_store_stays_locked_and_whole_while_it_is_written_and_read(store: Store) -> None:
    """A copy made in this process would let go of the file's lock; one made beside a commit would be torn."""
    written: list[str] = []
    done = threading.Event()

    def write() -> None:
        months = 1
        while not done.is_set():
            made = run(months=months, P0=0.1 + months / 100)
            store.record(made)
            written.append(made.id)
            months = months % 200 + 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            before = len(written)
            found = query(
                store,
                "SELECT run.id, count(run_step.run) AS steps, max(month) AS last FROM run LEFT JOIN run_step "
                "ON run_step.run = run.id GROUP BY run.id",
            )
            assert found.height >= before
            assert found["steps"].to_list() == found["last"].to_list()
    finally:
        done.set()
        writer.join()
    assert len(written) > 3
    probe = f"from data.store import Store; from pathlib import Path; Store.open(Path({str(store.path)!r}))"
    other = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert "StoreBusy" in other.stderr
