"""Runs: the same counts however they are split, cancel and extension, devices, and one sentence for bad
input."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.parameters import InputError
from models.stress import cpu, engine, gpu
from models.stress.counts import ALL_FANS, Counts, Layout
from models.stress.engine import StressResult, run
from models.stress.plan import replay
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS

SCENARIO = BASELINE.model_copy(update={"months": 12, "eta": 1.5})


def stress(**changes: Any) -> StressResult:
    options: dict[str, Any] = {"paths": 3000, "seed": 5, "device": "cpu", "threads": 2}
    return run(SCENARIO, PROTOCOL, SHOCKS, **(options | changes))


WHOLE = stress(fans=ALL_FANS)


@pytest.mark.parametrize(("threads", "block"), [(1, None), (2, 100), (5, 257), (3, 1), (2, 3000)])
def test_counts_do_not_depend_on_how_the_work_is_split(threads: int, block: int | None) -> None:
    split = stress(fans=ALL_FANS, threads=threads, block=block, paths=3000 if block != 1 else 40)
    same = WHOLE if block != 1 else stress(fans=ALL_FANS, paths=40)
    assert split.counts_sha256 == same.counts_sha256
    assert np.array_equal(split.counts.counts, same.counts.counts)


def test_another_seed_or_another_path_count_is_another_hash() -> None:
    assert len({stress(**c).counts_sha256 for c in ({}, {"seed": 6}, {"paths": 2999})}) == 3


def test_a_run_is_extended_to_what_one_run_would_be() -> None:
    first = stress(paths=1111)
    second = stress(paths=3000, extend=first)
    assert second.counts_sha256 == stress().counts_sha256
    assert (first.paths, second.new_paths) == (1111, 1889)
    assert stress(paths=3000, extend=second).counts_sha256 == second.counts_sha256


def test_a_cancelled_run_holds_its_first_paths_and_resumes() -> None:
    asked = []

    def after_some() -> bool:
        asked.append(1)
        return True

    stopped = stress(paths=20_000_000, block=1280, cancelled=after_some)
    assert 0 < stopped.paths < 20_000_000
    assert stopped.paths % 1280 == 0
    assert not stopped.complete
    assert stopped.counts_sha256 == stress(paths=stopped.paths).counts_sha256
    more = stopped.paths + 500
    assert stress(paths=more, extend=stopped).counts_sha256 == stress(paths=more).counts_sha256


def test_progress_grows_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    stress(progress=lambda done, asked: seen.append((done, asked)), block=128)
    assert seen == sorted(seen)
    assert seen[-1] == (3000, 3000)


def test_an_interrupt_is_passed_on_and_leaves_no_thread_behind() -> None:
    def interrupt(done: int, asked: int) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        stress(paths=20_000_000, block=1280, progress=interrupt)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"paths": 0}, "paths = 0 is not allowed: it must be from 1 to"),
        ({"paths": 10**15}, "paths = 1000000000000000 is not allowed"),
        ({"seed": -1}, "seed = -1 is not allowed"),
        ({"seed": 2**64}, "it must be a whole number from 0 to 2^64 - 1"),
        ({"threads": 0}, "threads = 0 is not allowed"),
        ({"block": 0}, "block = 0 is not allowed"),
        ({"fans": ("V", "W")}, "there is no fan of 'W'"),
        ({"fans": ("V", "V")}, "each fan can be asked for once"),
        ({"seed": 6, "extend": WHOLE}, "can only be extended with the same scenario"),
        ({"paths": 10, "extend": WHOLE, "fans": ALL_FANS}, "the run to extend has 3000 paths already"),
    ],
)
def test_bad_input_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        stress(**changes)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_replay_refuses_paths_that_cannot_be() -> None:
    for path in (-1, 2**63):
        with pytest.raises(InputError, match="paths are numbered from 0"):
            replay(WHOLE.plan, 5, path)


def test_memory_does_not_grow_with_paths() -> None:
    assert sum(a.nbytes for a in vars(stress(paths=128).counts).values() if isinstance(a, np.ndarray)) == sum(
        a.nbytes for a in vars(stress(paths=30_000).counts).values() if isinstance(a, np.ndarray)
    )


def test_auto_says_why_it_took_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise gpu.Unusable("no NVIDIA GPU was found")

    monkeypatch.setattr(gpu, "name", none)
    result = stress(device="auto")
    assert (result.device, result.device_reason) == ("cpu", "no GPU: no NVIDIA GPU was found")
    with pytest.raises(InputError, match="device gpu cannot be used: no NVIDIA GPU was found"):
        stress(device="gpu")


def test_a_gpu_that_fails_in_the_middle_never_leaves_a_wrong_number(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def broken(plan: Any, seed: int, first: int, paths: int, counts: Counts) -> None:
        if done:
            raise gpu.Unusable("the GPU has not enough free memory for the histograms")
        cpu.run_block(plan, seed, first, paths, counts)
        done.append(paths)

    monkeypatch.setattr(gpu, "name", lambda: "some GPU")
    monkeypatch.setattr(gpu, "run_block", broken)
    result = stress(device="auto", block=500)
    assert done
    assert result.device == "cpu"
    assert "not enough free memory" in result.device_reason
    assert result.counts_sha256 == stress().counts_sha256
    with pytest.raises(InputError, match="not enough free memory"):
        stress(device="gpu", block=500)


@pytest.mark.gpu
def test_the_gpu_counts_what_the_cpu_counts() -> None:
    try:
        gpu.name()
    except gpu.Unusable as error:
        pytest.skip(str(error))
    for fans in ((), ALL_FANS):
        assert stress(device="gpu", fans=fans).counts_sha256 == stress(fans=fans).counts_sha256


def test_an_edited_model_is_another_kernel(tmp_path: Path) -> None:
    """numba would go on using what it compiled before the edit; the directory named after the hash does
    not."""
    code = """
from data.registry import load_facts
from models.stress.engine import run
registry = load_facts()
scenario = registry.baseline().model_copy(update={"months": 2})
print(run(scenario, registry.protocol(), registry.shocks(), paths=300, seed=1, device="cpu").counts_sha256)
"""
    root = Path(__file__).parents[2]
    for package in ("models", "data"):
        for file in (root / package).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                copy = tmp_path / file.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}

    def counted() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    before = counted()
    economy = tmp_path / "models" / "economy.py"
    edited = economy.read_text(encoding="utf-8").replace(
        "P = i.price * exp(s.x)", "P = 2.0 * i.price * exp(s.x)"
    )
    economy.write_text(edited, encoding="utf-8")
    assert counted() != before
    kernels = list((tmp_path / "cache" / "vaultline").iterdir())
    assert len(kernels) == 2


def test_layout_offsets_follow_each_other() -> None:
    layout = Layout(("V", "x", "N"), 2, 2)
    assert layout.offsets["V"] == 0
    assert layout.offsets["V"] < layout.offsets["x"] < layout.offsets["N"] < layout.width


def test_cores_are_those_that_the_process_may_use() -> None:
    assert 1 <= engine.available_cores() <= (os.cpu_count() or 1)
