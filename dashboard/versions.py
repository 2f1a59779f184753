"""Which source an answer rests on, so that none outlives an edit of it."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

VERSION = metadata.version("vaultline")
HERE = Path(__file__).parent
MODEL = ("economy.py", "compiler.py", "schedules.py", "projection.py", "stress/elementary.py")


@cache
def model_version() -> str:
    """Release and a digest of the model's own source."""
    return _version([HERE.parent / "models" / name for name in MODEL])


@cache
def code_version() -> str:
    """Release and a digest of all source that a reader's answer may rest on: of each kind it is more than it
    needs, and no list of files can then be short of one."""
    rooms = (HERE.parent / "models", HERE.parent / "data", HERE / "questions")
    return _version([HERE / "answers.py", *(path for room in rooms for path in room.rglob("*.py"))])


def _version(files: list[Path]) -> str:
    source = b"".join(path.read_bytes() for path in sorted(files))
    return f"{VERSION}+{hashlib.sha256(source).hexdigest()[:12]}"
