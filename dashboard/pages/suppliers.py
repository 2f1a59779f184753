"""Suppliers: should I plug my machines in?"""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard.charts import suppliers as charts_suppliers
from dashboard.chromium import installed, print_pdf
from dashboard.explain import suppliers as explain_suppliers
from dashboard.exports import file_stem
from dashboard.frame import Desk
from dashboard.jobs import Job
from dashboard.panels import explain as panels_explain
from dashboard.panels import parts as panels
from dashboard.panels import renting as panels_renting
from dashboard.panels import suppliers as panels_suppliers
from dashboard.questions import fleets
from dashboard.questions.fleets import Question
from dashboard.report import fleet as report_fleet
from dashboard.versions import model_version
from dashboard.waiting import arrived, held, hold, until
from dashboard.words import cards_suppliers
from dashboard.words.formats import plain
from data.suppliers import example_fleet, judgement, supplier_terms
from models.parameters import InputError
from models.readers.fleet import eligibility
from models.readers.fleet_income import WAYS
from models.readers.suppliers import Answer
from models.schedules import month_end

TITLE = "Suppliers"
FIELDS = ("price_shock", "demand_shock", "shock_month", "V0_months", "H0", "R_base", "P0")
QUESTION = "Should I plug my machines in?"
# Readers see percent.
HIRED = "hired_percent"
ICONS = {"met": ":material/check_circle:", "missing": ":material/cancel:", "unknown": ":material/help:"}


def page(desk: Desk) -> None:
    head = st.container(key="answer")
    rows = fleet_table(desk)
    judged, site = assumptions(desk), machines_site()
    try:
        asked = fleets.question(desk.answers.registry, rows, site=site, judged=judged)
        waiting = ask(desk, asked)
    except InputError as error:
        head.title(f"**{QUESTION}**", anchor=False)
        st.error(plain(f"{error}.", 600))
        return
    checklist(asked)
    shown = st.container(key="results")
    panels_renting.show(desk)
    # what was asked first has had the whole page's time
    settled = partial(arrived, waiting)
    with head:
        until(settled, partial(answer, desk, asked, waiting))
    with shown:
        until(settled, partial(results, desk, asked, waiting))


def ask(desk: Desk, asked: Question) -> Answer | Job:
    """The answer where it is known, else the reader's job that makes it. Raises InputError."""
    answers, scenario = desk.answers, desk.scenario
    key = answers.asked_supplier(scenario, asked)
    job = held("supplier", key.id)
    if job is not None:
        return job
    request = fleets.request(answers.registry, scenario, asked)
    known: Answer | None = answers.known(Answer, key)
    if known is not None:
        hold("supplier", answers.jobs, None)
        return known
    begun = time.perf_counter()

    def keep(made: Answer) -> None:
        answers.keep(key, made, time.perf_counter() - begun)

    job = answers.jobs.submit(key.id, request, keep)
    hold("supplier", answers.jobs, job)
    return job


def so_far(waiting: Answer | Job) -> Answer | None:
    found: Answer | None = waiting.result if isinstance(waiting, Job) else waiting
    return found


def answer(desk: Desk, asked: Question, waiting: Answer | Job) -> None:
    """The sentence and the cards: without random shocks at once, then over the futures."""
    found = so_far(waiting)
    if isinstance(waiting, Job):
        waiting.look()
        if waiting.error:
            st.error(plain(waiting.error, 400))
    if found is not None:
        words, made = cards_suppliers.verdict(found, asked), cards_suppliers.cards(found)
    else:
        first = desk.answers.supplier_first(desk.scenario, asked)
        words, made = cards_suppliers.first_verdict(first, asked), cards_suppliers.first_cards(first)
    st.title(f"**{plain(words, 600)}**", anchor=False)
    explained = None
    if found is not None:
        explained = partial(explain_suppliers.explain, desk.answers, found, asked, desk.scenario)
    for pair in (made[:2], made[2:]):
        for column, card in zip(st.columns(2), pair, strict=True):
            with column:
                shown = card._replace(detail=plain(card.detail, 400))
                panels_explain.card(desk, shown, explained)


def results(desk: Desk, asked: Question, waiting: Answer | Job) -> None:
    found = so_far(waiting)
    if found is None:
        panels.coming("supplier-income", charts_suppliers.INCOME, charts_suppliers.INCOME_HEIGHT)
        panels.coming("supplier-payback", charts_suppliers.PAYBACK, charts_suppliers.PAYBACK_HEIGHT)
        return
    income(desk, found, asked)
    dates = [
        month_end(desk.answers.protocol, desk.scenario.m0 + k) for k in range(1, desk.scenario.months + 1)
    ]
    stamp = panels_suppliers.stamp(desk, asked)
    panels.chart(desk, charts_suppliers.payback(found.by_month, dates, dark=desk.dark), stamp)
    panels_suppliers.results(desk, found, asked)
    panels_suppliers.risk(desk, found, asked)
    depends(desk, found, asked)


def fleet_table(desk: Desk) -> list[dict[str, Any]]:
    """The table that the reader types in; it starts with an example and survives a look at another page."""
    state = st.session_state
    if "fleet" not in state:
        example = pl.DataFrame(example_fleet(desk.answers.registry.facts))
        start = pl.DataFrame(state.get("fleet_rows", example.to_dicts()), schema=example.schema)
        state["fleet_start"] = start.with_columns(pl.col("hired") * 100).rename({"hired": HIRED})
    st.markdown("**Your machines**, one line a model; the first are an example to write over")
    edited = st.data_editor(
        state["fleet_start"],
        key="fleet",
        num_rows="dynamic",
        hide_index=True,
        column_config=columns([*supplier_terms(desk.answers.registry.facts).multipliers]),
    )
    rows: list[dict[str, Any]] = []
    for row in edited.to_dicts():
        hired = row.pop(HIRED)
        if row["model"] is not None:
            rows.append({**row, "hired": None if hired is None else hired / 100})
    state["fleet_rows"] = rows
    return rows


