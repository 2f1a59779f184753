"""The Overview's answer in words: one sentence with its range and the reason for it, and three cards.

Takes a run (`Answers.run`) and the frame of `Answers.alternatives`. What comes back is Markdown without any
text from outside."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl

from dashboard.charts.figures import by_month
from dashboard.charts.overview import OWN
from dashboard.words.formats import io, listing, millions, month, months, percent, usd
from models.economy import NEGLIGIBLE, UNLIMITED
from models.projection import BURNS, Projection
from models.schedules import month_end

# What varies between the named alternatives, in a reader's words
UNPUBLISHED = {
    "V0_months": "how full the Reward Vault was at the start",
    "H0": "how much suppliers are owed",
    "order": "which money pays first",
}
PAYERS = {
    "ide": "the reserves",
    "legacy": "revenue and the emission schedule",
    "as_reported": "revenue and the emission schedule",
}


class Card(NamedTuple):
    """One headline figure. `figure` names it for `Answers.explain`."""

    label: str
    value: str
    detail: str
    figure: str


class Decider(NamedTuple):
    """One unpublished input that moves the answer: the Scenario field, what it is, what it does."""

    field: str
    words: str
    effect: str


def answer(run: Projection, alternatives: pl.DataFrame) -> str:
    """Can the engine keep paying? One sentence: the premise, the answer, its range over the named
    alternatives and why it has one."""
    return f"{verdict(run)}{_spread(run, alternatives)}."


def verdict(run: Projection) -> str:
    """The premise and the answer, without its range."""
    return f"{premise(run)} {_verdict(run)} under these assumptions"


def premise(run: Projection) -> str:
    """What the scenario supposes about price and demand, as the start of a sentence."""
    s = run.scenario
    given = [
        name for name, history in (("price", s.price_history), ("revenue", s.revenue_history)) if history
    ]
    on = f"On the given {listing(given)} history" if given else ""
    shocks = [
        f"{name} {'falls' if size < 0 else 'rises'} by {percent(abs(size))}"
        for name, size in (("the price", s.price_shock), ("demand", s.demand_shock))
        if size
    ]
    if not shocks or s.shock_month > s.months:
        return f"{on}," if on else "If price and demand stay as they are,"
    lasting = s.shock_months is None or s.shock_month + s.shock_months > s.months
    stay = "both stay" if len(shocks) == 2 else "stays"
    how_long = f"and {stay} there" if lasting else f"for {months(s.shock_months)}"
    text = f"if {' and '.join(shocks)} in {_month(run, s.shock_month)} {how_long},"
    return f"{on}, {text}" if on else text[0].upper() + text[1:]


def _verdict(run: Projection) -> str:
    s, first = run.scenario, run.summary["first_shortfall_month"]
    payers = PAYERS[s.rule]
    if first is None:
        last = _month(run, s.months)
        lowest = run.summary["min_pay"]
        if lowest < 1 - NEGLIGIBLE:
            return (
                f"{payers} cover the payout target in every month to {last}, but only because the controller "
                f"lowers it: pay falls to {percent(lowest)}"
            )
        return f"{payers} cover the payout target in every month to {last}"
    when = f"at once, in {_month(run, 1)}," if first == 1 else f"in {_month(run, first)}"
    held = run.states[first * s.steps_per_month].V
    capped = s.rule == "ide" and s.release_cap is not None and held >= 1
    why = f", with {io(held)} still in the Reward Vault behind its release cap," if capped else ""
    return f"{payers} run short {when}{why}"


def _spread(run: Projection, alternatives: pl.DataFrame) -> str:
    """The range of the first shortfall over the alternatives and the reason for it."""
    others = named(alternatives)
    if not others:
        return ""
    own = run.summary["first_shortfall_month"]
    firsts = [row["first_shortfall_month"] for row in others if row["first_shortfall_month"] is not None]
    never = len(others) - len(firsts)
    among = f"{len(others)} named alternatives"
    if not firsts:
        return f"; they do so in all {among} of what nobody has published"
    why = _reason(alternatives, run.scenario.months)
    lo, hi = min(firsts), max(firsts)
    when = f"in {_month(run, lo)}" if lo == hi else f"between {_month(run, lo)} and {_month(run, hi)}"
    if not never:
        if lo == hi == own:
            return f"; in the same month in all {among} of what nobody has published"
        return f"; {when} over {among}{why}"
    if own is None:
        return f"; in {len(firsts)} of {among} they run short, {when}{why}"
    return f"; {when} in {len(firsts)} of {among} and never within the run in the other {never}{why}"


def named(alternatives: pl.DataFrame) -> list[dict[str, Any]]:
    """The named alternatives alone, row by row: a scenario that is none of them stands among them as OWN.
    So few rows are read quicker one by one than by a query."""
    return [row for row in alternatives.iter_rows(named=True) if row["label"] != OWN]


def _reason(alternatives: pl.DataFrame, run_months: int) -> str:
    found = deciders(alternatives, run_months)
    most = "most " if len(found) > 1 else ""
    return f", depending {most}on {found[0].words}, which nobody has published" if found else ""


def deciders(alternatives: pl.DataFrame, run_months: int) -> list[Decider]:
    """Which of the unpublished inputs move the first shortfall, the strongest first. An input moves it when
    two alternatives that differ in nothing else run short in different months; never counts as one month
    after the run's last."""
    others, found = named(alternatives), []
    for field, words in UNPUBLISHED.items():
        alike: dict[tuple[Any, ...], list[int]] = {}
        for row in others:
            rest = tuple(row[other] for other in UNPUBLISHED if other != field)
            alike.setdefault(rest, []).append(row["first_shortfall_month"] or run_months + 1)
        span = max((max(firsts) - min(firsts) for firsts in alike.values()), default=0)
        if span > 0:
            effect = f"alone it moves the first shortfall by up to {months(span)}"
            found.append((span, Decider(field, words, effect)))
    return [decider for _, decider in sorted(found, key=lambda pair: -pair[0])]


