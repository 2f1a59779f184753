"""The Overview's answer in words: one sentence with its range and the reason for it, and three cards.

Takes a run (`Answers.run`) and the frame of `Answers.alternatives`. What comes back is Markdown without any
text from outside."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from dashboard.charts import OWN
from dashboard.figures import by_month
from dashboard.formats import io, listing, millions, month, months, percent
from models.economy import NEGLIGIBLE, UNLIMITED
from models.projection import Projection
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
    alternatives = named(alternatives)
    if alternatives.is_empty():
        return ""
    own = run.summary["first_shortfall_month"]
    column = alternatives["first_shortfall_month"]
    firsts = column.drop_nulls().to_list()
    never, count = column.null_count(), alternatives.height
    among = f"{count} named alternatives"
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


def named(alternatives: pl.DataFrame) -> pl.DataFrame:
    """The named alternatives alone: a scenario that is none of them stands among them as OWN."""
    return alternatives.filter(pl.col("label") != OWN)


def _reason(alternatives: pl.DataFrame, run_months: int) -> str:
    words = [d.words for d in deciders(alternatives, run_months)]
    return f", depending on {listing(words)}, which nobody has published" if words else ""


def deciders(alternatives: pl.DataFrame, run_months: int) -> list[Decider]:
    """Which of the unpublished inputs move the first shortfall, the strongest first. An input moves it when
    two alternatives that differ in nothing else run short in different months; never counts as one month
    after the run's last."""
    shown = named(alternatives).with_columns(
        pl.col("first_shortfall_month").fill_null(run_months + 1).alias("first")
    )
    found = []
    for field, words in UNPUBLISHED.items():
        rest = [other for other in UNPUBLISHED if other != field]
        span = shown.group_by(rest).agg(size=pl.col("first").max() - pl.col("first").min())["size"].to_list()
        if max(span, default=0) > 0:
            effect = f"alone it moves the first shortfall by up to {months(max(span))}"
            found.append((max(span), Decider(field, words, effect)))
    return [decider for _, decider in sorted(found, key=lambda pair: -pair[0])]


def headline(run: Projection, alternatives: pl.DataFrame) -> tuple[Card, Card, Card]:
    """First shortfall, runway (pay, where the rule has no vaults), change of circulating supply."""
    return _shortfall_card(run, alternatives), _lasting_card(run), _supply_card(run)


def _shortfall_card(run: Projection, alternatives: pl.DataFrame) -> Card:
    first, others = run.summary["first_shortfall_month"], named(alternatives)
    column = others["first_shortfall_month"]
    value = f"none in {months(run.scenario.months)}" if first is None else _month(run, first)
    detail = "The first month in which not all that suppliers are owed can be paid."
    if others.height:
        firsts = column.drop_nulls().to_list()
        ends = [f"month {m}" for m in dict.fromkeys((min(firsts), max(firsts)))] if firsts else []
        ends += ["never"] if column.null_count() else []
        spread = f"{ends[0]} to {ends[-1]}" if len(ends) > 1 else ends[0]
        detail += f" Over {others.height} named alternatives: {spread}."
    return Card("First shortfall", value, detail, "first_shortfall_month")


def _lasting_card(run: Projection) -> Card:
    coverage, pay = percent(run.summary["min_coverage"]), percent(run.summary["min_pay"])
    if run.scenario.rule != "ide":
        detail = f"Of the payout target at the start. Lowest coverage: {coverage}. This rule has no vaults."
        return Card("Lowest pay", pay, detail, "min_pay")
    detail = f"How long both vaults last at the month's gap. Lowest coverage: {coverage}, lowest pay: {pay}."
    return Card("Shortest runway", months(_least(f.runway for f in run.flows)), detail, "runway")


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
