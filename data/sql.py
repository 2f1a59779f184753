"""SQL of a reader's on a copy of the store: read-only, alone in a process, ended when it takes too long."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress

import polars as pl

from data import sql_process
from data.store import Store
from models.parameters import InputError

SECONDS = 5.0
MAX_QUERY = 100_000
AT_ONCE = 2
# Until the copy is there; no query has begun by then.
PATIENCE = 20.0
# Not with -m, and without the current folder on its path, so that nothing else comes along.
START = f"from {sql_process.__name__} import main; main()"
_turns = threading.BoundedSemaphore(AT_ONCE)


class Cancelled(Exception):
    """The reader does not want the answer any more."""


def query(store: Store, text: str, cancelled: Callable[[], bool] | None = None) -> pl.DataFrame:
    """The rows of one statement that reads, at most sql_process.MAX_ROWS, with columns of plain types.

    Raises InputError, one sentence, for whatever cannot be read, is not allowed, is too large or takes longer
    than SECONDS; Cancelled. The store's writers wait while its file is copied, and for nothing else."""
    if len(text) > MAX_QUERY:
        raise InputError(f"the query has {len(text):,} characters: {MAX_QUERY:,} are allowed")
    if not text.strip():
        raise InputError("there is no query: write one, like SELECT * FROM run")
    if not _turns.acquire(blocking=False):
        raise InputError(f"{AT_ONCE} queries are running already; try again in a moment")
    try:
        with tempfile.TemporaryDirectory(prefix="vaultline-") as folder:
            return _table(_answer(store, text, folder, cancelled or (lambda: False)))
    finally:
        _turns.release()


def _answer(store: Store, text: str, folder: str, cancelled: Callable[[], bool]) -> bytes:
    asked = json.dumps({"store": str(store.path), "folder": folder, "query": text}).encode() + b"\n"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, bufsize=0, env=_environment(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    try:
        begun = process.stdout.readline()
        with store.still():
            with suppress(OSError):
                process.stdin.write(asked)
            copied = process.stdout.readline() if begun else b""
        watch.cancel()
        if copied.startswith(b"E"):
            return copied
        if copied != b"copied\n":
            raise InputError(f"no copy of the store could be made within {PATIENCE:g} s")
        return _awaited(process, cancelled)
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def _awaited(process: "subprocess.Popen[bytes]", cancelled: Callable[[], bool]) -> bytes:
    for _ in range(int(SECONDS / 0.1)):
        try:
            out, _err = process.communicate(timeout=0.1)
        except subprocess.TimeoutExpired:
            if cancelled():
                raise Cancelled from None
        else:
            return out
    raise InputError(f"the query took longer than {SECONDS:g} s and was ended: read less, or aggregate first")


def _table(answer: bytes) -> pl.DataFrame:
    kind, content = answer[:1], answer[1:]
    if kind == b"E":
        raise InputError(content.decode("utf-8", "replace"))
    if kind != b"T":  # it was ended by a limit of its own, or by a fault
        raise InputError(
            "the query was ended: it took more memory or time than it may have, or broke the database engine"
        )
    return pl.read_ipc_stream(content)


def _environment() -> dict[str, str]:
    """Nothing of this process's, which may hold what is not for every reader, but what Python needs."""
    return {name: os.environ[name] for name in ("SYSTEMROOT", "PATH", "TMPDIR", "TEMP") if name in os.environ}
