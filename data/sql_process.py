"""One query of a reader's on a copy of the store, in a process of its own that is trusted with nothing.

Requests come in on stdin, one line of JSON; `ready` and `copied` go out on stdout, then one letter with what
came out: T and the table as an Arrow stream, or E and a sentence. data/sql.py starts it, and kills it."""

import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 100_000
MAX_COLUMNS = 500
MAX_BYTES = 64_000_000
MEMORY = "512MB"
THREADS = 2
# DuckDB's own limit leaves out long strings; this is of all that the process maps, beyond what it maps before
# the query.
ADDRESS_SPACE = 3 << 29
# For a process whose starter is gone: it must end by itself.
LAST_SECONDS = 30
BATCH = 2048
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "access_mode": "READ_ONLY",
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # or a table's name could be that of a variable in this file
    "memory_limit": MEMORY,
    "threads": THREADS,
    "temp_directory": "",
    "max_temp_directory_size": "0KB",
    "lock_configuration": True,
}
READING = "only one statement that reads is allowed: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE or SHOW"


class Refused(Exception):
    """Its text is one sentence for the reader."""


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    _end_some_day()
    import pyarrow as pa  # before the copy, so that the store's writers wait for nothing but that

    out.write(b"ready\n")
    out.flush()
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        copy = _copied(Path(asked["store"]), Path(asked["folder"]))
        out.write(b"copied\n")
        out.flush()
        out.write(b"T" + _stream(_answer(copy, asked["query"]), pa))
    except Refused as refused:
        out.write(b"E" + str(refused).encode())
    except OSError as error:
        out.write(b"E" + f"the store could not be copied: {error.strerror}".encode())
    out.flush()


def _copied(store: Path, folder: Path) -> Path:
    """The file and its log, where one is there, copied to the folder."""
    copy = folder / "store.duckdb"
    shutil.copyfile(store, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(store.with_name(store.name + ".wal"), copy.with_name(copy.name + ".wal"))
    return copy


def _answer(copy: Path, query: str) -> "pa.Table":
    try:
        con = duckdb.connect(str(copy), config=_CONFIG)
        with suppress(OSError):  # gone with this process, however that ends; Windows keeps what is open
            for file in copy.parent.iterdir():
                file.unlink()
        _forbid()
        statements = con.extract_statements(query)
        kinds = [str(statement.type).rpartition(".")[2] for statement in statements]
        if kinds != ["SELECT"]:
            what = " and ".join(kind.replace("_", " ") for kind in kinds[:5]) or "a comment alone"
            raise Refused(f"forbidden: this is {what}, and {READING}")
        return _fetched(con.sql(query).to_arrow_reader(BATCH))
    except MemoryError:
        raise Refused(_TOO_MUCH) from None
    except (duckdb.Error, OSError) as error:  # pyarrow passes DuckDB's errors on as OSError
        raise Refused(sentence(error)) from None


_TOO_MUCH = f"the query needs more memory than the {MEMORY} it may have: read fewer rows, or aggregate first"


def _fetched(reader: Any) -> "pa.Table":
    import pyarrow as pa

    if len(reader.schema) > MAX_COLUMNS:
        raise Refused(f"the result has {len(reader.schema):,} columns: {MAX_COLUMNS:,} are allowed")
    batches, rows, size = [], 0, 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows > MAX_ROWS:
            raise Refused(f"the result has more than {MAX_ROWS:,} rows: add a LIMIT, or aggregate")
        if size > MAX_BYTES:
            raise Refused(f"the result is larger than {MAX_BYTES // 1_000_000} MB: select less")
    return pa.Table.from_batches(batches, reader.schema)


def sentence(error: Exception) -> str:
    """DuckDB's error in one sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    head, _, said = lines[0].partition("Error: ")
    said = said or head
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in head or "Arrow Appender" in said:
        return _TOO_MUCH
    if isinstance(error, duckdb.PermissionException):
        return f"forbidden: nothing but the store's own tables can be read here ({said[:200]})"
    if "read-only mode" in said:
        return "forbidden: the query would change the store, and here it can only be read"
    if isinstance(error, duckdb.ParserException):
        return f"the query is no SQL that can be read: {said[:200]}"
    return f"the query cannot be answered: {' '.join([said, *hints])[:400]}"


def _stream(table: "pa.Table", pa: Any) -> bytes:
    """The table with columns of plain types alone, each under a name of its own."""
    names: list[str] = []
    for name in table.column_names:
        name = name[:200] or "column"
        same = sum(other == name or other.startswith(f"{name}_") for other in names)
        names.append(name if name not in names else f"{name}_{same}")
    plain = pa.table([_plain(column, pa) for column in table.columns], names=names)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, plain.schema) as writer:
        writer.write_table(plain)
    return bytes(sink.getvalue())


def _plain(column: Any, pa: Any) -> Any:
    """Whole numbers, doubles, text, switches, dates and times (UTC) as they are; the rest as text."""
    kind, types = column.type, pa.types
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_date32(kind) or types.is_string(kind):
        return column
    if types.is_floating(kind):
        return column.cast(pa.float64())
    if types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.timestamp("us"))
    if types.is_decimal(kind) and kind.scale:
        return column.cast(pa.float64())
    if types.is_decimal(kind):  # sums of whole numbers
        with suppress(pa.ArrowInvalid):
            return column.cast(pa.int64())
    return pa.array([_text(value) for value in column.to_pylist()], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return f"binary, {len(value):,}" if isinstance(value, bytes) else str(value)


def _end_some_day() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, LAST_SECONDS)  # unhandled, it ends the process


def _forbid() -> None:
    """From here on this process may not write a file, nor take more memory or time than it should."""
    with suppress(ImportError):  # Windows has none of it
        import resource

        limits = {
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_CPU: LAST_SECONDS,
            resource.RLIMIT_AS: _mapped() + ADDRESS_SPACE,
        }
        for what, most in limits.items():
            with suppress(ValueError, OSError):  # macOS knows some of them by name alone
                resource.setrlimit(what, (most, most))


def _mapped() -> int:
    """Bytes that this process maps by now, its libraries for the most part; 2 GB where that is not told."""
    try:
        import resource

        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 2 << 30
