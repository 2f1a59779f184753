"""What reports are made of: text, cards, tables and charts as one HTML page that fetches nothing.

Parts are HTML, or a Chart to be drawn. All text that goes in is escaped here; `said` takes the Markdown that
the pages' own sentences are written in."""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import polars as pl

from dashboard import exports
from dashboard.charts.figures import CONFIG, Chart
from dashboard.chromium import installed

# Nothing is fetched, whatever a text may say; without scripts where the charts are drawn beforehand.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
SCRIPTS = "; script-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1f2328; background: #fff;
  font: 15px/1.5 "Source Sans 3", "Source Sans Pro", "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.3; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #c8ccd1; padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: .4rem 0; }
.answer { font-size: 1.15rem; }
.note { color: #4a5058; font-size: .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.6rem, 1fr)); gap: .6rem; }
.cards { margin: .8rem 0; }
.card { border: 1px solid #c8ccd1; border-radius: .4rem; padding: .6rem .8rem; break-inside: avoid; }
.card b { display: block; font-size: 1.3rem; }
.card span { font-size: .85rem; }
figure { margin: 1rem 0; break-inside: avoid; }
figcaption { margin-bottom: .3rem; }
figcaption strong { display: block; }
figure svg { width: 100%; height: auto; display: block; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; margin: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #dfe2e6; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td { overflow-wrap: break-word; }
.columns td { white-space: pre-line; }
.stamp td { overflow-wrap: anywhere; }
.stamp td:first-child { white-space: nowrap; }
tr { break-inside: avoid; }
tr.assumption td:first-child { border-left: 3px solid #D55E00; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
pre { background: #f3f4f6; padding: .6rem .8rem; }
a { color: #005a8f; overflow-wrap: anywhere; }
h2, h3 { break-after: avoid; }
@page { size: A4; margin: 14mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; }
}
"""


class Says(Protocol):
    """A headline figure with what stands under it."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def detail(self) -> str: ...


class Column(NamedTuple):
    """How a column of a table reads: its head, its values in words, and whether they are numbers."""

    head: str
    write: Callable[[object], str] = str
    number: bool = False


Part = str | Chart
Cell = tuple[str, bool]  # HTML, and whether it is a number


def said(markdown: str) -> str:
    """The house's own Markdown (bold, escapes, line ends; no links) as HTML."""
    text = html.escape(markdown.replace("\N{WORD JOINER}", ""), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\\([!-%'-/:-@\[-`{-~]|&(?:amp|lt|gt);)", r"\1", text)
    return text.replace("  \n", "<br>")


def heading(text: str, level: int = 2) -> str:
    return f"<h{level}>{html.escape(text)}</h{level}>"


def paragraph(markdown: str, kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{said(markdown)}</p>"


def listed(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{said(line)}</li>" for line in lines) + "</ul>"


def cards(made: Iterable[Says]) -> str:
    inside = "".join(
        f'<div class="card">{said(c.label)}<b>{said(c.value)}</b><span>{said(c.detail)}</span></div>'
        for c in made
    )
    return f'<div class="cards">{inside}</div>'


def code(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"


def link(name: str, address: str | None) -> str:
    """A source's name, linked where there is an address (https, by the facts' own check)."""
    if not address or not address.startswith("https://"):
        return html.escape(name)
    return f'<a href="{html.escape(address)}" rel="noreferrer">{html.escape(name)}</a>'


def table(frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The named columns of a frame, in that order."""
    rows = [
        [cell(_blank(c.write, row[name]), c.number) for name, c in columns.items()]
        for row in frame.iter_rows(named=True)
    ]
    return rows_table([cell(c.head, c.number) for c in columns.values()], rows)


def cell(text: str, number: bool = False) -> Cell:
    """A cell of plain text."""
    return html.escape(text), number


def _blank(write: Callable[[object], str], value: object) -> str:
    return "" if value is None else write(value)


def rows_table(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], marks: Sequence[str] = ()) -> str:
    """A table of cells; `marks` are the rows' classes."""

    def row(kind: str, cells: Sequence[Cell]) -> str:
        return "".join(f"<{kind}{' class=n' if number else ''}>{inside}</{kind}>" for inside, number in cells)

    body = "\n".join(
        f"<tr{f' class={mark}' if mark else ''}>{row('td', cells)}</tr>"
        for cells, mark in zip(rows, marks or [""] * len(rows), strict=True)
    )
    head = row("th", heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def again(stamp: Mapping[str, str], command: str) -> list[Part]:
    """What it takes to get a report's numbers again: its last part."""
    rows = rows_table([cell("Of"), cell("Is")], [[cell(name), cell(text)] for name, text in stamp.items()])
    return [
        heading("How to get these numbers again"),
        f'<div class="stamp">{rows}</div>',
        paragraph("This command carries every input and makes the same report.", "note"),
        code(command),
    ]


def page(title: str, parts: Sequence[Part]) -> bytes:
    """The whole document. Charts are drawn by the installed Chromium; where there is none, plotly goes along
    and draws them in the reader's browser. Raises ExportError."""
    charts = [part for part in parts if isinstance(part, Chart)]
    still = installed() is not None or not charts
    drawn = iter(exports.inline_svgs(charts) if still else _live(charts))
    body = "\n".join(_figure(part, next(drawn)) if isinstance(part, Chart) else part for part in parts)
    policy = POLICY if still else POLICY + SCRIPTS
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).encode()


def _figure(chart: Chart, drawn: str) -> str:
    words = f"<strong>{html.escape(chart.title)}</strong>{html.escape(chart.subtitle)}"
    alt = html.escape(chart.alt)
    return (
        f'<figure><figcaption>{words}</figcaption><div role="img" aria-label="{alt}">{drawn}</div></figure>'
    )


def _live(charts: Sequence[Chart]) -> list[str]:
    import plotly.io

    config = {**CONFIG, "displayModeBar": False, "responsive": True}
    return [
        plotly.io.to_html(
            chart.figure, config, include_plotlyjs=at == 0, include_mathjax=False, full_html=False,
            div_id=f"part{at}", validate=False,
        )
        for at, chart in enumerate(charts)
    ]  # fmt: skip
