"""How fast the engine is beside what a user could take instead, measured in turns on this machine.

Loads differ from second to second, so every round runs all contenders one after the other, and a ratio is the
median over the rounds of theirs to ours in the same round. The baselines live with the tests, in
tests/benchmarks of a checkout; where they or what they need are missing, they are named as skipped.
"""

import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np

from data.registry import Registry
from models.parameters import Protocol, Scenario
from models.shocks import Shocks
from models.stress import draws, engine
from models.stress.compiled import compiled
from models.stress.counts import ALL_FANS
from models.stress.draws import Words, words
from models.stress.plan import Plan, make_plan, replay

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "benchmarks"
# The file that builds each baseline, in its BASELINES by this name.
BASELINES = {
    "C by hand, in lanes": "c_programs",
    "C as in a textbook": "c_programs",
    "JAX": "arrays",
    "numpy": "arrays",
    "radCAD": "radcad_model",
}
OURS = "ours"
MONTHS = 60
SEED = 42
ROUNDS, LEAST_ROUNDS = 7, 3
RACE_SECONDS = 20.0  # on a busy machine there are fewer rounds
RUN_SECONDS = 0.1  # long enough for a clock and a thread pool not to count; a minute holds all of it
LEAST_STEPS = 6_000_000  # so many path-steps of ours at least: the histograms' own cost is spread over paths
FLOOR_LANES = 128


class Absent(Exception):
    """A contender cannot run here. The text says why in one sentence."""


class Task(NamedTuple):
    """What every contender computes: paths of this plan, on this many threads."""

    scenario: Scenario
    protocol: Protocol
    shocks: Shocks
    plan: Plan
    seed: int
    threads: int


class Contender(NamedTuple):
    """`run(paths)` gives the seconds that so many paths took, without what is prepared once; `paths` is a
    multiple of `block`, and at least `least`."""

    run: Callable[[int], float]
    block: int
    note: str
    least: int = 1


class Row(NamedTuple):
    """Path-steps a second over the rounds, and their ratio to ours: above 1 is faster than ours.

    `core_ns` is the processor's time for one path-step, of all cores together: what else keeps the machine
    busy hardly touches it."""

    name: str
    median: float
    low: float
    high: float
    ratio: float
    core_ns: float
    paths: int
    note: str


class Table(NamedTuple):
    """One race, and why some did not take part."""

    steps_per_month: int
    months: int
    rows: list[Row]
    skipped: dict[str, str]


Say = Callable[[str], None]


def timed(work: Callable[[int], Any]) -> Callable[[int], float]:
    """The seconds that `work(paths)` takes."""

    def run(paths: int) -> float:
        begun = time.perf_counter()
        work(paths)
        return time.perf_counter() - begun

    return run


def make_task(registry: Registry, steps_per_month: int) -> Task:
    """The baseline over 60 months under the default shocks, on all cores."""
    changes = {"months": MONTHS, "steps_per_month": steps_per_month}
    scenario, protocol = registry.baseline().model_copy(update=changes), registry.protocol()
    shocks = registry.shocks()
    plan = make_plan(scenario, protocol, shocks)
    return Task(scenario, protocol, shocks, plan, SEED, engine.available_cores())


