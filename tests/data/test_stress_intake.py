"""Stress runs and answers in the inbox: taken in whole with figures of their own counts, or refused."""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from data import answer_store, inbox, intake, stress_store
from data.answer_store import Asked
from data.records import RunRecord
from data.registry import load_facts
from data.store import Store
from data.stress_intake import of_one_piece
from data.stress_runs import StressRecord, pack, unpack
from models.parameters import InputError, Scenario, parse_scenario
from models.stress import report
from models.stress.counts import Counts
from models.stress.draws import LAYOUT
from models.stress.engine import run
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

Entry = dict[str, Any]
SCENARIO = parse_scenario({"months": 3, "price_shock": -0.5, "demand_shock": -0.55}, BASELINE)
FANS = ("V", "coverage")
COMPUTED = {
    "seconds": 0.5, "path_steps_per_second": 2e6, "device": "cpu", "device_reason": "asked for", "threads": 2,
}  # fmt: skip


def record(scenario: Scenario = SCENARIO, paths: int = 300) -> StressRecord:
    shocks = REGISTRY.shocks()
    made = run(scenario, PROTOCOL, shocks, paths=paths, seed=7, fans=FANS, device="cpu")
    parameters = {
        "shocks": json.loads(shocks.canonical_json()), "paths": paths, "seed": 7, "fans": [*FANS],
        "kernel": made.kernel, "draw_layout": LAYOUT,
    }  # fmt: skip
    stated = {"paths": paths, "seed": 7, "counts_sha256": made.counts_sha256}
    return StressRecord(
        scenario.canonical_json(), load_facts().version, "1", parameters,
        {**report.report(made.counts), **stated, **COMPUTED}, report.quantiles(made.counts),
        pack(made.plan, made.counts), made.counts_sha256, "cpu", 0.5,
        datetime(2026, 11, 23, 12, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole() -> StressRecord:
    return record()


def test_a_stress_run_is_taken_as_it_was_left(path: Path, store: Store, whole: StressRecord) -> None:
    intake.leave(path, whole)
    assert store.take_inbox() == (1, ())
    found = stress_store.find(store, whole.id)
    assert found is not None
    assert found.packed == whole.packed
    assert (found.summary, found.parameters) == (whole.summary, whole.parameters)
    assert (found.device, found.seconds, found.created_at) == ("cpu", 0.5, whole.created_at)
    kept = store.frame("SELECT variable, month, quantile, value FROM run_quantile WHERE run = ?", [whole.id])
    assert whole.quantiles is not None
    assert sorted(kept.rows()) == sorted(whole.quantiles.rows())
    intake.leave(path, whole)
    assert store.take_inbox() == (0, ())


# What is no stress run


def _set(**changes: Any) -> Callable[[Entry], Entry]:
    return lambda entry: entry | changes


def _in(name: str, **changes: Any) -> Callable[[Entry], Entry]:
    return lambda entry: entry | {name: entry[name] | changes}


def _counted(change: Callable[[Counts], None]) -> Callable[[Entry], Entry]:
    """Counts that were changed, and packed and hashed anew."""

    def spoilt(entry: Entry) -> Entry:
        plan, counts = unpack(base64.b64decode(entry["packed"]))
        change(counts)
        packed = base64.b64encode(pack(plan, counts)).decode()
        return entry | {"packed": packed, "counts_sha256": counts.sha256()}

    return spoilt


def _plan_of_another(entry: Entry) -> Entry:
    _, counts = unpack(base64.b64decode(entry["packed"]))
    plan, _ = unpack(record(parse_scenario({"H0": 1e6}, SCENARIO)).packed)
    return entry | {"packed": base64.b64encode(pack(plan, counts)).decode()}


def _packed(change: Callable[[Entry], Any]) -> Callable[[Entry], Entry]:
    """A packed run whose head was changed."""

    def spoilt(entry: Entry) -> Entry:
        raw = base64.b64decode(entry["packed"])
        content, size = zlib.decompress(raw[4:]), int.from_bytes(raw[:4], "little")
        head = json.loads(content[:size])
        change(head)
        text = json.dumps(head).encode()
        data = len(text).to_bytes(4, "little") + zlib.compress(text + content[size:])
        return entry | {"packed": base64.b64encode(data).decode()}

    return spoilt


def _more(counts: Counts) -> None:
    counts.counts[np.flatnonzero(counts.counts)[0]] += 1


def _moved(counts: Counts) -> None:
    """A path from one month to another: the total stays."""
    used = np.flatnonzero(counts.counts)
    counts.counts[used[0]] -= 1
    counts.counts[used[-1]] += 1


def _narrow(counts: Counts) -> None:
    counts.extremes[0, 0, 1] = counts.extremes[0, 0, 0] - 2**50


def _events(counts: Counts) -> None:
    counts.events[0, 1] += 5


def _losses(counts: Counts) -> None:
    counts.sums[np.flatnonzero(counts.sums[:, 0])[0], 0] -= 1


BOMB = base64.b64encode((2).to_bytes(4, "little") + zlib.compress(b"{}" + bytes(500_000_000), 1)).decode()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_set(more=1), "the fields are not"),
        (_set(facts_version="f" * 64), "made from other facts"),
        (_set(model_version="';--"), "is not a version"),
        (_set(scenario=[]), "scenario is not an object"),
        (_in("scenario", months=4), "its fans, months or steps"),
        (_in("scenario", H0=1e6), "its numbers are not those"),
        (_plan_of_another, "its numbers are not those"),
        (_in("parameters", seed=8), "the name is not the id"),
        (_in("parameters", seed="7"), "seed is not a whole number"),
        (_in("parameters", paths=301), "it has not the paths"),
        (_in("parameters", paths=10**15), "paths ="),
        (_in("parameters", kernel="0" * 64), "another version of the model"),
        (_in("parameters", draw_layout=99), "laid out otherwise"),
        (_in("parameters", fans=["V", "V"]), "asked for once"),
        (_in("parameters", fans=["V"]), "its fans, months or steps"),
        (_in("parameters", fans=["W"]), "the fans are none"),
        (_in("parameters", shocks={}), "regimes"),
        (_set(packed="no base64!"), "packed is not base64"),
        (_set(packed=""), "cannot be read"),
        (_set(packed=BOMB), "too large"),
        (_packed(lambda h: h.update(months=10**9, steps=10**9)), "its fans, months or steps"),
        (_packed(lambda h: h["arrays"].update(where=["i", 2**62])), "cannot be read"),
        (_packed(lambda h: h["arrays"].update(where=["i", -1])), "no such shape"),
        (_packed(lambda h: h["arrays"].update(where=["O", 3])), "cannot be read"),
        (_packed(lambda h: h.update(paths="300")), "cannot be read"),
        (_counted(_more), "do not hold all of its paths"),
        (_counted(_moved), "is not of its paths"),
        (_counted(_narrow), "its histograms do not hold"),
        (_counted(_events), "its events are not"),
        (_counted(_losses), "its losses are not"),
        (_set(counts_sha256="0" * 64), "not those of the hash"),
        (_in("computed", device="cpu\n# heading"), "device is not a line of text"),
        (_in("computed", seconds=float("nan")), "seconds is not a finite number"),
        (_in("computed", threads=True), "threads is not int"),
        (_set(created_at="9999-01-01T00:00:00+00:00"), "not a time in the past"),
    ],
)
def test_a_spoilt_stress_run_is_refused_with_its_reason(
    path: Path, store: Store, whole: StressRecord, spoil: Callable[[Entry], Any], reason: str
) -> None:
    left = intake.leave(path, whole)
    left.write_text(json.dumps(spoil(json.loads(left.read_text()))))
    ((_, said),) = store.take_inbox().rejected
    assert reason in said
    assert store.frame("SELECT id FROM run", []).is_empty()


