"""How much IO is traded a day, by the sources: they do not agree, so each is shown."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from data.fact import Fact, first_day


class Volume(NamedTuple):
    """`usd_a_day` on average over `days`, up to `until`."""

    name: str
    fact: str  # its id
    usd: float
    days: int
    until: date

    @property
    def usd_a_day(self) -> float:
        return self.usd / self.days


def volumes(facts: Mapping[str, Fact]) -> tuple[Volume, ...]:
    """The one day that was quoted over all markets, and of the month table (one market) its last month, which
    may be in part, and the last whole one."""
    day = facts["volume_24h_usd"]
    one_day = Volume("one_day", day.id, day.number, 1, date.fromisoformat(day.date))
    table = facts["price_months"]
    ends = date.fromisoformat(table.date)
    traded = dict(zip(table.texts("month"), table.numbers("volume_musd"), strict=True))
    months = [(first_day(month), millions * 1e6) for month, millions in traded.items()]
    found = []
    for first, usd in months:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        until = min(last, ends)
        found.append((until == last, Volume("", table.id, usd, until.day, until)))
    last_month = found[-1][1]._replace(name="last_month")
    whole = next(volume for complete, volume in reversed(found) if complete)._replace(name="whole_month")
    return (one_day, last_month) if last_month[1:] == whole[1:] else (one_day, last_month, whole)
