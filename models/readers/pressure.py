"""What comes to market in USD and in days of trading volume, and what the burn yields on market cap."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from models.projection import Projection

YEAR = 12  # months


class Balance(NamedTuple):
    """The run's first `months` months, in IO and in USD at the price of the step in which they move. Yields
    and dilution are a year's worth of them over what circulated, or its worth, at the start."""

    months: int
    circulating_io: float  # at the start
    market_cap_usd: float  # at the first step's price
    unlocked_io: float
    released_io: float
    burned_io: float  # all that goes to B by SPEC section 3, item 7
    bought_io: float  # of it, out of circulation
    refilled_io: float  # bought out of circulation into the Reward Vault
    net_io: float  # by which circulating supply grows
    unlocked_usd: float
    released_usd: float
    burned_usd: float
    burn_yield_io: float
    burn_yield_usd: float
    dilution: float  # unlocked and released, as the yields count; IO


def balance(run: Projection, months: int) -> Balance:
    """Of the run's first `months` months."""
    part = run.frame.filter(pl.col("month") <= months)
    start = run.states[0]
    circulating = start.C + start.K + start.Q
    cap = circulating * part["price"][0]

    def total(*names: str) -> float:
        return math.fsum(math.fsum(part[name]) for name in names)

    def usd(name: str) -> float:
        return math.fsum(part[name] * part["price"])

    a_year = YEAR / months
    come, bought = total("unlocked", "released"), total("burned_market", "overflow_burned")
    return Balance(
        months=months,
        circulating_io=circulating,
        market_cap_usd=cap,
        unlocked_io=total("unlocked"),
        released_io=total("released"),
        burned_io=total("burned"),
        bought_io=bought,
        refilled_io=total("refilled"),
        net_io=come - bought - total("refilled"),
        unlocked_usd=usd("unlocked"),
        released_usd=usd("released"),
        burned_usd=usd("burned"),
        burn_yield_io=a_year * total("burned") / circulating,
        burn_yield_usd=a_year * usd("burned") / cap,
        dilution=a_year * come / circulating,
    )


def sell_pressure(run: Projection, volumes: Mapping[str, float]) -> pl.DataFrame:
    """What could be sold, by run month: month, date, price (mean), unlocked_usd, released_usd, all_usd
    (both), sold_usd (what the scenario says is sold of both), and for each volume (USD a day) by its name
    all_days_NAME and sold_days_NAME: how many days of it they are."""
    s, price = run.scenario, pl.col("price")
    usd = (
        run.frame.group_by("month", maintain_order=True)
        .agg(
            pl.col("date").last(),
            price.mean(),
            unlocked_usd=(pl.col("unlocked") * price).sum(),
            released_usd=(pl.col("released") * price).sum(),
        )
        .with_columns(
            all_usd=pl.col("unlocked_usd") + pl.col("released_usd"),
            sold_usd=s.sell_unlock * pl.col("unlocked_usd") + s.sell_payout * pl.col("released_usd"),
        )
    )
    return usd.with_columns(
        (pl.col(f"{what}_usd") / a_day).alias(f"{what}_days_{name}")
        for name, a_day in volumes.items()
        for what in ("all", "sold")
    )
