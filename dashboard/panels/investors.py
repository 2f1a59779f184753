"""The investor's parts of the Supply page: what the burn covers, selling in days of volume, a second
contract, and the old schedule beside the engine."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard.charts import investors as charts_investors
from dashboard.explain import investors as explain_investors
from dashboard.exports import drawn
from dashboard.frame import Desk, drawer
from dashboard.jobs import Job
from dashboard.panels import explain as panels_explain
from dashboard.panels import parts as panels
from dashboard.questions import investing
from dashboard.questions.investing import Issuance, Question
from dashboard.waiting import arrived, held, hold, until
from dashboard.words import cards_investors, cards_outlook
from dashboard.words.formats import plain
from models.parameters import InputError
from models.readers.outlook import Outlook, horizons


def covers(desk: Desk, found: Issuance) -> None:
    """Break-even, yield and pressure as cards, and the break-even of each month."""
    st.header("When would the burn cover it?", anchor=False)
    made = cards_investors.cards(found, desk.scenario)
    for pair in (made[:2], made[2:]):
        for column, card in zip(st.columns(2), pair, strict=True):
            with column:
                shown = card._replace(detail=plain(card.detail, 700))
                explained = partial(explain_investors.explain, desk.answers, found, desk.scenario)
                panels_explain.card(desk, shown, explained)
    panels.chart(desk, charts_investors.break_even(found.by_month, dark=desk.dark))
    if found.alternatives.height > 1:
        label = f"Under all {found.alternatives.height} named alternatives of what nobody has published"
        drawer(label, "break_even_alternatives", partial(_alternatives, desk, found))


def _alternatives(desk: Desk, found: Issuance) -> None:
    panels.table(
        desk, found.alternatives, name="break-even-alternatives", title="Break-even under the alternatives",
        units={"revenue_usd": "USD a month", "contracts": "contracts like the first"}, headed=False,
        shown=found.alternatives.select("label", pl.col("revenue_usd") / 1e6, "contracts"),
        columns=ALTERNATIVE_COLUMNS,
    )  # fmt: skip


def selling(desk: Desk, found: Issuance) -> None:
    """What could be sold, in USD and in days of what is traded by each source."""
    st.header("How much is that to sell?", anchor=False)
    st.caption(plain(cards_investors.conflict(found), 700))
    names = cards_investors.volume_days(found)
    titles = {"all": "All", "sold": "As assumed"}
    days = {
        f"{what}_days_{name}": st.column_config.NumberColumn(f"{title}, days of {words}", format="%.3f")
        for what, title in titles.items()
        for name, words in names.items()
    }
    usd = ("unlocked_usd", "released_usd", "all_usd", "sold_usd")
    panels.table(
        desk, found.pressure, name="sell-pressure", title="Unlocked and released, month by month",
        units={"price": "USD per IO"} | dict.fromkeys(usd, "USD") | dict.fromkeys(days, "days of volume"),
        shown=found.pressure.select("month", "date", pl.col(usd).exclude("all_usd") / 1e6, *days),
        columns=PRESSURE_COLUMNS | days, height=320,
    )  # fmt: skip


def ahead(desk: Desk) -> None:
    """A second contract and the old schedule, on random paths that are run aside."""
    more = "a second contract" if len(desk.scenario.contracts) == 1 else "one more contract"
    st.header(f"What would {more} change?", anchor=False)
    try:
        asked = investing.question(desk.answers.registry, desk.scenario, contract_inputs(desk))
        waiting = ask(desk, asked)
    except InputError as error:
        st.error(plain(f"{error}.", 400))
        return
    until(partial(arrived, waiting), partial(_ahead, desk, asked, waiting))


def ask(desk: Desk, asked: Question) -> Outlook | Job:
    """The answer where it is known, else the reader's job that makes it. Raises InputError."""
    answers, scenario = desk.answers, desk.scenario
    key = answers.asked_outlook(scenario, asked)
    job = held("outlook", key.id)
    if job is not None:
        return job
    known: Outlook | None = answers.known(Outlook, key)
    if known is not None:
        hold("outlook", answers.jobs, None)
        return known
    job = answers.jobs.submit(key.id, *investing.aside(answers, scenario, asked))
    hold("outlook", answers.jobs, job)
    return job


def _ahead(desk: Desk, asked: Question, waiting: Outlook | Job) -> None:
    if isinstance(waiting, Job):
        waiting.look()
        if waiting.error:
            st.error(plain(f"{waiting.error}.", 400))
            return
    found: Outlook | None = waiting.result if isinstance(waiting, Job) else waiting
    scenario = desk.scenario
    ends = horizons(scenario.months)
    horizon = st.segmented_control(
        "To run month", ends, key="outlook_horizon", default=ends[-1], required=True, format_func=str
    )
    at = horizon if horizon in ends else ends[-1]
    if found is None:
        st.dataframe(cards_outlook.contract_table(None, scenario, at), hide_index=True)
        st.caption(f"On its way: {asked.paths:,} random futures, with the contract and without it.")
        st.header(AGAINST, anchor=False)
        st.dataframe(cards_outlook.rules_table(None, scenario, at), hide_index=True)
    else:
        _found(desk, found, asked, at)
    st.caption(NOTE)
    st.code(investing.command(scenario, asked), language=None, wrap_lines=True)


def _found(desk: Desk, found: Outlook, asked: Question, at: int) -> None:
    random = drawn(desk.answers.registry.shocks(), asked.seed, asked.paths)
    stamp = {"command": investing.command(desk.scenario, asked), **random}
    panels.table(
        desk, found.contract, name="second-contract", title="One contract against two",
        shown=cards_outlook.contract_table(found, desk.scenario, at), units={"horizon": "run month"},
        headed=False, stamp=stamp,
    )  # fmt: skip
    st.caption(plain(cards_outlook.contract(found, asked, at), 900))
    st.header(AGAINST, anchor=False)
    panels.table(
        desk, found.rules, name="old-schedule", title="The engine against the old schedule",
        shown=cards_outlook.rules_table(found, desk.scenario, at), units={"horizon": "run month"},
        headed=False, stamp=stamp,
    )  # fmt: skip
    st.caption(plain(cards_outlook.rules(found, desk.scenario, asked.paths, at), 900))
    if found.alternatives.height > 1:
        label = f"Both under all {found.alternatives.height} named alternatives of what nobody has published"
        drawer(label, "outlook_alternatives", partial(_outlook_alternatives, desk, found, stamp))


def _outlook_alternatives(desk: Desk, found: Outlook, stamp: dict[str, Any]) -> None:
    units = {"burned": "IO", "net_issuance": "IO", "circulating": "IO", "shortfall": "share of futures"}
    panels.table(
        desk, found.alternatives, name="outlook-alternatives", headed=False, stamp=stamp,
        title="A second contract and the old schedule under the alternatives, to the run's end",
        shown=cards_outlook.alternatives_table(found),
        units=units | {f"{name}_error": unit for name, unit in units.items()},
    )  # fmt: skip


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
        state[f"start_{key}"] = state.get(f"kept_{key}", start)
    value = st.number_input(
        label,
        value=state[f"start_{key}"],
        key=key,
        step=type(start)(1),
        width=190,
        format=FORMATS[type(start)],
    )
    state[f"kept_{key}"] = value
    return value


FORMATS = {float: "%.12g", int: "%d"}
AGAINST = "And against the old schedule?"
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
    "sold_usd": st.column_config.NumberColumn("Sold as assumed, M USD", format="%.2f"),
}


def _days(title: str) -> Any:
    return st.column_config.NumberColumn(title, format="%.3f")
