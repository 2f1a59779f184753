"""Who holds the supply, what comes to market and when, and how well the schedules match what was observed."""

import math
from datetime import date
from functools import lru_cache

import polars as pl

from models.parameters import Protocol, Scenario
from models.projection import HOLDERS, monthly, project
from models.schedules import (
    emitted_by,
    geometric,
    growing_base,
    locked_after,
    month_end,
    monthly_emission,
    monthly_vesting,
    vested_in,
)

HOURS_PER_YEAR = 8760
SUPPLY_FLOWS = (
    "unlocked", "released", "burned", "burned_market", "overflow_burned", "refilled", "retired"
)  # fmt: skip


def supply_by_month(scenario: Scenario, protocol: Protocol) -> pl.DataFrame:
    """Balances at month ends and the flows that change circulation, from launch (m = 0) on.

    Up to m0 the schedules alone, as the network ran before the engine: all emission to suppliers, no vault,
    no burn. From m0 on the scenario's run, carried on to the end of the emission schedule (a replay: to the
    end of its history). Columns: m, date, U V L C K Q B, circulating, unlocked, released, burned (of which
    bought on the market: burned_market, overflow_burned), refilled, retired (IO) and price (USD per IO; null
    before the run)."""
    months = scenario.months
    if scenario.price_history is None and scenario.revenue_history is None:
        months = max(protocol.emission_months - scenario.m0, months)
    run = monthly(project(scenario.model_copy(update={"months": months}), protocol).frame)
    columns = ["m", "date", *HOLDERS, "circulating", *SUPPLY_FLOWS, "price"]
    return pl.concat([_before_the_run(scenario.m0, protocol), run.select(columns)], how="diagonal_relaxed")


@lru_cache(8)  # the same for every scenario that starts in the same month
def _before_the_run(m0: int, protocol: Protocol) -> pl.DataFrame:
    months = range(m0 + 1)
    locked = [locked_after(protocol, m) for m in months]
    unissued = [max(protocol.emission_total_io - emitted_by(protocol, m), 0.0) for m in months]
    linear, tranche = monthly_vesting(protocol, 1, m0)
    emission = (monthly_emission(protocol) + [0.0] * m0)[:m0]
    liquid = [protocol.cap_io - lo - un for lo, un in zip(locked, unissued, strict=True)]
    zero = [0.0] * (m0 + 1)
    return pl.DataFrame(
        {
            "m": list(months),
            "date": [month_end(protocol, m) for m in months],
            "U": unissued,
            "V": zero,
            "L": locked,
            "C": liquid,
            "K": zero,
            "Q": zero,
            "B": zero,
            "circulating": liquid,
            "unlocked": [0.0, *(a + b for a, b in zip(linear, tranche, strict=True))],
            "released": [0.0, *emission],
            **dict.fromkeys(("burned", "burned_market", "overflow_burned", "refilled", "retired"), zero),
        },
        schema_overrides={"m": pl.Int64},
    )


def observed_gaps(supply: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """The month end nearest to each observation and the model's distance from it.

    `supply` has date, m and circulating; `observed` has date and observed_io. Adds m, model_io and gap (model
    over observed, less 1). Observations further than a month from any modelled month end are left out."""
    ends = supply.select("date", "m", model_io="circulating").sort("date")
    return (
        observed.sort("date")
        .join_asof(ends, on="date", strategy="nearest", tolerance="31d")
        .drop_nulls("model_io")
        .with_columns(gap=pl.col("model_io") / pl.col("observed_io") - 1)
    )


def unlock_calendar(protocol: Protocol, after_month: int) -> pl.DataFrame:
    """Unlocks after protocol month `after_month`, next first: m, date, bucket, kind and io.

    A linear bucket releases through the month, a tranche at its end."""
    rows: list[tuple[int, date, str, str, float]] = []
    for bucket in protocol.buckets:
        for m in range(max(after_month + 1, bucket.first_month or 1), (bucket.last_month or 0) + 1):
            rows.append((m, month_end(protocol, m), bucket.name, bucket.kind, vested_in(bucket, m)))
    frame = pl.DataFrame(
        rows,
        schema={"m": pl.Int64, "date": pl.Date, "bucket": pl.String, "kind": pl.String, "io": pl.Float64},
        orient="row",
    )
    return frame.sort("m", "bucket")


def emission_variants(
    protocol: Protocol,
    published_q: float,
    headline_decline: float,
    hourly_decline: float,
    hourly_epochs: int,
) -> pl.DataFrame:
    """The published forms of the emission schedule side by side: variant, total_io, excess_io over the 300M.

    `published_q` is the rounded monthly factor, `headline_decline` the decline a month that is quoted,
    `hourly_decline` and `hourly_epochs` the hourly form. Totals are unclamped."""
    rate, months = protocol.emission_annual_rate, protocol.emission_months
    month_1 = protocol.genesis_io * rate / 12
    hour_1 = protocol.genesis_io * rate / HOURS_PER_YEAR
    grown = growing_base(protocol.genesis_io, rate, protocol.emission_q, months) - protocol.genesis_io
    totals = {
        "Hourly form, as documented": math.fsum(geometric(hour_1, 1 - hourly_decline, hourly_epochs)),
        "Monthly form, exact factor (used here)": math.fsum(geometric(month_1, protocol.emission_q, months)),
        "Monthly form, published factor": math.fsum(geometric(month_1, published_q, months)),
        "Monthly form, headline decline": math.fsum(geometric(month_1, 1 - headline_decline, months)),
        "Written formula on a growing supply": grown,
    }
    frame = pl.DataFrame({"variant": list(totals), "total_io": list(totals.values())})
    return frame.with_columns(excess_io=pl.col("total_io") - protocol.emission_total_io)
