"""What one reader waits for from the engine's process: one job of a kind at a time."""

import streamlit as st

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
