"""The CUDA source builds for the GPUs that it is meant for, without a GPU, and keeps multiply and add
apart."""

import ctypes
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from models.stress import cpp, gpu


@cache
def nvrtc() -> ctypes.CDLL:
    """NVIDIA's runtime compiler out of the test dependency nvidia-cuda-nvrtc."""
    package = importlib.util.find_spec("nvidia")
    roots = list(package.submodule_search_locations or ()) if package else []
    found = sorted(lib for root in roots for lib in Path(root).rglob("libnvrtc.so.*"))
    if not found:
        pytest.skip("nvidia-cuda-nvrtc is not installed: its wheels are for Linux on x86-64")
    return ctypes.CDLL(str(found[0]))


def built(architecture: str, kind: str) -> bytes:
    """The PTX or CUBIN of the engine's source."""
    library, program = nvrtc(), ctypes.c_void_p()
    source = cpp.source().encode()
    assert library.nvrtcCreateProgram(ctypes.byref(program), source, b"model.cu", 0, None, None) == 0
    options = [*(o.encode() for o in gpu.OPTIONS), f"-arch={architecture}".encode()]
    code = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    assert code == 0, log.value.decode()
    getattr(library, f"nvrtcGet{kind}Size")(program, ctypes.byref(size))
    out = ctypes.create_string_buffer(size.value)
    getattr(library, f"nvrtcGet{kind}")(program, out)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return out.raw


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_the_source_builds(architecture: str) -> None:
    assert built(architecture, "CUBIN")[:4] == b"\x7fELF"


def test_nothing_is_contracted() -> None:
    """One fused multiply-add on doubles, outside the division and square root that round correctly by it, and
    the GPU's bits would be its own. PTX keeps those two as single instructions."""
    ptx = built("compute_90", "PTX").decode(errors="replace")
    assert re.findall(r"div\.rn\.f64", ptx)
    assert re.findall(r"fma\.rn\.f64", ptx) == []
    assert re.findall(r"(?:div|sqrt)\.(?:approx|full)", ptx) == []