def test_the_counts_of_every_real_run_are_of_one_piece() -> None:
    """What is refused above is refused for its fault: daily steps, no shortfall and all fans are not."""
    for changes in ({"steps_per_month": 30, "months": 2}, {"H0": 0.0}, {"rule": "legacy"}):
        scenario = parse_scenario(changes, SCENARIO)
        made = run(
            scenario, PROTOCOL, REGISTRY.shocks(), paths=64, seed=1, fans=("runway", "x"), device="cpu"
        )
        of_one_piece(made.counts)


# Runs that are figures and tables, and answers


def risk(**changes: Any) -> RunRecord:
    table = {"schema": {"month": "Int64", "p": "Float64"}, "rows": [[1, 0.5], [2, None]]}
    summary = {"figures": {"level": 0.05, "nearest": {"price": -0.5}}, "tables": {"edge": table}}
    made = RunRecord(
        "frontier", SCENARIO.canonical_json(), "f", "1", summary, intake.NO_STEPS, 1.5,
        datetime(2026, 11, 23, 12, tzinfo=UTC), {"points": 5},
    )  # fmt: skip
    return replace(made, **changes)


def test_a_run_of_figures_and_tables_is_taken(path: Path, store: Store) -> None:
    made = risk()
    intake.leave(path, made)
    assert store.take_inbox() == (1, ())
    found = store.find_run(made.id)
    assert found is not None
    assert (found.summary, found.parameters, found.kind) == (made.summary, {"points": 5}, "frontier")


