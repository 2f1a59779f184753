"""An investor's answer in words: what comes to market, at which revenue the burn covers it, what the burn
yields and how much there is to sell. Plain text, for pages and commands alike."""

import math
from typing import NamedTuple

from dashboard.questions.investing import Issuance
from dashboard.words.formats import io, listing, month, percent, usd
from models.parameters import Scenario
from models.readers.break_even import BreakEven

REASONS = {
    "rule": "under this rule suppliers get all revenue, so nothing is left to burn",
    "demand": "demand is nil in these months, so that no contract brings revenue",
    "vault": "what is burned here is taken out of tokens that never circulated",
    "tokens": "the burn runs out of tokens before it does",
}
VOLUMES = {
    "one_day": "{until}, one day",
    "last_month": "{month}, to day {days}",
    "whole_month": "{month}, the last whole month",
}


class Card(NamedTuple):
    label: str
    value: str
    detail: str
    figure: str  # for explain_investors


def verdict(found: Issuance) -> str:
    """Who gets diluted by how much, and what it would take to cover it: one sentence with its range."""
    b = found.balance
    out = [f"{io(b.unlocked_io)} unlock", f"{io(b.released_io)} are released"]
    out += [f"{io(b.bought_io)} are bought and burned"]
    out += [f"{io(b.refilled_io)} bought back into the vault"] if b.refilled_io > 0.5 else []
    unseen = b.burned_io - b.bought_io
    out += [f"{io(unseen)} burned that never circulated"] if unseen > 0.5 else []
    return (
        f"Under these assumptions the {io(b.circulating_io)} in circulation "
        f"{'grow' if b.net_io >= 0 else 'shrink'} by {io(abs(b.net_io))}, "
        f"{percent(abs(b.net_io) / b.circulating_io)}, from {span(found)}: {listing(out)}; "
        f"{_covered(found)}."
    )


def _covered(found: Issuance) -> str:
    burn, own = found.burn, usd(found.burn.own_usd)
    if burn.revenue_usd is None:
        return f"no revenue would let the burn cover that: {REASONS[str(burn.reason)]}"
    level = f"{usd(burn.revenue_usd)} of revenue a month on"
    if burn.revenue_usd <= burn.own_usd:
        return f"the burn covers release and unlocks, from {level}, and there are {own}{_range(found)}"
    return f"the burn would cover release and unlocks from {level}, against {own} here{_range(found)}"


def _range(found: Issuance) -> str:
    """Over the alternatives of what nobody has published."""
    levels = found.alternatives["revenue_usd"].drop_nulls().to_list()
    count = found.alternatives.height
    if count < 2 or not levels:
        return ""
    never = f", and never in {count - len(levels)}" if count > len(levels) else ""
    among = f"{count} named alternatives of what nobody has published"
    return f" ({usd(min(levels))} to {usd(max(levels))} over {among}{never})"


def span(found: Issuance) -> str:
    """The months over which issuance and burn are weighed up."""
    dates = found.by_month["date"]
    return f"{month(dates[0])} to {month(dates[found.balance.months - 1])}"


def cards(found: Issuance, scenario: Scenario) -> list[Card]:
    """Break-even revenue, contracts, yield of the burn, and pressure to sell."""
    return [_revenue(found), _contracts(found), _yield(found), _pressure(found, scenario)]


def _revenue(found: Issuance) -> Card:
    burn = found.burn
    detail = f"A month, the same in each from {span(found)}; here {usd(burn.own_usd)} on average."
    if burn.revenue_usd is None:
        detail = f"No revenue is enough: {REASONS[str(burn.reason)]}."
    elif burn.revenue_usd > burn.servable_usd:
        detail += (
            f" The active supply could sell at most {usd(burn.servable_usd)} at the same price of an hour: "
            "more takes more machines or dearer hours, which the model does not limit."
        )
    return Card(
        "Revenue at which the burn covers all", _level(burn), f"{detail} {_other(found)}", "break_even"
    )


def _level(at: BreakEven) -> str:
    return "none" if at.revenue_usd is None else usd(at.revenue_usd)


