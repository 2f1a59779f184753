"""A supplier's answer in words: the sentence, the cards, what it depends on, and the report to take along."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from dashboard.questions.fleets import Question
from dashboard.words.formats import listing, months, percent, usd
from models.parameters import Scenario
from models.readers.fleet import Condition
from models.readers.fleet_income import Judgement
from models.readers.suppliers import Answer

ENGINE = ("multiplier", "roi")
TITLES = {name: str(info.title) for name, info in Judgement.model_fields.items()}
STATES = {"met": "met", "missing": "missing", "unknown": "not known"}


class Card(NamedTuple):
    label: str
    value: str
    detail: str
    figure: str  # for explain_suppliers


def result(found: Answer, way: str) -> Mapping[str, float]:
    return found.results.row(by_predicate=pl.col("way") == way, named=True)


def verdict(found: Answer, asked: Question) -> str:
    """The answer in one sentence, its range and why it has one."""
    if asked.fleet.weight == 0:
        hours = asked.fleet.terms.min_uptime_hours
        return f"Not like this: no machine is up the {hours:g} hours a day that the network asks for."
    by_share, by_own = (result(found, way) for way in ENGINE)
    incomes = [float(way["month_usd_p50"]) for way in (by_share, by_own)]
    if max(incomes) <= 0:
        return (
            "Under these assumptions no: in the middle of all futures the fleet loses "
            f"{usd(-max(incomes))} a month or more after electricity and fees."
        )
    chances = (percent(1 - way["never"]) for way in (by_share, by_own))
    return (
        f"Under these assumptions the fleet keeps {usd(incomes[0])} a month after electricity and fees if "
        f"the payout target is shared by multipliers, and {usd(incomes[1])} if each gets its own ROI + Z; "
        f"its chance to be paid back within {found.figures.months} months is {' and '.join(chances)}. "
        "Nobody has published which holds."
    )


def cards(found: Answer) -> list[Card]:
    """Income, the chance of never, the worst twentieth and the stake, over the two ways of sharing."""
    ways = [result(found, way) for way in ENGINE]
    old, f = result(found, "legacy"), found.figures
    back = [way["payback_p50"] for way in ways]
    return [
        Card(
            "Left a month, after electricity and fees",
            _between(*map(usd, sorted(w["month_usd_p50"] for w in ways))),
            f"The middle of all futures. Old schedule: {usd(old['month_usd_p50'])}; on the same futures the "
            f"engine, by multipliers, brings {_apart(found)} on average.",
            "left",
        ),
        Card(
            f"Never paid back in {f.months} months",
            _between(*_shares([way["never"] for way in ways])),
            f"Paid back in the middle: {_when(back[0])} by multipliers, {_when(back[1])} by ROI + Z. Old "
            f"schedule: never with a chance of {percent(old['never'])}. Sampling alone moves these by up to "
            f"{percent(max(r['never_high'] - r['never_low'] for r in (*ways, old)) / 2, 2)}.",
            "never",
        ),
        Card(
            "One month in twenty is worse than",
            _between(*map(usd, sorted(w["worst_usd"] for w in ways))),
            "On average those months bring "
            f"{_between(*map(usd, sorted(w['worst_mean_usd'] for w in ways)))}.",
            "worst",
        ),
        Card(
            "Stake, locked while you run",
            f"{f.stake_io:,.0f} IO, {usd(f.stake_usd)}",
            f"At the end it is worth {usd(f.stake_end_p50_usd)} in the middle and less than "
            f"{usd(f.stake_end_p5_usd)} one time in twenty. Getting it out takes "
            f"{f.stake_wait_days:g} days, in which it can lose {usd(f.stake_wait_loss_usd)} "
            "in one month of twenty.",
            "stake",
        ),
    ]


def first_verdict(found: Answer, asked: Question) -> str:
    """The answer on the scenario's own path, which is known at once."""
    if asked.fleet.weight == 0:
        return verdict(found, asked)
    incomes = [float(result(found, way)["month_usd_p50"]) for way in ENGINE]
    return (
        f"Without random shocks the fleet {_keeps(incomes[0])} a month after electricity and fees if the "
        f"payout target is shared by multipliers, and {_keeps(incomes[1])} if each gets its own ROI + Z; "
        f"{asked.paths:,} random futures are on their way."
    )


