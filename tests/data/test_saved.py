"""Saved scenarios, in memory and in the store alike; and scenarios as files, with what is none refused."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from data.recorded import listing
from data.saved import Saved, Shelf, StoredShelf
from data.scenario_file import MAX_BYTES, MAX_NAME, dump, load
from data.store import Store
from models.parameters import InputError, Scenario, parse_scenario
from tests.data.runs import run
from tests.scenarios import BASELINE, scenarios

OTHER = parse_scenario({"beta": 0.7}, BASELINE)
HOSTILE = "Robert'); DROP TABLE saved_scenario;-- <img src=x> é"


@pytest.fixture(params=["memory", "store"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "memory":
        yield Shelf()
        return
    with Store.open(tmp_path / "store.duckdb") as store:
        yield StoredShelf(store)


def names(shelf: Shelf) -> list[str]:
    return [saved.name for saved in shelf.listed()]


def test_a_scenario_is_kept_under_its_name(shelf: Shelf) -> None:
    shelf.save(f"  {HOSTILE} ", OTHER)
    shelf.save("a second\tname", OTHER)  # of the same inputs
    assert names(shelf) == ["a second name", HOSTILE]
    assert [saved.scenario() for saved in shelf.listed()] == [OTHER, OTHER]


def test_a_name_belongs_to_one_scenario(shelf: Shelf) -> None:
    mine = shelf.save("mine", BASELINE)
    other = shelf.save("other", OTHER)
    with pytest.raises(InputError, match="'mine' already"):
        shelf.save("mine", OTHER)
    with pytest.raises(InputError, match="'mine' already"):
        shelf.rename(other.id, "mine")
    assert shelf.rename(mine.id, "mine").name == "mine"
    assert shelf.rename(mine.id, "ours").name == "ours"
    assert names(shelf) == ["other", "ours"]
    assert shelf.take_in("ours", OTHER).name == "ours (2)"


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME + 1), "a\x00b", "a\x1b[31m"])
def test_a_name_that_is_none_is_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(InputError, match="1 to 80 printable characters"):
        shelf.save(name, BASELINE)
    assert names(shelf) == []


def test_copies_have_names_of_their_own_that_fit(shelf: Shelf) -> None:
    long = shelf.save("x" * MAX_NAME, OTHER)
    copies = [shelf.duplicate(long.id).name for _ in range(2)]
    assert copies == ["x" * (MAX_NAME - 4) + " (2)", "x" * (MAX_NAME - 4) + " (3)"]
    assert {saved.scenario() for saved in shelf.listed()} == {OTHER}


def test_what_was_deleted_comes_back(shelf: Shelf) -> None:
    mine = shelf.save("mine", OTHER)
    shelf.delete(mine.id)
    assert names(shelf) == []
    for act in (shelf.delete, shelf.duplicate):
        with pytest.raises(InputError, match="not there any more"):
            act(mine.id)
    shelf.save("mine", BASELINE)
    back = shelf.restore(mine.id)
    assert (back.name, back.scenario(), back.id) == ("mine (2)", OTHER, mine.id)
    assert names(shelf) == ["mine", "mine (2)"]
    with pytest.raises(InputError, match="no such deleted scenario"):
        shelf.restore(mine.id)


def test_the_store_has_them_again(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with Store.open(path) as store:
        shelf = StoredShelf(store)
        gone, kept = shelf.save("gone", BASELINE), shelf.save("kept", OTHER)
        shelf.rename(kept.id, HOSTILE)
        shelf.delete(gone.id)
    with Store.open(path) as store:
        again = StoredShelf(store)
        (found,) = again.listed()
        assert (found.id, found.name, found.scenario()) == (kept.id, HOSTILE, OTHER)
        assert again.restore(gone.id).scenario() == BASELINE


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    monkeypatch.setattr("data.saved.MOST", 2)
    first = shelf.save("1", BASELINE)
    shelf.save("2", BASELINE)
    with pytest.raises(InputError, match="2 scenarios are saved already"):
        shelf.duplicate(first.id)


def test_one_of_another_version_is_said_and_stays() -> None:
    inputs = json.loads(BASELINE.canonical_json())
    inputs["of_old"] = 1
    saved = Saved("x", "old", json.dumps(inputs), Shelf().save("x", BASELINE).saved_at)
    with pytest.raises(InputError, match="names the input 'of_old'"):
        saved.scenario()


# Files


@given(scenarios())
def test_any_scenario_survives_its_file(scenario: Scenario) -> None:
    assert load(dump(HOSTILE, scenario).encode()) == (HOSTILE, scenario)


def file(change: Callable[[dict[str, Any]], object]) -> bytes:
    values = json.loads(dump("mine", BASELINE))
    change(values)
    return json.dumps(values).encode()


NONSENSE = {
    "empty": (b"", "no scenario"),
    "not text": (b"\xff\xfe\x00", "it holds no text"),
    "not JSON": (b"{", "it holds no scenario"),
    "a list": (b"[]", "it holds no scenario"),
    "a link's scenario": (BASELINE.canonical_json().encode(), "does not say"),
    "another version": (file(lambda v: v.update(version=2)), "version 2; this vaultline reads version 1"),
    "another version, long": (file(lambda v: v.update(version="9" * 500)), "reads version 1"),
    "more around it": (file(lambda v: v.update(more=1)), "more"),
    "no name": (file(lambda v: v.update(name="")), "name"),
    "a name too long": (file(lambda v: v.update(name="x" * 900)), "1 to 80"),
    "an input lacks": (file(lambda v: v["inputs"].pop("beta")), "lacks the input beta"),
    "an input unknown": (file(lambda v: v["inputs"].update(colour=1)), "'colour'"),
    "out of bounds": (file(lambda v: v["inputs"].update(beta=0.2)), "beta = 0.2 is not allowed"),
    "not finite": (dump("x", BASELINE).replace("0.17", "NaN").encode(), "P0"),
    "an input twice": (dump("x", BASELINE).replace('"P0"', '"a"').encode(), "twice"),
    "lists in lists": (b'{"format":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it holds no scenario"),
    "too large": (b" " * (MAX_BYTES + 1), "too large"),
    "digits without end": (b'{"version":' + b"9" * 100_000 + b"}", "it holds no scenario"),
}


@pytest.mark.parametrize(("content", "says"), NONSENSE.values(), ids=NONSENSE.keys())
def test_a_file_that_is_none_gets_one_short_sentence(content: bytes, says: str) -> None:
    with pytest.raises(InputError) as refusal:
        load(content)
    sentence = str(refusal.value)
    assert says in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300


def test_a_recorded_run_is_listed_under_the_name_of_its_scenario(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store.duckdb") as store:
        store.record(run(beta=0.7))
        shelf = StoredShelf(store)
        saved = shelf.save(HOSTILE, OTHER)
        assert listing(store)["name"].to_list() == [HOSTILE]
        shelf.delete(saved.id)
        assert listing(store)["name"].to_list() == [None]
