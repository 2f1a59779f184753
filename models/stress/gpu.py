"""The translated source on an NVIDIA GPU, through CuPy: one path a thread, counts by atomic additions of
integers.

What CuPy raises for a driver, a runtime or a compiler that is missing, too old or failing are RuntimeErrors,
but for source that does not compile (CompileException); OutOfMemoryError is a MemoryError.
"""

from functools import cache
from typing import Any

import numpy as np

from models.stress import cpp
from models.stress.counts import Counts, Watch
from models.stress.plan import Plan

OPTIONS = ("-std=c++17", "-fmad=false")
THREADS = 128
BLOCKS_PER_PROCESSOR = 8


class Unusable(Exception):
    """There is no GPU to compute on. The text says why in one sentence."""


@cache
def _cupy() -> Any:
    try:
        import cupy
    except ImportError:
        raise Unusable(
            "CuPy is not installed (pip install 'vaultline[cuda13]' or 'vaultline[cuda12]')"
        ) from None
    try:
        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise Unusable("no NVIDIA GPU was found")
    except RuntimeError as error:
        raise Unusable(f"the NVIDIA driver cannot be used: {error}") from None
    return cupy


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@cache
def _kernel() -> Any:
    cupy = _cupy()
    try:
        return cupy.RawModule(code=cpp.source(), options=OPTIONS).get_function("simulate")
    except (RuntimeError, cupy.cuda.compiler.CompileException) as error:
        raise Unusable(f"the GPU kernel cannot be built: {_first_line(error)}") from None


def name() -> str:
    """The GPU's name. Raises Unusable where there is none that works, kernel compiled."""
    cupy = _cupy()
    _kernel()
    return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())


def run_block(
    plan: Plan, seed: int, first: int, paths: int, counts: Counts, watch: Watch | None = None
) -> None:
    """As cpu.run_block, with the same counts. Raises Unusable when the GPU fails; `counts` is then
    untouched."""
    cupy = _cupy()
    watch = watch or Watch.nothing()
    layout = counts.layout
    record = np.frombuffer(cpp.run_record(plan, seed, first, paths, layout, watch), np.uint8)
    given = (record, plan.inputs, plan.moments, *plan.bootstrap, layout.slots, layout.table)
    kept = (counts.counts, counts.extremes, counts.events, counts.sums)
    try:
        processors = cupy.cuda.runtime.getDeviceProperties(0)["multiProcessorCount"]
        inputs = [cupy.asarray(a) for a in given]
        outputs = [cupy.asarray(a) for a in kept]
        rows, values = cupy.asarray(watch.rows), cupy.asarray(watch.values)
        grid = (min(processors * BLOCKS_PER_PROCESSOR, -(-paths // THREADS)),)
        arguments = (*inputs, np.int64(len(layout.fans)), *outputs, rows, values)
        _kernel()(grid, (THREADS,), arguments)
        fetched = [cupy.asnumpy(a) for a in outputs]
        watched = cupy.asnumpy(values)
    except RuntimeError as error:
        raise Unusable(f"the GPU failed: {_first_line(error)}") from None
    except MemoryError:
        raise Unusable("the GPU has not enough free memory for the histograms") from None
    for target, source in zip(kept, fetched, strict=True):
        target[...] = source
    watch.values[...] = watched
    counts.paths += paths
