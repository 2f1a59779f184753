"""Explain this number, for the figures of random futures: how they are counted, the run and the shocks behind
them."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from dashboard.answers import Answers, Explanation
from dashboard.explain.path import PAYOUT
from dashboard.questions.stress import Question, Stressed
from dashboard.words import stress_words
from dashboard.words.formats import usd
from data.registry import Registry
from models.economy import NEGLIGIBLE
from models.shocks import Shocks

PAY = ("controller", "k_min", "g_down", "g_up", "eta", "omega")
CHANCE_COLUMNS = (
    "month",
    "p_shortfall",
    "shortfall_error",
    "shortfall_low",
    "shortfall_high",
    "shortfall_hazard",
)
PAID_COLUMNS = (
    "month",
    "p_underpaid",
    "underpaid_error",
    "underpaid_low",
    "underpaid_high",
    "underpaid_hazard",
)
WILSON = "Wilson's interval at 95 %; with none, or all, of N paths the rule of three, 3/N"


class Figure(NamedTuple):
    """One of the Stress lab's cards: its formula in the SPEC's symbols, the scenario's inputs that it
    depends on most directly, the columns by month behind it, and the arithmetic with this run's numbers."""

    title: str
    formula: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    arithmetic: Callable[[Stressed], list[str]]


def _share(found: Stressed, month: int, event: str) -> str:
    """p from its count, with its error and interval."""
    row, n = found.by_month.row(month - 1, named=True), found.result.paths
    p = row[f"p_{event}"]
    hits, error = round(p * n), row[f"{event}_error"]
    interval = stress_words.interval(row[f"{event}_low"], row[f"{event}_high"])
    return (
        f"month {month}: p = {hits:,}/{n:,} = {p:.5f}; error = sqrt({p:.5f} x {1 - p:.5f}/{n:,}) = "
        f"{error:.5f}; 95 %: {interval}"
    )


def _chance(found: Stressed) -> list[str]:
    length = found.question.scenario.months
    return [_share(found, m, "shortfall") for m in (12, 24, 36) if m < length] + [
        _share(found, length, "shortfall")
    ]


def _underpaid(found: Stressed) -> list[str]:
    p_star = found.question.scenario.p_star
    return [f"p* = {p_star:g}", _share(found, found.question.scenario.months, "underpaid")]


def _time(found: Stressed) -> list[str]:
    n, lines = found.result.paths, []
    for level in (5, 25, 50):
        rank = max(1, math.ceil(level * n / 100 - 1e-9))
        month = found.report["months_to"]["shortfall"][str(level)]
        if month is None:
            last = round(found.by_month["p_shortfall"][-1] * n)
            lines.append(f"{level} %: rank {rank:,} of {n:,}; in all {last:,} are short: not reached")
            continue
        shares = [0.0, *found.by_month["p_shortfall"].to_list()]
        before, by = (round(shares[m] * n) for m in (month - 1, month))
        lines.append(
            f"{level} %: rank {rank:,} of {n:,}; {before:,} short before month {month}, {by:,} in it"
        )
    return lines


def _worst(found: Stressed) -> list[str]:
    loss = found.report["loss_usd"]
    v, cvar = loss["worst_from"], loss["cvar5"]
    return [
        f"v = {v:,.0f} USD; mean((loss - v)^+) = {(cvar - v) * 0.05:,.0f} USD",
        f"CVaR5 = {v:,.0f} + {(cvar - v) * 0.05:,.0f}/0.05 = {cvar:,.0f} USD, standard error "
        f"{loss['cvar5_error']:,.0f}",
        f"mean loss over all futures: {usd(loss['mean'])}, standard error {usd(loss['mean_error'])}",
    ]


FIGURES = {
    "chance": Figure(
        "Chance of a shortfall",
        f"p = paths that had a step with short > {NEGLIGIBLE:g} H by month m / all N paths; "
        f"error = sqrt(p (1 - p)/N); {WILSON}",
        PAYOUT, CHANCE_COLUMNS, _chance,
    ),
    "time": Figure(
        "Half are short by",
        "smallest month m by which ceil(q N) of the N paths had a step with short > 1e-9 H (nearest rank)",
        PAYOUT, CHANCE_COLUMNS, _time,
    ),
    "worst": Figure(
        "Worst twentieth",
        "loss = sum of short over the path, USD, undiscounted; CVaR5 = v + mean((loss - v)^+)/0.05, "
        "v the nearest-rank 95 % quantile of loss",
        PAYOUT, CHANCE_COLUMNS, _worst,
    ),
    "underpaid": Figure(
        "Suppliers underpaid",
        f"p = paths that had a step with pay = cov k < p* / all N paths; error = sqrt(p (1 - p)/N); {WILSON}",
        ("p_star", *PAYOUT, *PAY), PAID_COLUMNS, _underpaid,
    ),
}  # fmt: skip


