"""The C++ source of the engine, for nvcc and, in tests, for g++: translated functions between a hand-written
prelude (the hooks) and driver (one path after the other; on a GPU, one a thread)."""

import math
import struct
from functools import cache

from models.economy import Inputs, State
from models.stress import bins, draws, elementary, path
from models.stress.counts import Layout, Watch
from models.stress.draws import words
from models.stress.path import ROWS, Moment, Tally
from models.stress.plan import Plan
from models.stress.translate import Function, Program, Type

HOOKS: dict[Function, tuple[str, Type]] = {
    math.sqrt: ("sqrt", float),
    elementary.scale2: ("scale2", float),
    elementary.split: ("split", (float, float)),
    elementary.bits: ("bits", int),
    draws.product: ("product", (int, int)),
}

_PRELUDE = """// Made by models/stress/cpp.py. Build with -fmad=false (nvcc) or -ffp-contract=off (g++).
#ifdef __CUDACC__
#define MODEL_FN __device__ __forceinline__
#define ADD(place, amount) atomicAdd((unsigned long long *)(place), (unsigned long long)(amount))
#define COUNT(place) atomicAdd(place, 1)
#define NOW(place) (*(volatile long long *)(place))
#define LEAST(place, value) do { if ((value) < NOW(place)) atomicMin(place, value); } while (0)
#define MOST(place, value) do { if ((value) > NOW(place)) atomicMax(place, value); } while (0)
MODEL_FN long long bits(double x) { return __double_as_longlong(x); }
MODEL_FN double from_bits(long long code) { return __longlong_as_double(code); }
#else
#include <cmath>
#include <cstring>
using std::sqrt;
#define MODEL_FN static inline __attribute__((always_inline))
#define ADD(place, amount) (*(place) += (amount))
#define COUNT(place) (++*(place))
#define LEAST(place, value) do { if ((value) < *(place)) *(place) = (value); } while (0)
#define MOST(place, value) do { if ((value) > *(place)) *(place) = (value); } while (0)
MODEL_FN long long bits(double x) { long long code; memcpy(&code, &x, 8); return code; }
MODEL_FN double from_bits(long long code) { double x; memcpy(&x, &code, 8); return x; }
#endif

MODEL_FN double model_min(double a, double b) { return b < a ? b : a; }
MODEL_FN double model_max(double a, double b) { return b > a ? b : a; }
"""

_HOOKS = """
#define ROUND 6755399441055744.0
MODEL_FN double scale2(double x, double n) {
  return from_bits(bits(x) + (long long)((unsigned long long)bits(n + ROUND) << 52));
}
MODEL_FN Tuple_double_double split(double x) {
  long long code = bits(x), k = (code - 0x3FE6A09E667F3BCDLL) >> 52;
  return {from_bits(code - (long long)((unsigned long long)k << 52)), (double)k};
}
MODEL_FN Tuple_longlong_longlong product(long long a, long long b) {
  unsigned long long both = (unsigned long long)(unsigned)a * (unsigned)b;
  return {(long long)(both >> 32), (long long)(both & 0xFFFFFFFFULL)};
}
"""

