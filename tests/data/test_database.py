"""The store's file: made whole, brought up to date, refused when it is bad or in use by another process."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data import database
from data.database import open_database
from data.store import Store, StoreBusy, StoreError, default_path
from tests.data.runs import run, table

BLOCK = 262_144  # of a DuckDB file


def test_the_path_is_settable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VAULTLINE_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    usual = default_path()
    assert usual.name == "vaultline.duckdb"
    assert usual.parent.name == "vaultline"
    monkeypatch.setenv("VAULTLINE_STORE", "~/elsewhere.db")
    assert default_path() == Path.home() / "elsewhere.db"
    monkeypatch.setenv("VAULTLINE_STORE", str(tmp_path / "deep" / "er" / "s.db"))
    with Store.open() as store:
        assert store.path == tmp_path / "deep" / "er" / "s.db"
    assert [f.name for f in store.path.parent.iterdir()] == ["s.db"]


def test_the_connection_reaches_nothing_else(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    con = open_database(path)
    for query in (
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        f"ATTACH '{tmp_path / 'other.db'}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET threads = 1",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(query)
    con.close()
    assert {f.name for f in tmp_path.iterdir()} == {path.name, secret.name}


def test_a_store_of_the_older_schema_is_brought_up_to_date(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run()
    with Store.open(path) as store:
        store.record(made)
        newest = store.schema_version()
    migrations = database._migrations()
    after = migrations | {newest + 1: "CREATE TABLE later (a INTEGER); INSERT INTO later VALUES (7)"}
    monkeypatch.setattr(database, "_migrations", lambda: after)
    with Store.open(path) as store:
        assert store.schema_version() == newest + 1
        assert store.find_run(made.id) is not None
        assert table(store, "FROM later") == [(7,)]
    monkeypatch.setattr(database, "_migrations", lambda: migrations)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer vaultline .* upgrade vaultline"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(path) as store:
        newest = store.schema_version()
    migrations = database._migrations()
    broken = migrations | {newest + 1: "CREATE TABLE later (a INTEGER); INSERT INTO later VALUES ('x')"}
    monkeypatch.setattr(database, "_migrations", lambda: broken)
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(path)
    monkeypatch.setattr(database, "_migrations", lambda: migrations)
    with Store.open(path) as store:
        assert store.schema_version() == newest
        assert table(store, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'later'") == [(0,)]


def test_a_store_is_not_there_before_it_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        assert not path.exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "_migrate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Store.open(path)
    assert list(path.parent.iterdir()) == []
    Store.open(path).close()


def test_of_two_that_make_a_store_the_first_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run()
    migrate = database._migrate

    def meanwhile(*args: Any) -> None:
        monkeypatch.setattr(database, "_migrate", migrate)
        with Store.open(path) as other:
            other.record(made)
        migrate(*args)

    monkeypatch.setattr(database, "_migrate", meanwhile)
    with Store.open(path) as store:
        assert store.find_run(made.id) is not None
    assert [f.name for f in path.parent.iterdir()] == [path.name]


def test_where_hard_links_are_unknown_a_store_is_made_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", unknown)
    with Store.open(path) as store:
        store.record(run())
    assert [f.name for f in path.parent.iterdir()] == [path.name]


def _sqlite(path: Path) -> None:
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE run (id)")
    con.commit()
    con.close()


def _other_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE customers (id INTEGER)")


def _truncated(path: Path) -> None:
    with Store.open(path) as store:
        store.record(run())
    path.write_bytes(path.read_bytes()[:10_000])


def _header_overwritten(path: Path) -> None:
    Store.open(path).close()
    with path.open("r+b") as file:
        file.write(bytes(4096 * 3))


BAD_FILES = {
    "empty": (lambda p: p.write_bytes(b""), "not a valid DuckDB"),
    "text": (lambda p: p.write_text("date,close\n"), "not a valid DuckDB"),
    "junk": (lambda p: p.write_bytes(random.Random(1).randbytes(50_000)), "not a valid DuckDB"),
    "directory": (lambda p: p.mkdir(), "is a directory; a file is needed"),
    "sqlite": (_sqlite, "cannot be used"),
    "other": (_other_duckdb, "is the DuckDB file of something else; name another file in VAULTLINE_STORE"),
    "truncated": (_truncated, "cannot be used"),
    "header": (_header_overwritten, "cannot be used"),
    "log alone": (lambda p: p.with_name(p.name + ".wal").write_bytes(b"x"), "the log of a store that is not"),
    "parent": (lambda p: None, "cannot be made"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_a_sentence_and_not_touched(tmp_path: Path, path: Path, name: str) -> None:
    make, said = BAD_FILES[name]
    make(path)
    if name == "parent":
        path.write_text("a file where a folder is needed")
        path = path / "vaultline.duckdb"
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    for _ in range(2):
        with pytest.raises(StoreError, match=said) as refused:
            Store.open(path)
        text = str(refused.value)
        assert str(path) in text
        assert "\n" not in text
        assert text.count(". ") <= 1  # a quoted error may end one
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_a_store_damaged_inside_fails_in_a_sentence(path: Path) -> None:
    made = [run(P0=0.1 + i, months=120) for i in range(6)]
    with Store.open(path) as store:
        for record in made:
            store.record(record)
    whole = path.read_bytes()
    errors = []
    for start in range(4096 * 3, len(whole), len(whole) // 12):
        path.write_bytes(whole[:start] + bytes(BLOCK) + whole[start + BLOCK :])
        try:
            with Store.open(path) as store:
                found = [store.find_run(record.id) for record in made]
        except StoreError as error:
            errors.append(str(error))
        else:
            assert all(f and f.frame.equals(m.frame) for f, m in zip(found, made, strict=True))
    assert len(errors) >= 4
    assert all("moving it" in text and "\n" not in text for text in errors)


# Other processes


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the store open until its input ends."""
    program = (
        "import sys; from pathlib import Path; from data.store import Store\n"
        "with Store.open(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_store_in_use_names_the_process(path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreBusy) as busy:
        Store.open(path)
    assert busy.value.pid == holder.pid
    assert str(busy.value) == f"the store {path} is in use by process {holder.pid}"
    holder.communicate()
    Store.open(path).close()


@pytest.mark.parametrize(
    ("said", "pid"),
    [
        ('IO Error: Could not set lock on file "s": Conflicting lock is held in PID 0. See also https', None),
        ('IO Error: Could not set lock on file "s": Resource temporarily unavailable', None),
        ("IO Error: Cannot open file: being used by another process.\nFile is already open in x (PID 7)", 7),
    ],
)
def test_a_store_in_use_is_known_where_the_process_is_not(
    path: Path, monkeypatch: pytest.MonkeyPatch, said: str, pid: int | None
) -> None:
    Store.open(path).close()

    def refuse(*_: object, **__: object) -> None:
        raise duckdb.IOException(said)

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(StoreBusy) as busy:
        Store.open(path)
    assert busy.value.pid == pid
    assert ("another process" in str(busy.value)) == (pid is None)