def columns(models: list[str]) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "model": st.column_config.SelectboxColumn("GPU", options=models, required=True, width="small"),
        "count": number("Count", default=1, step=1, width="small"),
        "price_usd": number("Paid for one, USD", help="With its share of the machine around it"),
        "watts": number("Watts each", help="At the wall, with its share of the machine around it"),
        "usd_per_kwh": number("USD per kWh", format="%.3f"),
        "uptime_hours": number("Hours up a day", default=24.0),
        HIRED: number("Hired, %", default=0.0, help="Share of the time up; only the old schedule asks"),
    }


def assumptions(desk: Desk) -> dict[str, float | None]:
    """What nobody has published, to be set here."""
    assumed = judgement(desk.answers.registry.facts)
    boxes = {
        "mean_multiplier": ("Mean multiplier of all active GPUs", 1.0),
        "roi_target": ("Return in the payout target, % a year", 100.0),
        "discount_rate": ("Discount rate, % a year", 100.0),
    }
    found: dict[str, float | None] = {}
    with st.expander("What nobody has published, and your own discounting"):
        for place, (name, (label, scale)) in zip(st.columns(3), boxes.items(), strict=True):
            shown = kept_number(place, label, name, scale * getattr(assumed, name))
            found[name] = None if shown is None else shown / scale
    return found


def machines_site() -> dict[str, float | None]:
    """What only the supplier knows; empty boxes are not said."""
    boxes = {
        "memory_gb": "Memory of each GPU, GB",
        "down_mbps": "Download, Mbps",
        "up_mbps": "Upload, Mbps",
    }
    with st.expander("Your line and memory, for the checklist"):
        places = zip(st.columns(3), boxes.items(), strict=True)
        return {name: kept_number(place, label, name, None) for place, (name, label) in places}


def kept_number(place: Any, label: str, name: str, start: float | None) -> float | None:
    """A number box whose value survives a look at another page, which Streamlit's own state does not."""
    state, key = st.session_state, f"supplier_{name}"
    if key not in state:
        state[key] = state.get(f"kept_{key}", start)
    value: float | None = place.number_input(label, 0.0, value=None, key=key)
    state[f"kept_{key}"] = value
    return value


def checklist(asked: Question) -> None:
    """Eligible, or what is missing."""
    conditions = eligibility(asked.fleet, asked.site)
    with st.expander(f"**Eligible?** {plain(cards_suppliers.missing(conditions), 400)}", key="eligibility"):
        for c in conditions:
            words = f"{c.condition}: needs {c.needed}; {c.yours}"
            st.markdown(f"{ICONS[c.state]} {plain(words, 200)} ({cards_suppliers.STATES[c.state]})")
        terms = asked.fleet.terms
        st.caption(
            plain(
                f"Others may hold up to {terms.costake_max_share:.0%} of the stake for you and wait "
                f"{terms.costaker_wait_days:g} days before the {terms.unstaking_days:g} days of cooldown. "
                f"{terms.slashing}.",
                400,
            )
        )


@st.fragment
def income(desk: Desk, found: Answer, asked: Question) -> None:
    way = st.segmented_control(
        "How the payout target is shared",
        list(cards_suppliers.ENGINE),
        format_func=WAYS.__getitem__,
        key="supplier_way",
        default=cards_suppliers.ENGINE[0],
        required=True,
    )
    dates = [
        month_end(desk.answers.protocol, desk.scenario.m0 + k) for k in range(1, desk.scenario.months + 1)
    ]
    made = charts_suppliers.income(found.by_month, str(way), dates, dark=desk.dark)
    panels.chart(desk, made, panels_suppliers.stamp(desk, asked))


def depends(desk: Desk, found: Answer, asked: Question) -> None:
    st.subheader("What this depends on", anchor=False)
    st.markdown(plain(cards_suppliers.depends_on(found, asked, desk.scenario), 2000))
    panels_suppliers.ranges(desk, found, asked)
    command = fleets.command(desk.scenario, asked)
    stamp = (
        f"{asked.paths:,} random paths, seed {asked.seed}, by the month · the facts' shocks · scenario "
        f"{desk.scenario.digest()[:12]} · model {model_version()} · facts "
        f"{desk.answers.registry.version[:12]}"
    )
    take_report(desk, found, asked)
    st.caption(stamp)
    with st.expander("The command that gives this page's numbers"):
        st.code(command, language="bash", wrap_lines=True)


def take_report(desk: Desk, found: Answer, asked: Question) -> None:
    """Drawn when it is clicked, and not before."""

    def page() -> bytes:
        return report_fleet.make(desk.answers, found, asked, desk.scenario, datetime.now(UTC))

    stem = file_stem("fleet", desk.scenario.digest())
    with st.container(horizontal=True):
        st.download_button(
            "Take the report", page, f"{stem}.html", "text/html", key="supplier_report", on_click="ignore",
            icon=":material/description:",
        )  # fmt: skip
        if installed() is not None:
            st.download_button(
                "as PDF", lambda: print_pdf(page()), f"{stem}.pdf", "application/pdf",
                key="supplier_report_pdf", on_click="ignore",
            )  # fmt: skip
