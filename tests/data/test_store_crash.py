"""Killed at any moment, nothing acknowledged is lost and the store opens again."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from data.database import open_database
from data.store import Store
from tests.data.runs import run

KILLS, MOST_KILLS = 15, 60  # a slow machine writes less between two kills

posix = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")


@contextmanager
def nursery() -> Iterator[tuple[IO[str], IO[str]]]:
    """tests/data/crash_writer.py: where to write a store's path, and where to read what its child says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.data.crash_writer"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        yield process.stdin, process.stdout
    assert process.wait(30) == 0


def write_and_kill(paths: IO[str], said: IO[str], path: Path, seconds: float) -> set[str]:
    """The ids of the runs that a writer to `path` said were recorded, before it was killed."""
    paths.write(f"{path}\n")
    paths.flush()
    word, pid = said.readline().split()
    assert word == "pid"
    time.sleep(seconds)
    os.kill(int(pid), signal.SIGKILL)
    return set(iter(lambda: said.readline().strip(), "end"))


def recorded(path: Path) -> set[str]:
    """All runs of a store, each of them checked to be there whole, with its steps and its scenario."""
    con = open_database(path)
    try:
        rows = con.sql(
            "SELECT id, inputs->>'$.months', (SELECT count(*) FROM run_step WHERE run = id) "
            "FROM run LEFT JOIN scenario ON digest = scenario"
        ).fetchall()
        steps = con.sql("SELECT count(*) FROM run_step").fetchall()[0][0]
    finally:
        con.close()
    assert all(int(months) == count for _, months, count in rows)
    assert sum(count for *_, count in rows) == steps
    return {run_id for run_id, *_ in rows}


@posix
def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(path: Path) -> None:
    chance = random.Random(20261123)
    acknowledged: set[str] = set()
    with nursery() as (paths, said):
        for kills in range(1, MOST_KILLS + 1):
            acknowledged |= write_and_kill(paths, said, path, chance.uniform(0, 0.4))
            if path.exists():
                assert acknowledged <= recorded(path)
            if kills >= KILLS and len(acknowledged) >= 50:
                break
    assert len(acknowledged) >= 50
    with Store.open(path) as store:
        for run_id in chance.sample(sorted(acknowledged), 20):
            found = store.find_run(run_id)
            assert found is not None
            assert found.frame["step"].to_list() == [1, 2, 3, 4, 5, 6]


@posix
def test_a_store_killed_while_it_is_made_opens_the_next_time(tmp_path: Path) -> None:
    chance = random.Random(20261124)
    with nursery() as (paths, said):
        for number in range(16):
            path = tmp_path / str(number) / "vaultline.duckdb"
            acknowledged = write_and_kill(paths, said, path, chance.uniform(0, 0.08))
            assert acknowledged <= recorded(path)


def test_a_log_torn_anywhere_after_what_was_acknowledged_opens(tmp_path: Path, path: Path) -> None:
    """As after a power cut: of the last record only a part has reached the disk."""
    chance = random.Random(20261125)
    log = path.with_name(path.name + ".wal")
    store = Store.open(path)
    marks = []
    for price in (0.1, 0.2, 0.3):
        made = run(P0=price, months=6)
        store.record(made)
        marks.append((made.id, log.stat().st_size))
    (first, start), (second, middle), (_, end) = marks
    whole = path.read_bytes(), log.read_bytes()
    store.close()
    assert start < middle < end
    for number in range(12):
        copy = tmp_path / str(number) / path.name
        copy.parent.mkdir()
        copy.write_bytes(whole[0])
        cut = chance.randrange(middle, end)
        copy.with_name(log.name).write_bytes(whole[1][:cut])
        assert recorded(copy) == {first, second}
        shutil.rmtree(copy.parent)
