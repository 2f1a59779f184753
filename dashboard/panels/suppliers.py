"""Tables of the Suppliers page: return and value, what the pay is taken in, the smallest supplier, and
what nobody has published."""

from typing import Any

import polars as pl
import streamlit as st

from dashboard.exports import drawn
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.questions import fleets
from dashboard.questions.fleets import Question
from dashboard.words import cards_suppliers
from dashboard.words.formats import plain
from models.readers.fleet_income import WAYS
from models.readers.suppliers import Answer


def stamp(desk: Desk, asked: Question) -> dict[str, Any]:
    """What manifests say of the question besides the scenario."""
    return {
        "command": fleets.command(desk.scenario, asked),
        **asked.parameters,
        **drawn(desk.answers.registry.shocks(), asked.seed, asked.paths),
    }


def results(desk: Desk, found: Answer, asked: Question) -> None:
    shares = ("roi_p5", "roi_p50", "roi_p95")
    shown = found.results.select(
        pl.col("way").replace(WAYS), *(pl.col(name) * 100 for name in shares),
        "npv_usd_p5", "npv_usd_p50", "npv_usd_p95",
    )  # fmt: skip
    panels.table(
        desk, found.results, name="fleet-results", shown=shown, columns=RESULTS, stamp=stamp(desk, asked),
        title="Return and net present value over the run: one in twenty, the middle, one in twenty",
        units=_units(found.results),
    )  # fmt: skip
    st.caption(
        "Return: all income after electricity and fees, over what the machines cost, less 1. Net present "
        "value: machines and stake bought at the start, income discounted month by month, the stake back at "
        "the last price; the machines are then worth nothing."
    )


def risk(desk: Desk, found: Answer, asked: Question) -> None:
    totals = ("total_usd_p5", "total_usd_p50", "total_usd_p95")
    panels.table(
        desk, found.payouts, name="fleet-payouts", columns=PAYOUTS, stamp=stamp(desk, asked),
        shown=found.payouts.select("payout", *totals, pl.col("better_than_usdc") * 100),
        title="The pay taken in USDC or in IO, over the run, after electricity", units=_units(found.payouts),
    )  # fmt: skip
    st.caption(
        "By multipliers; low and high are one future in twenty. USDC costs a fee that IO does not; IO "
        "that is kept rides the price."
    )
    panels.table(
        desk, found.squeeze, name="smallest-supplier", columns=SQUEEZE, stamp=stamp(desk, asked),
        shown=found.squeeze.with_columns(pl.col("pay") * 100),
        title="The smallest supplier when pay falls, a month", units=_units(found.squeeze),
    )  # fmt: skip
    st.caption(plain(cards_suppliers.smallest(found), 500))


def ranges(desk: Desk, found: Answer, asked: Question) -> None:
    shown = found.ranges.select(
        pl.col("field").replace(cards_suppliers.TITLES), "value", pl.col("way").replace(WAYS), "month_usd",
        pl.col("never") * 100,
    )  # fmt: skip
    panels.table(
        desk, found.ranges, name="fleet-ranges", shown=shown, columns=RANGES, stamp=stamp(desk, asked),
        title="The answer at each alternative of what nobody has published", units=_units(found.ranges),
        headed=False,
    )  # fmt: skip


def _units(frame: pl.DataFrame) -> dict[str, str]:
    """Money by its column's name, months by theirs; the rest are shares and names."""
    units = {name: "USD" for name in frame.columns if "usd" in name.split("_")}
    return units | {name: "months" for name in frame.columns if name.startswith("payback")}


def _usd(title: str, digits: str = ",.0f") -> Any:
    # the unit in the head: a sign would stand behind the dollar
    return st.column_config.NumberColumn(f"{title}, USD", format=f"%{digits}")


RESULTS = {
    "way": "Reckoned as",
    **{
        f"roi_p{level}": st.column_config.NumberColumn(title, format="%.0f %%")
        for level, title in ((5, "Return, low"), (50, "Return"), (95, "Return, high"))
    },
    **{
        f"npv_usd_p{level}": _usd(title)
        for level, title in ((5, "Value, low"), (50, "Value"), (95, "Value, high"))
    },
}
PAYOUTS = {
    "payout": "Taken in",
    "total_usd_p5": _usd("Low"),
    "total_usd_p50": _usd("Middle"),
    "total_usd_p95": _usd("High"),
    "better_than_usdc": st.column_config.NumberColumn("Beats USDC", format="%.0f %%"),
}
SQUEEZE = {
    "pay": st.column_config.NumberColumn("Pay", format="%.0f %%"),
    "model": "One GPU",
    "income_usd": _usd("Income", ",.2f"),
    "electricity_usd": _usd("Electricity", ",.2f"),
    "net_usd": _usd("Left", ",.2f"),
}
RANGES = {
    "field": "If this were",
    "value": st.column_config.NumberColumn("at", format="%.4g"),
    "way": "Reckoned as",
    "month_usd": _usd("Middle, a month"),
    "never": st.column_config.NumberColumn("Never paid back", format="%.1f %%"),
}
