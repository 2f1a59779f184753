"""One recorded run or answer: its stamp, its command, its tables as files, one path, another run beside."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import recall
from dashboard.charts import recall as charts_recall
from dashboard.charts import stress as charts_stress
from dashboard.frame import Desk, drawer
from dashboard.panels import parts as panels
from dashboard.questions.stress import replayed
from dashboard.reproduce import scenario_of
from dashboard.words.formats import plain
from dashboard.words.stress_words import FANS
from data import recorded, stress_store
from data.recorded import FIGURES, Recorded
from data.records import PROJECTION
from data.store import Store
from data.stress_runs import STRESS
from models.parameters import InputError
from models.stress import cpu

DATES = {"date": st.column_config.DateColumn("date")}
EVENTS = {"first_shortfall": "short", "first_empty": "empty", "first_underpaid": "underpaid"}


def show(desk: Desk, store: Store, what: Recorded) -> None:
    """Everything about one run."""
    registry = desk.answers.registry
    stamp, found = recall.stamp(what, registry), recorded.tables(store, what)
    st.subheader(f"{what.kind.capitalize()} {what.id[:12]}", anchor=False)
    if stamp["stale"]:
        st.badge("stale", color="orange")
        st.caption(
            "Made from other facts or by another version of the model. What it found stays as it was; its "
            "command asks this version, which may answer otherwise."
        )
    _stamped(what, stamp)
    if what.scenario is not None and what.scenario != desk.scenario.canonical_json():
        st.button(
            "Take its scenario", key="take_scenario", icon=":material/input:",
            on_click=partial(_adopt, desk, what), help="Every page then answers for it; Undo goes back",
        )  # fmt: skip
    _pictures(desk, what, found, stamp)
    name = _choose(found)
    frame = found[name]
    panels.table(
        desk, frame, name=f"{what.kind}-{name.lower().replace('_', '-').replace('.', '-')}", stamp=stamp,
        title=f"{name.replace('_', ' ')}: {frame.height:,} rows", units=recall.units(frame.columns),
        shown=recall.preview(frame), columns=DATES,
    )  # fmt: skip
    if frame.height > recall.PREVIEW:
        st.caption(f"The first {recall.PREVIEW:,} rows are shown; the files have all of them.")
    if what.kind == STRESS:
        drawer("Replay one of its paths", "replay", partial(_replay, desk, store, what, found, stamp))


def _adopt(desk: Desk, what: Recorded) -> None:
    try:
        desk.session.adopt(scenario_of(what))
    except InputError as error:
        desk.session.refuse(error)


def _stamped(what: Recorded, stamp: dict[str, Any]) -> None:
    parts = [f"recorded {what.created_at:%Y-%m-%d %H:%M} UTC, computed in {what.seconds:.2f} s"]
    parts += [f"scenario `{what.digest[:12]}`"] if what.digest else []
    parts += [f"{what.paths:,} paths"] if what.paths else []
    parts += [f"seed {stamp['seed']}"] if stamp["seed"] is not None else []
    parts += [f"on the {what.device}"] if what.device else []
    parts += [f"counts `{what.counts_sha256[:12]}`"] if what.counts_sha256 else []
    parts += [f"model {plain(what.model_version)}", f"facts {plain(what.facts_version[:12])}"]
    st.caption(" · ".join(parts))
    if stamp["command"].startswith("vaultline "):
        drawer("The command that asks this again", "run_command", partial(_command, stamp["command"]))
    else:
        st.caption(plain(f"Its command: {stamp['command']}.", 300))


def _command(text: str) -> None:
    st.code(text, language=None, wrap_lines=True)


def _choose(found: dict[str, pl.DataFrame]) -> str:
    names = [*found]
    chosen = st.selectbox(
        "Table", names, key="run_table", width=340, format_func=lambda name: name.replace("_", " ")
    )
    return str(chosen)


def _pictures(desk: Desk, what: Recorded, found: dict[str, pl.DataFrame], stamp: dict[str, Any]) -> None:
    months = found.get("by_month")
    if months is None or what.kind not in (PROJECTION, STRESS):
        return
    days = recall.month_ends(what, desk.answers.registry, months.height)
    try:
        if what.kind == PROJECTION:
            made = charts_recall.by_month(months, days, dark=desk.dark)
        else:
            made = charts_stress.chance_by_month(months, None, days, dark=desk.dark)
    except pl.exceptions.ColumnNotFoundError:
        st.caption("Another version made it, with other columns: its tables are below, and no chart.")
        return
    panels.chart(desk, made, stamp)


def _replay(
    desk: Desk, store: Store, what: Recorded, found: dict[str, pl.DataFrame], stamp: dict[str, Any]
) -> None:
    """A path by its number, on the fan of all of them, and step by step."""
    if what.parameters.get("kernel") != cpu.source_hash():
        st.caption("Another version of the model made this run, and that alone can replay its paths.")
        return
    fans = [fan for fan in FANS if fan in what.parameters["fans"]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Path", 0, 2**53 - 1, 0, key="path_number", width=200,
            help=f"0 to {(what.paths or 1) - 1:,}; a longer run would have the paths beyond",
        )  # fmt: skip
        name = st.selectbox(
            "On the spread of", fans, key="path_fan", width=300, format_func=lambda fan: FANS[fan].title
        )
    run = stress_store.find(store, what.id)
    if run is None:
        raise InputError("the run has left the store")
    path = int(number)
    _, frame = replayed(run, path)
    events = [
        f"first {words} in step {int(frame.item(-1, event))}"
        for event, words in EVENTS.items()
        if frame.item(-1, event)
    ]
    st.caption(
        f"Path {path:,}: {'; '.join(events) or 'never short, empty or underpaid'}. "
        f"`vaultline replay {what.id[:12]} {path}` shows the same."
    )
    marks = {**stamp, "command": f"vaultline replay {what.id} {path}", "path": path}
    if name is not None:
        ends = frame.group_by("month", maintain_order=True).last()
        days = recall.month_ends(what, desk.answers.registry, ends.height)
        own = (f"path {path:,}", ends[str(name)].to_list())
        drawn = charts_stress.fan(str(name), found["quantiles"], days, own, dark=desk.dark)
        panels.chart(desk, drawn, marks)
    panels.table(
        desk, frame, name="path", title=f"Path {path:,}, step by step", units=recall.units(frame.columns),
        stamp=marks, shown=recall.preview(frame),
    )  # fmt: skip


def beside(desk: Desk, store: Store, one: Recorded, other: Recorded) -> None:
    """Two runs: what was asked differently, and what each found."""
    names = {"one": f"{one.kind} {one.id[:8]}", "other": f"{other.kind} {other.id[:8]}"}
    stamp = {**recall.stamp(one, desk.answers.registry), "beside": recall.stamp(other, desk.answers.registry)}
    st.subheader(f"{names['one']} beside {names['other']}", anchor=False)
    asked = recall.inputs_beside(one, other)
    panels.table(
        desk, asked, name="asked-beside", title="What was asked differently", stamp=stamp,
        columns={"input": "Input", **names},
    )  # fmt: skip
    found = recall.figures_beside(*(recorded.tables(store, what)[FIGURES] for what in (one, other)))
    panels.table(
        desk, found, name="found-beside", title="What each found", stamp=stamp,
        columns={"name": "Figure", **names},
    )  # fmt: skip
    st.caption(
        "No difference is formed here: one between runs over random paths needs its error, and for that both "
        "have to meet the same futures, as scenarios do on the page Compare."
    )
