"""Supply: who holds the 800M, and what comes to market?"""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard.answers import Supply
from dashboard.charts import supply as charts_supply
from dashboard.explain import investors as explain_investors
from dashboard.frame import Desk, drawer
from dashboard.panels import explain as panels_explain
from dashboard.panels import investors as panels_investors
from dashboard.panels import parts as panels
from dashboard.questions.investing import Issuance
from dashboard.words import cards_investors
from dashboard.words.formats import plain
from models.parameters import DAYS_PER_MONTH
from models.readers.pressure import YEAR

TITLE = "Supply"
FIELDS = ("V0_months", "H0", "R_base", "contracts", "beta", "P0", "depth")
VARIANTS = {"ide": "Full operation", "as_reported": "As reported"}
UNITS = {"io": "IO", "usd": "USD", "days": "Days"}
TRADED = "days traded"  # days of the last whole month of real volume, of which the scenario may differ
SPANS = ("Four years", "All to 2044")


def page(desk: Desk) -> None:
    supply = desk.answers.supply(desk.scenario)
    issued = desk.answers.issuance(desk.scenario, min(YEAR, desk.scenario.months))
    today = datetime.now(UTC).date()
    with st.container(key="answer"):
        answer, _, covered = cards_investors.verdict(issued).partition("; ")
        st.title(f"**{plain(answer, 400)}**; {plain(covered, 400)}", anchor=False)
        explained = partial(explain_investors.explain, desk.answers, issued, desk.scenario)
        panels_explain.button(desk, "net", explained)
    holders(desk, supply, today)
    net_issuance(desk, supply, issued, today)
    panels_investors.covers(desk, issued)
    panels_investors.selling(desk, issued)
    unlocks(desk, supply.unlocks.filter(pl.col("date") >= today))
    emission(desk, supply)
    panels_investors.ahead(desk)


@st.fragment
def holders(desk: Desk, supply: Supply, today: date) -> None:
    span = st.segmented_control("Months shown", SPANS, key="span", default=SPANS[0], required=True)
    around = today if span == SPANS[0] else None
    panels.chart(desk, charts_supply.holders(supply.by_month, supply.observed, around=around, dark=desk.dark))
    label = "Every observed point against both variants"
    drawer(label, "observed", partial(observed_table, desk, supply.observed))


def observed_table(desk: Desk, observed: pl.DataFrame) -> None:
    shown = observed.select(
        "date",
        pl.col("observed_io", "ide_io", "as_reported_io") / 1e6,
        pl.col("ide_gap", "as_reported_gap") * 100,
        "source",
    )
    panels.table(
        desk, observed, name="observed", title="Observed circulating supply against both variants",
        units=OBSERVED_UNITS, shown=shown, columns=OBSERVED_COLUMNS, headed=False,
    )  # fmt: skip


@st.fragment
def net_issuance(desk: Desk, supply: Supply, issued: Issuance, today: date) -> None:
    traded = cards_investors.last_whole_month(issued)
    units = UNITS | {TRADED: f"Days, {traded.name}"}
    with st.container(horizontal=True):
        variant = st.segmented_control(
            "Variant", list(VARIANTS), format_func=VARIANTS.__getitem__, key="variant", default="ide",
            required=True,
        )  # fmt: skip
        unit = st.segmented_control(
            "Counted in", list(units), format_func=units.__getitem__, key="unit", default="io", required=True
        )
    chosen = supply.by_month.filter(pl.col("variant") == variant)
    depth = traded.usd_a_day * DAYS_PER_MONTH if unit == TRADED else desk.scenario.depth
    shown = "days" if unit == TRADED else str(unit)
    made = charts_supply.net_issuance(chosen, shown, depth=depth, around=today, dark=desk.dark)
    panels.chart(desk, made)


def unlocks(desk: Desk, coming: pl.DataFrame) -> None:
    """What still lies ahead of the reader, whatever month the scenario starts in."""
    panels.chart(desk, charts_supply.unlock_calendar(coming, price=desk.scenario.P0, dark=desk.dark))
    if coming.is_empty():
        return
    price = desk.scenario.P0
    panels.table(
        desk, coming.with_columns(usd=pl.col("io") * price), name="unlock-calendar-table",
        title="The calendar, next event first, at the start price",
        units={"m": "protocol month", "date": "end of the month", "io": "IO", "usd": "USD"},
        shown=coming.with_columns(pl.col("io") / 1e6, usd=pl.col("io") * price / 1e6), columns=UNLOCK_COLUMNS,
        height=320,
    )  # fmt: skip


def emission(desk: Desk, supply: Supply) -> None:
    title = "How much is emitted: the published forms do not agree"
    st.header(title, anchor=False)
    shown = supply.variants.with_columns((pl.col("total_io", "excess_io") / 1e6).round(3) + 0.0)
    panels.table(
        desk, supply.variants, name="emission", title=title, shown=shown, columns=EMISSION_COLUMNS,
        units={"total_io": "IO", "excess_io": "IO"}, headed=False,
    )  # fmt: skip


def _millions(name: str) -> object:
    return st.column_config.NumberColumn(name, format="%.3f")


OBSERVED_UNITS = {
    "date": "day",
    "m": "protocol month",
    **dict.fromkeys(("observed_io", "ide_io", "as_reported_io"), "IO"),
    **dict.fromkeys(("ide_gap", "as_reported_gap"), "share of what was observed"),
}
OBSERVED_COLUMNS: dict[str, Any] = {
    "date": st.column_config.DateColumn("Date"),
    "observed_io": _millions("Observed, M IO"),
    "ide_io": _millions("Full operation, M IO"),
    "as_reported_io": _millions("As reported, M IO"),
    "ide_gap": st.column_config.NumberColumn("Full operation off by", format="%+.1f %%"),
    "as_reported_gap": st.column_config.NumberColumn("As reported off by", format="%+.1f %%"),
    "source": "Source",
}
UNLOCK_COLUMNS: dict[str, Any] = {
    "m": "Protocol month",
    "date": st.column_config.DateColumn("Month's end"),
    "bucket": "Bucket",
    "kind": "How",
    "io": _millions("M IO"),
    "usd": _millions("M USD"),
}
EMISSION_COLUMNS: dict[str, Any] = {
    "variant": "Form",
    "total_io": _millions("Total, M IO"),
    "excess_io": _millions("Over the 300M, M IO"),
}
