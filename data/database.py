"""The store's file: where it is, how it is made, opened and brought up to date, what can be wrong with it."""

import os
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb
import platformdirs

from models.parameters import InputError

PATH_VARIABLE = "VAULTLINE_STORE"

# Nothing that runs on this connection reads or writes any other file, loads code or loosens these settings.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "lock_configuration": True,
    # Without it what has been written stays in memory, up to most of the machine's; a hundred runs then hold
    # half a gigabyte, with it a tenth of that.
    "memory_limit": "512MB",
}


class StoreError(InputError):
    """The store cannot be used. Its text is one sentence: what, where, what to do."""


class StoreBusy(StoreError):
    """Another process has the store open; `pid` is its number where the system tells."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"the store {path} is in use by {f'process {pid}' if pid else 'another process'}")
        self.pid = pid


def default_path() -> Path:
    """VAULTLINE_STORE, else vaultline.duckdb in the user's data directory."""
    named = os.environ.get(PATH_VARIABLE)
    path = Path(named) if named else platformdirs.user_data_path("vaultline", False) / "vaultline.duckdb"
    return path.expanduser().absolute()


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the store at an absolute path, made if there is none, brought to the newest schema.

    Raises StoreBusy, or StoreError when the file is damaged, of something else, or of a newer version:
    nothing is changed then."""
    try:
        missing = not path.exists()
    except OSError as error:  # a folder on the way that may not be entered
        raise StoreError(f"the store {path} cannot be reached: {_first_line(error)}") from error
    if missing:
        _create(path)
    con = _connect(path)
    try:
        _migrate(con, path)
    except duckdb.Error as error:
        con.close()
        raise unusable(path, error) from error
    except StoreError:
        con.close()
        raise
    return con


def unusable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"the store {path} cannot be used: {_first_line(error)}; nothing was changed, "
        f"and if the file is damaged, moving it and any {_wal(path).name} away starts a fresh one"
    )


def now() -> datetime:
    """UTC, as the store's TIMESTAMP columns hold it: without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(".!")


def _create(path: Path) -> None:
    """Made whole beside its place, then linked into it: a process killed meanwhile leaves no half store."""
    wal = _wal(path)
    if wal.exists():
        raise StoreError(f"{wal} is the log of a store that is not there any more; move it away")
    fresh = path.with_name(f"{path.name}.new-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        con = duckdb.connect(str(fresh), config=_CONFIG)
        try:
            _migrate(con, path)
        finally:
            con.close()
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return  # another process was first, and its store is as good
        except OSError:
            fresh.rename(path)  # a file system without hard links
    except (OSError, duckdb.Error) as error:
        raise StoreError(f"the store {path} cannot be made: {_first_line(error)}") from error
    finally:
        for left in (fresh, _wal(fresh)):
            with suppress(OSError):
                left.unlink()


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), config=_CONFIG)
    except duckdb.Error as error:
        text = str(error)
        # POSIX: "Could not set lock on file ... Conflicting lock is held in ... (PID 7)"; Windows has its own
        if re.search(r"set lock on file|being used by another process|is already open in", text):
            pid = re.search(r"\bPID (\d+)", text)
            raise StoreBusy(path, (int(pid[1]) or None) if pid else None) from error
        if path.is_dir():
            raise StoreError(f"the store {path} is a directory; a file is needed") from error
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise StoreError(f"the store {path} may not be read and written by this user") from error
        if "newer version of DuckDB" in text:
            raise StoreError(f"the store {path} was written by a newer DuckDB; upgrade duckdb") from error
        raise unusable(path, error) from error


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _migrate(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    tables = {name for (name,) in con.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
    if tables and "schema_version" not in tables:
        raise StoreError(f"{path} is the DuckDB file of something else; name another file in {PATH_VARIABLE}")
    done = con.sql("SELECT max(version) FROM schema_version").fetchall()[0][0] if tables else 0
    migrations = _migrations()
    newest = max(migrations)
    if done > newest:
        raise StoreError(
            f"the store {path} was written by a newer vaultline (schema {done}; this one knows {newest}): "
            f"upgrade vaultline, or name another file in {PATH_VARIABLE}"
        )
    for version in range(done + 1, newest + 1):
        con.begin()
        con.execute(migrations[version])
        con.execute("INSERT INTO schema_version VALUES (?, ?)", [version, now()])
        con.commit()
    if done < newest:
        con.execute("CHECKPOINT")


def _migrations() -> dict[int, str]:
    """version -> SQL, from data/schema/NNN_what.sql."""
    files = (f for f in (resources.files("data") / "schema").iterdir() if f.name.endswith(".sql"))
    return {int(f.name.split("_")[0]): f.read_text("utf-8") for f in files}
