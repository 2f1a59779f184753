"""numpy and JAX on the engine's own model: its source rewritten for arrays of paths.

A condition becomes `where`, min and max become their array forms, and a condition that is the same for all
paths stays a branch, as anybody would write it. numpy has its own exp, log and random numbers; JAX has the
engine's, which makes its paths the engine's paths."""

import ast
import inspect
import os
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import Any

import numpy as np

from dashboard.bench import Absent, Contender, Task, timed
from models.economy import Inputs
from models.stress import draws, elementary, path
from models.stress.draws import LOW_WORD, Draws, Words
from models.stress.path import Moment

# Where each was fastest of 1,024 to 65,536.
NUMPY_PATHS = 16_384
JAX_PATHS = 16_384
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


class _ForArrays(ast.NodeTransformer):
    """Conditional expressions, `and`, `or`, min and max as calls; what a condition may spare stays lazy."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("where_", node.test, _later(node.body), _later(node.orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        joined = node.values[0]
        for value in node.values[1:]:
            joined = _call(name, joined, _later(value))
        return joined

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in ("min", "max"):
            return node
        joined = node.args[0]
        for value in node.args[1:]:
            joined = _call(f"{node.func.id}_", joined, value)
        return joined


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _later(value: ast.expr) -> ast.Lambda:
    empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(empty, value)


def for_arrays(source: FunctionType, numpy: Any, replaced: dict[Callable, Callable]) -> Callable:
    """The function, and all that it calls, on arrays of a library with numpy's interface."""

    def known(condition: Any) -> bool:
        return isinstance(condition, (bool, np.bool_))

    def where(condition: Any, a: Callable, b: Callable) -> Any:
        return (a() if condition else b()) if known(condition) else numpy.where(condition, a(), b())

    def both(a: Any, b: Callable) -> Any:
        return (b() if a else a) if known(a) else a & b()

    def either(a: Any, b: Callable) -> Any:
        return (a if a else b()) if known(a) else a | b()

    helpers = {"where_": where, "and_": both, "or_": either, "min_": numpy.minimum, "max_": numpy.maximum}
    done = dict(replaced)

    def rewritten(function: FunctionType) -> Callable:
        if function not in done:
            names = {n: function.__globals__.get(n) for n in function.__code__.co_names}
            inner = {
                n: rewritten(f) for n, f in names.items() if isinstance(f, FunctionType) or f in replaced
            }
            tree = _ForArrays().visit(ast.parse(textwrap.dedent(inspect.getsource(function))))
            namespace = {**function.__globals__, **helpers, **inner}
            exec(ast.unparse(ast.fix_missing_locations(tree)), namespace)
            done[function] = namespace[function.__name__]
        return done[function]

    return rewritten(source)


def hooks(numpy: Any, bits: Callable, from_bits: Callable) -> dict[Callable, Callable]:
    """The operations that every executor of the engine writes its own way, on arrays."""

    def split(x: Any) -> Any:
        k = (bits(x) - SQRT_HALF_BITS) >> 52
        return from_bits(bits(x) - (k << 52)), k.astype(float)

    def product(a: Any, b: int) -> Any:
        both = a * b
        return (both >> 32) & LOW_WORD, both & LOW_WORD

    return {
        elementary.scale2: lambda x, n: from_bits(bits(x) + (bits(n + elementary.ROUND) << 52)),
        elementary.split: split,
        draws.product: product,
        draws.sqrt: numpy.sqrt,
    }


def numpy_contender(task: Task) -> Contender:
    """numpy's own exp, log and random numbers (SFC64, its fastest generator), a chunk of paths a thread."""
    plan = task.plan
    inputs, moments = (
        [Inputs(*row) for row in plan.inputs.tolist()],
        [Moment(*row) for row in plan.moments.tolist()],
    )

    def variates(random: np.random.Generator, path: Any, step: Any) -> Draws:
        e1, e2, e_jump = (random.standard_normal(NUMPY_PATHS) for _ in range(3))
        return Draws(e1, e2, random.random(NUMPY_PATHS), random.random(NUMPY_PATHS), e_jump)

    replaced = {
        elementary.exp: np.exp,
        elementary.log: np.log,
        draws.draw: variates,
        draws.draw_start: lambda random, path: random.random(NUMPY_PATHS),
    }
    begin, advance = (for_arrays(f, np, replaced) for f in (path.begin, path.advance))

    def simulate(first: int) -> tuple[np.ndarray, float]:
        random = np.random.Generator(np.random.SFC64([task.seed, first]))  # in the place of seed and path
        with np.errstate(all="ignore"):
            a = begin(plan.start, plan.shocks, random, None)
            for t, (i, m) in enumerate(zip(inputs, moments, strict=True), 1):
                a = advance(a, plan.params, plan.shocks, i, m, plan.least_pay, random, None, t, 0.0)
        first_steps = np.broadcast_to(a.tally.first_shortfall, NUMPY_PATHS).astype(np.int64)
        return np.bincount(first_steps, minlength=plan.steps + 1), float(np.sum(a.tally.shortfall_usd))

    def run(paths: int) -> Any:
        with ThreadPoolExecutor(task.threads) as pool:
            return list(pool.map(simulate, range(0, paths, NUMPY_PATHS)))

    return Contender(
        timed(run), NUMPY_PATHS * task.threads, f"numpy {np.__version__}, its own random numbers (SFC64)"
    )


def jax_contender(task: Task) -> Contender:
    """float64 and the engine's own draws, the whole run one compiled function."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        raise Absent("JAX is not installed (pip install jax)") from error
    jax.config.update("jax_enable_x64", True)
    plan = task.plan

    def bits(x: Any) -> Any:
        return jax.lax.bitcast_convert_type(jnp.asarray(x, float), jnp.int64)

    def from_bits(code: Any) -> Any:
        return jax.lax.bitcast_convert_type(code, jnp.float64)

    # With the engine's polynomials instead of its own functions XLA is faster: 80 against 140 ns a step.
    replaced = hooks(jnp, bits, from_bits)
    begin, advance = (for_arrays(f, jnp, replaced) for f in (path.begin, path.advance))
    key = draws.words(task.seed)

    @jax.jit
    def simulate(first: Any) -> Any:
        number = first + jnp.arange(JAX_PATHS)
        words = Words(number & LOW_WORD, number >> 32)
        start = jax.tree.map(
            lambda x: jnp.broadcast_to(jnp.asarray(x, float), JAX_PATHS),
            begin(plan.start, plan.shocks, key, words),
        )

        def step(a: Any, now: Any) -> Any:
            t, i, m = now
            i, m = Inputs(*i), Moment(*m)
            return advance(a, plan.params, plan.shocks, i, m, plan.least_pay, key, words, t, 0.0), None

        steps = (jnp.arange(1, plan.steps + 1), jnp.asarray(plan.inputs), jnp.asarray(plan.moments))
        a, _ = jax.lax.scan(step, start, steps)
        return jnp.bincount(
            a.tally.first_shortfall.astype(int), length=plan.steps + 1
        ), a.tally.shortfall_usd.sum()

    def run(paths: int) -> Any:
        with ThreadPoolExecutor(task.threads) as pool:
            return list(
                pool.map(lambda first: jax.block_until_ready(simulate(first)), range(0, paths, JAX_PATHS))
            )

    return Contender(
        timed(run), JAX_PATHS * task.threads, f"JAX {jax.__version__}, float64, the engine's draws"
    )


BASELINES = {"numpy": numpy_contender, "JAX": jax_contender}
