"""What every chart is made of: its words and data beside the figure, colours, axes, lines, shaded months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import plotly.graph_objects as go
import polars as pl

from models.projection import Projection, monthly

CONFIG: dict[str, Any] = {
    "showSendToCloud": False,
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage"],
}


def camera(form: str, name: str) -> dict[str, Any]:
    """CONFIG with plotly's own button that saves the chart as the reader's browser draws it: for machines
    without a Chromium of their own. `form` is "png" or "svg"; `name` a file name without its extension."""
    return {
        **CONFIG,
        "displayModeBar": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d"],
        "toImageButtonOptions": {"format": form, "filename": name, "scale": 1 if form == "svg" else 2},
    }


# data and layout, as plotly's JSON has them
Drawing: TypeAlias = dict[str, Any]
LEGEND: dict[str, Any] = {
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "y": -0.14,
    "yanchor": "top",
    "font": {"size": 12},
}


class Palette(NamedTuple):
    """Okabe and Ito's colours, told apart by colour-blind readers, for one background."""

    main: str
    second: str
    green: str
    yellow: str
    purple: str
    light: str
    grey: str
    text: str
    grid: str
    zone: str  # shading of the months that are short


LIGHT = Palette("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#7F7F7F", "#31333F",
                "rgba(49,51,63,0.15)", "rgba(213,94,0,0.13)")  # fmt: skip
DARK = Palette("#56B4E9", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#0072B2", "#9A9A9A", "#FAFAFA",
               "rgba(250,250,250,0.18)", "rgba(213,94,0,0.2)")  # fmt: skip


DARK_GROUND = "#0E1117"


@dataclass(frozen=True)
class Chart:
    """One chart with its words and its data. `name` is a file name's stem; `drawing` what plotly draws;
    `frame` holds exactly what is drawn, with the unit of each of its columns in `units`; `alt` says the chart
    in one sentence."""

    name: str
    title: str
    subtitle: str
    alt: str
    drawing: Drawing
    frame: pl.DataFrame
    units: Mapping[str, str]

    @cached_property
    def figure(self) -> go.Figure:
        """As plotly has it, for images; a page draws without."""
        return go.Figure(self.drawing, _validate=False)


@dataclass(frozen=True)
class Table:
    """One table as it leaves the page, in full and in the `units` of its columns."""

    name: str
    title: str
    frame: pl.DataFrame
    units: Mapping[str, str]


def bare(drawing: Drawing) -> go.Figure:
    """A drawing as Streamlit takes it: a figure that has nothing but `to_dict`. A real one copies all of it
    twice, which takes longer than everything else that a page does for a chart."""
    empty = go.Figure.__new__(go.Figure)
    object.__setattr__(empty, "to_dict", lambda: drawing)
    return empty


def palette(dark: bool) -> Palette:
    return DARK if dark else LIGHT


def background(drawn: go.Figure) -> str:
    """The ground that the figure's text was coloured for."""
    return DARK_GROUND if drawn.layout.font.color == DARK.text else "#FFFFFF"


def figure(traces: list[dict[str, Any]], layout: dict[str, Any], *, dark: bool, height: int) -> Drawing:
    """A figure on a transparent ground, legend below. Without plotly's validation: that takes longer than
    all else here, so the tests validate every chart instead."""
    colours = palette(dark)
    base = {
        "template": {},
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 16, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.text, "size": 13, "family": "Source Sans, Source Sans Pro, sans-serif"},
        "legend": LEGEND,
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": "#262730" if dark else "#FFFFFF",
            "font": {"color": colours.text},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.grey, "activecolor": colours.text},
        # dragging a chart on a phone must scroll the page; the mode bar zooms
        "dragmode": False,
        "uirevision": "kept",
    }
    return {"data": traces, "layout": base | layout}


def date_axis(colours: Palette, **more: Any) -> dict[str, Any]:
    return {
        "type": "date",
        # the year stands in a second line, once: twelve labels fit a phone
        "tickformat": "%b\n%Y",
        "hoverformat": "%b %Y",
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "automargin": True,
        "tickangle": 0,
        **more,
    }


def value_axis(title: str, colours: Palette, **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 6, "font": {"size": 12}},
        "gridcolor": colours.grid,
        "zerolinecolor": colours.grid,
        "automargin": True,
        **more,
    }


def line(
    x: Sequence[str | None],
    y: Any,
    name: str,
    colour: str,
    *,
    dash: str = "solid",
    width: float = 2,
    shape: str = "linear",
    **more: Any,
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash, "shape": shape},
        **more,
    }


def iso(dates: pl.Series) -> list[str]:
    return dates.dt.to_string("%Y-%m-%d").to_list()


def label(text: str) -> str:
    """A name from outside for plotly, which would read tags in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def by_month(projection: Projection) -> pl.DataFrame:
    """The projection's frame with one row a month."""
    return projection.frame if projection.scenario.steps_per_month == 1 else monthly(projection.frame)


def zones(dates: Sequence[str], flagged: Sequence[bool], start: str, colour: str) -> list[dict[str, Any]]:
    """Rectangles over the runs of flagged months, each from the end of the month before to its own end."""
    edges = [start, *dates]
    shapes, first = [], None
    for i, flag in enumerate([*flagged, False]):
        if flag and first is None:
            first = i
        elif not flag and first is not None:
            shapes.append(
                {
                    "type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
                    "x0": edges[first], "x1": edges[i], "fillcolor": colour, "line": {"width": 0},
                }
            )  # fmt: skip
            first = None
    return shapes


def zone_key(colour: str, name: str = "shortfall") -> dict[str, Any]:
    """A legend entry for the shaded zones: shapes have none of their own that wraps."""
    return {
        "type": "scatter", "mode": "markers", "x": [None], "y": [None], "name": name, "hoverinfo": "skip",
        "marker": {"symbol": "square", "size": 12, "color": colour},
    }  # fmt: skip


def run_start(projection: Projection) -> str:
    """The first day of the run's first month, as a date on the axis."""
    return projection.frame["date"][0].replace(day=1).isoformat()


def faint(colour: str, opacity: float) -> str:
    """A hex colour with an opacity."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{opacity})"
