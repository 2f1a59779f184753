"""Should I plug my machines in? Break-even and risk of a fleet, as distributions over random paths."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from models.parameters import DAYS_PER_MONTH
from models.readers.fleet import Fleet
from models.readers.fleet_income import MONTHS_PER_YEAR, WAYS, Case, income, net, network_weight
from models.readers.futures import Array
from models.stress.summary import LEVELS, probability

WORST = 5  # per cent of months
# At which the smallest supplier is looked at, relative to the payout target at the start.
PAY_LEVELS = (1.0, 0.9, 0.75, 0.5, 0.25)


class Figures(NamedTuple):
    """What is one number each."""

    paths: int
    months: int
    weight: float  # of the fleet
    network_weight: float  # of all other active GPUs at the start
    share_at_start: float
    capital_usd: float
    electricity_usd: float  # a month
    engine_less_old_usd: float  # a month, by multipliers, path by path
    engine_less_old_error: float | None  # its standard error; None with one path
    stake_io: float
    stake_usd: float  # at the start
    stake_end_p5_usd: float
    stake_end_p50_usd: float
    stake_end_p95_usd: float
    stake_wait_days: float
    stake_wait_loss_usd: float  # over the wait, in the worst twentieth of months
    smallest_pay_needed: float | None  # to cover its electricity, relative; None: it is not paid at all
    smallest_months_losing: float  # share of all months of all paths
    smallest_ever_losing: float  # share of paths


@dataclass(frozen=True)
class Answer:
    """`by_month`: one row a way and month: way, month, quantiles p1 .. p99 and mean of the net income (USD),
    chance that it is negative, paid_back (chance that the machines are paid back by then) with its 95 %
    interval. `results`: one row a way. `payouts`: one row a way of taking the pay. `squeeze`: one GPU of the
    smallest kind at lower pay. `ranges`: the results at each alternative of what nobody has published."""

    by_month: pl.DataFrame
    results: pl.DataFrame
    payouts: pl.DataFrame
    squeeze: pl.DataFrame
    ranges: pl.DataFrame
    figures: Figures


def answer(case: Case, otherwise: Mapping[str, Sequence[float]]) -> Answer:
    """The whole answer. `otherwise` are the alternatives by field of Judgement."""
    nets = {way: net(case, way) for way in WAYS}
    less = (nets["multiplier"] - nets["legacy"]).mean(axis=1)
    fleet, alone = case.fleet, _alone(case)
    figures = Figures(
        paths=len(less),
        months=nets["legacy"].shape[1],
        weight=fleet.weight,
        network_weight=network_weight(case),
        share_at_start=fleet.weight / (network_weight(case) + fleet.weight),
        capital_usd=fleet.capital_usd,
        electricity_usd=fleet.electricity_usd,
        engine_less_old_usd=float(less.mean()),
        engine_less_old_error=_error(less),
        **_stake(case),
        **_alone_figures(alone),
    )
    return Answer(
        by_month=pl.concat([_by_month(way, values, fleet) for way, values in nets.items()]),
        results=pl.DataFrame([_result(way, values, case) for way, values in nets.items()]),
        payouts=_payouts(case),
        squeeze=_squeeze(alone),
        ranges=_ranges(case, otherwise),
        figures=figures,
    )


def _by_month(way: str, values: Array, fleet: Fleet) -> pl.DataFrame:
    paths, months = values.shape
    names = [f"p{level}" for level in LEVELS]
    hits = [probability(int(n), paths) for n in paid_back(values, fleet.capital_usd).sum(axis=0)]
    return pl.DataFrame(
        {
            "way": [way] * months,
            "month": range(1, months + 1),
            **dict(zip(names, nearest(values, LEVELS), strict=True)),
            "mean": values.mean(axis=0),
            "negative": (values < 0).mean(axis=0),
            "paid_back": [p.value for p in hits],
            "paid_back_low": [p.low for p in hits],
            "paid_back_high": [p.high for p in hits],
        }
    )


def paid_back(values: Array, capital_usd: float) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Whether income so far has reached what the machines cost, paths x months; once reached it counts as
    reached."""
    return np.asarray(np.maximum.accumulate(np.cumsum(values, axis=1) >= capital_usd, axis=1))


def _result(way: str, values: Array, case: Case) -> dict[str, Any]:
    paths, months = values.shape
    capital, total = case.fleet.capital_usd, values.sum(axis=1)
    back = paid_back(values, capital)
    first = np.where(back[:, -1], back.argmax(axis=1) + 1.0, math.inf)
    never = probability(int((~back[:, -1]).sum()), paths)
    every = np.sort(values, axis=None)
    tail = every[: max(1, round(len(every) * WORST / 100))]
    value = _npv(values, case)
    mean = total / months
    return {
        "way": way,
        "mean_usd": mean.mean(),
        "mean_error": _error(mean),
        **_spread("month_usd", mean),
        "worst_usd": tail[-1],
        "worst_mean_usd": tail.mean(),
        "never": never.value,
        "never_low": never.low,
        "never_high": never.high,
        **{f"payback_p{level}": None if math.isinf(at) else int(at)
           for level, at in zip((25, 50, 75), nearest(first, (25, 50, 75)), strict=True)},
        **_spread("roi", total / capital - 1),
        "npv_mean_usd": value.mean(),
        **_spread("npv_usd", value),
    }  # fmt: skip


def _npv(values: Array, case: Case) -> Array:
    """USD: machines and stake bought at the start, income at each month's end, the stake back at the last
    price once it has cooled down; the machines are then worth nothing."""
    months = values.shape[1]
    factor = (1 + case.judged.discount_rate) ** (-1 / MONTHS_PER_YEAR)
    stake = case.fleet.stake_io
    wait = case.fleet.terms.unstaking_days / DAYS_PER_MONTH
    back = stake * case.engine.price[:, -1] * factor ** (months + wait)
    paid = case.fleet.capital_usd + stake * case.price_usd
    return np.asarray(values @ factor ** np.arange(1.0, months + 1) + back - paid)


