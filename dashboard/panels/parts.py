"""Parts of pages: a chart or a table with its words and its files."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import exports
from dashboard.charts.figures import CONFIG, Chart, Table, bare, camera
from dashboard.chromium import installed
from dashboard.frame import Desk
from dashboard.settings import command
from dashboard.versions import model_version
from dashboard.words.formats import plain

EXPORT_HEIGHT = 56  # of the button below a chart, and what keeps it apart
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
        config = CONFIG if installed() else camera(_form(made), _stem(desk, made))
        st.plotly_chart(bare(made.drawing), theme=None, config=config, alt=made.alt, key=f"chart_{made.name}")
        export(desk, made, stamp or {})


def coming(name: str, title: str, height: int) -> None:
    """The place of a chart that is on its way, as high as that, so that nothing below it jumps."""
    with st.container(key=f"panel_{name}"):
        st.header(title, anchor=False)
        st.caption(
            "On its way: the random futures of the scenario as it stands now are being run, after what "
            "others wait for already, and the chart comes with the first of them."
        )
        st.container(height=height + EXPORT_HEIGHT, border=False, key=f"coming_{name}")


def table(
    desk: Desk,
    frame: pl.DataFrame,
    *,
    name: str,
    title: str,
    units: Mapping[str, str] | None = None,
    shown: pl.DataFrame | None = None,
    columns: Mapping[str, Any] | None = None,
    words: bool = False,
    headed: bool = True,
    stamp: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """A table with its files below: CSV, Parquet, XLSX and manifest hold `frame`, in full and in the `units`
    of its columns; readers see `shown` (default: the same) under `columns`, Streamlit's configuration
    of columns. `words`: a small table whose cells wrap. `headed`: under its title. `stamp` as for `chart`;
    `options` go to st.dataframe, whose answer comes back."""
    what = Table(name, title, frame, units or {})
    seen = frame if shown is None else shown
    with st.container(key=f"table_{name}"):
        if headed:
            st.markdown(f"**{plain(title, 300)}**")
        if words:
            st.table(seen.select(pl.all().map_elements(_cell, return_dtype=pl.String)))
            answer = None
        else:
            settings = {"column_config": columns, "hide_index": True, "alt": title, **options}
            answer = st.dataframe(seen, **settings)
        export(desk, what, stamp or {})
    return answer


def inputs_table(desk: Desk, inputs: pl.DataFrame, name: str, title: str) -> None:
    """Inputs as `Answers.inputs` lists them, under a heading that is there already."""
    table(desk, inputs, name=name, title=title, columns=INPUT_COLUMNS, headed=False)


def _cell(text: object) -> str:
    """Tables of words would read Markdown."""
    return plain(str(text), 400)


def export(desk: Desk, made: Chart | Table, stamp: Mapping[str, Any]) -> None:
    """The files of a chart or table, made when they are asked for."""
    key = f"export_{made.name}"
    drawn = st.popover("Export", icon=":material/download:", type="tertiary", key=key, on_change="rerun")
    if drawn.open:
        with drawn:
            _files(desk, made, stamp)


def _files(desk: Desk, made: Chart | Table, stamp: Mapping[str, Any]) -> None:
    # what has a command of its own says itself what it was drawn from
    manifest = {**_manifest(desk, made), **({} if "command" in stamp else exports.STILL), **stamp}
    drawn_here = isinstance(made, Chart) and installed() is not None
    st.caption("Each file carries its manifest: inputs, versions and the command that makes it again.")
    with st.container(horizontal=True):
        for form in exports.FORMATS if drawn_here else exports.DATA:
            # Made when it is clicked, and not before: an image takes seconds.
            data = partial(exports.export, made, form, manifest)
            name, (_, media) = exports.file_name(made.name, manifest, form), exports.FORMATS[form]
            key = f"download_{made.name}_{form}"
            st.download_button(form.upper(), data, name, media, key=key, on_click="ignore")
        st.download_button(
            "Manifest",
            json.dumps(manifest, indent=2, ensure_ascii=False),
            f"{exports.file_stem(made.name, manifest['scenario_digest'])}.manifest.json",
            "application/json",
            key=f"download_{made.name}_manifest",
            on_click="ignore",
        )
    if drawn_here:
        st.caption("PNG and SVG are drawn by Chromium or Chrome on the machine that runs vaultline.")
    elif isinstance(made, Chart):
        st.segmented_control(
            "The camera on the chart saves",
            exports.IMAGES,
            key=f"camera_{made.name}",
            default=exports.IMAGES[-1],
            required=True,
            format_func=str.upper,
        )
        st.caption(
            "On the machine that runs vaultline there is no Chromium or Chrome to draw images. The camera "
            "above the chart saves it as your browser draws it, without its title: take the manifest as well."
        )


def _form(made: Chart) -> str:
    """What the camera on a chart saves, as chosen in its Export."""
    return str(st.session_state.get(f"camera_{made.name}", exports.IMAGES[-1]))


def _stem(desk: Desk, made: Chart | Table) -> str:
    return exports.file_stem(made.name, desk.scenario.digest())


def _manifest(desk: Desk, made: Chart | Table) -> exports.Manifest:
    return exports.manifest_of(
        made,
        scenario=desk.scenario,
        facts_version=desk.answers.registry.version,
        model_version=model_version(),
        command=command(desk.scenario),
        time=datetime.now(UTC),
    )
