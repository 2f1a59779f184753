"""Explain this number, for the Supply page: what comes to market, what the burn covers and what it yields."""

import math
from collections.abc import Callable
from typing import NamedTuple

from dashboard.answers import Answers, Explanation
from dashboard.explain.path import PAYOUT
from dashboard.questions import investing
from dashboard.questions.investing import Issuance
from models.parameters import Scenario

BURN = ("beta", "burn_base", "s_io", "burn_source", "y2_cap_months", "overflow", *PAYOUT)
MOVED = (
    "month", "date", "price", "revenue", "paid", "unlocked", "released", "burned", "burned_market",
    "overflow_burned", "refilled", "circulating",
)  # fmt: skip
EACH = ("month", "date", "own_usd", "servable_usd", "burn_revenue_usd", "burn_contracts")


class Figure(NamedTuple):
    """One of the page's headline figures: formula, the scenario's inputs behind it, and its arithmetic."""

    title: str
    formula: str
    fields: tuple[str, ...]
    arithmetic: Callable[[Issuance, Scenario], list[str]]


def _net(found: Issuance, _: Scenario) -> list[str]:
    b = found.balance
    return [
        f"{b.unlocked_io:,.0f} + {b.released_io:,.0f} - {b.bought_io:,.0f} - {b.refilled_io:,.0f} = "
        f"{b.net_io:,.0f} IO in {b.months} months",
        f"{b.net_io:,.0f}/{b.circulating_io:,.0f} = {b.net_io / b.circulating_io:.4%} of what circulates",
    ]


def _revenue(found: Issuance, _: Scenario) -> list[str]:
    b, at = found.balance, found.burn
    net = b.unlocked_io + b.released_io - b.burned_io
    lines = [
        f"here: revenue {at.own_usd:,.0f} USD a month; unlocked {b.unlocked_io:,.0f} + released "
        f"{b.released_io:,.0f} - burned {b.burned_io:,.0f} = {net:,.0f} IO"
    ]
    if at.revenue_usd is None:
        return [*lines, "no revenue makes it nil"]
    return [*lines, f"it is nil at {at.revenue_usd:,.0f} USD a month, found on the model itself"]


def _contracts(found: Issuance, scenario: Scenario) -> list[str]:
    size, count = found.contract_usd, found.burn.contracts
    if count is None:
        return [f"no number of contracts of {size:,.0f} USD a month makes it nil"]
    line = f"{count:.4f} contracts x {size:,.0f} = {count * size:,.0f} USD a month beside the base revenue"
    if scenario.revenue_history is not None:
        return [line]
    return [f"{line} of {scenario.R_base:,.0f}: {scenario.R_base + count * size:,.0f}, at demand 1"]


def _yield(found: Issuance, _: Scenario) -> list[str]:
    b = found.balance
    return [
        f"market cap = {b.circulating_io:,.0f} IO x {b.market_cap_usd / b.circulating_io:.4f} = "
        f"{b.market_cap_usd:,.0f} USD",
        f"12/{b.months} x {b.burned_usd:,.0f}/{b.market_cap_usd:,.0f} = {b.burn_yield_usd:.4%} in USD",
        f"12/{b.months} x {b.burned_io:,.0f}/{b.circulating_io:,.0f} = {b.burn_yield_io:.4%} in IO",
    ]


def _pressure(found: Issuance, _: Scenario) -> list[str]:
    b = found.balance
    total = math.fsum(found.pressure["all_usd"].head(b.months))
    return [
        f"{b.unlocked_usd:,.0f} + {b.released_usd:,.0f} = {total:,.0f} USD in {b.months} months",
        *(
            f"{total:,.0f}/{row['usd_a_day']:,.0f} = {total / row['usd_a_day']:.3f} days at the volume to "
            f"{row['until']} ({row['source']})"
            for row in found.volumes.iter_rows(named=True)
        ),
    ]


FIGURES = {
    "net": Figure(
        "Growth of circulating supply",
        "net = sum over the months of u + x1 - burn out of C - refill",
        BURN, _net,
    ),
    "break_even": Figure(
        "Revenue at which the burn covers all",
        "least revenue, the same in each month, at which sum of u + x1 - burn = 0; burn: beta S/P and what "
        "overflows if that is burned, S = R - paid",
        BURN, _revenue,
    ),
    "contracts": Figure(
        "Contracts like the first",
        "least number of contracts beside R_base, in place of the run's, at which sum of u + x1 - burn = 0",
        ("R_base", "contracts", *BURN), _contracts,
    ),
    "burn_yield": Figure(
        "Burn yield on market cap",
        "yield = 12/months x sum of burn P / (circulating at the start x P of the first step)",
        BURN, _yield,
    ),
    "pressure": Figure(
        "Comes to market",
        "sum over the months of (u + x1) P; days = that over the USD traded a day",
        ("sell_unlock", "sell_payout", *PAYOUT), _pressure,
    ),
}  # fmt: skip


def explain(answers: Answers, found: Issuance, scenario: Scenario, figure: str) -> Explanation:
    """Where one of FIGURES comes from."""
    what, months = FIGURES[figure], found.balance.months
    if figure in ("break_even", "contracts"):
        path = found.by_month.select(EACH)
    else:
        path = answers.project(scenario).by_month.head(months).select(MOVED)
    asked = investing.question(answers.registry, scenario, window=months)
    fields = tuple(dict.fromkeys(what.fields))
    return Explanation(
        what.title,
        what.formula,
        answers.inputs(scenario, fields),
        what.arithmetic(found, scenario),
        path,
        investing.command(scenario, asked),
        "One path, without random shocks",
    )