def ours(task: Task, fans: tuple[str, ...], device: engine.Device = "cpu") -> Contender:
    def run(paths: int) -> float:
        result = engine.run(
            task.scenario,
            task.protocol,
            task.shocks,
            paths=paths,
            seed=task.seed,
            fans=fans,
            device=device,
            threads=task.threads,
        )
        return result.seconds

    return Contender(run, 1024 * task.threads, f"{task.threads} threads", LEAST_STEPS // task.plan.steps)


def plain_python(task: Task) -> Contender:
    def run(paths: int) -> None:
        for path in range(paths):
            replay(task.plan, task.seed, path)

    return Contender(timed(run), 1, "the reference, one thread")


@cache
def _floor_kernel() -> Callable[..., Any]:
    draw = compiled(draws.draw)

    @numba.njit(error_model="numpy", nogil=True)
    def simulate(first: int, paths: int, steps: int, seed: Words) -> Any:
        total = np.zeros((5, FLOOR_LANES))
        for base in range(first, first + paths, FLOOR_LANES):
            for t in range(steps):
                for lane in range(FLOOR_LANES):
                    number = base + lane
                    e = draw(seed, Words(number & 0xFFFFFFFF, number >> 32), t + 1)
                    total[0, lane] += e.e1
                    total[1, lane] += e.e2
                    total[2, lane] += e.u_regime
                    total[3, lane] += e.u_jump
                    total[4, lane] += e.e_jump
        return total

    return simulate


def random_numbers(task: Task) -> Contender:
    """The engine's draws without a model: the floor under every engine that takes the same ones."""

    def run(paths: int) -> None:
        share = paths // task.threads
        with ThreadPoolExecutor(task.threads) as pool:
            firsts = range(0, paths, share)
            list(pool.map(lambda n: _floor_kernel()(n, share, task.plan.steps, words(task.seed)), firsts))

    return Contender(timed(run), FLOOR_LANES * task.threads, f"five variates a step, {task.threads} threads")


def contenders(task: Task, gpu: bool) -> tuple[dict[str, Contender], dict[str, str]]:
    """Those that can run here, ours first, and why the others cannot. Raises InputError where `gpu` is asked
    for and none can be used."""
    found = {
        OURS: ours(task, ()),
        "ours, fan of V and coverage": ours(task, engine.DEFAULT_FANS),
        "ours, all fans": ours(task, ALL_FANS),
    }
    if gpu:
        engine.choose("gpu")
        found["ours on the GPU"] = ours(task, (), "gpu")
        found["ours on the GPU, fan of V and coverage"] = ours(task, engine.DEFAULT_FANS, "gpu")
    found["random numbers alone"] = random_numbers(task)
    skipped = {}
    for name, file in BASELINES.items():
        try:
            found[name] = _module(file).BASELINES[name](task)
        except Absent as absent:
            skipped[name] = str(absent)
    found["plain Python"] = plain_python(task)
    return found, skipped


@cache
def _module(name: str) -> ModuleType:
    file = FOLDER / f"{name}.py"
    if not file.is_file():
        raise Absent("its source is not installed: it is in tests/benchmarks of a checkout")
    specification = importlib.util.spec_from_file_location(f"vaultline_benchmarks_{name}", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def race(task: Task, *, gpu: bool = False, say: Say = lambda _: None) -> Table:
    """All contenders in turns. `say` hears what goes on."""
    n = task.scenario.steps_per_month
    where = "monthly" if n == 1 else f"{n} steps a month"
    say(f"{where}: compiling")
    running, skipped = contenders(task, gpu)
    paths = {}
    for name, contender in running.items():
        say(f"{where}: warming up {name}")
        paths[name] = _enough_paths(contender)
    rates: dict[str, list[float]] = {name: [] for name in running}
    core_ns: dict[str, list[float]] = {name: [] for name in running}
    started = time.perf_counter()
    for turn in range(ROUNDS):
        if turn >= LEAST_ROUNDS and time.perf_counter() - started > RACE_SECONDS:
            break
        say(f"{where}: round {turn + 1} of {ROUNDS}")
        for name, contender in running.items():
            work, begun = paths[name] * task.plan.steps, time.process_time()
            rates[name].append(work / contender.run(paths[name]))
            core_ns[name].append((time.process_time() - begun) * 1e9 / work)
    rows = []
    for name, contender in running.items():
        ratio = statistics.median(theirs / our for theirs, our in zip(rates[name], rates[OURS], strict=True))
        median, low, high = statistics.median(rates[name]), min(rates[name]), max(rates[name])
        core = statistics.median(core_ns[name])
        rows.append(Row(name, median, low, high, ratio, core, paths[name], contender.note))
    return Table(n, task.scenario.months, rows, skipped)


def _enough_paths(contender: Contender) -> int:
    """How many paths take about RUN_SECONDS; what compiles at a first call has compiled."""
    contender.run(contender.block)
    blocks = -(-contender.least // contender.block)
    while (seconds := contender.run(blocks * contender.block)) < RUN_SECONDS / 4:
        blocks *= 4
    return max(blocks, round(blocks * RUN_SECONDS / seconds)) * contender.block


class Wait(NamedTuple):
    """What a reader waits for an answer: seconds over some repeats."""

    name: str
    median: float
    low: float
    high: float


_COLD = """
from data.registry import load_facts
from models.stress import engine
r = load_facts()
scenario = r.baseline().model_copy(update={"months": 60})
engine.run(scenario, r.protocol(), r.shocks(), paths=10_000, seed=42, device="cpu")
"""


def waits(task: Task, say: Say = lambda _: None) -> list[Wait]:
    """The waits that the project names: 10,000 and 1,000,000 paths with the fan, warm, and a new process."""
    fan = ours(task, engine.DEFAULT_FANS)

    def cold() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", _COLD], check=True)
        return time.perf_counter() - begun

    timings = [
        ("10,000 paths with the fan, warm", 20, lambda: fan.run(10_000)),
        ("1,000,000 paths with the fan, warm", 2, lambda: fan.run(1_000_000)),
        ("a new process's first 10,000 paths, kernel cached", 3, cold),
    ]
    out = []
    for name, repeats, wait in timings:
        say(name)
        seconds = [wait() for _ in range(repeats)]
        out.append(Wait(name, statistics.median(seconds), min(seconds), max(seconds)))
    return out


def machine() -> dict[str, Any]:
    """What the figures belong to. `load` is what kept the machine busy in the last minute."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": engine.available_cores(),
        "system": platform.platform(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        **{name: version(name) for name in ("vaultline", "numba", "numpy")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
