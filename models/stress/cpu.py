"""Paths in lanes on the CPU: the plain-Python source compiled by numba, 1024 paths side by side, time
outside.

The kernel's text is made here, because numba cannot take records apart by field. It is written into a
directory named after a hash of the model's sources, where numba caches what it compiles from it: numba does
not see edits in imported functions, but an edited source has another hash, so nothing stale is ever run.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path as FilePath
from types import FunctionType, ModuleType
from typing import Any, cast

import numba
import numpy as np
import platformdirs
from numba import types
from numba.core import codegen
from numba.extending import intrinsic

from models import economy, shocks
from models.economy import Inputs, State
from models.stress import bins, draws, elementary, path
from models.stress.counts import Counts, Watch
from models.stress.draws import words
from models.stress.path import ROWS, Moment, Tally
from models.stress.plan import Plan

# Enough paths to fill one histogram while it is in the cache, few enough to stay there themselves.
LANES = 1024
KERNEL_MODULE = "vaultline_kernel"
Function = Callable[..., Any]
OPTIONS: dict[str, Any] = {"error_model": "numpy", "forceinline": True}
inlined: Callable[[Function], Function] = numba.njit(**OPTIONS)
SOURCES = (economy, shocks, elementary, draws, bins, path)


def _prefer_wide_vectors() -> None:
    """LLVM takes half of AVX-512's width unless it is told otherwise; the whole is a quarter faster here."""
    config, target = cast(Any, numba.config), cast(Any, codegen)
    features: str = target.get_host_cpu_features()
    if config.CPU_NAME is None and config.CPU_FEATURES is None and "+avx512dq" in features:
        config.CPU_NAME = target.ll.get_host_cpu_name()
        config.CPU_FEATURES = f"{features},-prefer-256-bit"


_prefer_wide_vectors()


