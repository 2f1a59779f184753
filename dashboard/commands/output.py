"""Where answers go: text and JSON to stdout, notes to stderr, frames to files that are whole or not there."""

import json
import os
import secrets
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from dashboard.words.formats import NO_BREAK, listing
from models.parameters import InputError

SUFFIXES = (".parquet", ".csv", ".xlsx")
REPORTS = (".html", ".pdf")


def say(text: str) -> None:
    print(text.replace(NO_BREAK, " "))


def note(text: str) -> None:
    print(f"note: {text.replace(NO_BREAK, ' ')}", file=sys.stderr)


def say_json(value: Any) -> None:
    print(json.dumps(value, indent=2, allow_nan=False))


def say_table(rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Rows in columns, the first `left` of them aligned to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  " + "  ".join(cells).rstrip())


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says on stderr that a thing goes on, when it takes over a second and a terminal is there to read it."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def tick() -> None:
        seconds = 0
        while not done.wait(1):
            seconds += 1
            print(f"\r{what}, {seconds} s ", end="", file=sys.stderr, flush=True)
        if seconds:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield
    finally:
        done.set()
        ticking.join()


def checked_target(path: Path, source: Path | None, suffixes: Sequence[str] = SUFFIXES) -> Path:
    """A file that can be written, by default by `write_frame`, other than the `source` that is read.
    Raises InputError, so that nothing is computed in vain."""
    if path.suffix.lower() not in suffixes:
        raise InputError(
            f"--out {path} is not allowed: the file's name must end in {listing([*suffixes], 'or')}"
        )
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no directory {path.parent}")
    if path.is_dir():
        raise InputError(f"--out {path} is a directory; a file is needed")
    if source is not None and path.resolve() == source.resolve():
        raise InputError(f"--out {path} is the file that the prices are read from; name another")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"--out {path}: the directory {path.parent.absolute()} may not be written")
    return path


def checked_report(path: Path, source: Path | None, suffixes: Sequence[str] = REPORTS) -> Path:
    """`checked_target` for a report, of which a PDF takes a browser. Raises InputError."""
    from dashboard.chromium import NEEDED, installed

    if path.suffix.lower() == ".pdf" and installed() is None:
        raise InputError(f"--out {path}: a PDF needs {NEEDED}; name a file that ends in .html")
    return checked_target(path, source, suffixes)


def write_report(path: Path, page: bytes) -> int:
    """Write a report's HTML, or what Chromium prints of it; its size in bytes. An existing file is replaced
    whole. Raises InputError."""
    from dashboard.chromium import print_pdf

    content = print_pdf(page) if path.suffix.lower() == ".pdf" else page
    replaced = path.exists()
    _replace(path, content)
    note(f"{path} {'replaced' if replaced else 'written'}")
    return len(content)


def write_frame(path: Path, frame: pl.DataFrame, made: dict[str, Any]) -> list[Path]:
    """Write a frame with its manifest: Parquet carries it in its metadata, XLSX in a sheet, CSV has
    FILE.manifest.json beside it. Existing files are replaced whole. Returns the files. Raises InputError."""
    # Imported where a file is asked for: it brings the charts' library along.
    from dashboard import exports, xlsx

    if path.suffix.lower() == ".parquet":
        contents = {path: exports.parquet_bytes(frame, made)}
    elif path.suffix.lower() == ".xlsx":
        contents = {path: xlsx.workbook(frame, made)}
    else:
        manifest = json.dumps(made, indent=2, allow_nan=False) + "\n"
        contents = {path: exports.csv_bytes(frame), path.with_suffix(".manifest.json"): manifest.encode()}
    for target, content in contents.items():
        _replace(target, content)
    return [*contents]


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
