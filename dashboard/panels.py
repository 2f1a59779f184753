"""Parts of pages: a chart with its words and its files, and where a number comes from."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import exports
from dashboard.answers import model_version
from dashboard.figures import CONFIG, Chart
from dashboard.formats import plain
from dashboard.frame import Desk
from dashboard.settings import command

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
INPUT_COLUMNS: dict[str, Any] = {
    "symbol": "Symbol",
    "title": "Input",
    "value": "Value",
    "unit": "Unit",
    "kind": "Kind",
    "source": "Source",
    "address": st.column_config.LinkColumn("Address"),
}


def chart(desk: Desk, made: Chart, stamp: Mapping[str, Any] | None = None) -> None:
    """A chart under its title and what to notice in it, with its files below. `stamp` is what their manifests
    say besides the scenario, or instead of it."""
    with st.container(key=f"panel_{made.name}"):
        st.header(made.title, anchor=False)
        st.caption(made.subtitle)
        st.plotly_chart(made.figure, theme=None, config=CONFIG, alt=made.alt, key=f"chart_{made.name}")
        key = f"export_{made.name}"
        drawn = st.popover("Export", icon=":material/download:", type="tertiary", key=key, on_change="rerun")
        if drawn.open:
            with drawn:
                _exports(desk, made, stamp or {})


def _exports(desk: Desk, made: Chart, stamp: Mapping[str, Any]) -> None:
    manifest = {**_manifest(desk, made), **stamp}
    st.caption("Each file carries its manifest: inputs, versions and the command that makes it again.")
    with st.container(horizontal=True):
        for form, (_, media) in exports.FORMATS.items():
            name = exports.file_name(made.name, manifest, form)
            # Made when it is clicked, and not before: an image takes seconds.
            data = partial(exports.export, made, form, manifest)
            key = f"download_{made.name}_{form}"
            st.download_button(form.upper(), data, name, media, key=key, on_click="ignore")
        st.download_button(
            "Manifest",
            json.dumps(manifest, indent=2, ensure_ascii=False),
            exports.file_name(made.name, manifest, "csv").removesuffix(".csv") + ".manifest.json",
            "application/json",
            key=f"download_{made.name}_manifest",
            on_click="ignore",
        )
    st.caption("PNG and SVG are drawn by Chromium or Chrome on the machine that runs vaultline.")


def _manifest(desk: Desk, made: Chart) -> exports.Manifest:
    return exports.chart_manifest(
        made,
        scenario=desk.scenario,
        facts_version=desk.answers.registry.version,
        model_version=model_version(),
        command=command(desk.scenario),
        time=datetime.now(UTC),
    )


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
    inputs_table(found.inputs)
    st.markdown("The command that gives it")
    st.code(found.command, language="bash", wrap_lines=True)


def inputs_table(inputs: pl.DataFrame) -> None:
    """Inputs as `Answers.inputs` lists them."""
    st.dataframe(inputs, hide_index=True, column_config=INPUT_COLUMNS)
