"""A long answer on a page: the button that asks for it, how far it is, and what it is stamped with."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.frame import Desk
from dashboard.waiting import REFRESH, once_more
from dashboard.words.formats import plain
from models.parameters import Scenario
from models.shocks import Shocks

if TYPE_CHECKING:
    # they bring scipy along: loaded when an answer is asked for
    from dashboard.errands import Errand
    from dashboard.questions.risks import Found, Question


def ask(
    desk: Desk,
    key: str,
    question: "Question",
    about: str,
    fill: Callable[["Found"], None],
    button: str = "Work it out",
) -> None:
    """A button, then how far it is, then the answer. One is on its way for a reader and a drawer; when the
    question changes, the old answer is for another one and is not shown."""
    from dashboard.errands import Errand

    slot = f"errand_{key}"
    sent: Errand | None = st.session_state.get(slot)
    if sent is not None and sent.question != question:
        sent.cancel()
        sent = None
        del st.session_state[slot]

    def start() -> None:
        st.session_state[slot] = Errand(desk.answers, question)

    if sent is None or sent.error or sent.cancelled:
        st.button(button, key=f"{key}_start", icon=":material/play_arrow:", on_click=start)
        st.caption(f"{about}.")
    if sent is None:
        return
    running = not sent.ended.is_set()
    st.fragment(partial(_progress, key, sent, running), run_every=REFRESH if running else None)()
    if not running and sent.found is not None:
        if sent.found.note:
            st.caption(plain(sent.found.note, 300))
        fill(sent.found)


def _progress(key: str, errand: "Errand", running: bool) -> None:
    errand.look()
    if not errand.ended.is_set():
        share = errand.share
        told = "Waiting for another long answer" if share is None else f"{share:.0%} of the work"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(share or 0.0, 1.0), told, width=420)
            st.button("Cancel", key=f"{key}_cancel", icon=":material/stop:", on_click=errand.cancel)
    elif running:
        once_more()
    elif errand.error:
        st.error(plain(errand.error, 500))
    elif errand.cancelled:
        st.caption("Cancelled; half of it answers nothing.")


def made(found: "Found", size: str) -> None:
    how = "found in the store, computed" if found.found else "computed"
    st.caption(f"{size}; {how} in {found.seconds:.1f} s; run `{found.run_id[:12]}`.")


def stamp(found: "Found", scenario: Scenario, shocks: Shocks, flags: list[str]) -> dict[str, Any]:
    from dashboard.commands.risk_output import marks

    made = marks(found, scenario, shocks, flags)
    # what differs from one asking to the next is none of the answer's
    return {name: made[name] for name in made if name not in ("seconds", "recorded")}
