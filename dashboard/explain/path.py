"""Explain this number: formula, inputs, and the figures of the path behind each headline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard.words import formats
from models.economy import NEGLIGIBLE

PRICE = ("P0", "price_history", "price_shock", "shock_month", "shock_months")
REVENUE = ("R_base", "contracts", "revenue_history", "demand_shock", "u0", "u_max")
TARGET = ("H0",)
VAULTS = ("V0_months", "V0", "F0", "kappa", "release_cap", "order", "m0")
PAYOUT = (*TARGET, *REVENUE, *PRICE, *VAULTS)
PAYOUT_COLUMNS = (
    "date", "revenue", "target", "paid", "price", "released", "fee_vault_draw", "short", "coverage", "V", "F"
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A headline figure: its name, its formula in the SPEC's symbols, the inputs it depends on most directly,
    the rows and columns of the monthly path behind it, and the arithmetic with this run's numbers."""

    title: str
    formula: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    around: Callable[[pl.DataFrame], pl.DataFrame]
    arithmetic: Callable[[pl.DataFrame], list[str]]


def _lowest(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def rows(frame: pl.DataFrame) -> pl.DataFrame:
        at = frame[column].arg_min() or 0
        return frame.slice(max(at - 2, 0), 5)

    return rows


def _first_short(frame: pl.DataFrame) -> pl.DataFrame:
    at = frame["shortfall"].arg_max() if frame["shortfall"].any() else frame["V"].arg_min()
    return frame.slice(max((at or 0) - 2, 0), 5)


def _first_year(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("month") <= 12)


def _when(row: dict[str, Any]) -> str:
    return formats.month(row["date"], row["month"])


def _coverage(row: dict[str, Any]) -> str:
    ratio = f"{row['short']:,.0f}/{row['target']:,.0f}"
    return f"{_when(row)}: cov = 1 - short/H = 1 - {ratio} = {row['coverage']:.4f}"


def _shortfall(frame: pl.DataFrame) -> list[str]:
    short = frame.filter("shortfall")
    if short.is_empty():
        return [f"No step has short > {NEGLIGIBLE:g} H: the vaults cover the target throughout."]
    row = short.row(0, named=True)
    released = row["released"] * row["price"]
    return [
        f"{_when(row)} is the first with short > {NEGLIGIBLE:g} H.",
        f"short = H - paid - x1 P - d2 = {row['target']:,.0f} - {row['paid']:,.0f} - {released:,.0f} - "
        f"{row['fee_vault_draw']:,.0f} = {row['short']:,.0f} USD",
    ]


def _min_coverage(frame: pl.DataFrame) -> list[str]:
    return [_coverage(frame.row(frame["coverage"].arg_min() or 0, named=True))]


def _min_pay(frame: pl.DataFrame) -> list[str]:
    row = frame.row(frame["pay"].arg_min() or 0, named=True)
    k = row["pay"] / row["coverage"] if row["coverage"] else 1.0
    return [_coverage(row), f"pay = cov k = {row['coverage']:.4f} x {k:.4f} = {row['pay']:.4f}"]


def _runway(frame: pl.DataFrame) -> list[str]:
    finite = frame.drop_nulls("runway")
    if finite.is_empty():
        return ["Revenue covers the target throughout: there is no gap g, so the runway has no end."]
    row = finite.row(finite["runway"].arg_min() or 0, named=True)
    reserve = f"{row['V']:,.0f} x {row['price']:.4f} + {row['F']:,.0f}"
    return [f"{_when(row)}: (V P + F)/g = ({reserve})/{row['g']:,.0f} = {row['runway']:.2f} months"]


def _sum_of(column: str) -> Callable[[pl.DataFrame], list[str]]:
    def arithmetic(frame: pl.DataFrame) -> list[str]:
        amounts = _first_year(frame)[column].to_list()
        return [" + ".join(f"{a:,.0f}" for a in amounts) + f" = {sum(amounts):,.0f} IO"]

    return arithmetic


def _circulating(frame: pl.DataFrame) -> list[str]:
    year = _first_year(frame)
    names = ("unlocked", "released", "refilled", "burned_market", "overflow_burned")
    unlocked, released, refilled, burned_market, overflow = (float(year[n].to_numpy().sum()) for n in names)
    burned = burned_market + overflow
    return [
        f"unlocked {unlocked:,.0f} + released {released:,.0f} - burned out of circulation {burned:,.0f} "
        f"- bought into the vault {refilled:,.0f} = {unlocked + released - burned - refilled:,.0f} IO"
    ]


FIGURES = {
    "first_shortfall_month": Figure(
        "First shortfall", "first month ceil(t/n) with short > 1e-9 H", PAYOUT, PAYOUT_COLUMNS,
        _first_short, _shortfall,
    ),
    "min_coverage": Figure(
        "Lowest coverage", "cov = 1 - short/H", PAYOUT, PAYOUT_COLUMNS, _lowest("coverage"), _min_coverage
    ),
    "min_pay": Figure(
        "Lowest pay", "pay = cov k", (*PAYOUT, "controller", "k_min", "g_down", "g_up"),
        (*PAYOUT_COLUMNS, "k", "pay"), _lowest("pay"), _min_pay,
    ),
    "runway": Figure(
        "Shortest runway", "runway = (V P + F)/g", (*PAYOUT, "a"),
        ("date", "V", "price", "F", "g", "runway"), _lowest("runway"), _runway,
    ),
    "joint_runway": Figure(
        "Runway under the joint shock",
        "first month ceil(t/n) with short > 1e-9 H under both published shocks at once, less the month in "
        "which they come", PAYOUT, PAYOUT_COLUMNS, _first_short,
        _shortfall,
    ),
    "burn_year1": Figure(
        "Burned in the first 12 months", "sum of beta S/P over 12 months, S = R - paid",
        ("beta", "burn_base", "s_io", "burn_source", *TARGET, *REVENUE, *PRICE),
        ("date", "revenue", "paid", "surplus", "burn_usd", "price", "burned"), _first_year, _sum_of("burned"),
    ),
    "release_year1": Figure(
        "Released from the vault in the first 12 months", "sum of x1 = min(gap/P, V, cap d) over 12 months",
        PAYOUT, PAYOUT_COLUMNS, _first_year, _sum_of("released"),
    ),
    "circulating_year1": Figure(
        "Change of circulating supply in 12 months", "unlocks + releases - burn - refill",
        ("m0", "beta", *PAYOUT),
        ("date", "unlocked", "released", "burned_market", "overflow_burned", "refilled", "circulating"),
        _first_year, _circulating,
    ),
}  # fmt: skip
