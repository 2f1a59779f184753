"""The engine's source compiled by g++, as a third executor beside CPython and numba."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from data.registry import load_facts
from models.stress import cpp, cpu
from models.stress.counts import ALL_FANS, Counts, Layout, Watch
from models.stress.path import ROWS
from models.stress.plan import Plan, replay

SHOCKS = load_facts().shocks()
FLAGS = ("-std=c++17", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-Wall", "-Wno-unknown-pragmas")
Executor = Callable[[Plan, int, int, int, Counts, Watch], None]


@cache
def host_library() -> ctypes.CDLL:
    """The C++ source built for this machine; tests that need it are skipped where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler was found")
    folder = Path(mkdtemp(prefix="vaultline-host-"))
    (folder / "model.cpp").write_text(cpp.source())
    command = [compiler, *FLAGS, "-o", str(folder / "model.so"), str(folder / "model.cpp")]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(folder / "model.so"))


def run_on_host(plan: Plan, seed: int, first: int, paths: int, counts: Counts, watch: Watch) -> None:
    """As cpu.run_block, by the C++ source."""
    layout = counts.layout
    before = (plan.inputs, plan.moments, *plan.bootstrap, layout.slots, layout.table)
    after = (counts.counts, counts.extremes, counts.events, counts.sums, watch.rows, watch.values)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*before, *after)]
    run = cpp.run_record(plan, seed, first, paths, layout, watch)
    host_library().simulate(run, *pointers[:6], ctypes.c_longlong(len(layout.fans)), *pointers[6:])
    counts.paths += paths


def executed(executor: Executor, plan: Plan, seed: int, first: int, paths: int) -> tuple[Counts, np.ndarray]:
    """All counts of some paths, and every number of each path after its last step [rows, paths]."""
    counts = Counts.empty(Layout(ALL_FANS, plan.months, plan.steps))
    watch = Watch.of(ROWS, plan.steps, paths)
    executor(plan, seed, first, paths, counts, watch)
    return counts, watch.values


def reference(plan: Plan, seed: int, path: int) -> np.ndarray:
    """Every number of a path after its last step, by CPython [rows]."""
    end = replay(plan, seed, path)[-1]
    return np.array([*end.state, *end.tally, end.regime])


EXECUTORS: dict[str, Executor] = {"numba": cpu.run_block, "host": run_on_host}
