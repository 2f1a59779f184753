"""Scenarios that a reader keeps under a name: saved, renamed, duplicated, deleted and taken back.

`Shelf` keeps them in memory, for a visit without a store; `StoredShelf` in the store. A name is foreign text:
capped and printable here, and escaped by whoever shows it."""

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime

from data.database import now
from data.scenario_file import MAX_NAME, checked_name, complete, mapping
from data.store import Store, insert_scenario
from models.parameters import InputError, Scenario

MOST = 500
WHAT = "The saved scenario"


@dataclass(frozen=True)
class Saved:
    """One of them. `inputs`: its canonical JSON, which stays readable when a later version has other inputs;
    `saved_at`: UTC, without a zone."""

    id: str
    name: str
    inputs: str
    saved_at: datetime

    def scenario(self) -> Scenario:
        """Raises InputError when its inputs are not those of this version any more."""
        return complete(mapping(self.inputs, WHAT), WHAT)


class Shelf:
    """Safe to share between threads. A name belongs to one scenario at a time; every method that is given an
    id or a name raises InputError for one that it cannot take, and has then changed nothing."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._rows: dict[str, Saved] = {}
        self._deleted: dict[str, Saved] = {}

    def listed(self) -> list[Saved]:
        """All that are not deleted, by name."""
        return sorted(self._kept(), key=lambda saved: (saved.name.casefold(), saved.name))

    def save(self, name: str, scenario: Scenario) -> Saved:
        """Keep a scenario under a name that no other has."""
        with self._turn:
            return self._new(self._free(checked_name(name)), scenario)

    def take_in(self, name: str, scenario: Scenario) -> Saved:
        """Keep one that came with its name; where that is taken, under one like it."""
        with self._turn:
            return self._new(self._unlike(checked_name(name)), scenario)

    def rename(self, id_: str, name: str) -> Saved:
        """Give a saved scenario another name."""
        with self._turn:
            saved, name = self._find(id_), checked_name(name)
            if name == saved.name:
                return saved
            saved = replace(saved, name=self._free(name))
            self._put_name(saved)
            return saved

    def duplicate(self, id_: str) -> Saved:
        """A second one of the same inputs, under a name like the first's."""
        with self._turn:
            saved = self._find(id_)
            return self._new(self._unlike(saved.name), saved.scenario())

    def delete(self, id_: str) -> Saved:
        """Put one aside. `restore` takes that back."""
        with self._turn:
            saved = self._find(id_)
            self._put_deleted(saved, now())
            return saved

    def restore(self, id_: str) -> Saved:
        """Take a deleted one back, under a name like its own where another has that by now."""
        with self._turn:
            saved = self._find_deleted(id_)
            name = self._unlike(saved.name)
            self._put_deleted(saved, None)
            if name != saved.name:
                saved = replace(saved, name=name)
                self._put_name(saved)
            return saved

    def _new(self, name: str, scenario: Scenario) -> Saved:
        if len(self._kept()) >= MOST:
            raise InputError(f"{MOST} scenarios are saved already; delete some of them first")
        saved = Saved(secrets.token_hex(8), name, scenario.canonical_json(), now())
        self._put(saved)
        return saved

    def _free(self, name: str) -> str:
        if any(saved.name == name for saved in self._kept()):
            raise InputError(f"A saved scenario is called {name!r} already; choose another name")
        return name

    def _unlike(self, name: str) -> str:
        """The name, or it with the first number behind it that makes it a new one."""
        taken, new, number = {saved.name for saved in self._kept()}, name, 1
        while new in taken:
            number += 1
            behind = f" ({number})"
            new = name[: MAX_NAME - len(behind)] + behind
        return new

    def _find(self, id_: str) -> Saved:
        for saved in self._kept():
            if saved.id == id_:
                return saved
        raise InputError("That saved scenario is not there any more")

    # Where they are kept

    def _kept(self) -> list[Saved]:
        return [*self._rows.values()]

    def _find_deleted(self, id_: str) -> Saved:
        try:
            return self._deleted[id_]
        except KeyError:
            raise InputError("There is no such deleted scenario") from None

    def _put(self, saved: Saved) -> None:
        self._rows[saved.id] = saved

    def _put_name(self, saved: Saved) -> None:
        self._rows[saved.id] = saved

    def _put_deleted(self, saved: Saved, when: datetime | None) -> None:
        source, target = (self._rows, self._deleted) if when else (self._deleted, self._rows)
        target[saved.id] = source.pop(saved.id)


_ROWS = (
    "SELECT id, saved_scenario.name, inputs, saved_at FROM saved_scenario "
    "JOIN scenario ON digest = scenario WHERE"
)


class StoredShelf(Shelf):
    """The same in the store: what a method has returned from is on disk. Raises StoreError besides."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def _kept(self) -> list[Saved]:
        return [Saved(*row) for row in self._store.rows(f"{_ROWS} deleted_at IS NULL", [])]

    def _find_deleted(self, id_: str) -> Saved:
        found = self._store.rows(f"{_ROWS} deleted_at IS NOT NULL AND id = ?", [id_])
        if not found:
            raise InputError("There is no such deleted scenario")
        return Saved(*found[0])

    def _put(self, saved: Saved) -> None:
        with self._store.transaction() as cursor:
            digest = insert_scenario(cursor, saved.inputs, saved.saved_at)
            cursor.execute(
                "INSERT INTO saved_scenario VALUES (?, ?, ?, ?, NULL)",
                [saved.id, saved.name, digest, saved.saved_at],
            )

    def _put_name(self, saved: Saved) -> None:
        with self._store.transaction() as cursor:
            cursor.execute("UPDATE saved_scenario SET name = ? WHERE id = ?", [saved.name, saved.id])

    def _put_deleted(self, saved: Saved, when: datetime | None) -> None:
        with self._store.transaction() as cursor:
            cursor.execute("UPDATE saved_scenario SET deleted_at = ? WHERE id = ?", [when, saved.id])
