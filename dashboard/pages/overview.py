"""Overview: can the engine keep paying?"""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import controls, marks
from dashboard.answers import Explanation
from dashboard.charts import overview as charts
from dashboard.frame import Desk, drawer
from dashboard.jobs import Job
from dashboard.panels import explain as panels_explain
from dashboard.panels import parts as panels
from dashboard.questions.stress import FIRST_PATHS, Question, spread_aside, spread_frame, spread_key
from dashboard.waiting import held, hold, until
from dashboard.words import cards, cards_change, cards_stress
from dashboard.words.formats import io, percent, plain, usd
from models.parameters import Scenario

TITLE = "Overview"
CHANCE = (
    "Least to greatest over the named alternatives of what nobody has published; here: this scenario, with "
    f"the standard error of {FIRST_PATHS:,} futures. The random shocks are provisional: see the Stress lab."
)
FIELDS = ("price_shock", "demand_shock", "shock_month", "shock_months", "V0_months", "H0", "order")


def page(desk: Desk) -> None:
    marks.look(desk.answers, desk.scenario)
    run = desk.answers.run(desk.scenario)
    alternatives = desk.answers.alternatives(desk.scenario)
    verdict, _, spread = cards.answer(run, alternatives).partition("; ")
    with st.container(key="answer"):
        st.title(f"**{verdict}**; {spread}" if spread else f"**{verdict}**", anchor=False)
    explained = partial(desk.answers.explain, desk.scenario)
    joint = desk.answers.joint(desk.scenario)
    made = cards.headline(run, alternatives, joint)
    for column, card in zip(st.columns(3), made, strict=True):
        with column:
            if card.figure != "first_shortfall_month":
                of_joint = card.figure == "joint_runway"
                shocked = partial(desk.answers.explain, joint.scenario)
                panels_explain.card(desk, card, shocked if of_joint else explained)
                continue
            with st.container(border=True, height="stretch"):
                chance(desk)
                st.caption(f"Without random shocks, first shortfall: **{card.value}**. {card.detail}")
                panels_explain.button(desk, card.figure, explained, "Explain the first shortfall")
    before = desk.session.previous
    st.caption(cards_change.since(desk.answers.run(before) if before else None, run))
    over_time(desk)
    if desk.scenario.price_history is not None and desk.scenario.rule == "ide":
        replay(desk, alternatives)
    deciders(desk, alternatives)
    panels.chart(desk, charts.coverage_and_pay(run, dark=desk.dark))
    where_next(desk)


def chance(desk: Desk) -> None:
    """The chance of a shortfall over random futures, reckoned aside: the page does not wait for it."""
    answers = desk.answers
    question = _question(desk)
    job = held("chance", spread_key(question))
    if job is None:
        job = spread_aside(answers, question)
        hold("chance", answers.jobs, job)
    until(lambda: job.finished, partial(_chance, desk, job))


def _question(desk: Desk) -> Question:
    return Question(desk.scenario, desk.answers.registry.shocks(), FIRST_PATHS)


def _chance(desk: Desk, job: Job) -> None:
    job.look()
    if job.error:
        st.caption(plain(job.error, 300))
        return
    spread = None
    if job.state == "done":
        spread = spread_frame(desk.answers, _question(desk), job.result)
    card = cards_stress.chances(desk.scenario.months, spread)
    panels_explain.figure(card, CHANCE)
    explained = None if spread is None else partial(_explained, desk, spread)
    panels_explain.button(desk, card.figure, explained)


def _explained(desk: Desk, spread: pl.DataFrame, _: str) -> Explanation:
    from dashboard.explain.stress import explain_range  # brings the compiler along

    return explain_range(desk.answers, _question(desk), spread)


@st.fragment
def over_time(desk: Desk) -> None:
    """The switch redraws this part alone."""
    variable = st.segmented_control(
        "Over time",
        list(charts.VARIABLES),
        format_func=lambda name: charts.VARIABLES[name].title,
        key="variable",
        default="reserve",
        required=True,
    )
    others = dict(desk.answers.alternative_paths(desk.scenario))
    run = desk.answers.run(desk.scenario)
    panels.chart(desk, charts.over_time(str(variable), run, others, dark=desk.dark))


