"""Scenarios beside each other on the same random futures: found in the store, or computed and recorded."""

import json
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import polars as pl

from dashboard import inputs
from dashboard.answers import Answers
from dashboard.questions.stress import DEFAULT_PATHS, DEFAULT_SEED
from dashboard.settings import command, value_to_text
from dashboard.shock_settings import shock_words
from dashboard.versions import code_version
from data import answer_store
from data.answer_store import Asked
from data.registry import Registry
from models.parameters import InputError, Protocol, Scenario, parse_scenario
from models.shocks import Shocks
from models.stress import cpu, worker
from models.stress.contrast import FIGURES, Contrast, contrast, exists
from models.stress.draws import LAYOUT
from models.stress.engine import check_request
from models.stress.plan import make_plan

MOST = 4
HORIZON = ("months", "steps_per_month")


@dataclass(frozen=True)
class Column:
    """One of the scenarios compared. `preset`: the name of the preset that it is, if it is one."""

    title: str
    scenario: Scenario
    preset: str | None = None


@dataclass(frozen=True)
class Question:
    """All that decides a comparison besides the facts and the model. The first column is what the others
    are measured against."""

    columns: tuple[Column, ...]
    shocks: Shocks
    paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        return tuple(column.scenario for column in self.columns)

    @property
    def command(self) -> str:
        """The whole command, quoted for a shell, that gives exactly this again: every input is in it."""
        return self.asked_of("compare")

    def asked_of(self, name: str) -> str:
        """`command` of another name that takes the same."""
        first = self.scenarios[0]
        words = []
        for column in self.columns[1:]:
            changes = _changes(first, column.scenario) or {"months": first.months}
            settings = [f"{field}={value_to_text(value)}" for field, value in changes.items()]
            words += ["--with", f"title={column.title}", *settings]
        words += ["--shock", *shock_words(self.shocks)]
        words += ["--paths", str(self.paths), "--seed", str(self.seed)]
        return f"{command(first, name)} {shlex.join(words)}"


@dataclass(frozen=True)
class Compared:
    """An answer. `found`: nothing was computed now; `note`: why it is not in the store, if so."""

    question: Question
    result: Contrast
    found: bool = False
    note: str | None = None

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a figure and scenario: figure, title, unit, column (1: the first), scenario, value, error,
        less_first, less_first_error. Null: there is no such thing under that scenario."""
        rows = []
        first = self.question.scenarios[0]
        for name, figure in FIGURES.items():
            for k, column in enumerate(self.question.columns):
                here = exists(name, column.scenario)
                value = self.result.value(k, name) if here else (None, None)
                both = here and k > 0 and exists(name, first)
                less = self.result.difference(k, name) if both else (None, None)
                rows.append((name, figure.title, figure.unit, k + 1, column.title, *value, *less))
        return pl.DataFrame(rows, schema=TABLE, orient="row")

    @cached_property
    def by_month(self) -> pl.DataFrame:
        """The chance that a shortfall has come by each month: month, column, scenario, p_shortfall, error,
        less_first, less_first_error."""
        rows = []
        for k, column in enumerate(self.question.columns):
            own, less = self.result.short_by_month(k), self.result.short_difference_by_month(k)
            for month, (p, d) in enumerate(zip(own, less, strict=True), 1):
                rows.append((month, k + 1, column.title, *p, *(d if k else (None, None))))
        return pl.DataFrame(rows, schema=BY_MONTH, orient="row")


_DIFFERENCE = {"less_first": pl.Float64, "less_first_error": pl.Float64}
TABLE = {
    "figure": pl.String, "title": pl.String, "unit": pl.String, "column": pl.Int64, "scenario": pl.String,
    "value": pl.Float64, "error": pl.Float64, **_DIFFERENCE,
}  # fmt: skip
TABLE_UNITS = dict.fromkeys(("value", "error", "less_first", "less_first_error"), "as `unit` says")
BY_MONTH = {
    "month": pl.Int64, "column": pl.Int64, "scenario": pl.String, "p_shortfall": pl.Float64,
    "error": pl.Float64, **_DIFFERENCE,
}  # fmt: skip


def _changes(first: Scenario, other: Scenario) -> dict[str, Any]:
    """The inputs of `other` that differ from those of the first."""
    return {f: getattr(other, f) for f in Scenario.model_fields if getattr(first, f) != getattr(other, f)}


def fitted(column: Column, first: Scenario) -> Column:
    """The column over the months and steps of the first scenario, without which they would not meet the same
    shocks. Raises InputError where its history is too short for that."""
    changes = {field: getattr(first, field) for field in HORIZON}
    try:
        return Column(column.title, parse_scenario(changes, column.scenario), column.preset)
    except InputError:
        known = [h for h in (column.scenario.price_history, column.scenario.revenue_history) if h]
        longest = min(map(len, known), default=column.scenario.months)
        raise InputError(
            f"{column.title} has a history of {longest} months and the first scenario runs {first.months}: "
            f"to meet the same shocks both need equal months, so set months to {longest} or fewer"
        ) from None


def differing(registry: Registry, columns: Sequence[Column]) -> pl.DataFrame:
    """The inputs that are not the same in all columns: field, title, column, scenario, value (as commands
    take it), shown (as a reader does), kind (of the fact that it rests on, or `yours`)."""
    first = columns[0].scenario
    fields = [
        f
        for f in Scenario.model_fields
        if any(getattr(c.scenario, f) != getattr(first, f) for c in columns[1:])
    ]
    rows = [
        (f, inputs.title(f), k, c.title, value_to_text(getattr(c.scenario, f)), *_said(registry, c, f))
        for f in fields
        for k, c in enumerate(columns, 1)
    ]  # fmt: skip
    names = ("field", "title", "column", "scenario", "value", "shown", "kind")
    schema = {name: pl.Int64 if name == "column" else pl.String for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _said(registry: Registry, column: Column, field: str) -> tuple[str, str]:
    """A value as a reader says it, and what it rests on; a rule without vaults has none to fill."""
    if field in ("V0_months", "V0") and column.scenario.rule != "ide":
        return "none", "no vault under this rule"
    return inputs.shown(field, getattr(column.scenario, field)), kind(registry, column, field)


def kind(registry: Registry, column: Column, field: str) -> str:
    """What a value rests on: the fact behind the baseline's, those behind the preset's, or the reader."""
    value = getattr(column.scenario, field)
    if field not in inputs.HISTORIES and value == getattr(registry.baseline(), field):
        return registry.fact_for(field).kind
    preset = registry.presets().get(column.preset or "")
    if preset is not None and value == getattr(preset.scenario, field):
        return ", ".join(dict.fromkeys(registry.facts[name].kind for name in preset.facts))
    return "none" if value is None else "yours"


def first_shortfalls(answers: Answers, columns: Sequence[Column]) -> list[int | None]:
    """The run month of each scenario's first shortfall without random shocks; None: there is none."""
    return [answers.run(column.scenario).summary["first_shortfall_month"] for column in columns]


