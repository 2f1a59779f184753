"""numba's versions of restricted-Python functions: what lanes.py's kernel is made of."""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, cast

import numba
import numpy as np
from numba import types
from numba.core import cgutils, codegen
from numba.extending import intrinsic

from models.stress import draws, elementary

Function = Callable[..., Any]
OPTIONS: dict[str, Any] = {"error_model": "numpy", "forceinline": True}
inlined: Callable[[Function], Function] = numba.njit(**OPTIONS)


def _set_llvm() -> None:
    """Two vectors in each round of a loop, so that one is worked on while the other waits: an eighth faster
    here. And the whole width of AVX-512, of which LLVM takes half unless it is told otherwise: a quarter."""
    config, target = cast(Any, numba.config), cast(Any, codegen)
    target.ll.set_option("vaultline", "-force-vector-interleave=2")
    features: str = target.get_host_cpu_features()
    if config.CPU_NAME is None and config.CPU_FEATURES is None and "+avx512dq" in features:
        config.CPU_NAME = target.ll.get_host_cpu_name()
        config.CPU_FEATURES = f"{features},-prefer-256-bit"


_set_llvm()


def _reinterpret(source: types.Type, target: types.Type) -> Function:
    @intrinsic
    def same_bits(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return same_bits


@intrinsic
def align_stack(typing_context: Any) -> Any:
    """Starts the calling function's frame at a cache line. LLVM would leave that to chance, and what does
    not fit the registers would lie across two lines: a fifth slower, on every thread but the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ir = cast(Any, codegen).llvmir
        line = cast(Any, cgutils).alloca_once(builder, ir.VectorType(ir.DoubleType(), 8))
        builder.asm(ir.FunctionType(ir.VoidType(), [line.type]), "", "r", [line], True)
        return context.get_dummy_value()

    return types.void(), generate


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
    # said of both factors, 32 bits are one instruction a vector instead of three
    both = np.uint64(np.int64(a) & 0xFFFFFFFF) * np.uint64(np.int64(b) & 0xFFFFFFFF)
    return np.int64(both >> np.uint64(32)), np.int64(both & np.uint64(0xFFFFFFFF))


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
