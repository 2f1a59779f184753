"""Where a number comes from, in a dialog."""

from typing import Any

import streamlit as st

from dashboard import panels
from dashboard.formats import plain
from dashboard.frame import Desk

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


@st.dialog("Where this number comes from", width="large")
def explain(desk: Desk, figure: str) -> None:
    """One of explain.FIGURES: formula, this run's arithmetic, inputs with sources, the months around it."""
    found = desk.answers.explain(desk.scenario, figure)
    st.markdown(f"**{plain(found.title)}**")
    st.code(found.formula, language=None, wrap_lines=True)
    st.markdown("With this run's numbers")
    st.code("\n".join(found.arithmetic), language=None, wrap_lines=True)
    st.markdown("The months behind it, states at the month's end")
    st.dataframe(found.path, hide_index=True, column_config=PATH_COLUMNS)
    st.markdown("The inputs it rests on")
    panels.inputs_table(found.inputs)
    st.markdown("The command that gives it")
    st.code(found.command, language="bash", wrap_lines=True)
