"""And those who rent: what a workload costs here and elsewhere, and whether it finds a GPU."""

from typing import Any

import streamlit as st

from dashboard import settings
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.questions import rents
from dashboard.words.formats import plain
from data.customers import priced_models, serving_rates, tokens_served
from models.parameters import InputError

HOURS, TOKENS = "GPU-hours a month", "Tokens a day"
EXAMPLE_HOURS = 1000.0


@st.fragment
def show(desk: Desk) -> None:
    """The whole section; a workload typed in redraws it alone."""
    st.subheader("And those who rent?", anchor=False)
    facts = desk.answers.registry.facts
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "The workload in", (HOURS, TOKENS), default=HOURS, required=True, key="rent_kind"
        )
        priced = priced_models(facts)
        models = priced if kind == HOURS else [name for name in priced if name in serving_rates(facts)]
        model = st.selectbox("GPU", models, key=f"rent_model_{kind}", width=180)
        start = EXAMPLE_HOURS if kind == HOURS else tokens_served(facts)
        amount = st.number_input(str(kind), value=start, format="%.0f", key=f"rent_amount_{kind}", width=220)
    given = settings.value_to_text(amount)
    asked = rents.Asked(hours=f"{model}:{given}") if kind == HOURS else rents.Asked(tokens=given, model=model)
    try:
        work = rents.workload(desk.answers.registry, asked)
        found = desk.answers.rent(desk.scenario, work)
    except InputError as error:
        st.error(plain(f"{error}.", 600))
        return
    st.markdown(plain(rents.answer(found), 600))
    command = rents.command(desk.scenario, asked)
    panels.table(
        desk, found.prices, name="rents", title="What the workload costs by every stated price", headed=False,
        shown=found.prices.select(*PRICES), columns=PRICES, units=rents.UNITS, stamp={"command": command},
    )  # fmt: skip
    remarks = rents.conflicts(found)
    if asked.tokens is not None:
        remarks.append(f"{rents.ASSUMED}.")
    st.caption(plain(" ".join(remarks), 800))
    st.markdown(plain(rents.unserved(found), 500))
    with st.expander("The command that gives these prices"):
        st.code(command, language="bash", wrap_lines=True)


def _usd(title: str, digits: int) -> Any:
    return st.column_config.NumberColumn(f"{title}, USD", format=f"%,.{digits}f")


PRICES = {
    "provider": "Provider",
    "model": "GPU",
    "price_low": _usd("An hour, from", 2),
    "price_high": _usd("to", 2),
    "cost_low": _usd("A month, from", 0),
    "cost_high": _usd("to", 0),
    "date": "Of",
    "source": "Source",
    "remark": "Remark",
}