def _payouts(case: Case) -> pl.DataFrame:
    """The engine's pay by multipliers over the whole run, taken in three ways: totals after electricity."""
    terms, price = case.fleet.terms, case.engine.price
    earned, cost = income(case, "multiplier"), case.fleet.electricity_usd * price.shape[1]
    in_io = earned.pay * (1 - terms.fee_reservation - terms.fee_io)
    usdc = (earned.pay * (1 - terms.fee_reservation - terms.fee_usdc) + earned.emission).sum(axis=1) - cost
    totals = {
        "USDC": usdc,
        "IO, sold on the day": (in_io + earned.emission).sum(axis=1) - cost,
        "IO, kept to the end": ((in_io + earned.emission) / price).sum(axis=1) * price[:, -1] - cost,
    }
    return pl.DataFrame(
        [
            {
                "payout": name,
                "mean_usd": values.mean(),
                **_spread("total_usd", values),
                "better_than_usdc": (values > usdc).mean(),
            }
            for name, values in totals.items()
        ]
    )


def _stake(case: Case) -> dict[str, Any]:
    """The stake and what it could be worth: at the end of the run, and after the wait to get it out, which
    takes the fall of a random month to the square root of its length."""
    stake, price = case.fleet.stake_io, case.engine.price
    low, middle, high = nearest(stake * price[:, -1], (5, 50, 95))
    moves = np.diff(np.log(price), axis=1, prepend=math.log(case.price_usd))
    fall = nearest(moves.ravel(), (WORST,))[0] * math.sqrt(case.fleet.terms.unstaking_days / DAYS_PER_MONTH)
    return {
        "stake_io": stake,
        "stake_usd": stake * case.price_usd,
        "stake_end_p5_usd": float(low),
        "stake_end_p50_usd": float(middle),
        "stake_end_p95_usd": float(high),
        "stake_wait_days": case.fleet.terms.unstaking_days,
        "stake_wait_loss_usd": stake * case.price_usd * -math.expm1(min(fall, 0.0)),
    }


def _alone(case: Case) -> Case:
    """The smallest supplier: one GPU of the fleet's kind with the least weight."""
    fleet = case.fleet
    least = min(fleet.machines, key=lambda m: (fleet.weight_of(m) / m.count, m.uptime_hours))
    one = least.model_copy(update={"count": 1})
    return case._replace(fleet=Fleet((one,), fleet.terms))


def _alone_figures(alone: Case) -> dict[str, Any]:
    full = alone.target_usd * alone.fleet.weight / (network_weight(alone) + alone.fleet.weight)
    kept = full * (1 - alone.fleet.terms.fee_reservation - alone.fleet.terms.fee_usdc)
    losing = net(alone, "multiplier") < 0
    return {
        "smallest_pay_needed": alone.fleet.electricity_usd / kept if kept > 0 else None,
        "smallest_months_losing": float(losing.mean()),
        "smallest_ever_losing": float(losing.any(axis=1).mean()),
    }


def _squeeze(alone: Case) -> pl.DataFrame:
    """The smallest supplier at lower pay, the network as at the start: pay, income_usd after fees,
    electricity_usd and net_usd, a month."""
    fleet = alone.fleet
    share = fleet.weight / (network_weight(alone) + fleet.weight)
    kept = 1 - fleet.terms.fee_reservation - fleet.terms.fee_usdc
    frame = pl.DataFrame({"pay": PAY_LEVELS}).with_columns(
        model=pl.lit(fleet.machines[0].model),
        income_usd=pl.col("pay") * (alone.target_usd * share * kept),
        electricity_usd=pl.lit(fleet.electricity_usd),
    )
    return frame.with_columns(net_usd=pl.col("income_usd") - pl.col("electricity_usd"))


def _ranges(case: Case, otherwise: Mapping[str, Sequence[float]]) -> pl.DataFrame:
    """One row an alternative and way that it moves: field, value, way, month_usd (the median path's mean
    month), never (chance of no payback) and is_chosen."""
    moved = {"mean_multiplier": ("multiplier", "legacy"), "roi_target": ("roi",)}
    rows = []
    for field, alternatives in otherwise.items():
        for value in sorted({*alternatives, getattr(case.judged, field)}):
            other = case._replace(judged=case.judged.model_copy(update={field: value}))
            for way in moved[field]:
                values = net(other, way)
                rows.append(
                    {
                        "field": field,
                        "value": value,
                        "way": way,
                        "month_usd": nearest(values.mean(axis=1), (50,))[0],
                        "never": 1 - paid_back(values, case.fleet.capital_usd)[:, -1].mean(),
                        "is_chosen": value == getattr(case.judged, field),
                    }
                )
    return pl.DataFrame(rows)


def nearest(values: Array, levels: Sequence[float]) -> Array:
    """Nearest-rank quantiles along the first axis, one row a level (per cent)."""
    ordered, count = np.sort(values, axis=0), len(values)
    ranks = [max(1, math.ceil(level * count / 100 - 1e-9)) - 1 for level in levels]
    return np.asarray(ordered[ranks])


def _spread(name: str, values: Array) -> dict[str, float]:
    low, middle, high = nearest(values, (5, 50, 95)).tolist()
    return {f"{name}_p5": low, f"{name}_p50": middle, f"{name}_p95": high}


def _error(values: Array) -> float | None:
    """Standard error of a mean over paths; None with one path."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