def headline(
    run: Projection, alternatives: pl.DataFrame, joint: Projection | None = None
) -> tuple[Card, Card, Card]:
    """First shortfall, runway (pay, where the rule has no vaults), change of circulating supply. `joint`: the
    same under the joint shock, whose runway then stands first."""
    lasting = _lasting_card(run) if joint is None or run.scenario.rule != "ide" else _joint_card(run, joint)
    return _shortfall_card(run, alternatives), lasting, _supply_card(run)


def _shortfall_card(run: Projection, alternatives: pl.DataFrame) -> Card:
    first, others = run.summary["first_shortfall_month"], named(alternatives)
    value = f"none in {months(run.scenario.months)}" if first is None else _month(run, first)
    detail = "The first month in which not all that suppliers are owed can be paid."
    if others:
        found = [row["first_shortfall_month"] for row in others]
        firsts = [month for month in found if month is not None]
        ends = [f"month {m}" for m in dict.fromkeys((min(firsts), max(firsts)))] if firsts else []
        ends += ["never"] if len(firsts) < len(found) else []
        spread = f"{ends[0]} to {ends[-1]}" if len(ends) > 1 else ends[0]
        detail += f" Over {len(others)} named alternatives: {spread}."
    return Card("First shortfall", value, detail, "first_shortfall_month")


def _lasting_card(run: Projection) -> Card:
    coverage, pay = percent(run.summary["min_coverage"]), percent(run.summary["min_pay"])
    if run.scenario.rule != "ide":
        detail = f"Of the payout target at the start. Lowest coverage: {coverage}. This rule has no vaults."
        return Card("Lowest pay", pay, detail, "min_pay")
    detail = f"How long both vaults last at the month's gap. Lowest coverage: {coverage}, lowest pay: {pay}."
    return Card("Shortest runway", months(_least(f.runway for f in run.flows)), detail, "runway")


def _joint_card(run: Projection, joint: Projection) -> Card:
    """How long the reserves pay in full once the joint shock has come."""
    s, first, own = joint.scenario, joint.summary["first_shortfall_month"], _lasting_card(run)
    falls = f"price {percent(s.price_shock)} and demand {percent(s.demand_shock)} from month {s.shock_month}"
    if first is None:
        value, then = f"over {months(s.months - s.shock_month + 1)}", f"all is paid to month {s.months}"
    else:
        value, then = months(max(first - s.shock_month, 0)), f"short from {_month(joint, first)} on"
    detail = (
        f"Full pay after both published shocks at once, {falls}, the rest as here: {then}. As it stands: "
        f"shortest runway {own.value}. {own.detail.partition('. ')[2]}"
    )
    return Card("Runway under the joint shock", value, detail, "joint_runway")


def _least(runways: Iterable[float]) -> float | None:
    shortest = min(runways)
    return shortest if shortest < UNLIMITED else None


def _supply_card(run: Projection) -> Card:
    year = by_month(run).head(12)
    total = {c: math.fsum(year[c]) for c in ("unlocked", "released", "refilled", "burned")}
    bought = math.fsum(year["burned_market"]) + math.fsum(year["overflow_burned"])
    change = total["unlocked"] + total["released"] - bought - total["refilled"]
    parts = [
        f"unlocked {millions(total['unlocked'])}",
        f"released {millions(total['released'])}",
        f"burned {millions(bought)}",
    ]
    if total["refilled"] > 0:
        parts.append(f"bought back into the vault {millions(total['refilled'])}")
    detail = f"{listing(parts)} IO."
    detail = detail[0].upper() + detail[1:]
    if total["burned"] - bought > 0.5:
        detail += f" {io(total['burned'] - bought)} more are burned that never circulated."
    label = f"Circulating supply, next {months(year.height)}"
    return Card(label, f"{'+' if change > 0 else ''}{io(change)}", detail, "circulating_year1")


def _month(run: Projection, run_month: int) -> str:
    return month(month_end(run.protocol, run.scenario.m0 + run_month), run_month)


def where_it_goes(run: Projection) -> str:
    """The Engine's answer: of each dollar that comes in, who gets how much of it, over the whole run."""
    total = {
        name: math.fsum(getattr(flow, name) for flow in run.flows)
        for name in ("revenue", "paid", "burn_usd", "released", "short")
    }
    over, burned = months(run.scenario.months), math.fsum(getattr(f, b) for f in run.flows for b in BURNS)
    if total["revenue"] > 0:
        paid, burnt = (round(100 * total[name] / total["revenue"]) for name in ("paid", "burn_usd"))
        dollar = (
            f"of each dollar that comes in over {over}, {paid} cents go to suppliers, {burnt} buy IO to burn "
            f"and {100 - paid - burnt} are kept"
        )
    else:
        dollar = f"no dollar comes in over {over}"
    beside = f"suppliers get {io(total['released'])} besides, and {io(burned)} are burned in all"
    short = f"; {usd(total['short'])} of what they are owed stays unpaid" if total["short"] > 0.5 else ""
    return f"Under these assumptions {dollar}; {beside}{short}."
