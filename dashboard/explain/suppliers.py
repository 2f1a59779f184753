"""Explain this number, for a fleet: the network's pay shared out, the machines, and the paths behind."""

from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from dashboard.answers import Answers, Explanation
from dashboard.explain.path import PAYOUT
from dashboard.explain.stress import shock_inputs
from dashboard.questions import evidence, fleets
from dashboard.questions.fleets import Question
from dashboard.words.cards_suppliers import ENGINE, result
from models.parameters import Scenario
from models.readers.fleet_income import WAYS, Judgement
from models.readers.suppliers import Answer

SHARED = ("gpu_multipliers", "gpu_counts", "fee_reservation", "fee_usdc")
JUDGED = {
    "mean_multiplier": "supplier_mean_multiplier",
    "roi_target": "supplier_roi_target",
    "discount_rate": "supplier_discount_rate",
}


class Figure(NamedTuple):
    """One of the page's cards: formula, which facts it rests on besides the scenario, and its arithmetic."""

    title: str
    formula: str
    facts: tuple[str, ...]
    columns: tuple[str, ...]
    arithmetic: Callable[[Answer, Question, Scenario], list[str]]


def _kept(asked: Question) -> float:
    return 1 - asked.fleet.terms.fee_reservation - asked.fleet.terms.fee_usdc


def _left(found: Answer, asked: Question, scenario: Scenario) -> list[str]:
    f, fleet, kept = found.figures, asked.fleet, _kept(asked)
    share = f.share_at_start
    full = scenario.H0 * share * kept - f.electricity_usd
    owed = asked.judged.roi_target / 12 * fleet.paid_capital_usd + fleet.paid_electricity_usd
    lines = [
        f"share = w/(W + w) = {f.weight:,.2f}/({f.network_weight:,.2f} + {f.weight:,.2f}) = {share:.5f}, "
        "at the start",
        f"at full pay, by multipliers: {scenario.H0:,.0f} x {share:.5f} x {kept:g} - "
        f"{f.electricity_usd:,.0f} = {full:,.0f} USD a month",
        f"at full pay, by ROI + Z: ({asked.judged.roi_target:g}/12 x {fleet.paid_capital_usd:,.0f} + "
        f"{fleet.paid_electricity_usd:,.0f}) x {kept:g} - {f.electricity_usd:,.0f} = "
        f"{owed * kept - f.electricity_usd:,.0f} USD a month",
    ]
    return lines + [
        f"{WAYS[w]}: the middle of all futures {result(found, w)['month_usd_p50']:,.0f}" for w in WAYS
    ]


def _never(found: Answer, asked: Question, scenario: Scenario) -> list[str]:
    f = found.figures
    lines = [f"machines cost {f.capital_usd:,.0f} USD in all"]
    for way in WAYS:
        r = result(found, way)
        hits = round(r["never"] * f.paths)
        lines.append(
            f"{WAYS[way]}: {hits:,} of {f.paths:,} futures never reach it in {f.months} months = "
            f"{r['never']:.4f}; 95 %: {r['never_low']:.4f} to {r['never_high']:.4f}"
        )
    return lines


def _worst(found: Answer, asked: Question, scenario: Scenario) -> list[str]:
    months = found.figures.paths * found.figures.months
    return [
        f"{months:,} months of all futures in order; one in twenty: the lowest {round(months / 20):,}"
    ] + [
        f"{WAYS[way]}: at most {r['worst_usd']:,.0f}, on average {r['worst_mean_usd']:,.0f} USD"
        for way in ENGINE
        for r in [result(found, way)]
    ]


