"""Stress lab: how bad, how likely, how soon?"""

from datetime import date
from functools import partial
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from dashboard import controls, marks
from dashboard.charts import stress as charts_stress
from dashboard.explain.stress import explain
from dashboard.frame import Desk, drawer
from dashboard.jobs import Job
from dashboard.panels import calibration as panels_calibration
from dashboard.panels import explain as panels_explain
from dashboard.panels import futures as panels_futures
from dashboard.panels import parts as panels
from dashboard.panels import risk as panels_risk
from dashboard.panels import shocks as panels_shocks
from dashboard.questions.stress import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    FIRST_PATHS,
    Question,
    Stressed,
    alternatives,
    aside,
    path_frame,
    spread_aside,
    spread_frame,
)
from dashboard.waiting import REFRESH, hold, until
from dashboard.words import cards, cards_stress
from dashboard.words.formats import plain
from dashboard.words.stress_words import FANS, quantity
from models.schedules import month_end
from models.stress import worker
from models.stress.engine import Device

TITLE = "Stress lab"
FIELDS = ("V0_months", "H0", "order", "eta", "controller", "months")
DESIGN = ("price_shock", "demand_shock", "shock_month", "shock_months")
PATHS = (FIRST_PATHS, DEFAULT_PATHS, 1_000_000, 10_000_000)
DEVICES: dict[Device, str] = {"auto": "GPU if there", "cpu": "CPU", "gpu": "GPU"}
LEVELS = {"none": None, "1 %": 1.0, "5 %": 5.0, "median": 50.0, "95 %": 95.0, "99 %": 99.0}


class Asked(NamedTuple):
    """What one reader waits for: the run, and its range over the alternatives."""

    question: Question
    device: Device
    run: Stressed | Job  # found in the store, or on its way
    spread: Job
    against: tuple[str, Job] | None  # what the scenario is compared with, on the same futures

    @property
    def jobs(self) -> list[Job]:
        return [
            job for job in (self.run, self.spread, self.against and self.against[1]) if isinstance(job, Job)
        ]


def page(desk: Desk) -> None:
    marks.look(desk.answers, desk.scenario)
    head = st.container(key="answer")
    design(desk)
    shocks = panels_shocks.choice(desk)
    paths, seed, device = size()
    question = Question(desk.scenario, shocks, paths, seed)
    asked = ask(desk, question, device)
    shown = st.container(key="results")
    panels_risk.show(desk, question.shocks, question.seed)
    panels_calibration.show(desk)
    # what was asked first has had the whole page's time
    settled = partial(_settled, asked)
    with head:
        until(settled, partial(answer, desk, asked))
    with shown:
        until(settled, partial(results, desk, asked), 2 * REFRESH)


def design(desk: Desk) -> None:
    """The shock itself: its controls beside its picture, before anything is run."""
    st.subheader("Design a shock", anchor=False)
    controls_side, picture = st.columns([1, 2])
    with controls_side:
        for name in DESIGN:
            controls.slider(desk.session, desk.answers.registry, name, "design")
    with picture:
        panels.chart(desk, charts_stress.shock(desk.answers.run(desk.scenario), dark=desk.dark))


def size() -> tuple[int, int, Device]:
    """How many futures, which, and what computes them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        paths = st.segmented_control(
            "Futures", PATHS, key="paths", default=DEFAULT_PATHS, required=True, format_func="{:,}".format
        )
        seed = st.number_input(
            "Seed", min_value=0, step=1, value=DEFAULT_SEED, key="seed", width=160,
            help="The same seed meets the same futures, whatever the scenario",
        )  # fmt: skip
        device = st.selectbox(
            "Compute on", [*DEVICES], key="device", width=160, format_func=DEVICES.__getitem__,
            help="The same numbers on each, to the bit; what was taken, and why, stands with the answer",
        )  # fmt: skip
    return int(paths or DEFAULT_PATHS), int(seed), device


def ask(desk: Desk, question: Question, device: Device) -> Asked:
    """The reader's run: what is there already, else a job, in the place of what was asked before."""
    state, answers = st.session_state, desk.answers
    before: Asked | None = state.get("stress")
    if before is not None and (before.question, before.device) == (question, device):
        for job in before.jobs:
            job.look()
        return before
    spread, run = spread_aside(answers, question), aside(answers, question, device)
    hold("stress_spread", answers.jobs, spread)
    hold("stress_run", answers.jobs, run if isinstance(run, Job) else None)
    asked = Asked(question, device, run, spread, _against(desk, question))
    state["stress"] = asked
    return asked


def _against(desk: Desk, question: Question) -> tuple[str, Job] | None:
    """The scenario beside its preset or, where it is one, beside the baseline: on the same futures."""
    mine, jobs, found = question.scenario, desk.answers.jobs, None
    for preset in (desk.session.preset, desk.session.presets["baseline"]):
        theirs = preset.scenario
        if theirs != mine and (theirs.months, theirs.steps_per_month) == (mine.months, mine.steps_per_month):
            protocol, paths = desk.answers.protocol, min(question.paths, FIRST_PATHS)
            pair = (theirs, mine)
            request = worker.Contrasting(pair, protocol, question.shocks, question.seed, paths, None)
            found = preset.title, jobs.submit(request.key, request)
            break
    hold("stress_against", jobs, found and found[1])
    return found


def _settled(asked: Asked) -> bool:
    return all(job.finished for job in asked.jobs)


