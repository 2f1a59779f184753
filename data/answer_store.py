"""Readers' answers in the store: recorded once with all that decides them, found again as they were."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from data.plain import pack, unpack
from data.records import canonical
from data.store import Store, insert_scenario
from models.parameters import InputError

# Of one result as JSON; the largest, a hindcast of many histories, has some millions.
MAX_BYTES = 64_000_000


@dataclass(frozen=True)
class Asked:
    """All that decides an answer. `scenario`: its canonical JSON, None where the answer depends on none;
    `inputs`: what is asked besides, as JSON would have it."""

    kind: str
    scenario: str | None
    facts_version: str
    model_version: str
    inputs: Mapping[str, Any]

    @cached_property
    def id(self) -> str:
        """sha256 (hex) of all of it."""
        versions = [self.facts_version, self.model_version]
        parts = json.dumps([self.kind, self.scenario, *versions, canonical(self.inputs)])
        return hashlib.sha256(parts.encode()).hexdigest()


@dataclass(frozen=True)
class AnswerRecord:
    """An answer as the store keeps it: `result` as JSON (data.plain); `seconds` is what computing took."""

    asked: Asked
    result: str
    seconds: float
    created_at: datetime

    @property
    def id(self) -> str:
        return self.asked.id


def packed(asked: Asked, answer: Any, *, seconds: float, created_at: datetime) -> AnswerRecord:
    """Raises TypeError where the answer is not plain data."""
    result = json.dumps(pack(answer), separators=(",", ":"), allow_nan=False)
    return AnswerRecord(asked, result, seconds, created_at)


def record(store: Store, asked: Asked, answer: Any, *, seconds: float, created_at: datetime) -> bool:
    """Store an answer, in the place of one that `find` refuses. False: it is larger than MAX_BYTES. Raises
    TypeError where it is not plain data."""
    return keep(store, packed(asked, answer, seconds=seconds, created_at=created_at))


def keep(store: Store, answer: AnswerRecord) -> bool:
    """The same of an answer that is packed."""
    if len(answer.result) > MAX_BYTES:  # ASCII alone
        return False
    asked, made = answer.asked, answer.created_at.astimezone(UTC).replace(tzinfo=None)
    with store.transaction() as cursor:
        digest = None if asked.scenario is None else insert_scenario(cursor, asked.scenario, made)
        cursor.execute(
            "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                asked.id, asked.kind, digest, asked.facts_version, asked.model_version,
                canonical(asked.inputs), answer.result, answer.seconds, made,
            ],
        )  # fmt: skip
    return True


def find(store: Store, asked: Asked, shape: Any) -> Any:
    """The answer, of the type `shape`; None when there is none, or when what is there is not of that type."""
    rows = store.rows(
        "SELECT result FROM answer WHERE id = ? AND kind = ? AND strlen(result) <= ?",
        [asked.id, asked.kind, MAX_BYTES],
    )
    try:
        return unpack(shape, json.loads(rows[0][0], parse_constant=_refused)) if rows else None
    except (ValueError, RecursionError):  # InputError is one of them
        return None


def _refused(constant: str) -> None:
    raise InputError(f"{constant} is no JSON")
