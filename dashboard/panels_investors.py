"""The investor's parts of the Supply page: what the burn covers, selling in days of volume, a second
contract, and the old schedule beside the engine."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cards_investors, cards_outlook, charts_investors, investing, panels
from dashboard.formats import plain
from dashboard.frame import Desk, drawer
from dashboard.investing import Issuance, Question
from dashboard.jobs import Job
from models.parameters import InputError
from models.readers.outlook import Outlook, horizons

REFRESH = 0.3  # seconds


def covers(desk: Desk, found: Issuance) -> None:
    """Break-even, yield and pressure as cards, and the break-even of each month."""
    st.header("When would the burn cover it?", anchor=False)
    made = cards_investors.cards(found, desk.scenario)
    for pair in (made[:2], made[2:]):
        for column, card in zip(st.columns(2), pair, strict=True):
            with column.container(border=True, height="stretch"):
                st.metric(card.label, card.value)
                st.caption(plain(card.detail, 700))
    panels.chart(desk, charts_investors.break_even(found.by_month, dark=desk.dark))
    if found.alternatives.height > 1:
        label = f"Under all {found.alternatives.height} named alternatives of what nobody has published"
        drawer(label, "break_even_alternatives", partial(_alternatives, found))


def _alternatives(found: Issuance) -> None:
    table = found.alternatives.select("label", pl.col("revenue_usd") / 1e6, "contracts")
    st.dataframe(table, hide_index=True, column_config=ALTERNATIVE_COLUMNS)


def selling(found: Issuance) -> None:
    """What could be sold, in USD and in days of what is traded by each source."""
    st.header("How much is that to sell?", anchor=False)
    st.caption(plain(cards_investors.conflict(found), 700))
    names = cards_investors.volume_names(found)
    columns = {
        f"{what}_days_{name}": (what, words) for name, words in names.items() for what in ("all", "sold")
    }
    table = found.pressure.select(
        "month", "date", pl.col("unlocked_usd", "released_usd", "all_usd", "sold_usd") / 1e6, *columns
    )
    titles = {"all": "Days, all sold", "sold": "Days, as assumed"}
    days = {c: _days(f"{titles[what]}: {words}") for c, (what, words) in columns.items()}
    st.dataframe(table, hide_index=True, height=320, column_config=PRESSURE_COLUMNS | days)


def ahead(desk: Desk) -> None:
    """A second contract and the old schedule, on random paths that are run aside."""
    st.header("What would a second contract change?", anchor=False)
    try:
        asked = investing.question(desk.answers.registry, desk.scenario, contract_inputs(desk))
        known = investing.aside(desk.answers, desk.scenario, asked)
    except InputError as error:
        _leave(desk, None)
        st.error(plain(f"{error}.", 400))
        return
    _leave(desk, known if isinstance(known, Job) else None)
    pending = isinstance(known, Job) and not known.finished
    st.fragment(partial(_ahead, desk, asked, known, pending), run_every=REFRESH if pending else None)()


def _leave(desk: Desk, job: Job | None) -> None:
    """What was asked before is not wanted any more."""
    before: Job | None = st.session_state.get("outlook")
    if before is not None and before is not job:
        desk.answers.jobs.leave(before)
    st.session_state["outlook"] = job


def _ahead(desk: Desk, asked: Question, known: Outlook | Job, pending: bool) -> None:
    if isinstance(known, Job):
        if pending and known.finished:
            st.rerun()  # once more as a whole: nothing refreshes what will not change any more
        if known.error:
            st.error(plain(f"{known.error}.", 400))
            return
    found: Outlook | None = known.result if isinstance(known, Job) else known
    scenario = desk.scenario
    ends = horizons(scenario.months)
    horizon = st.segmented_control(
        "To run month", ends, key="outlook_horizon", default=ends[-1], required=True, format_func=str
    )
    at = int(horizon or ends[-1])
    at = at if at in ends else ends[-1]
    st.dataframe(cards_outlook.contract_table(found, at), hide_index=True)
    coming = f"On its way: {asked.paths:,} random futures, with the contract and without it."
    st.caption(plain(cards_outlook.contract(found, asked, at) if found else coming, 900))
    st.header("And against the old schedule?", anchor=False)
    st.dataframe(cards_outlook.rules_table(found, scenario, at), hide_index=True)
    coming = "On its way: the same futures under both rules."
    st.caption(plain(cards_outlook.rules(found, scenario, asked.paths, at) if found else coming, 900))
    st.caption(NOTE)
    st.code(investing.command(scenario, asked), language=None, wrap_lines=True)


def contract_inputs(desk: Desk) -> dict[str, Any]:
    """Probability, size, start and length, as fields of Prospect; they survive a look at another page."""
    assumed = investing.assumed(desk.answers.registry, desk.scenario.months)
    st.caption(plain(str(desk.answers.registry.facts["second_contract_probability"].note), 400))
    boxes = {
        "probability": ("Chance that it comes, %", 100.0),
        "usd": ("Size, USD a month", 1.0),
        "first": ("First run month", 1),
        "months": ("Length, months", 1),
    }
    found = {}
    with st.container(horizontal=True):
        for name, (label, scale) in boxes.items():
            shown = _kept(label, name, scale * assumed[name])
            found[name] = shown if scale == 1 else shown / scale
    return found


def _kept(label: str, name: str, start: float) -> Any:
    """A number box that is not empty; Streamlit forgets the state of what another page does not show."""
    state, key = st.session_state, f"contract_{name}"
    if key not in state:
        state[key] = state.get(f"kept_{key}", start)
    value = st.number_input(label, key=key, step=type(start)(1), width=190)
    state[f"kept_{key}"] = value
    return value


NOTE = (
    "Every difference is taken path by path on the same random shocks; ± is its standard error, from the "
    "number of paths alone. The shocks are provisional (see the Stress lab). Suppliers' income is reckoned "
    "by the month, whatever the scenario's step."
)
ALTERNATIVE_COLUMNS: dict[str, Any] = {
    "label": "Alternative",
    "revenue_usd": st.column_config.NumberColumn(
        "Revenue at which the burn covers all, M USD", format="%.2f"
    ),
    "contracts": st.column_config.NumberColumn("Contracts like the first", format="%.2f"),
}
PRESSURE_COLUMNS: dict[str, Any] = {
    "month": "Run month",
    "date": st.column_config.DateColumn("Month's end"),
    "unlocked_usd": st.column_config.NumberColumn("Unlocked, M USD", format="%.2f"),
    "released_usd": st.column_config.NumberColumn("Released, M USD", format="%.2f"),
    "all_usd": st.column_config.NumberColumn("Both, M USD", format="%.2f"),
    "sold_usd": st.column_config.NumberColumn("Sold as assumed, M USD", format="%.2f"),
}


def _days(title: str) -> Any:
    return st.column_config.NumberColumn(title, format="%.3f")