def _so_far(asked: Asked) -> Stressed | None:
    found: Stressed | None = asked.run.result if isinstance(asked.run, Job) else asked.run
    return found if found is not None and found.result.paths else None


def _spread(desk: Desk, asked: Asked) -> pl.DataFrame | None:
    if asked.spread.state != "done":
        return None
    return spread_frame(desk.answers, asked.question, asked.spread.result)


def answer(desk: Desk, asked: Asked) -> None:
    """The sentence, and how far the run is."""
    for job in asked.jobs:
        job.look()
    found, spread = _so_far(asked), _spread(desk, asked)
    if found is not None:
        words = cards_stress.verdict(found, spread)
    else:
        words = cards_stress.first_verdict(cards.verdict(desk.answers.run(desk.scenario)))
    st.title(f"**{words}**", anchor=False)
    run = asked.run if isinstance(asked.run, Job) else None
    done, by = (found.result.paths, cards_stress.made_by(found)) if found else (0, None)
    panels_futures.progress("stress", run, done, asked.question.paths, by, partial(_cancel, desk, run))
    made = cards_stress.cards(found, spread) if found else cards_stress.COMING
    explained = None  # of a run that grows, no number would stand still under its explanation
    if found is not None and _settled(asked):
        explained = partial(explain, desk.answers, found)
    # two and two: four would be too narrow for their words beside the controls of a tablet
    for column, card in zip([*st.columns(2), *st.columns(2)], made, strict=True):
        with column:
            panels_explain.card(desk, card, explained)


def _cancel(desk: Desk, run: Job | None) -> None:
    if run is not None:
        desk.answers.jobs.leave(run)


def results(desk: Desk, asked: Asked) -> None:
    found, spread = _so_far(asked), _spread(desk, asked)
    scenario, days = desk.scenario, _days(desk)
    stamp = cards_stress.stamp(found) if found else {}
    if asked.against is not None:
        other, job = asked.against
        st.markdown(cards_stress.against(other, job.result if job.state == "done" else None))
    if found is None:
        panels.coming("chance-of-shortfall", charts_stress.CHANCE_TITLE, charts_stress.HEIGHT)
    else:
        made = charts_stress.chance_by_month(found.by_month, spread, days, dark=desk.dark)
        panels.chart(desk, made, stamp)
    fans(desk, asked, found, days, stamp)
    named = alternatives(desk.answers, asked.question)
    if len(named) > 1 and spread is None:
        title = charts_stress.alternatives_title(scenario.months)
        panels.coming("chance-by-alternative", title, charts_stress.alternatives_height(len(named)))
    elif spread is not None and len(named) > 1:
        panels.chart(desk, charts_stress.alternatives(spread, scenario.months, dark=desk.dark), stamp)
    if found is not None:
        drawer("The command that gives these futures", "stress_command", partial(_command, found))
        st.caption(cards_stress.marks(found))


def _command(found: Stressed) -> None:
    st.code(found.question.command, language="bash", wrap_lines=True)


def _days(desk: Desk) -> list[date]:
    m0 = desk.scenario.m0
    return [month_end(desk.answers.protocol, m0 + k) for k in range(1, desk.scenario.months + 1)]


def fans(desk: Desk, asked: Asked, found: Stressed | None, days: list[date], stamp: dict[str, Any]) -> None:
    """The spread of one quantity, and one future out of it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "The spread of", asked.question.fans, key="fan", default=asked.question.fans[0], required=True,
            format_func=lambda fan: FANS[fan].title.partition(",")[0],
        )  # fmt: skip
        level = st.selectbox(
            "Show one future", [*LEVELS], key="level", width=160,
            help="The path that ends nearest to this quantile, replayed step by step",
        )  # fmt: skip
    if found is None:
        panels.coming(f"fan-{name}", charts_stress.fan_title(str(name)), charts_stress.HEIGHT)
        return
    path = None
    if LEVELS[str(level)] is not None and _settled(asked):
        path = nearest(desk, found, str(name), str(level))
    made = charts_stress.fan(str(name), found.quantiles, days, path, dark=desk.dark)
    panels.chart(desk, made, stamp)


def nearest(desk: Desk, found: Stressed, name: str, level: str) -> tuple[str, list[float | None]] | None:
    """The path that ends nearest to a quantile: its label, and its values at the months' ends."""
    per_cent = LEVELS[level]
    assert per_cent is not None
    months = found.result.plan.months
    r = found.result
    value = found.quantiles.row(
        by_predicate=(pl.col("variable") == name)
        & (pl.col("month") == months)
        & (pl.col("quantile") == per_cent / 100),
        named=True,
    )["value"]
    request = worker.Nearest(r.plan, r.seed, r.paths, name, months, {per_cent: value})
    job = desk.answers.jobs.submit(("nearest", found.run_id, name, per_cent), request)
    with st.spinner("Looking for that future"):
        job.ended.wait(30)
    if job.state != "done":
        st.warning(plain(job.error or "That future was not found in 30 s; it is looked for still.", 300))
        return None
    number = job.result[per_cent]
    frame = path_frame(found.result.plan, found.result.seed, number)
    values = frame.group_by("month", maintain_order=True).last()[name].to_list()
    st.caption(
        f"Path {number:,} ends nearest to the {level} quantile, at {quantity(name, values[-1])}; "
        f"`vaultline replay {found.run_id[:12]} {number}` shows all of it."
    )
    return f"path {number}", values
