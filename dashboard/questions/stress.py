"""Stress runs as answers: found in the store, gone on with where a shorter one is there, recorded once."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

import numpy as np
import polars as pl

from dashboard.answers import Answers
from dashboard.jobs import Job
from dashboard.settings import command
from dashboard.shock_settings import shock_words
from dashboard.versions import model_version
from data import stress_store
from data.stress_runs import StressRecord, pack, stress_family, stress_id, unpack
from data.unpublished import Alternative, drift_and_demand
from models.economy import UNLIMITED
from models.parameters import InputError, Scenario
from models.shocks import Shocks
from models.stress import cpu, report, summary, worker
from models.stress.compare import nearest_paths
from models.stress.counts import Counts, Layout
from models.stress.draws import LAYOUT
from models.stress.engine import Device, Progress, StressResult, check_request, run
from models.stress.path import ROWS
from models.stress.plan import Plan, make_plan, replay

DEFAULT_PATHS = 100_000
DEFAULT_SEED = 1
FIRST_PATHS = 10_000  # enough for a first answer, and for a range that assumptions make wide
FANS = ("V", "coverage", "pay", "price", "circulating", "runway")
NONE = np.empty(0, np.int64)
SPREAD = ("month", "p_shortfall", "shortfall_error", "shortfall_low", "shortfall_high")


@dataclass(frozen=True)
class Question:
    """All that decides a stress run's counts besides the facts and the model."""

    scenario: Scenario
    shocks: Shocks
    paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    fans: tuple[str, ...] = FANS

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "shocks": json.loads(self.shocks.canonical_json()),
            "paths": self.paths,
            "seed": self.seed,
            "fans": [*self.fans],
            "kernel": cpu.source_hash(),
            "draw_layout": LAYOUT,
        }

    @property
    def command(self) -> str:
        """The whole command, quoted for a shell, that gives exactly this run again: every input is in it."""
        words = ["--shocks", "regimes", "--shock", *shock_words(self.shocks)]
        words += ["--paths", str(self.paths), "--seed", str(self.seed), "--fans", ",".join(self.fans)]
        return f"{command(self.scenario, 'stress')} {shlex.join(words)}"

    def run_id(self, facts_version: str) -> str:
        return stress_id(self.scenario.digest(), facts_version, model_version(), self.parameters)

    def family(self, facts_version: str) -> str:
        return stress_family(self.scenario.digest(), facts_version, model_version(), self.parameters)


@dataclass(frozen=True)
class Stressed:
    """An answer. `found`: nothing was computed now; `note`: why it is not in the store, if so. A cancelled
    run answers for the paths it has."""

    question: Question
    result: StressResult
    run_id: str
    found: bool
    note: str | None = None

    @cached_property
    def report(self) -> dict[str, Any]:
        """What models.stress.report says, and how it was computed."""
        r = self.result
        return {**report.report(r.counts), **computed(r)}

    @cached_property
    def by_month(self) -> pl.DataFrame:
        return report.by_month(self.result.counts)

    @cached_property
    def quantiles(self) -> pl.DataFrame:
        return report.quantiles(self.result.counts)


def computed(result: StressResult) -> dict[str, Any]:
    """How a run was computed, and the proof of what came out."""
    return {
        "paths": result.paths,
        "seed": result.seed,
        "seconds": result.seconds,
        "path_steps_per_second": result.path_steps_per_second,
        "device": result.device,
        "device_reason": result.device_reason,
        "threads": result.threads,
        "counts_sha256": result.counts_sha256,
    }


def spread(answers: Answers, question: Question, paths: int = FIRST_PATHS) -> pl.DataFrame:
    """The chance of a shortfall under every one of `alternatives`, on the same draws: label, is_scenario,
    month, p_shortfall, shortfall_error, shortfall_low, shortfall_high."""
    asked = replace(spread_request(answers, question), paths=paths)
    return spread_frame(answers, question, asked.answer(lambda: False))


