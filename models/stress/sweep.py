"""Many small runs side by side: the points of a grid or of a sample, each on one core."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TypeVar

from models.stress import cpu
from models.stress.counts import Counts, Layout
from models.stress.engine import Progress, available_cores
from models.stress.plan import Plan

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Cancelled = Callable[[], bool]


class Stopped(Exception):
    """A sweep was cancelled before its end; half of a grid answers nothing."""


def sweep(
    tasks: Sequence[Task],
    work: Callable[[Task], Answer],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[Answer]:
    """`work` of every task, in their order, on all cores. `progress(done, all)` is called and `cancelled()`
    asked in the caller's thread, about ten times a second. Raises Stopped once cancelled, and what `work`
    raises."""
    cpu.kernel()  # made once, before the threads ask for it
    answers: dict[int, Answer] = {}
    left, stop = iter(range(len(tasks))), threading.Event()

    def worker() -> None:
        while not stop.is_set() and (number := next(left, None)) is not None:
            answers[number] = work(tasks[number])

    with ThreadPoolExecutor(available_cores()) as pool:
        try:
            running = {pool.submit(worker) for _ in range(available_cores())}
            while running:
                done, running = wait(running, timeout=0.1)
                for finished in done:
                    finished.result()
                if progress is not None:
                    progress(len(answers), len(tasks))
                if cancelled is not None and cancelled():
                    raise Stopped
        finally:
            stop.set()
    return [answers[number] for number in range(len(tasks))]


def count(plan: Plan, seed: int, paths: int) -> Counts:
    """Paths 0 .. paths - 1 on one core, without fans: the counts of engine.run."""
    counts = Counts.empty(Layout((), plan.months, plan.steps))
    cpu.run_block(plan, seed, 0, paths, counts)
    return counts


def first_months(plan: Plan, months: int) -> Plan:
    """The same run, ended after its first months."""
    steps = months * plan.steps_per_month
    bootstrap = plan.bootstrap._replace(segments=plan.bootstrap.segments[:steps])
    return replace(plan, inputs=plan.inputs[:steps], moments=plan.moments[:steps], bootstrap=bootstrap)
