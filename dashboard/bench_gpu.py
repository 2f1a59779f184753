"""How fast a GPU could be at most: from the instructions of one step, counted, and what the device can do."""

import re
from typing import Any, NamedTuple

from models.stress import cpp, gpu

# Lanes of double precision in each multiprocessor, by compute capability (NVIDIA's CUDA programming guide,
# throughput of native arithmetic instructions); where none is named there are 2.
FP64_LANES = {(6, 0): 32, (7, 0): 32, (8, 0): 32, (9, 0): 64, (10, 0): 64}
FEW_FP64_LANES = 2
ISSUED_LANES = 128  # four schedulers, 32 lanes each
# (in double precision, in all) that the assembler makes of one PTX instruction, by its opcode's beginning and
# its end; the first that fits counts. A division and a square root are a first guess refined by fused
# multiply-adds; 64-bit integers are made of 32-bit ones. Nothing is counted for what only moves or addresses.
COSTS = (
    (r"div\.rn\.f64", (9, 12)),
    (r"sqrt\.rn\.f64", (8, 11)),
    (r"(min|max)\.f64", (1, 3)),
    (r"(add|sub|mul|fma\.rn|setp\.\w+|mul\.rn|add\.rn|sub\.rn)\.f64", (1, 1)),
    (r"cvt\.\w+\.f64\.\w+|cvt\.\w+\.\w+\.f64", (1, 1)),
    (r"(mov|ld|st|cvta|ret|bra)\b.*", (0, 0)),
    (r"mul\.(lo|hi|wide)\.[sub]\d+", (0, 2)),
    (r".*\.(f|b|s|u)64", (0, 2)),
    (r".*", (0, 1)),
)
OPCODE = re.compile(r"^\s+(?:@!?%p\d+\s+)?([a-z]\w*(?:\.\w+)*)\s[^;]*;", re.MULTILINE)
_STEP = """
extern "C" __global__ void one_step(Path *a, const Params *p, const ShockParams *q, const Inputs *i,
    const Moment *m, double least, Words seed, Words path, long long t, double moved) {
  *a = path_advance(*a, *p, *q, *i, *m, least, seed, path, t, moved);
}
"""


class Device(NamedTuple):
    name: str
    processors: int
    hertz: float
    fp64_lanes: int
    bytes_per_second: float


class Bound(NamedTuple):
    """What one step takes, and path-steps a second that the device cannot pass: by its arithmetic, and with a
    fan by its memory, if no cache held the counts."""

    device: str
    steps_per_month: int
    fp64_instructions: int
    instructions: int
    compute: float
    memory: float


def step_source() -> str:
    """The engine's CUDA source with one step of one path as its only kernel."""
    return cpp.source().partition("struct Run {")[0] + _STEP


def instructions(ptx: str) -> tuple[int, int]:
    """Double-precision and all machine instructions of a kernel, by COSTS."""
    costs = [_cost(opcode) for opcode in OPCODE.findall(ptx)]
    return sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)


def _cost(opcode: str) -> tuple[int, int]:
    return next(cost for pattern, cost in COSTS if re.fullmatch(pattern, opcode))


def bound_of(device: Device, ptx: str, fans: int, steps_per_month: int) -> Bound:
    fp64, issued = instructions(ptx)
    cycles = max(fp64 / device.fp64_lanes, issued / ISSUED_LANES)
    # A fan's month: the least and the greatest are read, one count is read and written, 8 bytes each.
    moved = 32 * fans / steps_per_month
    return Bound(
        device.name,
        steps_per_month,
        fp64,
        issued,
        device.processors * device.hertz / cycles,
        device.bytes_per_second / moved,
    )


def bound(fans: int, steps_per_month: int) -> Bound:
    """Of the first GPU. Raises gpu.Unusable where there is none."""
    gpu.name()
    import cupy

    asked = cupy.cuda.runtime.getDeviceProperties(0)
    capability = (asked["major"], asked["minor"])
    clock = _attribute(cupy, "cudaDevAttrClockRate", 13)
    memory_clock = _attribute(cupy, "cudaDevAttrMemoryClockRate", 36)
    device = Device(
        asked["name"].decode(),
        asked["multiProcessorCount"],
        clock * 1e3,
        FP64_LANES.get(capability, FEW_FP64_LANES),
        2 * memory_clock * 1e3 * asked["memoryBusWidth"] / 8,  # two transfers a cycle
    )
    return bound_of(device, _compiled(cupy, capability), fans, steps_per_month)


def _attribute(cupy: Any, name: str, number: int) -> int:
    """In kHz. CuPy names only some of the attributes, CUDA numbers all of them."""
    runtime = cupy.cuda.runtime
    return int(runtime.deviceGetAttribute(getattr(runtime, name, number), 0))


def _compiled(cupy: Any, capability: tuple[int, int]) -> str:
    nvrtc = cupy.cuda.nvrtc
    program = nvrtc.createProgram(step_source(), "step.cu", (), ())
    nvrtc.compileProgram(program, (*gpu.OPTIONS, f"-arch=compute_{capability[0]}{capability[1]}"))
    ptx = nvrtc.getPTX(program)
    return ptx.decode(errors="replace") if isinstance(ptx, bytes) else str(ptx)
