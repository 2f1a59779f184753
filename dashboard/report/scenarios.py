"""A report of one scenario, or of several beside each other: the answer with its ranges and errors, charts,
every assumption with its source, and what gives it all again. One HTML page, the same bytes from the same
state but for the one time in its stamp."""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from dashboard import compare_table
from dashboard.answers import Answers
from dashboard.charts import compare as charts_compare
from dashboard.charts import overview as charts
from dashboard.charts import stress as charts_stress
from dashboard.charts import supply as charts_supply
from dashboard.questions import comparisons
from dashboard.questions.comparisons import Column, Compared, Question
from dashboard.report import inputs, parts
from dashboard.report.parts import Part, cell, paragraph
from dashboard.report.runs import Case, Engine, Progress, cases
from dashboard.versions import VERSION, model_version
from dashboard.words import cards, cards_stress, compare_words, formats
from models.schedules import month_end


def make(answers: Answers, asked: Question, engine: Engine, progress: Progress, time: datetime) -> bytes:
    """The report as HTML. `time` (with a time zone) is the stamp's `created`, the only thing that the state
    does not fix. Raises InputError for scenarios that cannot start, ExportError where no chart is drawn."""
    found = cases(answers, asked, engine, progress)
    progress("Drawing the charts", len(found), len(found) + 1)
    first = found[0]
    several = len(found) > 1
    title = " and ".join([first.title, "others beside it"]) if several else first.title
    body: list[Part] = [
        paragraph("vaultline: can io.net's token economy keep paying its suppliers?", "note"),
        parts.heading(title, 1),
    ]
    if several:
        body += _side_by_side(answers, engine.compared(asked))
    for case in found:
        body += _one(answers, case, alone=not several)
    body += inputs.assumptions(answers, asked)
    body += inputs.sources(answers, asked)
    body += parts.again(_stamp(asked, answers, found, time), command(asked))
    return parts.page(f"vaultline report: {title}", body)


def _one(answers: Answers, case: Case, *, alone: bool) -> list[Part]:
    """The whole of one scenario; beside others its charts alone."""
    run, found, scenario = case.run, case.stressed, case.run.scenario
    days = [month_end(answers.protocol, scenario.m0 + k) for k in range(1, scenario.months + 1)]
    body: list[Part] = []
    if alone:
        body += [
            paragraph(f"**{cards.answer(run, case.alternatives)}**", "answer"),
            paragraph(cards_stress.verdict(found, case.spread), "answer"),
            parts.heading("The numbers, with their ranges and errors"),
            parts.cards(cards.headline(run, case.alternatives)),
            parts.cards(cards_stress.cards(found, case.spread)),
        ]
        body += _deciders(case)
    else:
        body.append(parts.heading(case.title))
    if scenario.rule == "ide":  # the others have no vaults
        body.append(charts.over_time("reserve", run, dict(case.others)))
    body += [
        charts.coverage_and_pay(run),
        charts_stress.chance_by_month(found.by_month, case.spread, days),
    ]
    if not alone:
        return body
    if case.spread["label"].n_unique() > 1:
        body.append(charts_stress.alternatives(case.spread, scenario.months))
    body += [
        charts_stress.fan(name, found.quantiles, days)
        for name in ("V", "pay")
        if charts_compare.has_fan(name, scenario.rule)
    ]
    # around the run's start, and not today: the same report on any day
    supply, start = answers.supply(scenario), month_end(answers.protocol, scenario.m0)
    own = supply.by_month.filter(pl.col("variant") == "ide")
    return [
        *body,
        parts.heading("Supply"),
        charts_supply.holders(supply.by_month, supply.observed, around=start),
        charts_supply.net_issuance(own, "io", depth=scenario.depth, around=start),
        parts.heading("The answer under every named alternative of what nobody has published"),
        parts.table(case.alternatives, ALTERNATIVES),
    ]


def _deciders(case: Case) -> list[Part]:
    found = cards.deciders(case.alternatives, case.run.scenario.months)
    if not found:
        return []
    told = [f"**{d.words[0].upper()}{d.words[1:]}:** {d.effect}." for d in found]
    return [parts.heading("What decides it"), parts.listed(told)]


def _side_by_side(answers: Answers, found: Compared) -> list[Part]:
    """The scenarios in columns, and what each changes against the first on the same futures."""
    columns = found.question.columns
    first = columns[0]
    firsts = comparisons.first_shortfalls(answers, columns)
    days = [month_end(answers.protocol, first.scenario.m0 + k) for k in range(1, first.scenario.months + 1)]
    body: list[Part] = [
        paragraph(compare_words.verdict(found), "answer"),
        parts.heading("What differs in the inputs"),
    ]
    differing = comparisons.differing(answers.registry, columns)
    if differing.is_empty():
        body.append(paragraph("Nothing: every input is the same."))
    else:
        body.append(_columns(columns, compare_words.inputs_rows(differing)))
    return [
        *body,
        parts.heading("What differs in the outcome"),
        _columns(columns, [compare_words.still_row(columns, firsts), *compare_words.outputs(found)]),
        paragraph(
            f"Means over {found.result.paths:,} futures ± one standard error; below them what is more or "
            f"less than under {formats.plain(first.title)}, taken path by path. "
            f"{compare_words.about_rules(columns)}", "note",
        ),
        charts_compare.chance_by_month(found, days),
    ]  # fmt: skip


def _columns(columns: Sequence[Column], rows: Sequence[tuple[str, list[compare_table.Cell]]]) -> str:
    heads = [cell("What"), *(cell(column.title) for column in columns)]
    lines = [[cell(title), *(cell(f"{c.value}\n{c.detail}".strip()) for c in cells)] for title, cells in rows]
    return f'<div class="columns">{parts.rows_table(heads, lines)}</div>'


def command(asked: Question) -> str:
    """The whole command, quoted for a shell, that makes exactly this report."""
    return f"{asked.asked_of('report')} --out report.html"


def _stamp(asked: Question, answers: Answers, found: Sequence[Case], time: datetime) -> dict[str, str]:
    first = found[0].stressed.result
    return {
        **{
            case.title: f"scenario {case.run.scenario.digest()}, run {case.run_id}, random futures "
            f"{case.stressed.run_id} (counts {case.stressed.result.counts_sha256})"
            for case in found
        },
        "Random shocks": cards_stress.shocks_digest(found[0].stressed),
        "Futures": f"{first.paths:,} of each scenario, seed {asked.seed}, on the {first.device}",
        "Model": f"{model_version()}, kernel {first.kernel}",
        "Facts": answers.registry.version,
        "vaultline": VERSION,
        "Created": time.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _month(value: object) -> str:
    return f"month {value}"


ALTERNATIVES = {
    "label": parts.Column("Alternative"),
    "first_shortfall_month": parts.Column("First shortfall", _month, True),
    "min_coverage": parts.Column("Lowest coverage", lambda v: formats.percent(float(str(v))), True),
    "min_pay": parts.Column("Lowest pay", lambda v: formats.percent(float(str(v))), True),
    "burn_year1": parts.Column("Burned in year 1", lambda v: formats.io(float(str(v))), True),
    "release_year1": parts.Column("Released in year 1", lambda v: formats.io(float(str(v))), True),
    "end_V": parts.Column("Vault at the end", lambda v: formats.io(float(str(v))), True),
}
