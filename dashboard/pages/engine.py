"""Engine: where does each dollar and each token go?"""

from functools import partial

import streamlit as st

from dashboard.charts import engine as charts_engine
from dashboard.frame import Desk, drawer
from dashboard.inputs import citation
from dashboard.panels import parts as panels
from dashboard.rules import RULES, Month, Rule, month_of
from dashboard.words import cards
from dashboard.words.formats import month as month_words
from dashboard.words.formats import plain
from models.projection import Projection
from models.schedules import month_end

TITLE = "Engine"
FIELDS = ("order", "beta", "burn_source", "overflow", "y2_cap_months", "controller", "eta")


def page(desk: Desk) -> None:
    run = desk.answers.run(desk.scenario)
    with st.container(key="answer"):
        st.title(f"**{plain(cards.where_it_goes(run), 600)}**", anchor=False)
    month(desk, run)


@st.fragment
def month(desk: Desk, run: Projection) -> None:
    """All that depends on the month: moving it redraws this part alone."""
    last = desk.scenario.months
    if st.session_state.get("month", 1) > last:
        st.session_state["month"] = last
    chosen = st.slider("Month of the run", 1, last, key="month") if last > 1 else 1
    left, right = st.columns(2, gap="large")
    with left:
        panels.chart(desk, charts_engine.usd_flow(run, chosen, dark=desk.dark))
    with right:
        panels.chart(desk, charts_engine.io_flow(run, chosen, dark=desk.dark))
    when = month_words(month_end(run.protocol, desk.scenario.m0 + chosen), chosen)
    st.header(f"The twelve rules in {when}", anchor=False)
    at = month_of(run, chosen)
    with st.container(gap="xsmall"):
        for number, rule in enumerate(RULES, 1):
            explained(desk, number, rule, at)
    panels.chart(desk, charts_engine.vaults(run, chosen, dark=desk.dark))
    panels.chart(desk, charts_engine.ledger(run, dark=desk.dark))


def explained(desk: Desk, number: int, rule: Rule, at: Month) -> None:
    """One rule with this month's numbers; formula, inputs and sources inside."""
    label = f"**{number}. {rule.title}.** {rule.says(at)}"
    drawer(label, f"rule_{number}", partial(rests_on, desk, number, rule))


def rests_on(desk: Desk, number: int, rule: Rule) -> None:
    st.code(rule.formula, language=None, wrap_lines=True)
    inputs = desk.answers.inputs(desk.scenario, rule.fields)
    panels.inputs_table(desk, inputs, f"rule-{number}-inputs", f"Inputs of rule {number}: {rule.title}")
    facts = [desk.answers.registry.facts[name] for name in rule.facts]
    if facts:
        lines = [f"- {plain(f.title)}: {citation(f.source, desk.answers.registry)}" for f in facts]
        st.markdown("\n".join(["As published:", "", *lines]))
