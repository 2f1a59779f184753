"""How reserve, frontier and attribution read: the same sentences and rows for the terminal and the pages."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard.words import formats
from dashboard.words.stress_words import chance

if TYPE_CHECKING:
    from dashboard.questions.risks import AttributionQuestion, Found, FrontierQuestion, ReserveQuestion

Words = Callable[[float], str]
RESERVE_EVENTS = {
    "shortfall": "run short",
    "empty": "are empty",
    "underpaid": "let suppliers be underpaid",
}
FRONTIER_EVENTS = {"shortfall": "a shortfall", "underpaid": "underpaid suppliers"}
MOST_REVERSALS = 10  # shown; --json and --out have all
SMALL = 0.005
LARGE = 10_000


def reserve_flags(question: "ReserveQuestion") -> list[str]:
    """The flags of the command that asks this, besides scenario and shocks."""
    ask, (horizon, level) = question.ask, question.headline
    return [
        "--event", ask.event, "--horizons", ",".join(map(str, ask.horizons)),
        "--levels", ",".join(map(str, ask.levels)), "--paths", str(ask.paths), "--seed", str(ask.seed),
        "--points", str(ask.points), "--curve", f"{horizon}:{level}",
    ]  # fmt: skip


def frontier_flags(question: "FrontierQuestion") -> list[str]:
    durations = ",".join("lasting" if months is None else str(months) for months in question.durations)
    return ["--event", question.event, "--durations", durations, "--points", str(question.points)]


def attribution_flags(question: "AttributionQuestion") -> list[str]:
    return [
        "--metric", question.metric, "--inputs", ",".join(question.inputs), "--paths", str(question.paths),
        "--base-points", str(question.base_points), "--seed", str(question.seed),
    ]  # fmt: skip


def reserve_sentence(found: "Found") -> str:
    """The headline: this scenario's answer with its error, and the range over what nobody has published."""
    f, ranged = found.figures, found.tables["range"]
    at = found.tables["V0_needed"].filter(horizon=f["horizon"], level=f["level"])
    own = "what the scenario itself needs stands in the trade-off"  # asked for there alone
    for row in at.iter_rows(named=True):
        own = (
            f"no Reward Vault up to {formats.io(f['top_io'])} is enough"
            if row["needed"] is None
            else f"the Reward Vault must hold {formats.io(row['needed'])} "
            f"({amount(row['low'], formats.io)} to {amount(row['high'], formats.io)} by sampling error)"
        )
    some = ranged["needed"].drop_nulls().to_list()
    without = ranged["needed"].null_count()
    over = "none is enough in any"
    if some:
        over = f"{formats.io(min(some))} to {formats.io(max(some))}"
        over += f", and none is enough in {without}" if without else ""
    return (
        f"Under these assumptions, for the vaults to {RESERVE_EVENTS[f['event']]} within "
        f"{formats.months(f['horizon'])} in at most {chance(f['level'])} of random futures, {own}. Over "
        f"{ranged.height} named alternatives of what nobody has published: {over}."
    )


def amount(value: float | None, words: Words) -> str:
    return "none" if value is None else words(value)


def needed_table(needed: pl.DataFrame, words: Words, errors: bool = True) -> list[tuple[str, ...]]:
    """Horizons by levels under their heads, each reserve with what sampling error implies."""
    levels = needed["level"].unique(maintain_order=True).to_list()
    rows: list[tuple[str, ...]] = [("", *(chance(level) for level in levels))]
    for horizon in needed["horizon"].unique(maintain_order=True).to_list():
        cells = []
        for row in needed.filter(pl.col("horizon") == horizon).iter_rows(named=True):
            text = amount(row["needed"], words)
            ends = [amount(row[end], words) for end in ("low", "high")] if errors else []
            cells.append(text + (f" ({' to '.join(ends)})" if set(ends) - {text} else ""))
        rows.append((formats.months(horizon), *cells))
    return rows


def reversals(found: "Found") -> Iterator[tuple[str, list[str]]]:
    """Whether more reserve did harm, as a sentence for each vault, and the points that show it."""
    for name, title, words in (("V0", "Reward Vault", formats.io), ("F0", "Fee Vault", formats.usd)):
        rows = found.tables[f"{name}_reversals"]
        if rows.is_empty():
            yield f"On these paths a larger {title} never failed a level that a smaller one met.", []
            continue
        yield (
            f"Finding: a larger {title} can do harm. {rows.height} points fail above one that passes:",
            [
                f"{formats.months(row['horizon'])} at {chance(row['level'])}: {words(row['passes_at'])} is "
                f"enough, {words(row['fails_at'])} is not ({chance(row['p'])}, from month {row['month']})"
                for row in rows.head(MOST_REVERSALS).iter_rows(named=True)
            ],
        )


def frontier_sentence(f: dict[str, Any]) -> str:
    event = FRONTIER_EVENTS[f["event"]]
    n = f["nearest"]
    if n is None:
        return (
            f"Under these assumptions no shock of this grid that these random shocks can make brings {event}."
        )
    if n["price_drop"] == n["demand_drop"] == 0:
        return f"Under these assumptions it takes no shock: the scenario itself brings {event}."
    return (
        f"Under these assumptions the likeliest shock that brings {event} takes {drop(n['price_drop'])} off "
        f"the price and {drop(n['demand_drop'])} off demand for {formats.months(n['months'])}, as the "
        "random shocks measure it."
    )


def escape(row: dict[str, Any]) -> str:
    lasts = formats.months(row["months"])
    worse = f"{drop(row['price_drop'])} and {drop(row['demand_drop'])} for {lasts} is held"
    if row["shorter"] is not None:
        return f"{worse}, but the same for {formats.months(row['shorter'])} is not"
    return f"{worse}, but {drop(row['shallower_price'])} and {drop(row['shallower_demand'])} is not"


def drop(share: float) -> str:
    return formats.percent(share)


def lasts(months: int | None) -> str:
    return "to the end" if months is None else formats.months(months)


def range_words(row: dict[str, Any]) -> str:
    if row["choices"]:
        return str(row["choices"]).replace("False", "off").replace("True", "on")
    ends = (row["low"], row["high"])
    return " to ".join(formats.millions(e) if abs(e) >= LARGE else f"{e:g}" for e in ends)


def value(value: float, unit: str) -> str:
    if unit == "USD":
        return formats.usd(value)
    if unit == "IO":
        return formats.io(value)
    return formats.months(value) if unit == "months" else formats.percent(value)


def lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def share(row: dict[str, Any], order: str) -> str:
    value, low, high = (row[f"{order}{end}"] for end in ("", "_low", "_high"))
    return f"{zero(value):.2f} ({zero(low):.2f} to {zero(high):.2f})"


def zero(value: float) -> float:
    return 0.0 if abs(value) < SMALL else value


def attribution_sentence(metric: str, ranking: list[str]) -> str:
    """`ranking`: titles of the assumptions, the most important first; none: nothing moves the metric."""
    if not ranking:
        return f"No variation: none of these assumptions moves the {lower(metric)}."
    top = formats.listing([lower(title) for title in ranking[:3]])
    return f"Under these assumptions the {lower(metric)} hangs most on {top}."