@pytest.mark.parametrize(
    ("summary", "reason"),
    [
        ({"figures": {}}, "figures and tables"),
        ({"figures": {"a": float("inf")}, "tables": {}}, "finite"),
        ({"figures": {}, "tables": {"t": {"schema": {"a": "read_csv"}, "rows": []}}}, "column's type"),
        ({"figures": {}, "tables": {"t": {"schema": {"a": "Int64"}, "rows": [["x"]]}}}, "not int"),
        ({"figures": {}, "tables": {"t": {"schema": {"a": "Int64"}, "rows": [[1, 2]]}}}, "as long as"),
    ],
)
def test_a_spoilt_run_of_tables_is_refused(
    path: Path, store: Store, summary: dict[str, Any], reason: str
) -> None:
    left = intake.leave(path, risk())
    left.write_text(json.dumps(json.loads(left.read_text()) | {"summary": summary}))
    ((_, said),) = store.take_inbox().rejected
    assert reason in said


def answer(result: Any) -> answer_store.AnswerRecord:
    asked = Asked("rent", SCENARIO.canonical_json(), "f", "1", {"work": [{"model": "H100", "low": 1.0}]})
    return answer_store.packed(asked, result, seconds=0.25, created_at=datetime(2026, 11, 23, tzinfo=UTC))


def test_an_answer_is_taken_and_takes_no_other_ones_place(path: Path, store: Store) -> None:
    first, other = (answer(pl.DataFrame({"cost": [cost]})) for cost in (1.0, 2.0))
    assert first.id == other.id
    intake.leave(path, first)
    assert store.take_inbox() == (1, ())
    intake.leave(path, other)
    assert store.take_inbox() == (0, ())
    found = answer_store.find(store, first.asked, pl.DataFrame)
    assert found["cost"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_in("asked", kind="'; DROP"), "the answer's kind is none"),
        (_in("asked", inputs={"work": 2}), "the name is not the id"),
        (_in("asked", scenario={"P0": -1}), "rule is missing"),
        (_in("asked", more=1), "asked is no question"),
        (_set(result=float("nan")), "finite"),
        (_set(result={"x": 10**400}), "finite"),
        (_set(seconds="1"), "seconds is not a duration"),
    ],
)
def test_a_spoilt_answer_is_refused(
    path: Path, store: Store, spoil: Callable[[Entry], Entry], reason: str
) -> None:
    left = intake.leave(path, answer(1.0))
    left.write_text(json.dumps(spoil(json.loads(left.read_text()))))
    ((_, said),) = store.take_inbox().rejected
    assert reason in said


def test_what_is_too_large_is_not_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="too large"):
        intake.leave(path, answer("x" * 100))
