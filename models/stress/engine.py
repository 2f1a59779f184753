"""Stress runs: many paths in blocks, on all cores or a GPU, with progress, cancel, resume and extension.

Only whole numbers are counted, and the draws of a path depend on nothing but seed and path number; so the
result is the same for every number of threads, block size, device and order, and `counts_sha256` proves it.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from models.parameters import InputError, Protocol, Scenario
from models.shocks import Shocks
from models.stress import cpu, gpu
from models.stress.counts import Counts, Layout
from models.stress.draws import LAYOUT
from models.stress.plan import Plan, check_seed, make_plan

MAX_PATHS = 2**31 - 1  # what a count holds
DEFAULT_FANS = ("V", "coverage")
# About 50 ms of work: a cancel is felt at once, and a block's overhead is not.
CPU_BLOCK_STEPS = 2_000_000
GPU_BLOCK_STEPS = 500_000_000
Device = Literal["auto", "cpu", "gpu"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StressResult:
    """A finished, cancelled or extended run: everything that it was made of, and its counts.

    `counts` covers paths 0 .. counts.paths - 1, fewer than asked for where the run was cancelled."""

    scenario: Scenario
    shocks: Shocks
    plan: Plan
    seed: int
    asked: int
    counts: Counts
    device: str
    device_reason: str
    threads: int
    seconds: float
    new_paths: int  # computed in this call, the rest came with `extend`
    kernel: str  # hash of the model's sources
    draw_layout: int

    @property
    def paths(self) -> int:
        return self.counts.paths

    @property
    def complete(self) -> bool:
        return self.counts.paths >= self.asked

    @property
    def path_steps_per_second(self) -> float:
        return self.new_paths * self.plan.steps / self.seconds if self.seconds > 0 else 0.0

    @cached_property
    def counts_sha256(self) -> str:
        return self.counts.sha256()


def run(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    *,
    paths: int,
    seed: int,
    fans: tuple[str, ...] = DEFAULT_FANS,
    device: Device = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    extend: StressResult | None = None,
    block: int | None = None,
) -> StressResult:
    """Runs paths 0 .. paths - 1. `extend` takes over the paths of an earlier or cancelled run of the same
    inputs.

    `progress(done, asked)` is called and `cancelled()` asked in the caller's thread between blocks; blocks
    begun are finished, so that what is done is always the first paths. Raises InputError for bad input. An
    interrupt ends the blocks begun and is passed on; nothing is returned."""
    check_request(paths, seed, threads, block)
    plan = make_plan(scenario, protocol, shocks)
    counts = Counts.empty(Layout(fans, plan.months, plan.steps))
    if extend is not None:
        _check_extension(extend, plan, seed, fans, paths)
        counts.merge(extend.counts)
    used, reason = choose(device)
    begun, before = time.perf_counter(), counts.paths
    job = _Job(plan, seed, counts, paths, progress, cancelled)
    workers = threads or available_cores()
    if used == "gpu":
        try:
            counts = job.execute(
                gpu.run_block, 1, block or _block_size(GPU_BLOCK_STEPS, plan.steps, paths - before)
            )
        except gpu.Unusable as error:
            if device == "gpu":
                raise InputError(f"device gpu cannot be used: {error}") from None
            used, reason = "cpu", f"the GPU failed, so the CPU was taken: {error}"
    if used == "cpu":
        share = -(-(paths - before) // workers)
        counts = job.execute(cpu.run_block, workers, block or _block_size(CPU_BLOCK_STEPS, plan.steps, share))
    return StressResult(
        scenario=scenario,
        shocks=shocks,
        plan=plan,
        seed=seed,
        asked=paths,
        counts=counts,
        device=used,
        device_reason=reason,
        threads=workers if used == "cpu" else 1,
        seconds=time.perf_counter() - begun,
        new_paths=counts.paths - before,
        kernel=cpu.source_hash(),
        draw_layout=LAYOUT,
    )


def choose(device: Device) -> tuple[str, str]:
    """(device, why). `gpu` raises InputError where none can be used; `auto` then takes the CPU and says
    so."""
    if device == "cpu":
        return "cpu", "asked for"
    try:
        found = gpu.name()
    except gpu.Unusable as error:
        if device == "gpu":
            raise InputError(f"device gpu cannot be used: {error}") from None
        return "cpu", f"no GPU: {error}"
    return "gpu", found


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Blocks:
    """Hands out consecutive ranges of paths until they are used up or the run is stopped."""

    def __init__(self, first: int, end: int, size: int) -> None:
        self.next, self.end, self.size = first, end, size
        self.done = first
        self.stopped = False
        self.lock = threading.Lock()

    def take(self) -> tuple[int, int]:
        """(first path, number of paths); 0 paths: there are no more."""
        with self.lock:
            first, number = self.next, 0 if self.stopped else min(self.size, self.end - self.next)
            self.next += number
            return first, number

    def finished(self, number: int) -> None:
        with self.lock:
            self.done += number

    def stop(self) -> None:
        with self.lock:
            self.stopped = True


@dataclass(frozen=True)
class _Job:
    """What the workers share."""

    plan: Plan
    seed: int
    counts: Counts
    end: int
    progress: Progress | None
    cancelled: Callable[[], bool] | None

    def execute(self, executor: Callable[..., None], workers: int, block: int) -> Counts:
        """`counts`, which stays as it is, with the paths from where it stands to `end`, or to where the run
        is cancelled."""
        blocks = _Blocks(self.counts.paths, self.end, block)

        def work() -> Counts:
            mine = Counts.empty(self.counts.layout)
            while True:
                first, number = blocks.take()
                if number == 0:
                    return mine
                executor(self.plan, self.seed, first, number, mine)
                blocks.finished(number)

        with ThreadPoolExecutor(workers) as pool:
            try:
                running = {pool.submit(work) for _ in range(workers)}
                parts = []
                while running:
                    done, running = wait(running, timeout=0.05, return_when=FIRST_COMPLETED)
                    parts += [finished.result() for finished in done]
                    if self.progress is not None:
                        self.progress(blocks.done, self.end)
                    if self.cancelled is not None and self.cancelled():
                        blocks.stop()
            except BaseException:
                blocks.stop()
                raise
        whole = parts[0]  # not into an empty one: its memory is not there before it is touched
        for part in parts[1:]:
            whole.merge(part)
        if self.counts.paths:
            whole.merge(self.counts)
        return whole


def _block_size(work: int, steps: int, most: int) -> int:
    """Paths that make about `work` path-steps, in whole groups of lanes, and no more than `most` needs."""
    return max(min(work // steps, most + cpu.LANES - 1) // cpu.LANES, 1) * cpu.LANES


def check_request(paths: int, seed: int, threads: int | None = None, block: int | None = None) -> None:
    """Raises InputError for a number that no run can have."""
    if not 1 <= paths <= MAX_PATHS:
        raise InputError(f"paths = {paths} is not allowed: it must be from 1 to {MAX_PATHS:,}")
    if threads is not None and not 1 <= threads <= 1024:
        raise InputError(f"threads = {threads} is not allowed: it must be from 1 to 1024")
    if block is not None and block < 1:
        raise InputError(f"block = {block} is not allowed: it must be at least 1 path")
    check_seed(seed)


def _check_extension(earlier: StressResult, plan: Plan, seed: int, fans: tuple[str, ...], paths: int) -> None:
    same = (earlier.plan.digest(), earlier.seed, earlier.counts.layout.fans, earlier.kernel)
    if same != (plan.digest(), seed, fans, cpu.source_hash()):
        raise InputError(
            "a run can only be extended with the same scenario, shocks, seed, fans and model version"
        )
    if paths < earlier.paths:
        raise InputError(
            f"paths = {paths} is not allowed: the run to extend has {earlier.paths} paths already"
        )
