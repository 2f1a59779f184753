"""Which scenarios one reader compares: what can be chosen, what is at first, and what a link says of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from dashboard import links
from dashboard.frame import Desk
from dashboard.panels import saved as panels_saved
from dashboard.questions.comparisons import HORIZON, MOST, Column, fitted
from dashboard.questions.stress import DEFAULT_PATHS, DEFAULT_SEED
from dashboard.session import YOURS
from models.parameters import InputError, Scenario, parse_scenario
from models.shocks import Shocks

# Compared with the scenario at hand when nobody has chosen: the first two that differ from it.
AT_FIRST = ("baseline", "second_contract", "legacy")
LINKED = "compared_linked"
LINK = "link"
# Widgets.
CHOSEN, ON_TOP, PATHS, SEED, SHOCKS = (
    "compared",
    "compare_on_top",
    "compare_paths",
    "compare_seed",
    "compare_shocks",
)


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
    return found | {key: column for key, column in _linked(desk).items() if key not in found}


def _linked(desk: Desk) -> dict[str, Column]:
    """What the link compares with, by key: the preset's own where it is one."""
    linked: links.Linked | None = st.session_state.get(LINKED)
    found = {}
    for k, (title, scenario) in enumerate(linked.others if linked else ()):
        column, key = Column(title, scenario), f"linked {k}"
        for name, preset in desk.session.presets.items():
            changes = {field: getattr(scenario, field) for field in HORIZON}
            if title == preset.title and scenario == preset.scenario.model_copy(update=changes):
                column, key = Column(title, preset.scenario, name), name
        found[key] = column
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
    mine = kept(CHOSEN)
    if mine is None:
        if st.session_state.get(LINKED):
            return [*_linked(desk)]
        base = [desk.session.base] if desk.session.changed else []
        names = dict.fromkeys([*base, *AT_FIRST])
        return [n for n in names if options[n].scenario != desk.scenario][:2]
    return [key for key in mine if key in options][: MOST - 1]


class Chosen(NamedTuple):
    """The scenario at hand and the chosen ones that can meet the same shocks; why others cannot; and which
    are run over other months or steps than their own for it."""

    columns: list[Column]
    refused: list[str]
    stretched: list[str]


def columns(desk: Desk, keys: Sequence[str], options: dict[str, Column]) -> Chosen:
    """What the chosen keys come to."""
    out = Chosen([first(desk)], [], [])
    for key in keys:
        try:
            column = _on_top(desk, options[key]) if kept(ON_TOP) else options[key]
            shown = fitted(column, desk.scenario)
        except InputError as error:
            out.refused.append(str(error))
            continue
        out.columns.append(shown)
        if shown != column:
            out.stretched.append(column.title)
    return out


def _on_top(desk: Desk, column: Column) -> Column:
    """The scenario at hand with what a preset changes of the baseline; other scenarios as they are."""
    if column.preset is None:
        return column
    baseline = desk.session.presets["baseline"].scenario
    changes = {
        name: value
        for name in Scenario.model_fields
        if (value := getattr(column.scenario, name)) != getattr(baseline, name)
    }
    title = f"{column.title}, on top" if changes else first(desk).title
    return Column(title, parse_scenario(changes, desk.scenario), column.preset)


def keep(name: str) -> None:
    """Remember what a widget of this key stands at: on another page Streamlit forgets it."""
    st.session_state[f"{name}_kept"] = st.session_state[name]


def kept(name: str) -> Any:
    """What the reader left a widget of this key at; None: it was never moved."""
    return st.session_state.get(f"{name}_kept")


def size(desk: Desk) -> Size:
    """What the link says, until the reader says otherwise."""
    linked: links.Linked | None = st.session_state.get(LINKED)
    paths, seed = kept(PATHS), kept(SEED)
    return Size(
        int(paths or (linked.paths if linked else DEFAULT_PATHS)),
        int((linked.seed if linked else DEFAULT_SEED) if seed is None else seed),
        shock_sets(desk)[shock_set(desk)],
    )


def shock_sets(desk: Desk) -> dict[str, Shocks]:
    """What random shocks can be chosen, by name; those of a link too where they are none of the facts'."""
    found = {name: of.shocks for name, of in desk.answers.registry.shock_sets().items()}
    linked: links.Linked | None = st.session_state.get(LINKED)
    if linked and linked.shocks not in found.values():
        found[LINK] = linked.shocks
    return found


def shock_set(desk: Desk) -> str:
    """The name of the random shocks that are chosen."""
    found, chosen = shock_sets(desk), kept(SHOCKS)
    if chosen in found:
        return str(chosen)
    linked: links.Linked | None = st.session_state.get(LINKED)
    return next(name for name, shocks in found.items() if linked is None or shocks == linked.shocks)


def query(desk: Desk) -> dict[str, Any]:
    """What the link of the Compare page carries besides the scenario at hand. Raises InputError."""
    options = choices(desk)
    chosen = columns(desk, selected(desk, options), options).columns
    others = tuple((column.title, column.scenario) for column in chosen[1:])
    if not others:
        return {}
    return {"c": links.encode_compared(links.Linked(others, size(desk).shocks, *size(desk)[:2]))}
