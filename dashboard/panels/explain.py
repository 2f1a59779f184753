"""Headline figures as cards, each with where its number comes from, in a dialog."""

from collections.abc import Callable
from typing import Any, Protocol

import polars as pl
import streamlit as st

from dashboard import dialogs
from dashboard.answers import Explanation
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.words.formats import plain
from models.parameters import InputError

# Columns of a path by their unit; the rest have none.
USD = ("revenue", "target", "paid", "fee_vault_draw", "short", "surplus", "burn_usd", "F", "g")
IO = ("released", "unlocked", "burned", "burned_market", "overflow_burned", "refilled", "circulating", "V")
PATH_COLUMNS: dict[str, Any] = {
    "month": "Run month",
    "date": st.column_config.DateColumn("Month's end"),
    "price": st.column_config.NumberColumn("price, USD", format="%.4f"),
    **{name: st.column_config.NumberColumn(f"{name}, USD", format="%,.0f") for name in USD},
    **{name: st.column_config.NumberColumn(f"{name}, IO", format="%,.0f") for name in IO},
}
UNITS = {"price": "USD per IO", "month": "run month", **dict.fromkeys(USD, "USD"), **dict.fromkeys(IO, "IO")}


class Card(Protocol):
    """A headline figure; `figure` names it for whoever explains it."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def figure(self) -> str: ...


def card(
    desk: Desk,
    made: Card,
    explained: Callable[[str], Explanation] | None,
    below: Callable[[], None] | None = None,
) -> None:
    """A figure with what stands under it and its explanation, which is made when it is asked for. None: the
    figure is on its way still. `below` fills the card further."""
    with st.container(border=True, height="stretch"):
        figure(made)
        if below is not None:
            below()
        button(desk, made.figure, explained)


def figure(made: Card, help: str | None = None) -> None:
    """The figure itself with what stands under it."""
    st.metric(made.label, made.value, help=help)
    st.caption(made.detail)


def button(
    desk: Desk,
    figure: str,
    explained: Callable[[str], Explanation] | None,
    label: str = "Explain this number",
) -> None:
    """What opens the explanation of a figure."""
    key = f"explain_{figure}"
    st.button(
        label, key=key, type="tertiary", disabled=explained is None, on_click=dialogs.begin, args=(key,)
    )  # fmt: skip
    if explained is not None and dialogs.is_open(key):
        show(desk, explained, figure)


@st.dialog("Where this number comes from", width="large", on_dismiss=dialogs.close)
def show(desk: Desk, explained: Callable[[str], Explanation], figure: str) -> None:
    """Formula, this run's arithmetic, what is behind it, inputs with their sources, and the command."""
    try:
        found = explained(figure)
    except InputError as error:
        st.error(plain(f"{error}.", 400))
        return
    st.markdown(f"**{plain(found.title)}**")
    st.code(found.formula, language=None, wrap_lines=True)
    st.markdown("With this run's numbers")
    st.code("\n".join(found.arithmetic), language=None, wrap_lines=True)
    stamp = {"command": found.command}
    _table(desk, found.path, f"{figure}-path", "The months behind it, as they end", stamp)
    if found.behind:
        st.caption(plain(found.behind, 300))
    _table(desk, found.inputs, f"{figure}-inputs", "The inputs it rests on", stamp)
    st.markdown("The command that gives it")
    st.code(found.command, language="bash", wrap_lines=True)


def _table(desk: Desk, frame: pl.DataFrame, name: str, title: str, stamp: dict[str, Any]) -> None:
    columns = panels.INPUT_COLUMNS if name.endswith("inputs") else PATH_COLUMNS
    units = {column: UNITS[column] for column in frame.columns if column in UNITS}
    panels.table(desk, frame, name=name, title=title, columns=columns, units=units, stamp=stamp)
