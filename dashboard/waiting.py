"""What one reader waits for from the engine's process: one job of a kind at a time."""

from collections.abc import Callable

import streamlit as st

from dashboard import dialogs
from dashboard.jobs import Job, Jobs

REFRESH = 0.3


def held(kind: str, key: object) -> Job | None:
    """The reader's job of this kind, if it is that of `key` still."""
    job: Job | None = st.session_state.get(kind)
    if job is None or job.key != key or job.state == "cancelled":
        return None
    job.look()
    return job


def hold(kind: str, jobs: Jobs, job: Job | None) -> None:
    """A job just submitted, or none, in the place of the one before, which nobody may want any more."""
    before: Job | None = st.session_state.get(kind)
    if before is not None:
        jobs.leave(before)
    st.session_state[kind] = job


def until(finished: Callable[[], bool], fill: Callable[[], None], every: float = REFRESH) -> None:
    """A part of the page that `fill` draws again every so many seconds until `finished`; then the page runs
    `once_more`."""
    looking = not finished()

    def part() -> None:
        over = finished()
        if looking and over:
            once_more()
        fill()
        if not over:
            st.html('<span class="coming" role="status">More is being computed.</span>')

    st.fragment(part, run_every=every if looking else None)()


def arrived(waiting: object) -> bool:
    """Whether this is an answer, or a job that is done with it."""
    return not isinstance(waiting, Job) or waiting.finished


def once_more() -> None:
    """Run the page again as a whole, which shows what came and ends the looking. Under a dialog that waits
    until its reader leaves: Streamlit would take it away for a moment, with what is being typed in it."""
    if not dialogs.any_open():
        st.rerun()
