"""Paths in lanes on the CPU: the plain-Python source compiled by numba, many paths side by side, time
outside.

The kernel's text (models/stress/lanes.py) is written into a directory named after a hash of the model's
sources, where numba caches what it compiles from it: numba does not see edits in imported functions, but an
edited source has another hash, so nothing stale is ever run. numba itself is loaded with the kernel and not
before: it takes most of a second.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
from functools import cache
from importlib import metadata
from pathlib import Path as FilePath
from types import ModuleType

import numpy as np
import platformdirs

from models import economy, shocks
from models.stress import bins, draws, elementary, lanes, path
from models.stress.counts import Counts, Watch
from models.stress.draws import words
from models.stress.path import ROWS
from models.stress.plan import Plan

LANES = lanes.LANES
# Paths whose month ends are counted together where there are fans, and bin numbers that wait for it at most:
# many, so that a histogram is fetched for many at once, but all of them have to fit into the second cache.
GROUP = 2048
CODES = 2**18
KERNEL_MODULE = "vaultline_kernel"
# Parameters that are often 0 and save much work then: there is a kernel for each choice of them.
SPECIAL = ("eta", "phi")
_MAKING = threading.Lock()
SOURCES = (economy, shocks, elementary, draws, bins, path, lanes)


@cache
def source_hash() -> str:
    """sha256 over all that the kernel is made of: the kernel version that runs are recorded with."""
    own = FilePath(__file__)
    files = [*(FilePath(str(m.__file__)) for m in SOURCES), own, own.with_name("compiled.py")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _cache_directory() -> FilePath:
    name = f"kernel-{source_hash()[:16]}-numba-{metadata.version('numba')}"
    for root in (
        FilePath(platformdirs.user_cache_dir("vaultline")),
        FilePath(tempfile.gettempdir()) / "vaultline",
    ):
        try:
            (root / name).mkdir(parents=True, exist_ok=True)
            if os.access(root / name, os.W_OK):
                return root / name
        except OSError:
            continue
    return FilePath(tempfile.mkdtemp(prefix="vaultline-"))


def kernel(zeros: tuple[str, ...] = SPECIAL) -> ModuleType:
    """The compiled kernel's module for plans whose parameters `zeros` are 0; `simulate` compiles at its first
    call unless an earlier process cached it."""
    with _MAKING:
        return _made(zeros)


@cache
def _made(zeros: tuple[str, ...]) -> ModuleType:
    return loaded("_".join([KERNEL_MODULE, *zeros]), lanes.text(zeros))


def loaded(name: str, text: str) -> ModuleType:
    """A module of this text, kept where numba caches what it compiles from it."""
    file = _cache_directory() / f"{name}.py"
    if not file.exists() or file.read_text() != text:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".py", delete=False) as new:
            new.write(text)
        FilePath(new.name).replace(file)
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # numba's cache imports the module again by its name
    specification.loader.exec_module(module)
    return module


def _room(count: int, dtype: type[np.generic]) -> np.ndarray:
    """`count` numbers, from the start of a cache line on: a vector across two lines takes twice as long."""
    size = count * np.dtype(dtype).itemsize
    room = np.empty(size + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size].view(dtype)


def run_block(
    plan: Plan, seed: int, first: int, paths: int, counts: Counts, watch: Watch | None = None
) -> None:
    """Runs paths first .. first + paths - 1, adds them to `counts` and writes what `watch` asks for."""
    watch = watch or Watch.nothing()
    layout, fans = counts.layout, len(counts.layout.fans)
    group = min(GROUP, -(-paths // LANES) * LANES) if fans else LANES
    months = max(min(CODES // (group * fans), plan.months), 1) if fans else max(plan.months, 1)
    groups = -(-paths // group) if months < plan.months else 1
    kernel(tuple(name for name in SPECIAL if getattr(plan.params, name) == 0.0)).simulate(
        first,
        paths,
        group,
        months,
        words(seed),
        plan.start,
        plan.params,
        plan.shocks,
        plan.least_pay,
        plan.steps_per_month,
        plan.inputs,
        plan.moments,
        *plan.bootstrap,
        layout.slots,
        layout.table,
        layout.width,
        counts.counts,
        counts.extremes,
        counts.events,
        counts.sums,
        watch.rows,
        watch.step,
        watch.values,
        _room(len(ROWS) * groups * group, np.float64),
        _room(len(draws.Draws._fields) * LANES, np.float64),
        _room(LANES, np.int64),
        _room(LANES + lanes.ROUND, np.int64),
        _room(LANES, np.float64),
        np.zeros(LANES),
        _room(months * fans * group, np.uint16),
        np.empty((months * fans, 2), np.int64),
        np.empty((months * fans, 2), np.int64),
    )
    counts.paths += paths
