"""The Stress lab's answer in words: one sentence with its range and its error, four cards, and the stamp."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from dashboard.questions.stress import Stressed, computed
from dashboard.words.formats import MINUS, months, percent, plain, usd
from dashboard.words.stress_words import chance, chance_with_error, interval, quantity
from models.shocks import Shocks
from models.stress.contrast import Contrast, Mean


class Card(NamedTuple):
    label: str
    value: str
    detail: str
    figure: str  # for explain_stress


# As long as what will stand there, so that nothing jumps when it comes.
COMING = (
    Card("Chance of a shortfall", "…",
         "On its way: by month 12, 24 and 36, each with its least and greatest over the alternatives of "
         "what nobody has published, and with what sampling alone implies.", "chance"),
    Card("Half are short by", "…",
         "On its way: the months by which one future in twenty, one in four and half are short.", "time"),
    Card("Worst twentieth", "…",
         "On its way: what suppliers stay short of in the worst 5 % of futures, on average, and over all, "
         "each with its error.", "worst"),
    Card("Suppliers underpaid", "…",
         "On its way: the chance that suppliers get too little of the target at the start in some month, and "
         "what one future in twenty pays in the worst month.", "underpaid"),
)  # fmt: skip


def verdict(found: Stressed, spread: pl.DataFrame | None) -> str:
    """How likely, how wide, how sure: in one sentence."""
    r, scenario = found.report, found.question.scenario
    low, high = r["interval"]
    within = months(scenario.months)
    words = f"Under these assumptions the vaults run short within {within} in {_futures(r['p_depletion'])}"
    if spread is not None and spread["label"].n_unique() > 1:
        least, most = across(spread, scenario.months)
        count = spread["label"].n_unique()
        words += (
            f"; in {chance(least)} to {chance(most)} over {count} alternatives of what nobody has published"
        )
    return f"{words} (sampling alone: {interval(low, high)})."


def first_verdict(own: str) -> str:
    """The answer on the scenario's own path, which is known at once."""
    return f"Without random shocks: {own[0].lower()}{own[1:]}; the random futures are on their way."


def _futures(share: float) -> str:
    return "none of the random futures" if share == 0 else f"{chance(share)} of the random futures"


def chances(months_run: int, spread: pl.DataFrame | None) -> Card:
    """The chance of a shortfall by 12, 24 and 36 months, a line each: its range over the alternatives, then
    the scenario's own with its sampling error. As many lines while the answer is on its way."""
    by, lines, value = [m for m in (12, 24, 36) if m <= months_run] or [months_run], [], "…"
    for month in by:
        said = "on its way"
        if spread is not None:
            own = spread.filter(pl.col("is_scenario"), pl.col("month") == month).row(0, named=True)
            least, most = (chance(p) for p in across(spread, month))
            value = least if least == most else f"{least} to {most}"
            said = f"{value}; here {chance(own['p_shortfall'])} ± {own['shortfall_error'] * 100:.1f}"
        lines.append(f"By month {month}: {said}")
    return Card(f"Chance of a shortfall in {months(by[-1])}", value, "  \n".join(lines), "chances")


def across(spread: pl.DataFrame, month: int) -> tuple[float, float]:
    """The least and the greatest chance of a shortfall by a run month over the alternatives."""
    at = spread.filter(pl.col("month") == month)["p_shortfall"].to_list()
    return min(at), max(at)


def cards(found: Stressed, spread: pl.DataFrame | None) -> tuple[Card, Card, Card, Card]:
    """Chance, time, worst twentieth, and who is paid less."""
    return _chance(found, spread), _time(found), _worst(found), _paid(found)


def _chance(found: Stressed, spread: pl.DataFrame | None) -> Card:
    length, lines = found.question.scenario.months, []
    for month in [m for m in (12, 24, 36) if m <= length] or [length]:
        row = found.by_month.row(month - 1, named=True)
        words = f"by month {month}: {chance(row['p_shortfall'])}"
        if spread is not None:
            words += f" ({chance(across(spread, month)[0])} to {chance(across(spread, month)[1])})"
        lines.append(words)
    r = found.report
    low, high = r["interval"]
    detail = f"{'; '.join(lines)}. With sampling: {chance_with_error(r['p_depletion'], low, high)}."
    return Card("Chance of a shortfall", chance(r["p_depletion"]), detail[0].upper() + detail[1:], "chance")


