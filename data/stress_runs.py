"""A stress run as it is kept: packed to bytes and back, and the ids under which it is found again."""

import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from data.records import canonical
from models.economy import Inputs, Params, State
from models.parameters import InputError
from models.shocks import ShockParams
from models.stress.counts import Counts, Layout
from models.stress.path import Moment
from models.stress.plan import Bootstrap, Plan

if TYPE_CHECKING:
    import polars as pl

STRESS = "stress"
FORMAT = 1
# A packed run says how large it is; no more than this is ever unpacked (240 months by the day, every fan).
MAX_BYTES = 2_000_000_000


@dataclass(frozen=True, eq=False)
class StressRecord:
    """`scenario` is canonical JSON; `parameters` what decides the counts besides it: shocks, seed, paths,
    fans, kernel and draw layout; `quantiles` as models.stress.report has them; `packed` plan and counts."""

    scenario: str
    facts_version: str
    model_version: str
    parameters: dict[str, Any]
    summary: dict[str, Any]
    quantiles: "pl.DataFrame | None"  # None in a run that was found: its counts hold them
    packed: bytes
    counts_sha256: str
    device: str
    seconds: float
    created_at: datetime

    @property
    def paths(self) -> int:
        return int(self.parameters["paths"])

    @cached_property
    def id(self) -> str:
        digest = hashlib.sha256(self.scenario.encode()).hexdigest()
        return stress_id(digest, self.facts_version, self.model_version, self.parameters)

    @cached_property
    def family(self) -> str:
        digest = hashlib.sha256(self.scenario.encode()).hexdigest()
        return stress_family(digest, self.facts_version, self.model_version, self.parameters)


def stress_id(digest: str, facts_version: str, model_version: str, parameters: Mapping[str, Any]) -> str:
    """sha256 (hex) of all that decides a run's counts; `digest` is its scenario's."""
    parts = json.dumps([STRESS, digest, facts_version, model_version, canonical(parameters)])
    return hashlib.sha256(parts.encode()).hexdigest()


def stress_family(digest: str, facts_version: str, model_version: str, parameters: Mapping[str, Any]) -> str:
    """The same for runs that differ in nothing but how many paths they have: each can be extended to a longer
    one."""
    rest = {name: value for name, value in parameters.items() if name != "paths"}
    return stress_id(digest, facts_version, model_version, rest)


def pack(plan: Plan, counts: Counts) -> bytes:
    """Everything that replay, extension and every answer need. Whole numbers, and doubles to the bit."""
    used = [part.start + np.flatnonzero(counts.counts[part]) for part in counts.filled()]
    where = np.concatenate([*used, np.empty(0, np.int64)])
    losses = np.flatnonzero(counts.sums.any(axis=1))
    arrays = {
        "numbers": np.array([*plan.start, *plan.params, *plan.shocks, plan.least_pay]),
        "inputs": plan.inputs,
        "moments": plan.moments,
        "table": plan.bootstrap.table,
        "segments": plan.bootstrap.segments,
        "where": np.diff(where, prepend=0),  # small, so that they pack well
        "counts": counts.counts[where],
        "extremes": counts.extremes,
        "events": counts.events,
        "losses": losses,
        "sums": counts.sums[losses],
    }
    head = {
        "format": FORMAT,
        "fans": counts.layout.fans,
        "months": counts.layout.months,
        "steps": counts.layout.steps,
        "paths": counts.paths,
        "arrays": {name: [a.dtype.kind, *a.shape] for name, a in arrays.items()},
    }
    body = b"".join(a.astype(f"<{a.dtype.kind}8").tobytes() for a in arrays.values())
    text = json.dumps(head).encode()
    return len(text).to_bytes(4, "little") + zlib.compress(text + body, 1)


def unpack(packed: bytes, layout: Layout | None = None, at_most: int = MAX_BYTES) -> tuple[Plan, Counts]:
    """Raises InputError when this is not what `pack` makes, or when it is not of that layout; nothing of the
    size of what it claims to be is made before."""
    try:
        unzip = zlib.decompressobj()
        content = unzip.decompress(packed[4:], at_most)
        if not unzip.eof or unzip.unused_data:
            raise ValueError("it is cut, too large, or followed by something")
        size = int.from_bytes(packed[:4], "little")
        head = json.loads(content[:size])
        if head["format"] != FORMAT:
            raise InputError(f"the run is kept in format {head['format']}; this version reads {FORMAT}")
        found = Layout(tuple(head["fans"]), head["months"], head["steps"])
        if layout is not None and found != layout:
            raise ValueError("its fans, months or steps are not those of what was asked")
        arrays = _arrays(head["arrays"], content, size)
        return _plan(arrays, head), _counts(arrays, found, head["paths"])
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the run cannot be read: {error}") from None


def _arrays(shapes: Mapping[str, Any], content: bytes, at: int) -> dict[str, np.ndarray]:
    arrays = {}
    for name, (kind, *shape) in shapes.items():
        if any(type(length) is not int or length < 0 for length in shape):
            raise ValueError("an array has no such shape")
        count = math.prod(shape)
        found = np.frombuffer(content, {"f": "<f8", "i": "<i8"}[kind], count, at)
        arrays[name] = found.reshape(shape).astype(found.dtype.newbyteorder("="))
        at += 8 * count
    return arrays


def _plan(arrays: Mapping[str, np.ndarray], head: Mapping[str, Any]) -> Plan:
    numbers = iter(arrays["numbers"].tolist())
    start = State._make(islice(numbers, len(State._fields)))
    params = Params._make(islice(numbers, len(Params._fields)))
    shocks = ShockParams._make(islice(numbers, len(ShockParams._fields)))
    (least,) = numbers
    if arrays["inputs"].shape[1] != len(Inputs._fields) or arrays["moments"].shape[1] != len(Moment._fields):
        raise ValueError("its steps have other inputs than this version's")
    bootstrap = Bootstrap(arrays["table"], arrays["segments"])
    per_month = head["steps"] // head["months"]
    return Plan(start, params, shocks, least, per_month, arrays["inputs"], arrays["moments"], bootstrap)


def _counts(arrays: Mapping[str, np.ndarray], layout: Layout, paths: int) -> Counts:
    counts = Counts.empty(layout)
    counts.paths = paths
    where, numbers, losses = np.cumsum(arrays["where"]), arrays["counts"], arrays["losses"]
    _inside(where, len(counts.counts))
    _inside(losses, len(counts.sums))
    if len(numbers) and not 0 < numbers.min() <= numbers.max() <= paths:
        raise ValueError("a count is none of so many paths")
    counts.counts[where] = numbers
    counts.sums[losses] = arrays["sums"]
    for name in ("extremes", "events"):
        own = getattr(counts, name)
        if own.shape != arrays[name].shape:
            raise ValueError(f"the {name} have another shape than the run")
        own[...] = arrays[name]
    return counts


def _inside(places: np.ndarray, length: int) -> None:
    """Whether the places rise, each of them within the length."""
    if len(places) and not (0 <= places[0] and places[-1] < length and (np.diff(places) > 0).all()):
        raise ValueError("its counts stand where there is no place for them")
