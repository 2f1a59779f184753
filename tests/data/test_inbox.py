"""The inbox: a record left beside a store in use is taken in whole; what is no record is refused with why."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data import inbox, intake
from data.records import RunRecord
from data.store import Store, StoreError
from tests.data.runs import run as any_run

Entry = dict[str, Any]


def run(**changes: Any) -> RunRecord:
    return any_run(**{"months": 6} | changes)


def names(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir())


@pytest.mark.parametrize("changes", [{}, {"H0": 0.0}, {"steps_per_month": 30, "demand_shock": -0.55}])
def test_what_is_left_is_what_is_taken(path: Path, store: Store, changes: dict[str, Any]) -> None:
    made = run(**changes)
    left = intake.leave(path, made)
    assert left == path.parent / "inbox" / f"{made.id}.json"
    assert names(left.parent) == [left.name]
    assert store.find_run(made.id) is None
    assert store.take_inbox() == (1, ())
    found = store.find_run(made.id)
    assert found is not None
    assert found.frame.equals(made.frame)
    assert found.frame.schema == made.frame.schema
    assert json.dumps(found.summary) == json.dumps(made.summary)
    assert (found.scenario, found.seconds, found.created_at) == (made.scenario, made.seconds, made.created_at)
    assert names(left.parent) == []
    assert store.take_inbox() == (0, ())


def test_opening_takes_the_inbox(path: Path) -> None:
    made = [run(P0=0.1 + i) for i in range(3)]
    for record in made:
        intake.leave(path, record)
    with Store.open(path) as store:
        assert all(store.find_run(record.id) for record in made)


def test_a_record_that_is_there_already_is_not_taken_twice(path: Path, store: Store) -> None:
    made = run()
    store.record(made)
    intake.leave(path, made)
    intake.leave(path, made)
    assert store.take_inbox() == (0, ())
    assert names(path.parent / "inbox") == []


def test_what_cannot_be_left_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "inbox").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="no record could be left in"):
        intake.leave(path, run())
    monkeypatch.setattr(inbox, "MAX_BYTES", 1000)
    with pytest.raises(StoreError, match="too large"):
        intake.leave(path, run())


def test_a_leaver_that_is_stopped_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        intake.leave(path, run())
    assert names(path.parent / "inbox") == []


def test_what_a_killed_leaver_wrote_is_ignored_and_later_removed(path: Path, store: Store) -> None:
    left = intake.leave(path, run())
    for name, age in (("young.1a2b.part", 0), ("old.1a2b.part", 7200)):
        part = left.with_name(name)
        part.write_text('{"format":1,')
        os.utime(part, (time.time() - age,) * 2)
    assert store.take_inbox() == (1, ())
    assert names(left.parent) == ["young.1a2b.part"]


def test_a_failing_store_leaves_the_inbox_as_it_is(path: Path) -> None:
    store = Store.open(path)
    left = intake.leave(path, run())
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.take_inbox()
    assert names(left.parent) == [left.name]


# What is no record


def _set(**changes: Any) -> Callable[[Entry], Entry]:
    return lambda entry: entry | changes


def _cell(column: str, value: Any) -> Callable[[Entry], Entry]:
    return lambda entry: entry | {"frame": entry["frame"] | {column: [value, *entry["frame"][column][1:]]}}


def _scenario(**changes: Any) -> Callable[[Entry], Entry]:
    return lambda entry: entry | {"scenario": entry["scenario"] | changes}


def _without(name: str) -> Callable[[Entry], Entry]:
    return lambda entry: {k: v for k, v in entry.items() if k != name}


def _column_gone(entry: Entry) -> Entry:
    return entry | {"frame": {k: v for k, v in entry["frame"].items() if k != "V"}}


def _rows_gone(entry: Entry) -> Entry:
    return entry | {"frame": {k: v[:-1] for k, v in entry["frame"].items()}}


BAD_ENTRIES: list[tuple[Callable[[Entry], Any], str]] = [
    (lambda _: [], "this is not an object"),
    (lambda _: None, "this is not an object"),
    (_without("seconds"), "the fields are not"),
    (_set(sql="DROP TABLE run"), "the fields are not"),
    (_set(format=2), "the format is not 1"),
    (_set(kind="stress"), "the fields are not"),
    (_set(kind="answer"), "the fields are not"),
    (_set(kind="reserve"), "the fields are not"),
    (_set(kind="../run"), "the kind is none"),
    (_set(parameters={"seed": 1}), "a projection takes no parameters"),
    (_set(facts_version="'; DROP TABLE run; --"), "facts_version is not a version"),
    (_set(facts_version="f" * 63), "the name is not the id"),
    (_set(model_version=1), "model_version is not a version"),
    (_set(scenario="baseline"), "scenario is not an object"),
    (_scenario(P0=-1.0), "P0 = -1.0 is not allowed"),
    (_scenario(P0=float("inf")), "P0 = inf is not allowed"),
    (_scenario(P0=0.9), "the name is not the id"),
    (_scenario(trick=1), "unknown input 'trick'"),
    (_scenario(months=600), "does not have 600 rows"),
    (_set(summary=[]), "summary is not an object"),
    (_set(summary={"min_pay": "=1+1"}), "summary holds more than finite numbers"),
    (_set(summary={"min_pay": float("nan")}), "summary holds more than finite numbers"),
    (_set(summary={"min_pay": 10**400}), "summary holds more than finite numbers"),
    (_set(summary={"end": {"V": {"deeper": 1}}}), "summary holds more than finite numbers"),
    (_set(frame=[]), "the frame has not the store's columns"),
    (_column_gone, "the frame has not the store's columns"),
    (_rows_gone, "does not have 6 rows"),
    (_cell("V", "1"), "V is not all DOUBLE"),
    (_cell("V", None), "V is not all DOUBLE"),
    (_cell("V", 1), "V is not all DOUBLE"),
    (_cell("V", float("inf")), "V is not all finite"),
    (_cell("V", float("nan")), "V is not all finite"),
    (_cell("V", [0.0]), "V is not all DOUBLE"),
    (_cell("month", 2**80), "month is not all finite"),
    (_cell("month", 1.0), "month is not all BIGINT"),
    (_cell("empty", 0), "empty is not all BOOLEAN"),
    (_cell("date", "June"), "this is not a record"),
    (_cell("date", 0), "date is not all DATE"),
    (_cell("step", 2), "the steps do not count from 1"),
    (_set(seconds=-1.0), "seconds is not a duration"),
    (_set(seconds=float("nan")), "seconds is not a duration"),
    (_set(created_at="2026-11-23T00:00:00"), "created_at is not a time in the past"),
    (_set(created_at="9999-12-31T23:59:59-23:00"), "created_at is not a time in the past"),
    (_set(created_at="yesterday"), "this is not a record"),
    (_set(created_at=0), "created_at is not a time"),
]


@pytest.mark.parametrize(("spoil", "reason"), BAD_ENTRIES)
def test_a_spoilt_record_is_refused_with_its_reason(
    path: Path, store: Store, spoil: Callable[[Entry], Any], reason: str
) -> None:
    left = intake.leave(path, run())
    left.write_text(json.dumps(spoil(json.loads(left.read_text()))))
    good = run(P0=0.9, months=3)
    intake.leave(path, good)
    recorded, rejected = store.take_inbox()
    assert recorded == 1
    assert store.find_run(good.id) is not None
    ((name, said),) = rejected
    assert name == left.name
    assert reason in said
    assert names(left.parent) == ["rejected"]
    assert names(left.parent / "rejected") == [left.name, left.with_suffix(".txt").name]
    assert (left.parent / "rejected" / left.with_suffix(".txt").name).read_text() == said + "\n"
    assert store.take_inbox() == (0, ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"PAR1" + bytes(100),
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'{"format":1}{"format":1}',
        b'{"format":' + b"9" * 400 + b"}",
    ],
)
def test_any_other_file_is_refused(path: Path, store: Store, data: bytes) -> None:
    bad = path.parent / "inbox" / f"{'a' * 64}.json"
    bad.parent.mkdir()
    bad.write_bytes(data)
    recorded, rejected = store.take_inbox()
    assert (recorded, len(rejected)) == (0, 1)
    assert names(bad.parent) == ["rejected"]


def test_a_record_under_another_name_is_refused(path: Path, store: Store) -> None:
    left = intake.leave(path, run())
    left.rename(left.with_name("mine.json"))
    assert store.take_inbox().rejected == (("mine.json", "the name is not the id of what is inside"),)


def test_a_file_too_large_is_not_read(path: Path, store: Store) -> None:
    large = path.parent / "inbox" / f"{'a' * 64}.json"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(10**11)
    ((_, said),) = store.take_inbox().rejected
    assert said == "100,000,000,000 bytes are too many: 64,000,000 are allowed"


def test_links_pipes_and_folders_are_not_followed(path: Path, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    outside = intake.leave(tmp_path / "elsewhere" / "s.duckdb", run())
    folder.mkdir()
    (folder / outside.name).symlink_to(outside)
    (folder / "dangling.json").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    recorded, rejected = store.take_inbox()
    assert recorded == 0
    assert len(rejected) == 4
    assert names(folder) == ["rejected"]
    assert outside.exists()


def test_many_files_are_taken_some_at_a_time(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_FILES", 2)
    for i in range(5):
        intake.leave(path, run(P0=0.1 + i))
    assert [store.take_inbox().recorded for _ in range(4)] == [2, 2, 1, 0]