def deciders(desk: Desk, alternatives: pl.DataFrame) -> None:
    """What nobody has published and moves the answer, each with its control."""
    st.header("What decides it", anchor=False)
    found = cards.deciders(alternatives, desk.scenario.months)
    if not found:
        st.markdown("None of what nobody has published changes the month of the first shortfall here.")
    for column, decider in zip(st.columns(3), found, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{decider.words[0].upper()}{decider.words[1:]}:** {decider.effect}.")
            key = f"change_{decider.field}"
            with st.popover("Change it", icon=":material/tune:", key=key, on_change="rerun") as opened:
                if opened.open:
                    controls.slider(desk.session, desk.answers.registry, decider.field, "decider")
    if alternatives.height > 1:
        label = f"All {alternatives.height} named alternatives of what nobody has published"
        drawer(label, "alternatives", partial(alternatives_table, desk, alternatives))


def alternatives_table(desk: Desk, alternatives: pl.DataFrame) -> None:
    shown = alternatives.select(
        pl.col("label"),
        pl.col("first_shortfall_month"),
        pl.col("min_coverage", "min_pay") * 100,
        pl.col("burn_year1", "release_year1", "end_V") / 1e6,
    )
    panels.table(
        desk, alternatives, name="alternatives-table", title="The answer under every named alternative",
        units=ALTERNATIVE_UNITS, shown=shown, columns=ALTERNATIVE_COLUMNS, headed=False,
    )  # fmt: skip


def replay(desk: Desk, alternatives: pl.DataFrame) -> None:
    """The run over a price history, under each payout target and start vault."""
    preset = desk.session.preset
    estimated = preset.approximate and preset.scenario.price_history == desk.scenario.price_history
    st.header("The replay under what nobody has published", anchor=False)
    if estimated:
        st.badge("approximate: monthly mean prices, interpolated revenue", color="orange")
    panels.table(
        desk, alternatives.filter(order=desk.scenario.order), name="replay",
        title="The replay under every payout target and start vault", units=ALTERNATIVE_UNITS,
        shown=replay_table(alternatives, desk.scenario), words=True, headed=False,
    )  # fmt: skip


def replay_table(alternatives: pl.DataFrame, scenario: Scenario) -> pl.DataFrame:
    """Payout targets down, start vaults across: what was short, or what the vault still holds at the end."""
    rows: dict[float, dict[str, str]] = {}
    for row in alternatives.filter(order=scenario.order).sort("V0_months").iter_rows(named=True):
        vault = "All of it" if row["V0_months"] >= 240 else f"{row['V0_months']:g} months of emission"
        first = row["first_shortfall_month"]
        cell = f"from month {first}, coverage down to {percent(row['min_coverage'])}"
        if first is None:
            cell = f"none, {io(row['end_V'])} left"
        rows.setdefault(row["H0"], {})[vault] = cell
    return pl.DataFrame(
        [
            {"Shortfall, by payout target and start vault": f"{usd(target)} a month", **rows[target]}
            for target in sorted(rows)
        ]
    )


def where_next(desk: Desk) -> None:
    st.header("Where to go next", anchor=False)
    for column, (reader, pages, words) in zip(st.columns(len(NEXT)), NEXT, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{reader}**: {words}.")
            for page in pages:
                st.page_link(desk.pages[page], label=f"To {page}", icon=":material/arrow_forward:")


NEXT = (
    (
        "Investor",
        ("Supply", "Compare"),
        "who holds the 800M and what comes to market; what a change, such as a second contract, buys",
    ),
    ("Supplier", ("Suppliers",), "what your own machines would earn, and whether they pay for themselves"),
    ("Analyst", ("Engine",), "all twelve rules with each month's numbers, formulas and sources"),
)
ALTERNATIVE_UNITS = {
    "V0_months": "months of emission",
    "H0": "USD a month",
    "first_shortfall_month": "run month",
    "min_coverage": "share of the target",
    "min_pay": "share of the target at the start",
    **dict.fromkeys(("burn_year1", "release_year1", "end_V"), "IO"),
}
ALTERNATIVE_COLUMNS: dict[str, Any] = {
    "label": "Alternative",
    "first_shortfall_month": st.column_config.NumberColumn("First shortfall, run month"),
    "min_coverage": st.column_config.NumberColumn("Lowest coverage", format="%.1f %%"),
    "min_pay": st.column_config.NumberColumn("Lowest pay", format="%.1f %%"),
    "burn_year1": st.column_config.NumberColumn("Burned in year 1, M IO", format="%.2f"),
    "release_year1": st.column_config.NumberColumn("Released in year 1, M IO", format="%.2f"),
    "end_V": st.column_config.NumberColumn("Vault at the end, M IO", format="%.2f"),
}