def _reinterpret(source: types.Type, target: types.Type) -> Function:
    @intrinsic
    def same_bits(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return same_bits


_to_bits = _reinterpret(types.float64, types.int64)
_from_bits = _reinterpret(types.int64, types.float64)
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ROUND_BITS = (
    0x4338000000000000  # of elementary.ROUND = 1.5 * 2**52, whose lowest bits then hold a whole number
)
_ROUND = elementary.ROUND


@inlined
def _scale2(x: float, n: float) -> Any:
    return _from_bits(_to_bits(x) + (_to_bits(n + _ROUND) << 52))


@inlined
def _split(x: float) -> Any:
    code = _to_bits(x)
    k = (code - _SQRT_HALF_BITS) >> 52
    return _from_bits(code - (k << 52)), _from_bits(k + _ROUND_BITS) - _ROUND


@inlined
def _product(a: int, b: int) -> Any:
    both = np.int64(a) * np.int64(b)
    return (both >> 32) & 0xFFFFFFFF, both & 0xFFFFFFFF


@inlined
def _bits(x: float) -> Any:
    return _to_bits(x)


_HOOKS: dict[Function, Function] = {
    elementary.scale2: _scale2,
    elementary.split: _split,
    elementary.bits: _bits,
    draws.product: _product,
}


@cache
def compiled(source: FunctionType) -> Function:
    """The numba version of a restricted-Python function and, inside it, of all that it calls."""
    if source in _HOOKS:
        return _HOOKS[source]
    names = {n: source.__globals__[n] for n in source.__code__.co_names if n in source.__globals__}
    inner = {n: compiled(f) for n, f in names.items() if isinstance(f, FunctionType)}
    rebound = FunctionType(source.__code__, {**source.__globals__, **inner}, source.__name__)
    return inlined(rebound)


_KERNEL = '''"""Made by models/stress/cpu.py; do not edit."""

import numba
import numpy as np

from models.economy import Inputs, State
from models.stress import bins, path
from models.stress.bins import Bins
from models.stress.cpu import LANES, compiled
from models.stress.draws import Words
from models.stress.path import Moment, Path, Tally

advance = compiled(path.advance)
begin = compiled(path.begin)
block_start = compiled(path.block_start)
bin_of = compiled(bins.bin_of)
ordered = compiled(bins.ordered)
quantised = compiled(bins.quantised)


@numba.njit(error_model="numpy", forceinline=True)
def words(number):
    return Words(number & 0xFFFFFFFF, number >> 32)


@numba.njit(error_model="numpy", nogil=True, cache=True)
def simulate(first, paths, seed, start, p, q, least, steps_per_month, inputs, moments, table, segments,
             slot, layout, width, counts, extremes, events, sums, watched, watch_step, out):
    days = (table.shape[0] - 1) // 2
    rows = np.empty(({rows}, LANES))
    moved = np.zeros(LANES)
    number = np.zeros(LANES, np.int64)
    for base in range(0, paths, LANES):
        lanes = min(LANES, paths - base)
        for l in range(lanes):
            a = begin(start, q, seed, words(first + base + l))
{store_start}
        for t in range(inputs.shape[0]):
            i = Inputs({inputs})
            m = Moment({moments})
            if segments.shape[1] > 0:
                moved[:] = 0.0
                for k in range(segments.shape[1]):
                    block, low, high = segments[t, k, 0], segments[t, k, 1], segments[t, k, 2]
                    for l in range(lanes):
                        day = block_start(seed, words(first + base + l), block, days)
                        moved[l] += table[day + high] - table[day + low]
            for l in range(lanes):
                a = Path(State({state}), Tally({tally}), {regime})
                a = advance(a, p, q, i, m, least, seed, words(first + base + l), t + 1, moved[l])
{store_step}
            if (t + 1) % steps_per_month == 0:
                month = (t + 1) // steps_per_month - 1
                for r in range({rows}):
                    if slot[r] >= 0:
                        low = ordered(rows[r, 0])
                        high = low
                        b = Bins(layout[r, 0], layout[r, 1], layout[r, 2])
                        offset = month * width + layout[r, 3]
                        for l in range(lanes):
                            code = ordered(rows[r, l])
                            low = min(low, code)
                            high = max(high, code)
                        if low == high:  # additions to one place wait for each other
                            counts[offset + bin_of(rows[r, 0], b)] += lanes
                        else:
                            for l in range(lanes):
                                number[l] = bin_of(rows[r, l], b)
                            for l in range(lanes):
                                counts[offset + number[l]] += 1
                        extremes[month, slot[r], 0] = min(extremes[month, slot[r], 0], low)
                        extremes[month, slot[r], 1] = max(extremes[month, slot[r], 1], high)
            if t + 1 == watch_step:
                for k in range(watched.shape[0]):
                    for l in range(lanes):
                        out[k, base + l] = rows[watched[k], l]
        b = Bins(layout[{loss}, 0], layout[{loss}, 1], layout[{loss}, 2])
        for l in range(lanes):
            for k in range(3):
                events[k, int(rows[{event} + k, l])] += 1
            usd = quantised(rows[{loss}, l])
            loss = bin_of(rows[{loss}, l], b)
            sums[loss, 0] += 1
            sums[loss, 1] += usd & 0xFFFFFFFF
            sums[loss, 2] += usd >> 32
'''


def kernel_text() -> str:
    """The kernel's source: the lane loop, with one row of numbers for each field of a path."""
    places = {name: f"rows[{k}, l]" for k, name in enumerate(ROWS)}
    stored = [f"a.state.{n}" for n in State._fields] + [f"a.tally.{n}" for n in Tally._fields] + ["a.regime"]
    return _KERNEL.format(
        rows=len(ROWS),
        store_start="\n".join(f"{' ' * 12}rows[{k}, l] = {field}" for k, field in enumerate(stored)),
        store_step="\n".join(f"{' ' * 16}rows[{k}, l] = {field}" for k, field in enumerate(stored)),
        state=", ".join(places[n] for n in State._fields),
        tally=", ".join(places[n] for n in Tally._fields),
        regime=places["regime"],
        inputs=", ".join(f"inputs[t, {k}]" for k in range(len(Inputs._fields))),
        moments=", ".join(f"moments[t, {k}]" for k in range(len(Moment._fields))),
        loss=ROWS.index("shortfall_usd"),
        event=ROWS.index("first_shortfall"),
    )


@cache
def source_hash() -> str:
    """sha256 over all that the kernel is made of: the kernel version that runs are recorded with."""
    texts = [FilePath(str(m.__file__)).read_bytes() for m in SOURCES]
    return hashlib.sha256(b"\0".join([*texts, FilePath(__file__).read_bytes()])).hexdigest()


def _cache_directory() -> FilePath:
    name = f"kernel-{source_hash()[:16]}-numba-{numba.__version__}"
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


@cache
def kernel() -> ModuleType:
    """The compiled kernel's module; `simulate` compiles at its first call unless an earlier process cached
    it."""
    file = _cache_directory() / f"{KERNEL_MODULE}.py"
    text = kernel_text()
    if not file.exists() or file.read_text() != text:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".py", delete=False) as new:
            new.write(text)
        FilePath(new.name).replace(file)
    specification = importlib.util.spec_from_file_location(KERNEL_MODULE, file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[KERNEL_MODULE] = module  # numba's cache imports the module again by its name
    specification.loader.exec_module(module)
    return module


def run_block(
    plan: Plan, seed: int, first: int, paths: int, counts: Counts, watch: Watch | None = None
) -> None:
    """Runs paths first .. first + paths - 1, adds them to `counts` and writes what `watch` asks for."""
    watch = watch or Watch.nothing()
    layout = counts.layout
    kernel().simulate(
        first,
        paths,
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
    )
    counts.paths += paths
