"""Records left beside a store that another process has open, for that process to take in.

A record is one JSON file, `inbox/<id>.json`, there whole or not at all. Files found there may be anybody's:
each is read with a limit, checked field by field and against its own id (data/intake.py), recorded, and
deleted; a bad one goes to `inbox/rejected/` with the reason beside it.
"""

import json
import math
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from data.database import StoreError
from models.parameters import InputError

FORMAT = 1
MAX_BYTES = 64_000_000
# Taken at one go; the rest wait for the next.
MAX_FILES = 200
# A file still being written is younger; an older one was left by a process that was killed.
ABANDONED_SECONDS = 3600.0
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,64}")

Entry = dict[str, Any]


class Record(Protocol):
    """What is recorded under an id that is the hash of all that decides it."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Record)


class Taken(NamedTuple):
    """How many records were new, and (file, reason) of every file that was refused."""

    recorded: int
    rejected: tuple[tuple[str, str], ...]


def folder(store_path: Path) -> Path:
    return store_path.parent / "inbox"


def waiting(store_path: Path) -> bool:
    """Whether anything is there to take."""
    try:
        return any(f.name.endswith(".json") for f in folder(store_path).iterdir())
    except OSError:
        return False


def leave(store_path: Path, name: str, entry: Mapping[str, Any]) -> Path:
    """Leave a record for the process that has the store. Raises StoreError when it cannot be written."""
    data = json.dumps({"format": FORMAT, **entry}, separators=(",", ":"), allow_nan=False).encode()
    target = folder(store_path) / f"{name}.json"
    if len(data) > MAX_BYTES:
        raise StoreError(f"the record is too large for {target.parent}: {MAX_BYTES:,} bytes are allowed")
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"no record could be left in {target.parent}: {error.strerror}") from error
    return target


def take(store_path: Path, parse: Callable[[Entry], R], record: Callable[[R], bool]) -> Taken:
    """Parse and record every file of the inbox and delete it. `parse` raises InputError, ValueError or
    OverflowError for what is no record. A failing store raises StoreError and leaves the rest of the inbox
    as it is."""
    recorded = 0
    rejected = []
    for path in sorted(folder(store_path).glob("*.json"))[:MAX_FILES]:
        try:
            found = _read(path, parse)
        except FileNotFoundError:
            continue
        except (InputError, OSError) as error:
            _reject(path, str(error))
            rejected.append((path.name, str(error)))
            continue
        recorded += record(found)
        with suppress(OSError):
            path.unlink()
    for path in folder(store_path).glob("*.part"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
    return Taken(recorded, tuple(rejected))


def _read(path: Path, parse: Callable[[Entry], R]) -> R:
    """One record, checked. Raises InputError with the reason, or OSError."""
    try:
        entry = json.loads(_bytes(path))
        check(isinstance(entry, dict), "this is not an object")
        check(entry.pop("format", None) == FORMAT, f"the format is not {FORMAT}")
        found = parse(entry)
    except InputError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"this is not a record: {error}") from error
    check(found.id == path.stem, "the name is not the id of what is inside")
    return found


def _bytes(path: Path) -> bytes:
    # Neither a link nor a pipe is followed or waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        check(stat.S_ISREG(found.st_mode), "this is not a regular file")
        check(found.st_size <= MAX_BYTES, f"{found.st_size:,} bytes are too many: {MAX_BYTES:,} are allowed")
        return file.read(MAX_BYTES)


# What records of every kind have in them


def fields(entry: Entry, names: set[str]) -> None:
    check(entry.keys() == names, f"the fields are not {sorted(names)}")


def version(entry: Entry, name: str) -> str:
    value = entry[name]
    check(isinstance(value, str) and _VERSION.fullmatch(value), f"{name} is not a version")
    return str(value)


def seconds(value: Any) -> float:
    check(isinstance(value, float) and math.isfinite(value) and value >= 0, "seconds is not a duration")
    return float(value)


def past(value: Any) -> datetime:
    check(isinstance(value, str), "created_at is not a time")
    moment = datetime.fromisoformat(value)
    check(moment.tzinfo is not None and moment <= datetime.now(UTC), "created_at is not a time in the past")
    return moment


def is_number(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or (type(value) is int and abs(value) < 2**53)


def check(condition: object, reason: str) -> None:
    if not condition:
        raise InputError(reason)


def _reject(path: Path, reason: str) -> None:
    place = path.parent / "rejected" / path.name
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        place.with_suffix(".txt").write_text(reason + "\n", "utf-8")


def _sync_folder(path: Path) -> None:
    """Make the new name itself durable; only POSIX can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