def _other(found: Issuance) -> str:
    """The other way to count, and that the Fee Vault counts in neither."""
    counted = "All that is burned counts here, whether it ever circulated or not."
    at = found.circulating
    if at.revenue_usd is None:
        return f"{counted} Circulating supply stands still at no revenue: {REASONS[str(at.reason)]}."
    return (
        f"{counted} Circulating supply stands still at {_level(at)}, where what is bought back into the "
        "Reward Vault counts too. What goes into the Fee Vault counts in neither."
    )


def _contracts(found: Issuance) -> Card:
    size = f"of {usd(found.contract_usd)} a month beside the base revenue, in place of the run's own"
    if found.burn.contracts is None:
        return Card("Contracts like the first", "none", f"No number of them, {size}, is enough.", "contracts")
    whole = math.ceil(found.burn.contracts - 1e-9)
    detail = f"So {whole} {size}. The scenario's demand takes its part of each."
    return Card("Contracts like the first", f"{found.burn.contracts:.2f}", detail, "contracts")


def _yield(found: Issuance) -> Card:
    b = found.balance
    over = "in 12 months" if b.months == 12 else f"in {b.months} months, taken as a year's"
    detail = (
        f"{io(b.burned_io)}, worth {usd(b.burned_usd)}, are burned {over}, over {io(b.circulating_io)} that "
        f"circulate at the start, worth {usd(b.market_cap_usd)}: {percent(b.burn_yield_io, 2)} in IO, "
        f"{percent(b.burn_yield_usd, 2)} in USD. Unlocks and release add {percent(b.dilution)} meanwhile."
    )
    return Card("Burn yield on market cap", percent(b.burn_yield_usd, 2), detail, "burn_yield")


def _pressure(found: Issuance, scenario: Scenario) -> Card:
    part = found.pressure.head(found.balance.months)
    total, sold = math.fsum(part["all_usd"]), math.fsum(part["sold_usd"])
    days = [total / per_day for per_day in _per_day(found).values()]
    detail = (
        f"Unlocked and released from {span(found)}, at each month's price: {min(days):.2g} to "
        f"{max(days):.2g} days of trading volume, on which the sources do not agree. Sold as the scenario "
        f"assumes, {percent(scenario.sell_unlock)} of unlocks and {percent(scenario.sell_payout)} of "
        f"payouts: {usd(sold)}."
    )
    return Card("Comes to market", usd(total), detail, "pressure")


def _per_day(found: Issuance) -> dict[str, float]:
    return dict(zip(found.volumes["name"], found.volumes["usd_a_day"], strict=True))


def volume_names(found: Issuance) -> dict[str, str]:
    """What each volume was measured over, in words."""
    return {
        row["name"]: VOLUMES[row["name"]].format(
            until=f"{row['until'].day} {month(row['until'])}",
            month=month(row["until"]),
            days=row["days"],
        )
        for row in found.volumes.iter_rows(named=True)
    }


def volume_days(found: Issuance) -> dict[str, str]:
    """The same, shorter, for heads of columns."""
    return {
        row["name"]: f"{row['until'].day} {month(row['until'])}" if row["days"] == 1 else month(row["until"])
        for row in found.volumes.iter_rows(named=True)
    }


class Traded(NamedTuple):
    """A month's real volume."""

    name: str
    usd_a_day: float


def last_whole_month(found: Issuance) -> Traded:
    row = found.volumes.row(-1, named=True)
    return Traded(month(row["until"]), row["usd_a_day"])


def conflict(found: Issuance) -> str:
    """How far the volumes lie apart, in a sentence."""
    named = volume_names(found)
    parts = [
        f"{named[row['name']]}: {usd(row['usd'])}"
        + (f", {usd(row['usd_a_day'])} a day" if row["days"] > 1 else "")
        for row in found.volumes.iter_rows(named=True)
    ]
    per_day = _per_day(found).values()
    sources = list(dict.fromkeys(found.volumes["source"]))
    return (
        f"The sources on trading volume conflict by a factor of {max(per_day) / min(per_day):.0f}. "
        f"{'; '.join(parts)}. The one day is from {sources[0]}, the months are from {sources[-1]}."
    )
