"""Every chart and table as a file that says what it is: CSV, Parquet and XLSX, charts also SVG and PNG, each
with its manifest.

The same state gives the same bytes, but for `created`, the manifest's one time. Chromium draws the images."""

import html
import io
import json
import re
import struct
import textwrap
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import polars as pl

from dashboard import chromium, xlsx
from dashboard.charts.figures import Chart, Table, background
from dashboard.chromium import ExportError
from models.parameters import Scenario
from models.shocks import Shocks

Manifest = dict[str, Any]

# Format -> (file extension, media type)
FORMATS = {
    "csv": ("csv", "text/csv"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "svg": ("svg", "image/svg+xml"),
    "png": ("png", "image/png"),
}
IMAGES = ("svg", "png")
DATA = tuple(form for form in FORMATS if form not in IMAGES)
KEY = "vaultline"  # names the manifest in Parquet metadata and in the PNG's text chunk
FORMULA_STARTS = r"^[=+\-@\t\r]"
STILL: Manifest = {"shocks": None, "seed": None, "paths": 1}  # of one path without random shocks
WIDTH = 1200
INLINE_WIDTH = 860  # as wide as a printed page at the size of its text


def manifest(
    *,
    kind: str,
    title: str,
    frame: pl.DataFrame,
    units: Mapping[str, str],
    scenario: Scenario,
    facts_version: str,
    model_version: str,
    command: str,
    time: datetime,
) -> Manifest:
    """What a file is and how to make it again. `kind` is "chart" or "table"; `command` the whole command line
    that gives the run; `time` (with a time zone) is `created`, the only field that the state does not fix.
    What it was drawn from, STILL or `drawn`, is for the caller to add."""
    return {
        "kind": kind,
        "title": title,
        "scenario": json.loads(scenario.canonical_json()),
        "scenario_digest": scenario.digest(),
        "facts_version": facts_version,
        "model_version": model_version,
        "app_version": metadata.version("vaultline"),
        "command": command,
        "rows": frame.height,
        "columns": [
            {"name": name, "type": str(dtype), "unit": units.get(name, "")}
            for name, dtype in frame.schema.items()
        ],
        "created": time.astimezone(UTC).isoformat(timespec="seconds"),
    }


def drawn(shocks: Shocks, seed: int, paths: int) -> Manifest:
    """What a manifest says of random paths."""
    return {"shocks": json.loads(shocks.canonical_json()), "seed": seed, "paths": paths}


def manifest_of(made: Chart | Table, **rest: Any) -> Manifest:
    """The manifest of a chart or table: title, frame and units are its own."""
    kind = "chart" if isinstance(made, Chart) else "table"
    return manifest(kind=kind, title=made.title, frame=made.frame, units=made.units, **rest)


def file_stem(name: str, scenario_digest: str) -> str:
    """vaultline-<name>-<start of the scenario's digest>"""
    return f"vaultline-{name}-{scenario_digest[:8]}"


def file_name(name: str, made: Manifest, form: str) -> str:
    """The stem with the extension of the format."""
    return f"{file_stem(name, made['scenario_digest'])}.{FORMATS[form][0]}"


def export(what: Chart | Table, form: str, made: Manifest) -> bytes:
    """The chart in one of FORMATS, the table in one of DATA. Raises ExportError when an image cannot be
    drawn, and InputError for more rows than a spreadsheet holds."""
    if form in DATA:
        return {"csv": csv_bytes, "parquet": parquet_bytes, "xlsx": xlsx.workbook}[form](what.frame, made)
    if isinstance(what, Table):
        raise ExportError(f"a table has no {form.upper()}")
    return svg_bytes(what, made) if form == "svg" else png_bytes(what, made)


def csv_bytes(frame: pl.DataFrame, made: Manifest | None = None) -> bytes:
    """Comma-separated, dot-decimal, full precision; text that a spreadsheet would run as a formula gets an
    apostrophe before it. With a manifest, its entries stand above the header as lines `# key: JSON`
    (polars: comment_prefix="#", pandas: comment="#")."""
    safe = frame.with_columns(pl.col(pl.String, pl.Categorical, pl.Enum).cast(pl.String)).with_columns(
        pl.col(pl.String).str.replace(f"({FORMULA_STARTS})", "'$1")
    )
    safe = safe.rename({c: re.sub(f"({FORMULA_STARTS})", r"'\1", c) for c in safe.columns})
    # spaces after separators: no cell of a spreadsheet begins inside the JSON with a quote or a formula
    above = "".join(f"# {key}: {json.dumps(value)}\n" for key, value in (made or {}).items())
    return above.encode() + safe.write_csv().encode()


def parquet_bytes(frame: pl.DataFrame, made: Manifest) -> bytes:
    """Parquet with the manifest as JSON in its key-value metadata, under KEY."""
    out = io.BytesIO()
    frame.write_parquet(out, metadata={KEY: _json(made)})
    return out.getvalue()


def svg_bytes(chart: Chart, made: Manifest) -> bytes:
    """The chart with its title and words, the manifest in the <metadata> element."""
    (drawn,) = chromium.draw([_with_words(chart, made)], "svg")
    text = _named(drawn, "chart")
    head = text.index(">") + 1
    note = f"<title>{html.escape(chart.title)}</title><desc>{html.escape(chart.alt)}</desc>"
    note += f"<metadata>{html.escape(_json(made), quote=False)}</metadata>"
    return (text[:head] + note + text[head:]).encode()


def inline_svgs(charts: Sequence[Chart]) -> list[str]:
    """The charts without their words, for one HTML document: each names its parts after itself."""
    drawings = [_still(chart) for chart in charts]
    for drawing in drawings:
        drawing["layout"]["width"] = INLINE_WIDTH
    drawn = chromium.draw(drawings, "svg") if drawings else []
    return [_named(data, f"part{at}") for at, data in enumerate(drawn)]


def _named(drawn: bytes, name: str) -> str:
    """plotly names the parts of a drawing after a random number; here they get `name` for it."""
    text = drawn.decode()
    token = re.search(r'id="defs-([0-9a-f]+)"', text)
    return text.replace(token[1], name) if token else text


def png_bytes(chart: Chart, made: Manifest) -> bytes:
    """The chart with its title and words at twice the screen's resolution, the manifest in an iTXt chunk."""
    (image,) = chromium.draw([_with_words(chart, made)], "png")
    body = b"iTXt" + KEY.encode() + b"\0\0\0\0\0" + _json(made).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 8 + 25  # the signature, and IHDR with its length, name and checksum
    return image[:after_header] + chunk + image[after_header:]


def _json(made: Manifest) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _with_words(chart: Chart, made: Manifest) -> dict[str, Any]:
    """The figure as a page of its own: opaque, with title, subtitle and the stamp of its numbers."""
    drawing = _still(chart)
    stamp = f"vaultline · scenario {made['scenario_digest'][:12]} · facts {made['facts_version'][:12]}"
    stamp += f" · model {made['model_version']}"
    words = [*textwrap.wrap(chart.subtitle, 160), f'<span style="font-size:11px">{stamp}</span>']
    above = 56 + 20 * len(words)
    layout = drawing["layout"]
    height = layout["height"] + above
    layout |= {
        "height": height,
        "margin": {"l": 24, "r": 24, "t": above, "b": 16},
        "title": {
            "text": chart.title,
            "subtitle": {"text": "<br>".join(words), "font": {"size": 14}},
            "font": {"size": 20},
            "x": 24 / WIDTH,
            "xanchor": "left",
            "y": 1 - 16 / height,
            "yref": "container",
            "yanchor": "top",
        },
    }
    return drawing


def _still(chart: Chart) -> dict[str, Any]:
    """The figure as it is drawn outside a page: opaque, of a width of its own."""
    drawing = chart.figure.to_dict()
    # or plotly gives each trace a random name
    drawing["data"] = [trace | {"uid": f"trace{i}"} for i, trace in enumerate(drawing["data"])]
    drawing["layout"] |= {"width": WIDTH, "paper_bgcolor": background(chart.figure)}
    return drawing
