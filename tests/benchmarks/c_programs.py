"""The two C baselines, compiled where they are asked for: in lanes by hand, and as a textbook has it."""

import ctypes
import hashlib
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dashboard.bench import Absent, Contender, Task, timed
from models.stress.path import ROWS
from models.stress.plan import Plan

FOLDER = Path(__file__).parent
COMMON = ("-std=gnu11", "-O3", "-march=native", "-fopenmp", "-Wall", "-Wextra", "-Werror")
# Without FMA, for the engine's bits; what else is here changes no result, only what may be vectorised.
LANES = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fschedule-insns")
WIDE = ("-mprefer-vector-width=512",) if platform.machine().lower() in ("x86_64", "amd64") else ()
REPORT = "lanes.vectorised.txt"
FLAGS = {"lanes": (*COMMON, *LANES, *WIDE), "textbook": COMMON}


class Run(ctypes.Structure):
    """As in model.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("first", "paths", "steps", "steps_per_month", "threads")),
        ("seed", ctypes.c_uint64),
        ("least_pay", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in ("start", "params", "shocks", "inputs", "events", "ends")),
    )


@cache
def compiler() -> str:
    """gcc and its version. Raises Absent."""
    if shutil.which("gcc") is None:
        raise Absent("gcc was not found")
    return subprocess.run(
        ["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True
    ).stdout.strip()


def _compiled(name: str, target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["gcc", *FLAGS[name], *more, "-shared", "-fPIC", "-o", str(target), f"{name}.c", "-lm"]
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)


def report() -> str:
    """What gcc vectorised of lanes.c, on this machine."""
    with TemporaryDirectory(prefix="vaultline-") as folder:
        built = _compiled("lanes", Path(folder) / "lanes.so", "-fopt-info-vec-optimized")
    lines = sorted(set(built.stderr.splitlines()), key=lambda line: int(line.split(":")[1]))
    digest = hashlib.sha256((FOLDER / "lanes.c").read_bytes()).hexdigest()
    head = [
        f"gcc {compiler()} {' '.join(FLAGS['lanes'])} -fopt-info-vec-optimized lanes.c",
        f"sha256 {digest}",
    ]
    return "\n".join([*head, "", *lines, ""])


@cache
def library(name: str) -> ctypes.CDLL:
    """The compiled program. Raises Absent."""
    compiler()
    with TemporaryDirectory(prefix="vaultline-") as folder:
        target = Path(folder) / f"{name}.so"
        command = [
            "gcc",
            *FLAGS[name],
            "-shared",
            "-fPIC",
            "-o",
            str(target),
            str(FOLDER / f"{name}.c"),
            "-lm",
        ]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise Absent(f"gcc could not compile it: {built.stderr.splitlines()[0]}")
        program = ctypes.CDLL(str(target))
    program.simulate.restype = ctypes.c_double
    return program


def simulate(
    name: str, plan: Plan, seed: int, first: int, paths: int, threads: int, ends: bool = False
) -> tuple[float, np.ndarray, np.ndarray | None]:
    """USD short, summed; paths by the step of each event [3, steps + 1]; if asked, every number of each path
    after its last step [rows, paths]. The plan must be without a history."""
    given = [np.array(numbers, float) for numbers in (plan.start, plan.params, plan.shocks, plan.inputs)]
    events = np.zeros((3, plan.steps + 1), np.int64)
    last = np.zeros((len(ROWS), paths)) if ends else None
    run = Run(first, paths, plan.steps, plan.steps_per_month, threads, seed, plan.least_pay)
    run.start, run.params, run.shocks, run.inputs = (array.ctypes.data for array in given)
    run.events, run.ends = events.ctypes.data, None if last is None else last.ctypes.data
    return library(name).simulate(ctypes.byref(run)), events, last


def _contender(name: str, task: Task) -> Contender:
    library(name)

    def run(paths: int) -> None:
        simulate(name, task.plan, task.seed, 0, paths, task.threads)

    return Contender(
        timed(run), 1024 * task.threads, f"gcc {compiler()} -O3 -march=native, {task.threads} threads"
    )


BASELINES = {
    "C by hand, in lanes": lambda task: _contender("lanes", task),
    "C as in a textbook": lambda task: _contender("textbook", task),
}

if __name__ == "__main__":
    (FOLDER / REPORT).write_text(report(), encoding="utf-8")
