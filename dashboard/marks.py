"""Which controls matter most: those whose plausible range moves the chance of a shortfall furthest, here."""

import streamlit as st

from dashboard.answers import Answers
from dashboard.waiting import held, hold
from data.risk_inputs import input_for
from models.attribution import Swings
from models.parameters import Scenario

# Of the scenario's inputs, those that a reader moves and that have a range or choices.
INPUTS = (
    "price_shock", "demand_shock", "V0_months", "H0", "R_base", "P0", "order", "F0", "beta", "controller",
    "eta",
)  # fmt: skip
PATHS = 512
MOST = 3
LEAST = 0.05  # of the chance; less is no matter
KEPT = "marked"


def look(answers: Answers, scenario: Scenario) -> None:
    """Reckoned aside, by pages that wait for the engine's process anyway. Until it is known, what was marked
    before stays, so that nothing comes and goes under the reader's hand."""
    key = ("swings", scenario.digest())
    job = held("swings", key)
    if job is None:
        inputs = tuple(input_for(answers.registry, name) for name in INPUTS)
        asked = Swings(scenario, answers.protocol, answers.registry.shocks(), inputs, PATHS)
        job = answers.jobs.submit(key, asked)
        hold("swings", answers.jobs, job)
    if job.state == "done":
        st.session_state[KEPT] = strongest(job.result)


def legend() -> str:
    """What the mark means; as long while nothing is marked yet, so that no control moves when it is."""
    if KEPT in st.session_state:
        return "◆ moves the chance of a shortfall most, from one end of its range to the other"
    return "◆ marks what moves the chance of a shortfall most, as soon as that is known"


def is_marked(name: str) -> bool:
    return name in st.session_state.get(KEPT, ())


def strongest(swings: dict[str, float]) -> tuple[str, ...]:
    """Those that swing the furthest, by at least LEAST."""
    far = sorted((name for name in swings if swings[name] >= LEAST), key=lambda name: -swings[name])
    return tuple(far[:MOST])