_DRIVER = """
struct Run {
  long long first, paths, steps, steps_per_month, days, most_segments, width, watched, watch_step;
  double least;
  Words seed;
  State start;
  Params params;
  ShockParams shocks;
};

MODEL_FN void one_path(const Run &run, long long index, const double *inputs, const double *moments,
    const double *table, const long long *segments, const long long *slot, const long long *layout,
    long long slots, int *counts, long long *extremes, long long *events, long long *sums,
    const long long *watch, double *out) {
  const long long number = run.first + index;
  const Words path = {number & 0xFFFFFFFFLL, number >> 32};
  Path a = path_begin(run.start, run.shocks, run.seed, path);
  for (long long t = 0; t < run.steps; t++) {
    double moved = 0.0;
    for (long long k = 0; k < run.most_segments; k++) {
      const long long *segment = segments + 3 * (t * run.most_segments + k);
      const long long day = path_block_start(run.seed, path, segment[0], run.days);
      moved += table[day + segment[2]] - table[day + segment[1]];
    }
    const double *i = inputs + $INPUTS * t, *m = moments + $MOMENTS * t;
    a = path_advance(a, run.params, run.shocks, Inputs{$INPUT_LIST}, Moment{$MOMENT_LIST},
                     run.least, run.seed, path, t + 1, moved);
    if ((t + 1) % run.steps_per_month == 0) {
      const long long month = (t + 1) / run.steps_per_month - 1;
#define RECORD(r, value) if (slot[r] >= 0) { \\
        const long long code = bins_ordered(value), *b = layout + 4 * r; \\
        long long *range = extremes + 2 * (month * slots + slot[r]); \\
        LEAST(range, code); MOST(range + 1, code); \\
        COUNT(counts + month * run.width + b[3] + bins_bin_of_code(code, Bins{b[0], b[1], b[2]})); }
$RECORDS
    }
    if (t + 1 == run.watch_step)
      for (long long k = 0; k < run.watched; k++) {
        double value = 0.0;
        switch (watch[k]) {
$CASES
        }
        out[k * run.paths + index] = value;
      }
  }
  ADD(events + (long long)a.tally_.first_shortfall_, 1);
  ADD(events + (run.steps + 1) + (long long)a.tally_.first_empty_, 1);
  ADD(events + 2 * (run.steps + 1) + (long long)a.tally_.first_underpaid_, 1);
  const long long *b = layout + 4 * $LOSS, usd = bins_quantised(a.tally_.shortfall_usd_);
  long long *sum = sums + 3 * bins_bin_of(a.tally_.shortfall_usd_, Bins{b[0], b[1], b[2]});
  ADD(sum, 1);
  ADD(sum + 1, usd & 0xFFFFFFFFLL);
  ADD(sum + 2, usd >> 32);
}

#define ARGUMENTS const double *inputs, const double *moments, const double *table, \\
    const long long *segments, const long long *slot, const long long *layout, long long slots, \\
    int *counts, long long *extremes, long long *events, long long *sums, const long long *watch, \\
    double *out
#define PASSED inputs, moments, table, segments, slot, layout, slots, counts, extremes, events, sums, \\
    watch, out
#ifdef __CUDACC__
extern "C" __global__ void __launch_bounds__(128) simulate(const Run *given, ARGUMENTS) {
  __shared__ Run run;
  for (int k = threadIdx.x; k < sizeof(Run) / 8; k += blockDim.x)
    ((long long *)&run)[k] = ((const long long *)given)[k];
  __syncthreads();
  const long long threads = (long long)gridDim.x * blockDim.x;
  for (long long k = (long long)blockIdx.x * blockDim.x + threadIdx.x; k < run.paths; k += threads)
    one_path(run, k, PASSED);
}
#else
extern "C" void simulate(const Run *run, ARGUMENTS) {
  for (long long k = 0; k < run->paths; k++) one_path(*run, k, PASSED);
}
#endif
"""


@cache
def translated() -> str:
    """The model in C++: every function that a path needs, and the records that they take."""
    program = Program(HOOKS)
    for kind in ((float, float), (int, int)):
        program.record(kind)
    head = len(program.parts)
    for function in (path.begin, path.block_start, path.advance, bins.bin_of, bins.quantised):
        program.function(function)
    return "\n".join([*program.parts[:head], _HOOKS, *program.parts[head:]])


@cache
def source() -> str:
    """The whole C++ source, with `simulate` at its end."""
    values = {n: f"a.state_.{n}_" for n in State._fields} | {n: f"a.tally_.{n}_" for n in Tally._fields}
    values["regime"] = "a.regime_"
    rows = list(enumerate(ROWS))
    pieces = {
        "$INPUT_LIST": ", ".join(f"i[{k}]" for k in range(len(Inputs._fields))),
        "$MOMENT_LIST": ", ".join(f"m[{k}]" for k in range(len(Moment._fields))),
        "$INPUTS": str(len(Inputs._fields)),
        "$MOMENTS": str(len(Moment._fields)),
        "$RECORDS": "\n".join(f"      RECORD({k}, {values[n]})" for k, n in rows),
        "$CASES": "\n".join(f"{' ' * 10}case {k}: value = {values[n]}; break;" for k, n in rows),
        "$LOSS": str(ROWS.index("shortfall_usd")),
    }
    driver = _DRIVER
    for place, piece in pieces.items():
        driver = driver.replace(place, piece)
    return _PRELUDE + translated() + driver


def run_record(plan: Plan, seed: int, first: int, paths: int, layout: Layout, watch: Watch) -> bytes:
    """The driver's `Run`, every member of 8 bytes, for paths first .. first + paths - 1."""
    table, segments = plan.bootstrap
    days, most_segments = (len(table) - 1) // 2, segments.shape[1]
    numbers = (first, paths, plan.steps, plan.steps_per_month, days, most_segments, layout.width)
    floats = (*plan.start, *plan.params, *plan.shocks)
    form = f"<9qd2q{len(floats)}d"
    return struct.pack(form, *numbers, len(watch.rows), watch.step, plan.least_pay, *words(seed), *floats)
