"""A report on demand: a button, how far it is, then its files."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.chromium import installed, print_pdf
from dashboard.exports import file_stem
from dashboard.questions.comparisons import Question
from dashboard.waiting import REFRESH, once_more
from dashboard.words.formats import plain

if TYPE_CHECKING:  # the frame shows it on every page, and the rest is loaded when it is asked for
    from dashboard.frame import Desk
    from dashboard.report.errand import ReportErrand

ABOUT = (
    "One file for reading, printing and handing on: the answer with its ranges and errors, charts, every "
    "assumption with its source, and the command that gives it again. It takes about ten seconds."
)


def offer(desk: "Desk", asked: Question, key: str = "report") -> None:
    """Makes a report of one scenario, or of several beside each other."""
    slot = f"errand_{key}"
    errand: ReportErrand | None = st.session_state.get(slot)
    if errand is not None and errand.question != asked:
        errand.cancel()
        errand = None
        del st.session_state[slot]

    def start() -> None:
        from dashboard.report.errand import ReportErrand

        st.session_state[slot] = ReportErrand(desk.answers, asked)

    if errand is None or errand.error or errand.cancelled:
        st.caption(ABOUT)
        st.button("Make the report", key=f"{key}_start", icon=":material/play_arrow:", on_click=start)
    if errand is None:
        return
    running = not errand.ended.is_set()
    st.fragment(partial(_progress, key, errand, running), run_every=REFRESH if running else None)()
    if not running and errand.found is not None:
        _files(errand.found, file_stem("report", asked.scenarios[0].digest()), key)


def _progress(key: str, errand: "ReportErrand", running: bool) -> None:
    errand.look()
    if not errand.ended.is_set():
        st.progress(errand.share or 0.0, plain(errand.what, 200))
        st.button("Cancel", key=f"{key}_cancel", icon=":material/stop:", on_click=errand.cancel)
    elif running:
        once_more()
    elif errand.error:
        st.error(plain(errand.error, 500))
    elif errand.cancelled:
        st.caption("Cancelled; nothing was made.")


def _files(page: bytes, stem: str, key: str) -> None:
    st.caption("The report is ready.")
    with st.container(horizontal=True):
        st.download_button("HTML", page, f"{stem}.html", "text/html", key=f"{key}_html", on_click="ignore")
        if installed() is not None:
            # Printed when it is clicked, and not before
            printed = partial(print_pdf, page)
            name = f"{stem}.pdf"
            st.download_button("PDF", printed, name, "application/pdf", key=f"{key}_pdf", on_click="ignore")
    if installed() is None:
        st.caption(
            "On the machine that runs vaultline there is no Chromium or Chrome: open the HTML in your "
            "browser and print it from there."
        )
