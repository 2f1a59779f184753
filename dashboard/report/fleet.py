"""A supplier's report: what the fleet would earn, break even on and risk, under which assumptions, and
whether it may take part. The same kind of page as the scenario's report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl

from dashboard.answers import Answers
from dashboard.charts import suppliers as charts_suppliers
from dashboard.charts.figures import Chart
from dashboard.questions import fleets
from dashboard.questions.comparisons import Column, Question
from dashboard.report import inputs as report_inputs
from dashboard.report import parts
from dashboard.report.parts import Part, cell, paragraph
from dashboard.versions import VERSION, model_version
from dashboard.words import cards_suppliers
from dashboard.words.cards_stress import digest_of
from dashboard.words.formats import percent, plain, usd
from models.parameters import Scenario
from models.readers.fleet import eligibility
from models.readers.fleet_income import WAYS
from models.readers.suppliers import Answer
from models.schedules import month_end

TITLE = "Should I plug my machines in?"


def make(
    answers: Answers, found: Answer, asked: fleets.Question, scenario: Scenario, time: datetime
) -> bytes:
    """The report as HTML. `time` (with a time zone) is its stamp's `Created`, the only thing that the answer
    does not fix. Raises ExportError where no chart is drawn."""
    dates = [month_end(answers.protocol, scenario.m0 + k) for k in range(1, scenario.months + 1)]
    conditions = eligibility(asked.fleet, asked.site)
    states = [[*map(cell, (*c[:3], cards_suppliers.STATES[c.state]))] for c in conditions]
    own = Question((Column("", scenario),), answers.registry.shocks(), asked.paths, asked.seed)
    body: list[Part] = [
        paragraph("vaultline: can io.net's token economy keep paying its suppliers?", "note"),
        parts.heading(TITLE, 1),
        paragraph(plain(cards_suppliers.verdict(found, asked), 900), "answer"),
        parts.heading("The numbers, with their ranges and errors"),
        parts.cards(card._replace(detail=plain(card.detail, 900)) for card in cards_suppliers.cards(found)),
        *(_income(found, way, dates) for way in cards_suppliers.ENGINE),
        charts_suppliers.payback(found.by_month, dates),
        parts.heading("The fleet"),
        parts.table(asked.fleet.table, FLEET),
        parts.heading("May it take part?"),
        paragraph(plain(cards_suppliers.missing(conditions), 900)),
        parts.rows_table([*map(cell, ("Condition", "Needed", "Yours", "State"))], states),
        paragraph(plain(f"Slashing: {asked.fleet.terms.slashing}.", 900), "note"),
        parts.heading("Income, return and net present value over the run"),
        *(parts.table(_ways(found.results), columns) for columns in RESULTS),
        paragraph(
            "Low and high: one future in twenty. Value: net present value at the discount rate.", "note"
        ),
        parts.heading("The pay taken in USDC or in IO, over the run, after electricity"),
        parts.table(found.payouts, PAYOUTS),
        parts.heading("The smallest supplier when pay falls, a month"),
        paragraph(plain(cards_suppliers.smallest(found), 900)),
        parts.table(found.squeeze, SQUEEZE),
        parts.heading("What this depends on"),
        paragraph(plain(cards_suppliers.depends_on(found, asked, scenario), 2000)),
        parts.table(
            _ways(found.ranges).with_columns(pl.col("field").replace(cards_suppliers.TITLES)), RANGES
        ),
        *report_inputs.assumptions(answers, own),
        *report_inputs.sources(answers, own, fleets.FACTS),
    ]
    stamp = {
        "Scenario": scenario.digest(),
        "Random shocks": digest_of(answers.registry.shocks()),
        "Futures": f"{asked.paths:,}, seed {asked.seed}, by the month",
        "Model": model_version(),
        "Facts": answers.registry.version,
        "vaultline": VERSION,
        "Created": time.astimezone(UTC).isoformat(timespec="seconds"),
    }
    body += parts.again(stamp, command(scenario, asked))
    return parts.page(f"vaultline report: {TITLE}", body)


def command(scenario: Scenario, asked: fleets.Question) -> str:
    """The whole command, quoted for a shell, that makes exactly this report."""
    return f"{fleets.command(scenario, asked)} --out report.html"


def _income(found: Answer, way: str, dates: Sequence[date]) -> Chart:
    made = charts_suppliers.income(found.by_month, way, dates)
    return replace(made, title=f"{WAYS[way]}: {made.title[0].lower()}{made.title[1:]}")


def _ways(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("way").replace(WAYS))


def _money(head: str) -> parts.Column:
    return parts.Column(head, lambda v: usd(float(str(v))), True)


def _share(head: str) -> parts.Column:
    return parts.Column(head, lambda v: percent(float(str(v))), True)


def _number(head: str) -> parts.Column:
    return parts.Column(head, lambda v: f"{float(str(v)):,.6g}", True)


Columns = Mapping[str, parts.Column]
FLEET: Columns = {
    "model": parts.Column("GPU"),
    "count": _number("GPUs"),
    "multiplier": _number("Multiplier"),
    "weight": _number("Weight"),
    "capital_usd": _money("Paid for them"),
    "electricity_usd": _money("Electricity, a month"),
    "stake_io": _number("Stake, IO"),
}
WAY = {"way": parts.Column("Reckoned as")}
RESULTS: tuple[Columns, ...] = (
    {
        **WAY,
        "month_usd_p5": _money("A month, low"),
        "month_usd_p50": _money("Middle"),
        "month_usd_p95": _money("High"),
        "never": _share("Never paid back"),
    },
    {
        **WAY,
        "roi_p5": _share("Return, low"),
        "roi_p50": _share("Middle"),
        "roi_p95": _share("High"),
    },
    {
        **WAY,
        "npv_usd_p5": _money("Value, low"),
        "npv_usd_p50": _money("Middle"),
        "npv_usd_p95": _money("High"),
    },
)
PAYOUTS: Columns = {
    "payout": parts.Column("Taken in"),
    "total_usd_p5": _money("Low"),
    "total_usd_p50": _money("Middle"),
    "total_usd_p95": _money("High"),
    "better_than_usdc": _share("Beats USDC"),
}
SQUEEZE: Columns = {
    "pay": _share("Pay"),
    "model": parts.Column("One GPU"),
    "income_usd": _money("Income"),
    "electricity_usd": _money("Electricity"),
    "net_usd": _money("Left"),
}
RANGES: Columns = {
    "field": parts.Column("If this were"),
    "value": _number("at"),
    "way": parts.Column("Reckoned as"),
    "month_usd": _money("Middle, a month"),
    "never": _share("Never paid back"),
}
