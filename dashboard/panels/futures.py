"""How far the random futures of a page are."""

from collections.abc import Callable

import streamlit as st

from dashboard.jobs import Job
from dashboard.words.formats import plain


def progress(
    slot: str, job: Job | None, done: int, total: int, made: str | None, cancel: Callable[[], None]
) -> None:
    """A bar that can be cancelled, or what became of it. `slot` is where the session keeps what the page
    asked for; no `job`: it was there already; `made`: by what the numbers were made."""
    if slot not in st.session_state:
        st.rerun()  # to go on: the page as a whole asks, and not this part of it
    key = f"{slot}_progress"
    st.html(f"<style>.st-key-{key} {{ min-height: 56px; }}</style>")  # what is below does not jump
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if job is not None and not job.finished:
            st.progress(min(done / total, 1.0), f"{done:,} of {total:,} futures", width=420)
            st.button("Cancel", key=f"{slot}_cancel", icon=":material/stop:", on_click=cancel)
        elif job is not None and job.state == "cancelled":
            stands = ": what stands here is of those" if done else ""
            st.caption(f"Cancelled after {done:,} of {total:,} futures{stands}.")
            st.button("Go on", key=f"{slot}_go_on", on_click=st.session_state.pop, args=(slot, None))
        elif job is not None and job.error:
            st.error(plain(job.error, 400))
        elif made is not None:
            st.caption(made)