def alternatives(answers: Answers, question: Question) -> list[Alternative]:
    """The question under every named alternative of what nobody has published: start vault, payout target
    and order in every combination, drift and demand one at a time."""
    scenario, shocks = question.scenario, question.shocks
    named = [Alternative(label, s, shocks) for label, s in answers.named_alternatives(scenario)]
    return named + drift_and_demand(answers.registry, scenario, shocks)


def spread_frame(answers: Answers, question: Question, found: list[pl.DataFrame]) -> pl.DataFrame:
    """The frame of `spread` from models.stress.report.by_month of each alternative."""
    own = (question.scenario, question.shocks)
    return pl.concat(
        by_month.select(
            pl.lit(a.label).alias("label"),
            pl.lit((a.scenario, a.shocks) == own).alias("is_scenario"),
            *SPREAD,
        )
        for a, by_month in zip(alternatives(answers, question), found, strict=True)
    )


def ask(
    answers: Answers,
    question: Question,
    *,
    device: Device = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Stressed:
    """The run: found whole, or the longest there is gone on with, or computed from its first path. What a
    cancel leaves is recorded as the run of the paths that it has. Raises InputError for bad input."""
    check_request(question.paths, question.seed, threads)
    version = answers.registry.version
    earlier = longest(answers, question)
    if earlier is not None and earlier.complete:
        return Stressed(question, earlier, question.run_id(version), True)
    result = run(
        question.scenario, answers.protocol, question.shocks, paths=question.paths, seed=question.seed,
        fans=question.fans, device=device, threads=threads, progress=progress, cancelled=cancelled,
        extend=earlier,
    )  # fmt: skip
    return keep(answers, question, result, 0.0 if earlier is None else earlier.seconds)


def run_request(
    answers: Answers, question: Question, extend: StressResult | None, device: Device = "auto"
) -> worker.Run:
    """The question for the engine's process."""
    return worker.Run(
        question.scenario, answers.protocol, question.shocks, question.seed, question.fans, device,
        question.paths, extend,
    )  # fmt: skip


def spread_key(question: Question) -> tuple[object, ...]:
    """What tells one spread from another."""
    shocks = question.shocks.canonical_json()
    return ("spread", question.scenario.digest(), shocks, question.seed)


def spread_request(answers: Answers, question: Question) -> worker.Spread:
    """`spread` for the engine's process."""
    runs = tuple((a.scenario, a.shocks) for a in alternatives(answers, question))
    return worker.Spread(runs, answers.protocol, question.seed, FIRST_PATHS)


def seen(answers: Answers, question: Question, result: StressResult, *, found: bool = False) -> Stressed:
    """What pages show of a run: everything is read off, and the counts, which are large, are let go."""
    done = replace(question, paths=result.paths)
    note = None if found else answers.notice
    whole = Stressed(done, result, done.run_id(answers.registry.version), found, note)
    kept = ("report", "by_month", "quantiles")
    read = {name: getattr(whole, name) for name in kept}
    layout = Layout((), result.plan.months, result.plan.steps)
    light = replace(result, counts=Counts(layout, result.paths, NONE, NONE, NONE, NONE))
    vars(light)["counts_sha256"] = result.counts_sha256
    shown = replace(whole, result=light)
    vars(shown).update(read)
    return shown


def aside(answers: Answers, question: Question, device: Device = "auto") -> Stressed | Job:
    """For those who must not wait: the run as `seen` where it is in the store, else the engine's job, whose
    result is the same of the paths that there are so far. Raises InputError."""
    earlier = longest(answers, question)
    if earlier is not None and earlier.complete:
        return seen(answers, question, earlier, found=True)
    name, done = question.run_id(answers.registry.version), partial(keep, answers, question)
    request = run_request(answers, question, earlier, device)
    return answers.jobs.submit((name, device), request, done, partial(seen, answers, question))


def spread_aside(answers: Answers, question: Question) -> Job:
    """`spread` for those who must not wait: what `spread_frame` takes, as the result of the engine's job."""
    return answers.jobs.submit(spread_key(question), spread_request(answers, question))


def longest(answers: Answers, question: Question) -> StressResult | None:
    """The run of the question in the store, or the longest that it can be made from."""
    if answers.store is None:
        return None
    found = stress_store.longest(answers.store, question.family(answers.registry.version), question.paths)
    if found is None:
        return None
    result = revived(question, found)
    # libm and BLAS may differ from machine to machine, and with them the numbers that the paths run on.
    made = make_plan(question.scenario, answers.protocol, question.shocks)
    return result if result.complete or made.digest() == result.plan.digest() else None


def revived(question: Question, record: StressRecord) -> StressResult:
    """A stored run as the engine left it, with the numbers that it ran on."""
    plan, counts = unpack(record.packed)
    return StressResult(
        scenario=question.scenario,
        shocks=question.shocks,
        plan=plan,
        seed=question.seed,
        asked=question.paths,
        counts=counts,
        device=record.device,
        device_reason="as recorded",
        threads=record.summary["threads"],
        seconds=record.seconds,
        new_paths=counts.paths,
        kernel=record.parameters["kernel"],
        draw_layout=record.parameters["draw_layout"],
    )


def keep(answers: Answers, question: Question, result: StressResult, earlier: float = 0.0) -> Stressed:
    """Record a run as that of the paths that it has. `earlier` are the seconds that those cost which it did
    not compute now."""
    done = Question(question.scenario, question.shocks, result.paths, question.seed, question.fans)
    stressed = Stressed(question, result, done.run_id(answers.registry.version), False, answers.notice)
    if result.paths == 0 or not answers.keeps:
        return stressed
    record = StressRecord(
        scenario=question.scenario.canonical_json(),
        facts_version=answers.registry.version,
        model_version=model_version(),
        parameters=done.parameters,
        summary=stressed.report,
        quantiles=stressed.quantiles,
        packed=pack(result.plan, result.counts),
        counts_sha256=result.counts_sha256,
        device=result.device,
        seconds=earlier + result.seconds,
        created_at=datetime.now(UTC),
    )
    note = answers.record(lambda: record)
    return stressed if note == stressed.note else replace(stressed, note=note)


def replayed(record: StressRecord, path: int) -> tuple[Plan, pl.DataFrame]:
    """One path of a stored run as `path_frame`, with the numbers that it ran on. Raises InputError for an
    impossible path, and where another version made the run."""
    plan, _ = _replayable(record)
    return plan, path_frame(plan, record.parameters["seed"], path)


def nearest(record: StressRecord, name: str, level: float, month: int | None = None) -> int:
    """The number of a stored run's path that lies nearest to the `level` per cent quantile of a quantity at a
    run month's end, the last by default. Raises InputError where the run has no such quantity or month."""
    plan, counts = _replayable(record)
    at = plan.months if month is None else month
    if not 1 <= at <= plan.months:
        raise InputError(f"month = {at} is not allowed: the run has months 1 to {plan.months}")
    value = summary.quantile(counts, name, at, level)
    return nearest_paths(plan, record.parameters["seed"], record.paths, name, at, {level: value})[level]


def _replayable(record: StressRecord) -> tuple[Plan, Counts]:
    if record.parameters["kernel"] != cpu.source_hash():
        raise InputError(
            f"run {record.id[:12]} was made by another version of the model, which alone can replay it"
        )
    return unpack(record.packed)


def path_frame(plan: Plan, seed: int, path: int) -> pl.DataFrame:
    """One row a step: step, month, every state and tally, the regime. Runway is null where it has no end."""
    found = replay(plan, seed, path)[1:]
    rows = [(*a.state, *a.tally, a.regime) for a in found]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(ROWS, pl.Float64), orient="row")
    steps = pl.int_range(1, plan.steps + 1, eager=True)
    months = (steps - 1) // plan.steps_per_month + 1
    unlimited = pl.when(pl.col("runway", "psi") < UNLIMITED).then(pl.col("runway", "psi"))
    return frame.with_columns(unlimited).select(steps.alias("step"), months.alias("month"), *ROWS)
