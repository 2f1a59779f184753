"""The Workbench's SQL: a query, its rows as files, the schema beside it; and every table of the store out."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import recall
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.panels import recall as panels_recall
from dashboard.queries import Query
from dashboard.waiting import until
from dashboard.words.formats import plain
from data import sql, tables
from data.sql_process import MAX_ROWS, MEMORY
from data.store import Store
from models.parameters import InputError

PATIENCE = 0.6  # most queries are done by then, and nothing has to be looked at again
MOST_ROWS = 200_000  # of a table on a page, which reads it whenever anything is touched
FIRST = next(iter(tables.EXAMPLES))


def query(desk: Desk, store: Store) -> None:
    """A query beside the schema, and under it what it found."""
    asking, schema = st.columns([3, 2], gap="medium")
    with asking:
        _ask(store)
    with schema:
        _schema(desk, store)
    running: Query | None = st.session_state.get("query")
    if running is not None:
        until(running.ended.is_set, partial(_answer, desk, running))


def _ask(store: Store) -> None:
    st.session_state.setdefault("sql_text", tables.EXAMPLES[FIRST])
    st.caption(
        f"Reads a copy of the store, and can change nothing: at most {sql.SECONDS:g} seconds, {MEMORY} of "
        f"memory and {MAX_ROWS:,} rows. Ctrl+Enter runs it."
    )
    with st.form("sql", border=False):
        text = st.text_area("SQL", key="sql_text", height=190, max_chars=sql.MAX_QUERY)
        if st.form_submit_button("Run", icon=":material/play_arrow:"):
            _begin(store, text or "")
    st.caption("Or begin with one of these:")
    with st.container(horizontal=True, gap="small"):
        for name, example in tables.EXAMPLES.items():
            st.button(name, key=f"example_{name}", type="tertiary", on_click=partial(_take, example))


def _take(example: str) -> None:
    st.session_state["sql_text"] = example


def _begin(store: Store, text: str) -> None:
    before: Query | None = st.session_state.get("query")
    if before is not None:
        before.cancel()
    started = Query(store, text)
    started.ended.wait(PATIENCE)
    st.session_state["query"] = started


def _answer(desk: Desk, running: Query) -> None:
    if not running.ended.is_set():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The query is running.", width="content")
            st.button("Cancel", key="query_cancel", icon=":material/stop:", on_click=running.cancel)
        return
    if running.error:
        st.error(plain(running.error, 600))
    elif running.cancelled:
        st.caption("Cancelled.")
    elif running.found is not None:
        found = running.found
        st.caption(f"{found.height:,} {'row' if found.height == 1 else 'rows'}.")
        panels.table(
            desk, found, name="query", title="Rows of the query", headed=False, shown=recall.preview(found),
            stamp=recall.query_stamp(running.text),
        )  # fmt: skip
        if found.height > recall.PREVIEW:
            st.caption(f"The first {recall.PREVIEW:,} are shown; the files have all of them.")
        st.code(recall.query_stamp(running.text)["command"], language=None, wrap_lines=True)


def _schema(desk: Desk, store: Store) -> None:
    columns = tables.schema(store)
    name = st.selectbox("The schema: columns of", [*tables.TABLES], key="schema_table")
    st.caption(tables.TABLES[str(name)].words + ".")
    found = columns.filter(table=str(name)).drop("table")
    panels.table(
        desk, found, name="schema", title=f"Columns of the table {name}", headed=False, height=260,
        columns={"column": "Column", "type": "Type", "optional": "May be empty"},
        stamp=recall.query_stamp(f"DESCRIBE {name}"),
    )  # fmt: skip


def every_table(desk: Desk, store: Store) -> None:
    """What tables there are, and all rows of a chosen one."""
    listed = tables.overview(store)
    panels.table(
        desk, listed, name="tables", title="Every table of the store", stamp=recall.query_stamp(_LISTING),
        shown=listed.drop("columns"), columns=_TABLE_COLUMNS,
    )  # fmt: skip
    name = str(st.selectbox("Take one out", [*tables.TABLES], key="table_out", width=340))
    try:
        found = tables.whole(store, name, MOST_ROWS)
    except InputError as error:
        st.info(plain(f"{error}, or all of it by this command once the dashboard is stopped.", 300))
        st.code(recall.table_stamp(name)["command"], language=None, wrap_lines=True)
        return
    if found.is_empty():
        st.info(f"The table {name} is empty so far.")
        return
    panels.table(
        desk, found, name=f"table-{name.replace('_', '-')}", title=f"{name}: {tables.TABLES[name].words}",
        units=recall.units(found.columns), shown=recall.preview(found), columns=panels_recall.DATES,
        stamp=recall.table_stamp(name),
    )  # fmt: skip
    if found.height > recall.PREVIEW:
        st.caption(
            f"The first {recall.PREVIEW:,} of {found.height:,} rows are shown; the files have all of them."
        )
    st.code(recall.table_stamp(name)["command"], language=None, wrap_lines=True)


_LISTING = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
_TABLE_COLUMNS: dict[str, Any] = {
    "table": "Table",
    "rows": st.column_config.NumberColumn("Rows", format="localized"),
    "holds": st.column_config.TextColumn("What it holds", width="large"),
}