def _time(found: Stressed) -> Card:
    to = found.report["months_to"]["shortfall"]
    shares = {"5": "one future in twenty", "25": "one in four", "50": "half"}
    said = [
        f"{words} {'not within the run' if to[level] is None else f'by month {to[level]}'}"
        for level, words in shares.items()
    ]
    half = "not reached" if to["50"] is None else f"month {to['50']}"
    return Card("Half are short by", half, f"Short: {', '.join(said)}.", "time")


def _worst(found: Stressed) -> Card:
    loss = found.report["loss_usd"]
    detail = (
        "What suppliers stay short of in all in the worst 5 % of futures, on average "
        f"(± {usd(loss['cvar5_error'])}); over all futures {usd(loss['mean'])} (± {usd(loss['mean_error'])})."
    )
    return Card("Worst twentieth", usd(loss["cvar5"]), detail.replace("$", "\\$"), "worst")


def _paid(found: Stressed) -> Card:
    r, p_star = found.report, found.question.scenario.p_star
    p = r["p_underpaid"]
    detail = f"Suppliers get less than {percent(p_star)} of the target at the start in some month"
    if "pay" in r["quantiles"]:
        worst = min(r["quantiles"]["pay"]["5"])
        detail += f"; in the worst month one future in twenty pays {quantity('pay', worst)} or less"
    return Card(
        "Suppliers underpaid", chance(p["value"]), f"{detail}. 95 %: {interval(*p['interval'])}.", "underpaid"
    )


def against(other: str, found: Contrast | None) -> str:
    """What the scenario changes against another on the same futures, each difference with its error; None: it
    is on its way."""
    if found is None:
        return f"**Against {plain(other)}, on the same futures:** on its way."
    short, loss, pay = (found.difference(1, name) for name in ("p_shortfall", "short_usd", "lowest_pay"))
    money = f"{_signed(loss.value, usd)} (± {usd(loss.standard_error)})".replace("$", "\\$")
    return (
        f"**Against {plain(other)}, on the same {found.paths:,} futures:** chance of a shortfall "
        f"{_points(short)}, mean shortfall {money}, lowest pay {_points(pay)}."
    )


def _points(d: Mean) -> str:
    """A difference of shares in percentage points, with its standard error."""
    return f"{_signed(d.value, lambda v: f'{v * 100:.2f}')} points (± {d.standard_error * 100:.2f})"


def _signed(value: float, write: Callable[[float], str]) -> str:
    return f"{MINUS if value < 0 else '+'}{write(abs(value))}"


def made_by(found: Stressed) -> str:
    """How a run was made, in a line."""
    r = computed(found.result)
    how = "found in the store" if found.found else "computed"
    return (
        f"{r['paths']:,} futures, seed {r['seed']}, {how} in {r['seconds']:.2f} s on the {r['device']} "
        f"({plain(r['device_reason'], 200)})"
    )


def marks(found: Stressed) -> str:
    """The stamp: what it takes to get these futures again."""
    return (
        f"Futures: run `{found.run_id[:12]}` · counts `{found.result.counts_sha256[:12]}` · "
        f"shocks `{shocks_digest(found)[:12]}` · seed {found.question.seed} · {found.result.paths:,} paths · "
        f"{found.result.device} · kernel `{found.result.kernel[:12]}`"
    )


def stamp(found: Stressed) -> dict[str, Any]:
    """What a file's manifest says of the run behind it."""
    return {
        "command": found.question.command,
        "run_id": found.run_id,
        "seed": found.question.seed,
        "paths": found.result.paths,
        "shocks": json.loads(found.question.shocks.canonical_json()),
        "shocks_digest": shocks_digest(found),
        "counts_sha256": found.result.counts_sha256,
        "device": found.result.device,
        "kernel": found.result.kernel,
    }


def shocks_digest(found: Stressed) -> str:
    return digest_of(found.question.shocks)


def digest_of(shocks: Shocks) -> str:
    return hashlib.sha256(shocks.canonical_json().encode()).hexdigest()