def _keeps(income: float) -> str:
    return f"keeps {usd(income)}" if income >= 0 else f"loses {usd(-income)}"


def first_cards(found: Answer) -> list[Card]:
    """What `cards` will say, as far as the scenario's own path knows it."""
    ways = [result(found, way) for way in ENGINE]
    old, f = result(found, "legacy"), found.figures
    back = [_when(way["payback_p50"]) for way in ways]
    return [
        Card(
            "Left a month, after electricity and fees",
            _between(*map(usd, sorted(w["month_usd_p50"] for w in ways))),
            f"Without random shocks; the old schedule brings {usd(old['month_usd_p50'])}. The middle of all "
            "futures is on its way, with the old schedule on the same futures.",
            "left",
        ),
        Card(
            f"Never paid back in {f.months} months",
            "…",
            f"Without random shocks paid back: {back[0]} by multipliers, {back[1]} by ROI + Z. The chance "
            "over all futures is on its way, with its sampling error.",
            "never",
        ),
        Card(
            "One month in twenty is worse than",
            "…",
            "Without random shocks the worst month brings "
            f"{_between(*map(usd, sorted(w['worst_usd'] for w in ways)))}.",
            "worst",
        ),
        Card(
            "Stake, locked while you run",
            f"{f.stake_io:,.0f} IO, {usd(f.stake_usd)}",
            f"Without random shocks it is worth {usd(f.stake_end_p50_usd)} at the end. What it comes to one "
            "time in twenty, and what it can lose while it cools down, is on its way.",
            "stake",
        ),
    ]


def _apart(found: Answer) -> str:
    less, error = found.figures.engine_less_old_usd, found.figures.engine_less_old_error
    words = f"{usd(abs(less))} a month {'more' if less >= 0 else 'less'}"
    return words if error is None else f"{words} (standard error {usd(error)})"


def smallest(found: Answer) -> str:
    """What a coverage loss does to the smallest supplier."""
    f, model = found.figures, found.squeeze["model"][0]
    needed = f.smallest_pay_needed
    if needed is None:
        return f"One {model} alone is not paid: it is up too little."
    words = f"One {model} alone earns {usd(found.squeeze['net_usd'][0])} a month at full pay"
    if needed == 0:
        return f"{words} and has no electricity to pay: it never loses."
    if needed >= 1:
        return f"{words}: even full pay does not cover its electricity."
    return (
        f"{words} and loses money once suppliers are paid less than {percent(needed)} of the target. That "
        f"happens in {percent(f.smallest_months_losing, 2)} of all months, and at some time in "
        f"{percent(f.smallest_ever_losing, 2)} of all futures."
    )


def depends_on(found: Answer, asked: Question, scenario: Scenario) -> str:
    """One paragraph on what the answer rests on."""
    terms, judged = asked.fleet.terms, asked.judged
    parts = [
        f"The network's {terms.active_gpus:,.0f} active GPUs are taken to have a mean multiplier of "
        f"{judged.mean_multiplier:g}, so this fleet is {percent(found.figures.share_at_start, 2)} of "
        f"all weight and gets that share of a payout target of {usd(scenario.H0)} a month. Neither the mean "
        "multiplier nor the target is published.",
        f"Reckoned by its own ROI + Z instead, the fleet is owed {percent(judged.roi_target)} a year of what "
        "it cost and its electricity, times what the engine covers. The share hired does not count for the "
        "engine, which pays every active GPU.",
        "Under the old schedule revenue goes by what is hired and "
        f"{percent(terms.enterprise_share)} of emission by multipliers; the rest of the score is published "
        "truncated and left out.",
    ]
    return " ".join(parts)


def missing(conditions: list[Condition]) -> str:
    """What keeps the fleet out, or that nothing known does."""
    lacking = [c for c in conditions if c.state == "missing"]
    if lacking:
        return f"Missing: {listing([f'{c.condition} ({c.needed}; yours {c.yours})' for c in lacking])}."
    unknown = sum(c.state == "unknown" for c in conditions)
    return f"Nothing known is missing; {unknown} conditions cannot be known from here."


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _shares(values: list[float]) -> tuple[str, str]:
    low, high = sorted(values)
    return percent(low), percent(high)


def _when(month: float | None) -> str:
    return "not within the run" if month is None else f"after {months(month)}"
