"""The engine in a process of its own: requests come in on stdin, answers go out on stdout, both pickled.

Only the process that started this one can write to it. It computes one request at a time with all threads
inside, asks for a cancel between blocks, and ends when its starter does."""

import os
import pickle
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import BinaryIO

import polars as pl

from models.attribution import Swings
from models.parameters import InputError, Protocol, Scenario
from models.readers.outlook import Ahead
from models.shocks import Shocks
from models.stress.checks import Laws
from models.stress.compare import nearest_paths
from models.stress.contrast import Contrast, contrast
from models.stress.engine import Device, StressResult, run
from models.stress.incomes import Incomes
from models.stress.plan import Plan
from models.stress.report import by_month


@dataclass(frozen=True)
class Run:
    """Paths up to number `until` of one run, from those of `extend` on."""

    scenario: Scenario
    protocol: Protocol
    shocks: Shocks
    seed: int
    fans: tuple[str, ...]
    device: Device
    until: int
    extend: StressResult | None

    @property
    def path_steps(self) -> int:
        done = self.extend.paths if self.extend else 0
        return (self.until - done) * self.scenario.months * self.scenario.steps_per_month

    def answer(self, cancelled: Callable[[], bool]) -> StressResult:
        found = run(
            self.scenario, self.protocol, self.shocks, paths=self.until, seed=self.seed, fans=self.fans,
            device=self.device, cancelled=cancelled, extend=self.extend,
        )  # fmt: skip
        if self.extend is None:
            return found
        # A reader sees one run, however many slices it took.
        new_paths, seconds = self.extend.new_paths + found.new_paths, self.extend.seconds + found.seconds
        return replace(found, new_paths=new_paths, seconds=seconds)


@dataclass(frozen=True)
class Spread:
    """The same few paths of several scenarios, each under its shocks: models.stress.report.by_month of
    each."""

    runs: tuple[tuple[Scenario, Shocks], ...]
    protocol: Protocol
    seed: int
    paths: int

    @property
    def path_steps(self) -> int:
        return self.paths * sum(s.months * s.steps_per_month for s, _ in self.runs)

    def answer(self, cancelled: Callable[[], bool]) -> list[pl.DataFrame]:
        found = []
        for scenario, shocks in self.runs:
            made = run(
                scenario, self.protocol, shocks, paths=self.paths, seed=self.seed, fans=(),
                device="cpu", cancelled=cancelled,
            )  # fmt: skip
            if not made.complete:
                break
            found.append(by_month(made.counts))
        return found


@dataclass(frozen=True)
class Nearest:
    """Of the first paths of a run, those that lie nearest to values (by level) of a quantity at a month's
    end."""

    plan: Plan
    seed: int
    paths: int
    name: str
    month: int
    values: Mapping[float, float]

    @property
    def path_steps(self) -> int:
        return self.paths * self.plan.steps

    def answer(self, _: Callable[[], bool]) -> dict[float, int]:
        return nearest_paths(self.plan, self.seed, self.paths, self.name, self.month, self.values)


@dataclass(frozen=True)
class Contrasting:
    """Paths up to number `until` of several scenarios, from those of `extend` on."""

    scenarios: tuple[Scenario, ...]
    protocol: Protocol
    shocks: Shocks
    seed: int
    until: int
    extend: Contrast | None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells one comparison from another."""
        digests = tuple(scenario.digest() for scenario in self.scenarios)
        return ("contrast", digests, self.shocks.canonical_json(), self.seed, self.until)

    @property
    def path_steps(self) -> int:
        done = self.extend.paths if self.extend else 0
        return (self.until - done) * sum(s.months * s.steps_per_month for s in self.scenarios)

    def answer(self, cancelled: Callable[[], bool]) -> Contrast:
        return contrast(
            self.scenarios, self.protocol, self.shocks, seed=self.seed, paths=self.until,
            extend=self.extend, cancelled=cancelled,
        )  # fmt: skip


Request = Run | Spread | Nearest | Contrasting | Incomes | Laws | Ahead | Swings
CANCEL = "cancel"


@dataclass(frozen=True)
class Failed:
    """A request without an answer. `bad_input`: the sentence is for the reader, else the fault is ours."""

    sentence: str
    bad_input: bool


def main() -> None:
    """Serve until stdin ends. The server that answers readers comes first where both want the processor."""
    if hasattr(os, "nice"):
        os.nice(5)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    requests: SimpleQueue[Request] = SimpleQueue()
    cancelled = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests, cancelled), daemon=True).start()
    while True:
        answer = _answered(requests.get(), cancelled)
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _listen(source: BinaryIO, requests: "SimpleQueue[Request]", cancelled: threading.Event) -> None:
    try:
        while True:
            message = pickle.load(source)
            if message == CANCEL:
                cancelled.set()
            else:
                cancelled.clear()
                requests.put(message)
    finally:
        os._exit(0)  # the starter has gone, and with it whoever wanted an answer


def _answered(request: Request, cancelled: threading.Event) -> object:
    try:
        return request.answer(cancelled.is_set)
    except InputError as error:
        return Failed(str(error), True)
    except Exception as error:
        return Failed(f"{type(error).__name__}: {error}", False)
