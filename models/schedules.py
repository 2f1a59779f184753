"""Emission and vesting: how many tokens the calendar moves, from the sourced rules (SPEC sections 2-4)."""

import calendar
import math
from datetime import date
from functools import lru_cache

from models.parameters import Protocol, VestingBucket


def geometric(first: float, factor: float, periods: int) -> list[float]:
    """first x factor^0 .. first x factor^(periods - 1)."""
    return [first * factor**k for k in range(periods)]


def monthly_emission(protocol: Protocol) -> list[float]:
    """IO emitted in protocol months 1, 2, ..: E_m = E_1 q^(m-1), the last one clamped to what is left."""
    first = protocol.genesis_io * protocol.emission_annual_rate / 12
    return [*_emission(first, protocol.emission_q, protocol.emission_months, protocol.emission_total_io)]


@lru_cache(16)
def _emission(first: float, q: float, months: int, total: float) -> tuple[float, ...]:
    """Kept: a run asks for it several times, and computing it anew took a quarter of a short run."""
    return tuple(clamped(geometric(first, q, months), total))


def clamped(amounts: list[float], total: float) -> list[float]:
    """The same amounts, cut so that they never sum to more than `total`."""
    out, left = [], total
    for amount in amounts:
        out.append(min(amount, left))
        left -= out[-1]
    return out


def emitted_by(protocol: Protocol, month: int) -> float:
    """IO emitted in months 1..month by the schedule."""
    return math.fsum(monthly_emission(protocol)[:month])


def growing_base(genesis_io: float, annual_rate: float, q: float, months: int) -> float:
    """Total supply after `months` if the written rate were applied to the growing supply, month by month."""
    supply = genesis_io
    for m in range(months):
        supply += supply * annual_rate / 12 * q**m
    return supply


def vested_in(bucket: VestingBucket, month: int) -> float:
    """IO that `bucket` releases in one protocol month (0 outside its window)."""
    if bucket.first_month is None or bucket.last_month is None:
        return 0.0
    if not bucket.first_month <= month <= bucket.last_month:
        return 0.0
    return bucket.total_io * (1 - bucket.at_tge) / (bucket.last_month - bucket.first_month + 1)


def monthly_vesting(protocol: Protocol, first_month: int, months: int) -> tuple[list[float], list[float]]:
    """(linear, tranche) IO released in each of `months` protocol months from `first_month` on."""
    linear, tranche = [0.0] * months, [0.0] * months
    for bucket in protocol.buckets:
        into = tranche if bucket.kind == "tranche" else linear
        lo = max(first_month, bucket.first_month or 1)
        hi = min(first_month + months - 1, bucket.last_month or 0)
        for m in range(lo, hi + 1):
            into[m - first_month] += vested_in(bucket, m)
    return linear, tranche


def locked_after(protocol: Protocol, month: int) -> float:
    """Genesis IO still locked at the end of protocol month `month` (0 = launch)."""
    last = max((b.last_month or 0 for b in protocol.buckets), default=0)
    linear, tranche = monthly_vesting(protocol, month + 1, max(last - month, 0))
    return math.fsum(linear) + math.fsum(tranche)


def scheduled_circulating(protocol: Protocol, month: int) -> float:
    """IO in circulation at the end of `month` by the schedules alone: unlocked and emitted."""
    return protocol.genesis_io - locked_after(protocol, month) + emitted_by(protocol, month)


def month_start(protocol: Protocol, month: int) -> date:
    """First day of protocol month `month` (1 = the month that starts on `protocol.first_month`)."""
    index = protocol.first_month.year * 12 + protocol.first_month.month - 1 + month - 1
    return date(index // 12, index % 12 + 1, 1)


def month_end(protocol: Protocol, month: int) -> date:
    """Last day of protocol month `month`; month 0 is the month before the first."""
    first = month_start(protocol, month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def full_months_until(protocol: Protocol, day: date) -> int:
    """Full months from the protocol's first month to `day`: the m0 of a run that starts there."""
    return (day.year - protocol.first_month.year) * 12 + day.month - protocol.first_month.month
