"""The Workbench's validation: the engine's paths against laws that are known exactly, on a button."""

from functools import partial

import streamlit as st

from dashboard import recall, validation
from dashboard.charts import recall as charts_recall
from dashboard.frame import Desk
from dashboard.jobs import Job
from dashboard.panels import parts as panels
from dashboard.waiting import until
from dashboard.words.formats import plain

COMMAND = "vaultline validate --json"


def show(desk: Desk) -> None:
    """A button, how far it is, and what came out."""
    st.caption(
        "Every number of a stress test comes from random paths. Here their price, demand, regimes and the "
        "tokens it takes to pay a constant amount are held against what their laws say exactly."
    )
    jobs: list[Job] | None = st.session_state.get("validation")
    running = jobs is not None and not all(job.finished for job in jobs)
    st.button(
        "Check the engine", key="validate", icon=":material/rule:", disabled=running,
        on_click=partial(_begin, desk),
    )  # fmt: skip
    if jobs is not None:
        until(lambda: all(job.finished for job in jobs), partial(_progress, desk, jobs))


def _begin(desk: Desk) -> None:
    st.session_state["validation"] = [
        desk.answers.jobs.submit(("laws", case.shocks, case.steps, case.laws.paths), case.laws)
        for case in validation.cases(desk.answers.registry)
    ]


def _progress(desk: Desk, jobs: list[Job]) -> None:
    finished = sum(job.finished for job in jobs)
    if finished < len(jobs):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(finished / len(jobs), f"{finished} of {len(jobs)} cases", width=420)
            st.button(
                "Cancel", key="validate_cancel", icon=":material/stop:", on_click=partial(_cancel, desk, jobs)
            )
        return
    if any(job.state == "cancelled" for job in jobs):
        st.caption("Cancelled; half of it says nothing.")
        return
    faults = [job.error for job in jobs if job.error]
    if faults:
        st.error(plain(faults[0], 400))
        return
    rows = validation.frame(validation.cases(desk.answers.registry), [job.result for job in jobs])
    st.markdown(f"**{plain(validation.sentence(rows, validation.PATHS, validation.SEED), 400)}**")
    stamp = recall.command_stamp(COMMAND) | {"seed": validation.SEED, "paths": validation.PATHS}
    panels.chart(desk, charts_recall.laws(rows, dark=desk.dark), stamp)
    panels.table(desk, rows, name="laws", title="Law by law", stamp=stamp)
    st.code(COMMAND, language=None)


def _cancel(desk: Desk, jobs: list[Job]) -> None:
    for job in jobs:
        desk.answers.jobs.leave(job)
