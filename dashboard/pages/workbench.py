"""Workbench: give me the data."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboard import recall
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.panels import recall as panels_recall
from dashboard.panels import sql as panels_sql
from dashboard.panels import validation as panels_validation
from dashboard.words.formats import plain
from data import recorded
from data.records import PROJECTION
from data.store import Store
from data.stress_runs import STRESS
from models.parameters import InputError

TITLE = "Workbench"
FIELDS = ("price_shock", "demand_shock", "months")
TABS = ("Runs", "SQL", "Tables", "Validation")
SHOWN = 500
NOBODY = "nothing"
NO_STORE = (
    "There is no store to read here, so runs, SQL and tables have to wait. Every other page works, and each "
    "of its charts and tables can be taken out."
)


def page(desk: Desk) -> None:
    store = desk.answers.store
    # what is on screen is among the data, too
    desk.answers.project(desk.scenario)
    desk.answers.written()
    with st.container(key="answer"):
        st.title(f"**{answer(recorded.counts(store)) if store else NO_STORE}**", anchor=False)
    runs_tab, sql_tab, tables_tab, validation_tab = st.tabs(TABS, key="workbench", on_change="rerun")
    if runs_tab.open:
        with runs_tab:
            if store:
                runs(desk, store)
    if sql_tab.open:
        with sql_tab:
            if store:
                panels_sql.query(desk, store)
    if tables_tab.open:
        with tables_tab:
            if store:
                panels_sql.every_table(desk, store)
    if validation_tab.open:
        with validation_tab:
            panels_validation.show(desk)


def answer(counts: Mapping[str, int]) -> str:
    """What there is, in one sentence."""
    of = {name: f"{n:,} {name.removesuffix('s') if n == 1 else name}" for name, n in counts.items()}
    prices = f", and {counts['prices']:,} days of prices" if counts["prices"] else ""
    return (
        f"The store holds {of['runs']} and {of['answers']} of {of['scenarios']}, beside {of['facts']}"
        f"{prices}. "
        "Each can be found below, asked again by its command, and taken out whole."
    )


def runs(desk: Desk, store: Store) -> None:
    """The list, one of it in whole, and another beside it."""
    listed = recall.catalogue(store, desk.answers.registry)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Find", key="find_runs", type="search", live=True, max_chars=200, width=320,
            placeholder="stress price_shock=-0.5",
            help="Every word must be in its id, kind, name, inputs, versions, device, hash or date",
        )  # fmt: skip
        kinds = ["all", *listed["kind"].unique().sort().to_list()]
        kind = st.selectbox("Kind", kinds, key="find_kind", width=180)
    found = recall.matching(listed, text or "")
    if kind != "all":
        found = found.filter(kind=str(kind))
    if found.is_empty():
        st.info("No run or answer contains all of that. Try fewer words, or all kinds.")
        return
    st.session_state["runs_shown"] = found.head(SHOWN)["id"].to_list()
    panels.table(
        desk, found, name="runs", title=f"{found.height:,} runs and answers, the newest first", headed=False,
        shown=_shown(found.head(SHOWN)), columns=RUN_COLUMNS, height=248, placeholder="",
        key="runs", on_select=_pick, selection_mode="single-row",
        stamp=recall.command_stamp("vaultline runs --json"),
    )  # fmt: skip
    one, other = _chosen(store, found)
    if one is None:
        return
    if other is not None:
        panels_recall.beside(desk, store, one, other)
    panels_recall.show(desk, store, one)


def _pick() -> None:
    """Open the row that was chosen, by its id: by now there may be newer ones above it."""
    shown, rows = st.session_state["runs_shown"], st.session_state["runs"]["selection"]["rows"]
    if rows and rows[0] < len(shown):
        st.session_state["run_open"] = shown[rows[0]]


def _shown(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(
        pl.col("id").str.head(12), "kind", "created_at", "what", "name", "paths", "seed", "device", "stale",
        pl.col("model_version", "facts_version", "counts_sha256").str.head(18), "seconds",
    )  # fmt: skip


def _chosen(store: Store, found: pl.DataFrame) -> tuple[recorded.Recorded | None, recorded.Recorded | None]:
    labels = {row["id"]: _label(row) for row in found.head(SHOWN).iter_rows(named=True)}
    # what has steps has a picture: the newest such run says most
    drawn = found.head(SHOWN).filter(pl.col("kind").is_in([PROJECTION, STRESS]))["id"].to_list()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = st.selectbox(
            "Open", [*labels], key="run_open", width=420, format_func=lambda name: labels.get(name, name),
            index=[*labels].index(drawn[0]) if drawn else 0,
        )  # fmt: skip
        other = st.selectbox(
            "Beside it", [NOBODY, *labels], key="run_beside", width=420,
            format_func=lambda name: labels.get(name, name),
        )  # fmt: skip
    try:
        return (
            recorded.named(store, str(one)) if one else None,
            recorded.named(store, str(other)) if other not in (None, NOBODY, one) else None,
        )
    except InputError as error:
        st.warning(plain(str(error), 300))
        return None, None


def _label(row: Mapping[str, Any]) -> str:
    what = row["what"] if len(row["what"]) <= 60 else f"{row['what'][:57]}..."
    return f"{row['kind']} {row['id'][:8]}, {row['created_at']:%d %b %H:%M}{', ' if what else ''}{what}"


RUN_COLUMNS: dict[str, Any] = {
    "id": "Id",
    "kind": "Kind",
    "created_at": st.column_config.DatetimeColumn("Recorded, UTC", format="YYYY-MM-DD HH:mm"),
    "what": st.column_config.TextColumn("Differs from the baseline", width="medium"),
    "name": "Saved as",
    "paths": st.column_config.NumberColumn("Paths", format="localized"),
    "seed": st.column_config.NumberColumn("Seed", format="%d"),
    "device": "Device",
    "stale": st.column_config.CheckboxColumn("Stale", help="Of other facts or another model than now"),
    "model_version": "Model",
    "facts_version": "Facts",
    "counts_sha256": "Counts",
    "seconds": st.column_config.NumberColumn("Seconds", format="%.2f"),
}
