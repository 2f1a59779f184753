"""Supply: who holds the 800M, and what comes to market?"""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import charts_supply, panels
from dashboard.answers import Supply
from dashboard.frame import Desk

TITLE = "Supply"
FIELDS = ("V0_months", "H0", "R_base", "contracts", "beta", "P0", "depth")
VARIANTS = {"ide": "Full operation", "as_reported": "As reported"}
UNITS = {"io": "IO", "usd": "USD", "days": "Days of volume"}
SPANS = ("Four years", "All to 2044")


def page(desk: Desk) -> None:
    supply = desk.answers.supply(desk.scenario)
    st.header("Who holds the 800M, and what comes to market?")
    holders(desk, supply)
    net_issuance(desk, supply)
    unlocks(desk, supply)
    emission(desk, supply)


@st.fragment
def holders(desk: Desk, supply: Supply) -> None:
    span = st.segmented_control("Months shown", SPANS, key="span", default=SPANS[0], required=True)
    around = datetime.now(UTC).date() if span == SPANS[0] else None
    panels.chart(desk, charts_supply.holders(supply.by_month, supply.observed, around=around, dark=desk.dark))
    with st.expander("Every observed point against both variants"):
        table = supply.observed.select(
            "date",
            pl.col("observed_io", "ide_io", "as_reported_io") / 1e6,
            pl.col("ide_gap", "as_reported_gap") * 100,
            "source",
        )
        st.dataframe(table, hide_index=True, column_config=OBSERVED_COLUMNS)


@st.fragment
def net_issuance(desk: Desk, supply: Supply) -> None:
    with st.container(horizontal=True):
        variant = st.segmented_control(
            "Variant",
            list(VARIANTS),
            format_func=VARIANTS.__getitem__,
            key="variant",
            default="ide",
            required=True,
        )
        unit = st.segmented_control(
            "Counted in", list(UNITS), format_func=UNITS.__getitem__, key="unit", default="io", required=True
        )
    chosen = supply.by_month.filter(pl.col("variant") == variant)
    today = datetime.now(UTC).date()
    panels.chart(
        desk,
        charts_supply.net_issuance(
            chosen, str(unit), depth=desk.scenario.depth, around=today, dark=desk.dark
        ),
    )


def unlocks(desk: Desk, supply: Supply) -> None:
    panels.chart(desk, charts_supply.unlock_calendar(supply.unlocks, price=desk.scenario.P0, dark=desk.dark))
    with st.expander("The unlock calendar as a table, next event first"):
        st.dataframe(
            supply.unlocks.with_columns(pl.col("io") / 1e6), hide_index=True, column_config=UNLOCK_COLUMNS
        )


def emission(desk: Desk, supply: Supply) -> None:
    st.markdown("**How much is emitted: the published forms do not agree**")
    st.dataframe(
        supply.variants.with_columns(pl.col("total_io", "excess_io") / 1e6),
        hide_index=True,
        column_config=EMISSION_COLUMNS,
    )


def _millions(name: str) -> object:
    return st.column_config.NumberColumn(name, format="%.3f")


OBSERVED_COLUMNS = {
    "date": st.column_config.DateColumn("Date"),
    "observed_io": _millions("Observed, M IO"),
    "ide_io": _millions("Full operation, M IO"),
    "as_reported_io": _millions("As reported, M IO"),
    "ide_gap": st.column_config.NumberColumn("Full operation off by", format="%+.1f %%"),
    "as_reported_gap": st.column_config.NumberColumn("As reported off by", format="%+.1f %%"),
    "source": "Source",
}
UNLOCK_COLUMNS = {
    "m": "Protocol month",
    "date": st.column_config.DateColumn("Month's end"),
    "bucket": "Bucket",
    "kind": "How",
    "io": _millions("M IO"),
}
EMISSION_COLUMNS = {
    "variant": "Form",
    "total_io": _millions("Total, M IO"),
    "excess_io": _millions("Over the 300M, M IO"),
}
