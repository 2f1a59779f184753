"""What surrounds the GPU kernel, with a stand-in for CuPy that runs the same source on the host."""

import ctypes
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.stress import cpu, gpu
from models.stress.counts import ALL_FANS, Counts, Layout, Watch
from models.stress.plan import make_plan
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS, host_library

PLAN = make_plan(BASELINE.model_copy(update={"months": 8, "eta": 1.5}), PROTOCOL, SHOCKS)


class RuntimeFailure(RuntimeError):
    """CuPy's CUDARuntimeError, CUDADriverError and NVRTCError."""


class CompileFailure(Exception):
    """CuPy's CompileException."""


class OutOfMemory(MemoryError):
    """CuPy's OutOfMemoryError."""


def launch(grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
    def passed(a: Any) -> Any:
        return ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_longlong(int(a))

    host_library().simulate(*map(passed, arguments))


def stand_in(**changes: Any) -> SimpleNamespace:
    runtime = SimpleNamespace(
        getDeviceCount=lambda: 1,
        getDeviceProperties=lambda number: {"name": b"Stand-in", "multiProcessorCount": 4},
    )
    cuda = SimpleNamespace(
        runtime=runtime,
        compiler=SimpleNamespace(CompileException=CompileFailure),
    )
    module = SimpleNamespace(get_function=lambda name: launch)
    fields = {
        "cuda": cuda,
        "asarray": np.array,
        "asnumpy": np.array,
        "RawModule": lambda code, options: module,
    }
    return SimpleNamespace(**(fields | changes))


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> Iterator[None]:
    gpu._cupy.cache_clear()
    gpu._kernel.cache_clear()
    yield
    gpu._cupy.cache_clear()
    gpu._kernel.cache_clear()


def use(monkeypatch: pytest.MonkeyPatch, cupy: Any) -> None:
    monkeypatch.setitem(sys.modules, "cupy", cupy)


def test_it_hands_over_and_takes_back_what_the_cpu_would_count(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, stand_in())
    assert gpu.name() == "Stand-in"
    results = []
    for run_block in (gpu.run_block, cpu.run_block):
        counts = Counts.empty(Layout(ALL_FANS, PLAN.months, PLAN.steps))
        watch = Watch.of(("V", "x"), 5, 300)
        run_block(PLAN, 9, 0, 200, counts, Watch.nothing())
        run_block(PLAN, 9, 200, 300, counts, watch)
        results.append((counts.paths, counts.sha256(), watch.values.tobytes()))
    assert results[0] == results[1]


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("cupy", "words"),
    [
        (None, "CuPy is not installed"),
        (stand_in(asarray=failing(OutOfMemory())), "not enough free memory"),
        (stand_in(asnumpy=failing(RuntimeFailure("launch failed"))), "the GPU failed: launch failed"),
        (stand_in(RawModule=failing(CompileFailure("error: x\nmore"))), "cannot be built: error: x"),
        (stand_in(RawModule=failing(RuntimeFailure("no NVRTC"))), "cannot be built: no NVRTC"),
        (stand_in(RawModule=failing(CompileFailure(""))), "cannot be built: CompileFailure"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_the_counts(
    monkeypatch: pytest.MonkeyPatch, cupy: Any, words: str
) -> None:
    use(monkeypatch, cupy)
    counts = Counts.empty(Layout((), PLAN.months, PLAN.steps))
    before = counts.sha256()
    with pytest.raises(gpu.Unusable) as error:
        gpu.run_block(PLAN, 9, 0, 200, counts)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert counts.sha256() == before


def test_no_device_and_no_driver_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    none = stand_in()
    none.cuda.runtime.getDeviceCount = lambda: 0
    use(monkeypatch, none)
    with pytest.raises(gpu.Unusable, match="no NVIDIA GPU was found"):
        gpu.name()
    driverless = stand_in()
    driverless.cuda.runtime.getDeviceCount = failing(RuntimeFailure("driver is too old"))
    use(monkeypatch, driverless)
    with pytest.raises(gpu.Unusable, match="the NVIDIA driver cannot be used: driver is too old"):
        gpu.name()