def explain(answers: Answers, found: Stressed, figure: str) -> Explanation:
    """Where one of FIGURES comes from in this run."""
    what, question = FIGURES[figure], found.question
    inputs = answers.inputs(question.scenario, what.fields)
    return Explanation(
        what.title,
        what.formula,
        pl.concat([inputs, shock_inputs(answers.registry, question.shocks)]),
        what.arithmetic(found),
        found.by_month.select(what.columns),
        question.command,
        f"Run {found.run_id[:12]}: {found.result.paths:,} paths, seed {question.seed}; one by steps: "
        f"vaultline replay {found.run_id[:12]} PATH, with PATH from 0 on",
    )


def explain_range(answers: Answers, question: Question, spread: pl.DataFrame) -> Explanation:
    """Where the range over the named alternatives comes from: the chance and its error under each, as
    dashboard.questions.stress.spread_frame has them."""
    what, month = FIGURES["chance"], question.scenario.months
    last = spread.filter(month=month).sort("p_shortfall")
    inputs = answers.inputs(question.scenario, what.fields)
    return Explanation(
        "Chance of a shortfall over the named alternatives",
        f"{what.formula}; the range: least and greatest p over the alternatives, on the same random futures",
        pl.concat([inputs, shock_inputs(answers.registry, question.shocks)]),
        [
            f"{row['label']}: {row['p_shortfall']:.4f}, error {row['shortfall_error']:.4f}"
            for row in last.iter_rows(named=True)
        ],
        spread.filter("is_scenario").select(CHANCE_COLUMNS[:-1]),
        question.command,
        f"By month {month} under each of {last.height} alternatives, {question.paths:,} paths each, seed "
        f"{question.seed}; the months above are this scenario's own",
    )


def shock_inputs(registry: Registry, shocks: Shocks) -> pl.DataFrame:
    """The numbers of the random shocks as Answers.inputs lists a scenario's: what each rests on where they
    are one of the facts' sets, else that they are the reader's."""
    known = next((s for s in registry.shock_sets().values() if s.shocks == shocks), None)

    def row(symbol: str, title: str, value: object, unit: str, fact_id: str) -> dict[str, Any]:
        fact = registry.facts[fact_id] if known else None
        source = registry.source(fact.source) if fact else None
        kind = fact.kind if fact else "this scenario"
        return {
            "symbol": symbol, "title": title, "value": str(value), "unit": unit, "kind": kind,
            "source": source.name if source else "", "address": (source.address or "") if source else "",
        }  # fmt: skip

    def each(name: str) -> str:
        return ", ".join(f"{r.name} {getattr(r, name):.4g}" for r in shocks.regimes)

    rates, matrix, mean, spread = known.facts[:4] if known else ("",) * 4
    drift = "shock_drift" if known and "shock_drift" in known.facts else "shock_assumed"
    joint = "jump_into_demand_joint"
    to_demand = joint if known and joint in known.facts else "jump_into_demand"
    moves = ", ".join(
        f"{a.name} to {b.name} {p:.4g}"
        for a, chances in zip(shocks.regimes, shocks.transition, strict=True)
        for b, p in zip(shocks.regimes, chances, strict=True)
        if a != b
    )
    history = [
        row(
            "", "Days of a history that are drawn together", shocks.block_days, "days", "bootstrap_block_days"
        )
    ]
    return pl.DataFrame(
        [
            *(history if shocks.history is not None else []),
            row("mu", "Price drift", each("mu"), "a year", drift),
            row("sigma", "Price volatility", each("sigma"), "a year", rates),
            row("lambda", "Jumps", each("jump_rate"), "a year", rates),
            row("m_J", "Mean log jump", f"{shocks.jump_mean:g}", "log price", mean),
            row("s_J", "Spread of log jumps", f"{shocks.jump_sd:g}", "log price", spread),
            row("A", "Chance of a move", moves or "none", "a month", matrix),
            row("g", "Demand drift", each("g"), "a year", "shock_assumed"),
            row("nu", "Demand volatility", each("nu"), "a year", "shock_assumed"),
            row("b_J", "Part of a jump that demand feels", f"{shocks.jump_demand:g}", "fraction", to_demand),
            row("theta", "Demand reverts", f"{shocks.theta:g}", "a year", "demand_reversion"),
            row("rho", "Correlation of price and demand", f"{shocks.rho:g}", "", "price_demand_correlation"),
        ]
    )  # fmt: skip
