"""What a workload costs at io.net, hyperscalers and peers, with all that the sources disagree on, and how
much demand goes unserved when supply leaves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from models.parameters import DAYS_PER_MONTH, InputError
from models.projection import Projection, monthly

OWN = "io.net"
RIVAL = "hyperscaler"
SECONDS_PER_HOUR = 3600
MOST_HOURS = 1e12
MOST_TOKENS = 1e18


class Hours(NamedTuple):
    """GPU-hours a month of one model: as asked, or a range where they are reckoned from tokens."""

    model: str
    low: float
    high: float


class Fees(NamedTuple):
    """The renter's at io.net, as shares of what is paid: at least in IO, at most in USDC."""

    low: float
    high: float


def hours_of(work: Sequence[tuple[str, float]], priced: Sequence[str]) -> list[Hours]:
    """GPU-hours a month by model, from (model, hours). Raises InputError for a model without a price
    anywhere, and hours that cannot be."""
    if not work:
        raise InputError("the workload has no GPU-hours: give at least one model with its hours a month")
    found: dict[str, float] = {}
    for model, hours in work:
        name = _priced(model, priced)
        if not 0 < hours <= MOST_HOURS:
            raise InputError(
                f"{name}: {hours:g} GPU-hours a month are not allowed: more than 0 and at most "
                f"{MOST_HOURS:g} are"
            )
        found[name] = found.get(name, 0.0) + hours
    return [Hours(model, hours, hours) for model, hours in found.items()]


def hours_for_tokens(
    tokens_a_day: float, model: str, rates: Mapping[str, tuple[float, float]], priced: Sequence[str]
) -> list[Hours]:
    """GPU-hours a month that serve so many tokens a day on GPUs of one model, busy all the time. `rates`:
    (lowest, highest) tokens a second of one GPU. Raises InputError for a model without rate or price."""
    if not 0 < tokens_a_day <= MOST_TOKENS:
        raise InputError(
            f"{tokens_a_day:g} tokens a day are not allowed: more than 0, at most {MOST_TOKENS:g} are"
        )
    name = _priced(model, [m for m in priced if m in rates])
    slow, fast = rates[name]
    month = tokens_a_day * DAYS_PER_MONTH / SECONDS_PER_HOUR
    return [Hours(name, month / fast, month / slow)]


def _priced(model: str, priced: Sequence[str]) -> str:
    names = {_plain(name): name for name in priced}
    try:
        return names[_plain(model)]
    except KeyError:
        raise InputError(
            f"no price of a {model!r:.40} hour is known; there are prices for {', '.join(names.values())}"
        ) from None


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def costs(work: Sequence[Hours], prices: Sequence[Mapping[str, Any]], fees: Fees) -> pl.DataFrame:
    """One row a price that some source states for the workload's models: provider, model, hours_low,
    hours_high, price_low, price_high (USD a GPU-hour, io.net's with the renter's fees), cost_low, cost_high
    (USD a month), date, kind, source, remark; io.net first."""
    rows = []
    for hours in work:
        for price in prices:
            if price["model"] != hours.model:
                continue
            own = price["provider"] == OWN
            low = float(price["low"]) * (1 + fees.low if own else 1.0)
            high = float(price["high"]) * (1 + fees.high if own else 1.0)
            rows.append(
                {
                    "provider": price["provider"],
                    "model": hours.model,
                    "hours_low": hours.low,
                    "hours_high": hours.high,
                    "price_low": low,
                    "price_high": high,
                    "cost_low": hours.low * low,
                    "cost_high": hours.high * high,
                    **{name: price[name] for name in ("date", "kind", "source", "remark")},
                }
            )
    return pl.DataFrame(rows).sort(pl.col("provider") != OWN, maintain_order=True)


def by_provider(table: pl.DataFrame) -> pl.DataFrame:
    """`costs` by provider and model: sources, price_low .. price_high over all of them, agreed_low ..
    agreed_high what all of them allow (null: nothing), conflict (they state different ranges), cost_low,
    cost_high, and for the hyperscalers' models saving_low, saving_high: how much less this provider costs
    at worst and at best, as a share, for the same hours."""
    grouped = table.group_by("provider", "model", maintain_order=True).agg(
        sources=pl.len(),
        hours_low=pl.col("hours_low").first(),
        hours_high=pl.col("hours_high").first(),
        price_low=pl.col("price_low").min(),
        price_high=pl.col("price_high").max(),
        agreed_low=pl.col("price_low").max(),
        agreed_high=pl.col("price_high").min(),
        conflict=(pl.col("price_low").n_unique() > 1) | (pl.col("price_high").n_unique() > 1),
        cost_low=pl.col("cost_low").min(),
        cost_high=pl.col("cost_high").max(),
    )
    agree = pl.col("agreed_low") <= pl.col("agreed_high")
    rival = grouped.filter(provider=RIVAL).select("model", rival_low="price_low", rival_high="price_high")
    return (
        grouped.with_columns(
            agreed_low=pl.when(agree).then("agreed_low"), agreed_high=pl.when(agree).then("agreed_high")
        )
        .join(rival, on="model", how="left", maintain_order="left")
        .with_columns(
            saving_low=pl.when(pl.col("provider") != RIVAL).then(
                1 - pl.col("price_high") / pl.col("rival_low")
            ),
            saving_high=pl.when(pl.col("provider") != RIVAL).then(
                1 - pl.col("price_low") / pl.col("rival_high")
            ),
        )
        .drop("rival_low", "rival_high")
    )


def unserved(run: Projection) -> pl.DataFrame:
    """Demand that found no free GPU, by month: month, date, demand_usd, unserved_usd, unserved (share of the
    demand), active (supply at the month's end, relative). Customers who leave with the supply (phi) are no
    demand any more and not in it."""
    frame = monthly(run.frame)
    demand = pl.col("revenue") + pl.col("unserved")
    return frame.select(
        "month",
        "date",
        demand_usd=demand,
        unserved_usd="unserved",
        unserved=pl.when(demand > 0).then(pl.col("unserved") / demand).otherwise(0.0),
        active="N",
    )


def unserved_figures(table: pl.DataFrame) -> dict[str, Any]:
    """The whole run of `unserved` in a few figures; first_month is None where all demand is served."""
    short = table.filter(pl.col("unserved_usd") > 0)
    return {
        "first_month": None if short.is_empty() else short["month"][0],
        "months": short.height,
        "unserved_usd": math.fsum(table["unserved_usd"]),
        "highest_share": table["unserved"].max(),
        "lowest_active": table["active"].min(),
    }
