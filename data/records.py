"""What a run leaves behind: its inputs, its results, and the id under which it is found again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from models.parameters import Scenario

if TYPE_CHECKING:
    import polars as pl

    from models.projection import Projection

PROJECTION = "projection"


def run_id(
    kind: str,
    scenario: Scenario,
    *,
    facts_version: str,
    model_version: str,
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """sha256 (hex) of all that decides a run's result; `parameters` are what it takes besides a scenario."""
    return _id(kind, scenario.digest(), facts_version, model_version, canonical(parameters or {}))


@dataclass(frozen=True, eq=False)
class RunRecord:
    """One run as the store keeps it. `scenario` is its canonical JSON, which stays readable when a later
    version has other inputs; `summary` the figures of `--json`; `frame` one row a step; `seconds` the time
    that computing took."""

    kind: str
    scenario: str
    facts_version: str
    model_version: str
    summary: dict[str, Any]
    frame: "pl.DataFrame"
    seconds: float
    created_at: datetime
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def scenario_digest(self) -> str:
        return hashlib.sha256(self.scenario.encode()).hexdigest()

    @cached_property
    def id(self) -> str:
        parameters = canonical(self.parameters)
        return _id(self.kind, self.scenario_digest, self.facts_version, self.model_version, parameters)


def projection_record(
    projection: "Projection", *, facts_version: str, model_version: str, seconds: float
) -> RunRecord:
    return RunRecord(
        PROJECTION,
        projection.scenario.canonical_json(),
        facts_version,
        model_version,
        projection.summary,
        projection.frame,
        seconds,
        datetime.now(UTC),
    )


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and without spaces; NaN and infinity are refused (ValueError)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _id(kind: str, scenario_digest: str, facts_version: str, model_version: str, parameters: str) -> str:
    parts = json.dumps([kind, scenario_digest, facts_version, model_version, parameters])
    return hashlib.sha256(parts.encode()).hexdigest()
