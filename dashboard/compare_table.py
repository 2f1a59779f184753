"""A table whose columns are scenarios, as HTML that a phone can show: nothing is scrolled sideways."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """What stands under one scenario, plain text: a value, and what is said of it."""

    value: str
    detail: str


STYLE = """
table.compared { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
table.compared caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0,0,0,0); }
table.compared th, table.compared td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem 0.4rem 0;
  border-bottom: 1px solid rgba(127,127,127,0.35); overflow-wrap: anywhere; }
table.compared th[scope=row] { font-weight: 400; width: 24%; }
table.compared td span, table.compared td small { display: block; }
table.compared td b { display: none; }
@media (max-width: 700px) {
  table.compared thead { display: none; }
  table.compared tr { display: block; padding: 0.5rem 0; border-bottom: 1px solid rgba(127,127,127,0.35); }
  table.compared th[scope=row], table.compared td { width: auto; border: 0; padding: 0.15rem 0; }
  table.compared th[scope=row] { display: block; font-weight: 600; }
  table.compared td { display: grid; grid-template-columns: 38% 1fr; column-gap: 0.5rem; }
  table.compared td b { display: block; font-weight: 400; opacity: 0.8; grid-row: 1 / span 2; }
  table.compared td span, table.compared td small { grid-column: 2; }
}
"""


def table(heads: Sequence[str], rows: list[tuple[str, list[Cell]]], caption: str) -> str:
    """A table as HTML, every text escaped: rows become blocks where the window is narrow, so that nothing is
    scrolled sideways. `caption` is what a screen reader calls it."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in ("", *heads))
    body = "".join(
        f'<tr><th scope="row">{escape(title)}</th>'
        + "".join(
            f"<td><b>{escape(h)}</b><span>{escape(cell.value)}</span><small>{escape(cell.detail)}</small></td>"
            for h, cell in zip(heads, cells, strict=True)
        )
        + "</tr>"
        for title, cells in rows
    )
    return (
        f"<style>{STYLE}</style>"
        f'<table class="compared"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