def _stake(found: Answer, asked: Question, scenario: Scenario) -> list[str]:
    f, terms = found.figures, asked.fleet.terms
    lines = [
        f"{m.model}: {terms.stake_per_gpu_io:g} x max(1, {asked.fleet.multiplier(m):g}) x {m.count} GPUs = "
        f"{terms.stake_per_gpu_io * max(1.0, asked.fleet.multiplier(m)) * m.count:,.0f} IO"
        for m in asked.fleet.machines
    ]
    price = f.stake_usd / f.stake_io if f.stake_io else 0.0
    return [
        *lines,
        f"{f.stake_io:,.0f} IO x {price:g} = {f.stake_usd:,.2f} USD at the start",
        f"at the end of the run: {f.stake_end_p5_usd:,.2f} (5 %), {f.stake_end_p50_usd:,.2f} (middle), "
        f"{f.stake_end_p95_usd:,.2f} USD (95 %)",
        f"the fall of one month in twenty, to the square root of {f.stake_wait_days:g} days of it, costs "
        f"{f.stake_wait_loss_usd:,.2f} USD",
    ]


BY_MONTH = ("way", "month", "p5", "p50", "p95", "mean", "negative")
FIGURES = {
    "left": Figure(
        "Left a month, after electricity and fees",
        "net = pay (1 - fees) - electricity; pay = cov k H_0 N x w/(W N + w) by multipliers, or "
        "cov k (ROI/12 capital + Z) by own ROI + Z; w = GPUs x multiplier x share of the day up, W the "
        "network's",
        (*SHARED, "supplier_mean_multiplier", "supplier_roi_target"), BY_MONTH, _left,
    ),
    "never": Figure(
        "Never paid back",
        "p = paths whose net summed over the months never reaches what the machines cost / all N paths, with "
        "Wilson's interval",
        (*SHARED, "supplier_mean_multiplier", "supplier_roi_target"),
        ("way", "month", "paid_back", "paid_back_low", "paid_back_high"), _never,
    ),
    "worst": Figure(
        "One month in twenty is worse than",
        "nearest-rank 5 % quantile of net over all months of all paths, and the mean of those at or below it",
        (*SHARED, "supplier_mean_multiplier", "supplier_roi_target"), BY_MONTH, _worst,
    ),
    "stake": Figure(
        "Stake, locked while you run",
        "stake = sum over the machines of the stake per GPU x max(1, multiplier) x GPUs, at P_0; at the end "
        "at the price of each path",
        ("stake_per_gpu_io", "gpu_multipliers", "unstaking_days"), (), _stake,
    ),
}  # fmt: skip


def explain(answers: Answers, found: Answer, asked: Question, scenario: Scenario, figure: str) -> Explanation:
    """Where one of FIGURES comes from."""
    what = FIGURES[figure]
    path = found.by_month.select(what.columns) if what.columns else found.results
    return Explanation(
        what.title,
        what.formula,
        pl.concat(
            [
                answers.inputs(scenario, PAYOUT if figure != "stake" else ("P0",)),
                _facts(answers, asked, what.facts),
                shock_inputs(answers.registry, answers.registry.shocks()),
            ]
        ),
        what.arithmetic(found, asked, scenario),
        path,
        fleets.command(scenario, asked),
        f"{asked.paths:,} random paths, seed {asked.seed}, by the month, under engine and old schedule",
    )


def _facts(answers: Answers, asked: Question, ids: tuple[str, ...]) -> pl.DataFrame:
    """What the fleet's reckoning takes from the facts; what the reader judged otherwise is the reader's."""
    registry, fields = answers.registry, {fact: field for field, fact in JUDGED.items()}
    rows: list[dict[str, Any]] = []
    for id_ in ids:
        fact = registry.facts[id_]
        source = registry.source(fact.source)
        own = getattr(asked.judged, fields[id_]) if id_ in fields else None
        mine = own is not None and own != fact.number
        rows.append(
            {
                "symbol": "",
                "title": fact.title if id_ not in fields else str(Judgement.model_fields[fields[id_]].title),
                "value": f"{own:g}" if own is not None else evidence.fact_value(fact),
                "unit": "",
                "kind": "this scenario" if mine else fact.kind,
                "source": "" if mine else source.name,
                "address": "" if mine else source.address or "",
            }
        )
    return pl.DataFrame(rows)