def check(protocol: Protocol, question: Question) -> None:
    """Raises InputError for what cannot be compared, before anything is computed."""
    if not 2 <= len(question.columns) <= MOST:
        raise InputError(
            f"{len(question.columns)} scenarios cannot be compared: it takes two to {MOST} of them"
        )
    check_request(question.paths, question.seed)
    for scenario in question.scenarios:
        make_plan(scenario, protocol, question.shocks)


def asked(answers: Answers, question: Question) -> Asked:
    """The name under which the answer is kept: titles are no part of it."""
    first, *others = question.scenarios
    about = {
        "others": [json.loads(other.canonical_json()) for other in others],
        "shocks": json.loads(question.shocks.canonical_json()),
        "paths": question.paths,
        "seed": question.seed,
        "kernel": cpu.source_hash(),
        "draw_layout": LAYOUT,
    }
    return Asked("compare", first.canonical_json(), answers.registry.version, code_version(), about)


def find(answers: Answers, question: Question) -> Compared | None:
    """The answer in the store, if it is there."""
    if answers.store is None:
        return None
    result = answer_store.find(answers.store, asked(answers, question), Contrast)
    return None if result is None else Compared(question, result, True)


def ask(
    answers: Answers,
    question: Question,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Compared:
    """Found, or computed here and recorded where it is whole. Raises InputError."""
    check(answers.protocol, question)
    known = find(answers, question)
    if known is not None:
        return known
    started = time.perf_counter()
    result = contrast(
        question.scenarios, answers.protocol, question.shocks, seed=question.seed, paths=question.paths,
        progress=progress, cancelled=cancelled,
    )  # fmt: skip
    return keep(answers, question, result, time.perf_counter() - started)


def keep(answers: Answers, question: Question, result: Contrast, seconds: float | None = None) -> Compared:
    """Record an answer that is whole."""
    note = answers.notice
    if result.paths == question.paths:
        name, now = asked(answers, question), datetime.now(UTC)
        spent = result.seconds if seconds is None else seconds
        note = answers.record(lambda: answer_store.packed(name, result, seconds=spent, created_at=now))
    return Compared(question, result, False, note)


def request(answers: Answers, question: Question) -> worker.Contrasting:
    """The question for the engine's process."""
    return worker.Contrasting(
        question.scenarios, answers.protocol, question.shocks, question.seed, question.paths, None
    )
