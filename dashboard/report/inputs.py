"""The assumptions of a report: every input with its kind and source, what is assumed, and who said what."""

from collections.abc import Sequence

from dashboard import inputs
from dashboard.answers import Answers
from dashboard.questions.comparisons import Question
from dashboard.report import parts
from dashboard.report.parts import Part, cell, paragraph
from dashboard.words import formats
from data.shock_choices import provisional
from models.parameters import Scenario
from models.shocks import Shocks

# What the model takes from the network as published, besides the scenario's inputs
SUPPLY = (
    "cap_io", "genesis_io", "emission_total_io", "emission_annual_rate", "emission_months", "emission_q",
    "emission_first_month", "vesting_official", "vesting_third_party", "circulating_observed",
)  # fmt: skip
READER = "this scenario"
HEADS = [cell(text, text == "Value") for text in ("Input", "Symbol", "Value", "Kind", "Source")]


def assumptions(answers: Answers, asked: Question) -> list[Part]:
    """What is assumed, in words; then every input of the first scenario; then the random shocks."""
    name, scenario = asked.columns[0].title, asked.columns[0].scenario
    rows, marks, counts = [], [], dict[str, int]()
    for field in Scenario.model_fields:
        kind, source = _kind_and_source(answers, scenario, field)
        shown = inputs.shown(field, getattr(scenario, field))
        words = (inputs.title(field), inputs.symbol(field), shown, kind)
        rows.append([*(cell(text, at == 2) for at, text in enumerate(words)), (source, False)])
        marks.append("assumption" if kind in ("assumption", READER) else "")
        counts[kind] = counts.get(kind, 0) + 1
    told = [f"{count} {kind}" for kind, count in sorted(counts.items(), key=lambda item: -item[1])]
    about = provisional(answers.registry, asked.shocks)
    several = "" if len(asked.columns) == 1 else f" of {formats.plain(name)}"
    return [
        parts.heading("What is assumed"),
        paragraph(
            f"Of {len(rows)} inputs{several}: {formats.listing(told)}. Nobody has published how full the "
            "Reward Vault was at the start, how much suppliers are owed, or which money pays first: the "
            "answer is therefore given as a range over named alternatives of these, beside the sampling "
            "error, which is small and says nothing of them."
        ),
        paragraph(f"The random shocks are {about}."),
        parts.heading(f"All inputs{several}"),
        parts.rows_table(HEADS, rows, marks),
        parts.heading("The random shocks", 3),
        *_shocks(asked.shocks),
    ]


def _kind_and_source(answers: Answers, scenario: Scenario, field: str) -> tuple[str, str]:
    """What an input's value rests on, and its source as HTML; nothing for what the reader set."""
    registry = answers.registry
    if getattr(scenario, field) != getattr(registry.baseline(), field):
        return READER, ""
    fact = registry.fact_for(field)
    source = registry.source(fact.source)
    return fact.kind.replace("_", " "), parts.link(source.name, source.address)


def _shocks(shocks: Shocks) -> list[Part]:
    rates = ("mu", "sigma", "jump_rate", "g", "nu")
    names = [r.name for r in shocks.regimes]
    columns = (*rates, *(f"to {name}, a month" for name in names))
    rows = []
    for regime, to in zip(shocks.regimes, shocks.transition, strict=True):
        values = (*(getattr(regime, rate) for rate in rates), *to)
        rows.append([cell(regime.name), *(cell(f"{value:.4g}", True) for value in values)])
    words = (
        f"Rates are a year. Jumps: mean {shocks.jump_mean:g}, spread {shocks.jump_sd:g} of the log price; "
        f"demand feels {shocks.jump_demand:g} of a jump, reverts at {shocks.theta:g} a year, and goes with "
        f"the price at a correlation of {shocks.rho:g}. Paths start in {shocks.start}."
    )
    if shocks.history is not None:
        words = f"The price draws blocks of {shocks.block_days} days of a given history. {words}"
    return [
        parts.rows_table([cell("Regime"), *(cell(name, True) for name in columns)], rows),
        paragraph(words, "note"),
    ]


def sources(answers: Answers, asked: Question, more: Sequence[str] = ()) -> list[Part]:
    """Everybody who is cited above, once; `more` are ids of facts that the answer rests on besides."""
    registry = answers.registry
    facts = [registry.fact_for(f) for f in Scenario.model_fields if f not in inputs.HISTORIES]
    facts += [registry.facts[id_] for id_ in (*SUPPLY, *more)]
    for known in registry.shock_sets().values():
        if known.shocks == asked.shocks:
            facts += [registry.facts[id_] for id_ in known.facts]
    ids = dict.fromkeys(fact.source for fact in facts)
    for preset in registry.presets().values():
        if preset.scenario in asked.scenarios:
            ids |= dict.fromkeys(preset.sources)
    rows = []
    for source in sorted(map(registry.source, ids), key=lambda s: (s.publisher, s.name)):
        where = parts.link(source.address or str(source.document), source.address)
        rows.append([cell(source.name), cell(source.publisher), (where, False)])
    return [
        parts.heading("Sources"),
        parts.rows_table([cell("Source"), cell("Published by"), cell("Where")], rows),
    ]
