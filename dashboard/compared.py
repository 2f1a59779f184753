"""Which scenarios one reader compares: what can be chosen, what is at first, and what a link says of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from dashboard import links, panels_saved
from dashboard.comparisons import MOST, Column, fitted
from dashboard.frame import Desk
from dashboard.session import YOURS
from dashboard.stress import DEFAULT_PATHS, DEFAULT_SEED
from models.parameters import InputError
from models.shocks import Shocks

# Compared with the scenario at hand when nobody has chosen: the first two that differ from it.
AT_FIRST = ("baseline", "second_contract", "legacy")
WIDGET, KEPT, LINKED = "compared", "compared_kept", "compared_linked"


class Size(NamedTuple):
    """How many futures, which, and from what shocks."""

    paths: int
    seed: int
    shocks: Shocks


def choices(desk: Desk) -> dict[str, Column]:
    """All that can be compared, by key."""
    found = {
        name: Column(preset.title, preset.scenario, name) for name, preset in desk.session.presets.items()
    }
    if desk.session.yours is not None:
        found[YOURS] = Column("Yours", desk.session.yours[1])
    for saved in panels_saved.shelf(desk).listed():
        try:
            found[f"saved {saved.id}"] = Column(saved.name, saved.scenario())
        except InputError:
            continue  # of another version: the dialog says so
    linked: links.Linked | None = st.session_state.get(LINKED)
    for k, (title, scenario) in enumerate(linked.others if linked else ()):
        found[f"linked {k}"] = Column(title, scenario)
    return found


def first(desk: Desk) -> Column:
    """The scenario at hand."""
    session = desk.session
    title = session.preset.title
    if session.changed:
        return Column(f"{title}, changed", session.scenario)
    return Column(title, session.scenario, session.base)


def selected(desk: Desk, options: dict[str, Column]) -> list[str]:
    """The keys that are chosen, or those at first."""
    kept = st.session_state.get(KEPT)
    if kept is None:
        linked: links.Linked | None = st.session_state.get(LINKED)
        if linked:
            return [key for key in options if key.startswith("linked ")]
        base = [desk.session.base] if desk.session.changed else []
        names = dict.fromkeys([*base, *AT_FIRST])
        return [n for n in names if options[n].scenario != desk.scenario][:2]
    return [key for key in kept if key in options][: MOST - 1]


def columns(desk: Desk, keys: Sequence[str], options: dict[str, Column]) -> tuple[list[Column], list[str]]:
    """The scenario at hand and the chosen ones that can meet the same shocks, and why others cannot."""
    out, refused = [first(desk)], []
    for key in keys:
        try:
            out.append(fitted(options[key], desk.scenario))
        except InputError as error:
            refused.append(str(error))
    return out, refused


def size(desk: Desk) -> Size:
    """What the link says, until the reader says otherwise."""
    linked: links.Linked | None = st.session_state.get(LINKED)
    paths = st.session_state.get("compare_paths_kept") or (linked.paths if linked else DEFAULT_PATHS)
    seed = st.session_state.get("compare_seed_kept")
    seed = (linked.seed if linked else DEFAULT_SEED) if seed is None else seed
    shocks = desk.answers.registry.shocks()
    if linked and not st.session_state.get("compare_own_shocks"):
        shocks = linked.shocks
    return Size(int(paths), int(seed), shocks)


def query(desk: Desk) -> dict[str, Any]:
    """What the link of the Compare page carries besides the scenario at hand. Raises InputError."""
    options = choices(desk)
    chosen, _ = columns(desk, selected(desk, options), options)
    others = tuple((column.title, column.scenario) for column in chosen[1:])
    return {"c": links.encode_compared(links.Linked(others, size(desk).shocks, *size(desk)[:2]))}
