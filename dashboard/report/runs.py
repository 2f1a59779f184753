"""What a report rests on: the path of each scenario, its random futures, and those under what nobody has
published. Two ways to the same numbers: at once, or through the dashboard's engine process."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import polars as pl

from dashboard.answers import Answers
from dashboard.jobs import Job
from dashboard.questions import comparisons, stress
from dashboard.questions.comparisons import Compared, Question
from dashboard.questions.stress import Stressed
from models.parameters import InputError
from models.projection import Projection
from models.stress.sweep import Stopped

# (what is worked on, steps done, steps in all); raises models.stress.sweep.Stopped to end it
Progress = Callable[[str, int, int], None]


class Case(NamedTuple):
    """One scenario of a report."""

    title: str
    run: Projection
    run_id: str
    alternatives: pl.DataFrame
    others: list[tuple[str, Projection]]
    stressed: Stressed
    spread: pl.DataFrame


class Engine(Protocol):
    """Where random futures come from."""

    def futures(self, question: stress.Question) -> Stressed: ...
    def spread(self, question: stress.Question) -> pl.DataFrame: ...
    def compared(self, question: Question) -> Compared: ...


class AtOnce:
    """In this process."""

    def __init__(self, answers: Answers):
        self.answers = answers

    def futures(self, question: stress.Question) -> Stressed:
        return stress.ask(self.answers, question)

    def spread(self, question: stress.Question) -> pl.DataFrame:
        return stress.spread(self.answers, question)

    def compared(self, question: Question) -> Compared:
        return comparisons.ask(self.answers, question)


class Queued:
    """Through the engine's process, among all others that ask it."""

    def __init__(self, answers: Answers, unwanted: Callable[[], bool]):
        self.answers = answers
        self.unwanted = unwanted

    def futures(self, question: stress.Question) -> Stressed:
        found = stress.aside(self.answers, question)
        return self._wait(found) if isinstance(found, Job) else found

    def spread(self, question: stress.Question) -> pl.DataFrame:
        found = self._wait(stress.spread_aside(self.answers, question))
        return stress.spread_frame(self.answers, question, found)

    def compared(self, question: Question) -> Compared:
        known = comparisons.find(self.answers, question)
        if known is not None:
            return known
        key = ("compare", comparisons.asked(self.answers, question).id)
        done = partial(comparisons.keep, self.answers, question)
        job = self.answers.jobs.submit(key, comparisons.request(self.answers, question), done)
        return Compared(question, self._wait(job))

    def _wait(self, job: Job) -> Any:
        while not job.ended.wait(0.1):
            job.look()
            if self.unwanted():
                self.answers.jobs.leave(job)
                raise Stopped
        if job.error is not None:
            raise InputError(job.error.removesuffix("."))
        if job.state != "done":
            raise Stopped
        return job.result


def cases(answers: Answers, asked: Question, engine: Engine, progress: Progress) -> list[Case]:
    """Everything computed that the report of these scenarios shows, one by one."""
    found = []
    for at, column in enumerate(asked.columns):
        progress(f"Random futures of {column.title}", at, len(asked.columns) + 1)
        scenario = column.scenario
        question = stress.Question(scenario, asked.shocks, asked.paths, asked.seed)
        found.append(
            Case(
                column.title,
                answers.run(scenario),
                answers.project(scenario).run_id,
                answers.alternatives(scenario),
                answers.alternative_paths(scenario),
                engine.futures(question),
                engine.spread(question),
            )
        )
    return found
