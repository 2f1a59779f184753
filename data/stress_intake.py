"""A stress run in the inbox: the question, the packed counts, and how they were computed.

Nothing that it reports is believed: every figure is read off the counts again, and these must be of one piece
with each other, with the question and with the hash that is stated. That they are the counts of those very
paths only running them again would tell, and whoever can write here can write the store."""

import base64
import binascii
import json
from typing import Any

import numpy as np

from data import inbox
from data.inbox import Entry, check
from data.registry import load_facts
from data.stress_runs import STRESS, StressRecord, unpack
from models.parameters import InputError, parse_scenario
from models.shocks import parse_shocks
from models.stress import cpu, report
from models.stress.bins import bin_of_code
from models.stress.counts import ALL_FANS, BINS, Counts, Layout
from models.stress.draws import LAYOUT
from models.stress.engine import check_request
from models.stress.plan import make_plan

# Of what is packed; every fan of twenty years by the day is about 60 MB.
MAX_BYTES = 400_000_000
MAX_TEXT = 500
_FIELDS = {
    "kind", "scenario", "facts_version", "model_version", "parameters", "packed", "counts_sha256", "computed",
    "seconds", "created_at",
}  # fmt: skip
_PARAMETERS = {"shocks", "paths", "seed", "fans", "kernel", "draw_layout"}
_COMPUTED: dict[str, type] = {
    "seconds": float, "path_steps_per_second": float, "device": str, "device_reason": str, "threads": int,
}  # fmt: skip


def entry(run: StressRecord) -> Entry:
    return {
        "kind": STRESS,
        "scenario": json.loads(run.scenario),
        "facts_version": run.facts_version,
        "model_version": run.model_version,
        "parameters": run.parameters,
        "packed": base64.b64encode(run.packed).decode(),
        "counts_sha256": run.counts_sha256,
        "computed": {name: run.summary[name] for name in _COMPUTED},
        "seconds": run.seconds,
        "created_at": run.created_at.isoformat(),
    }


def parsed(found: Entry) -> StressRecord:
    """Raises InputError, or ValueError, for what is no stress run of this version."""
    inbox.fields(found, _FIELDS)
    registry = load_facts()
    facts, model = (inbox.version(found, name) for name in ("facts_version", "model_version"))
    check(facts == registry.version, "it was made from other facts")
    check(isinstance(found["scenario"], dict), "scenario is not an object")
    scenario, asked = parse_scenario(found["scenario"]), _parameters(found["parameters"])
    shocks = parse_shocks(asked["shocks"])
    check(asked["shocks"] == json.loads(shocks.canonical_json()), "the shocks are not all there")
    layout = Layout(tuple(asked["fans"]), scenario.months, scenario.months * scenario.steps_per_month)
    packed = _bytes(found["packed"])
    plan, counts = unpack(packed, layout, MAX_BYTES)
    made = make_plan(scenario, registry.protocol(), shocks)
    check(plan.digest() == made.digest(), "its numbers are not those of its scenario and shocks")
    check(type(counts.paths) is int and counts.paths == asked["paths"], "it has not the paths that it states")
    of_one_piece(counts)
    check(counts.sha256() == found["counts_sha256"], "its counts are not those of the hash that it states")
    computed = _computed(found["computed"])
    stated = {"paths": counts.paths, "seed": asked["seed"], "counts_sha256": found["counts_sha256"]}
    return StressRecord(
        scenario=scenario.canonical_json(),
        facts_version=facts,
        model_version=model,
        parameters=asked,
        summary={**report.report(counts), **stated, **computed},
        quantiles=report.quantiles(counts),
        packed=packed,
        counts_sha256=found["counts_sha256"],
        device=computed["device"],
        seconds=inbox.seconds(found["seconds"]),
        created_at=inbox.past(found["created_at"]),
    )


def of_one_piece(counts: Counts) -> None:
    """Every path is counted once in every histogram, between its least and its greatest, and comes to each
    event once or never. Raises InputError."""
    layout, paths = counts.layout, counts.paths
    in_all = len(layout.fans) * layout.months * paths
    check(int(counts.counts.sum(dtype=np.int64)) == in_all, "its histograms do not hold all of its paths")
    for month in range(layout.months):
        for slot, fan in enumerate(layout.fans):
            low, high = (bin_of_code(code, BINS[fan]) for code in counts.extremes[month, slot].tolist())
            start = month * layout.width + layout.offsets[fan]
            inner = counts.counts[start + low : start + high + 1]
            whole = low <= high and int(inner.sum(dtype=np.int64)) == paths and inner[0] > 0 and inner[-1] > 0
            check(whole, f"the histogram of {fan} in month {month + 1} is not of its paths")
    events, sums = counts.events, counts.sums
    whole = (events >= 0).all() and (events <= paths).all() and (events.sum(axis=1) == paths).all()
    check(whole, "its events are not those of its paths")
    whole = (sums >= 0).all() and (sums[:, 0] <= paths).all() and int(sums[:, 0].sum()) == paths
    check(whole, "its losses are not those of its paths")


def _parameters(value: Any) -> dict[str, Any]:
    check(isinstance(value, dict) and value.keys() == _PARAMETERS, "the parameters are not a stress run's")
    for name in ("paths", "seed", "draw_layout"):
        check(type(value[name]) is int, f"{name} is not a whole number")
    check_request(value["paths"], value["seed"], None)
    check(value["kernel"] == cpu.source_hash(), "another version of the model made it")
    check(value["draw_layout"] == LAYOUT, "its random numbers are laid out otherwise")
    fans = value["fans"]
    check(isinstance(fans, list) and all(fan in ALL_FANS for fan in fans), "the fans are none")
    check(isinstance(value["shocks"], dict), "the shocks are not an object")
    return dict(value)


def _bytes(value: Any) -> bytes:
    check(isinstance(value, str), "packed is not text")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise InputError(f"packed is not base64: {error}") from error


def _computed(value: Any) -> dict[str, Any]:
    check(isinstance(value, dict) and value.keys() == _COMPUTED.keys(), "computed is not how it was computed")
    for name, kind in _COMPUTED.items():
        cell = value[name]
        check(type(cell) is kind, f"{name} is not {kind.__name__}")
        if isinstance(cell, str):
            check(len(cell) <= MAX_TEXT and cell.isprintable(), f"{name} is not a line of text")
        else:
            check(inbox.is_number(cell) and cell >= 0, f"{name} is not a finite number")
    return dict(value)
