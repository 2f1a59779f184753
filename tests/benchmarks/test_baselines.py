"""The yardsticks measure the same thing as the engine: the baselines' paths are the engine's paths."""

import hashlib
import json
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashboard import bench, bench_gpu
from dashboard.cli import main
from models.economy import Inputs, step
from models.parameters import InputError, Scenario
from models.shocks import Shocks
from models.stress import cpp, cpu, draws, gpu, path
from models.stress.counts import Counts, Layout, Watch
from models.stress.path import ROWS, Moment
from models.stress.plan import Plan, make_plan, replay
from tests.benchmarks import arrays, c_programs, radcad_model
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY, scenarios
from tests.stress import test_cuda_build
from tests.stress.executors import SHOCKS, reference
from tests.stress.test_same_bits import shocks

PATHS = 70  # one group of lanes and a bit


@pytest.fixture(params=["lanes", "textbook"])
def program(request: pytest.FixtureRequest) -> str:
    compiled_or_skip(request.param)
    return str(request.param)


def compiled_or_skip(name: str) -> None:
    """Without gcc there is nothing to check, unless REQUIRE_CXX says that there must be; what gcc does not
    compile fails."""
    try:
        c_programs.compiler()
    except bench.Absent as absent:
        if os.environ.get("REQUIRE_CXX"):
            pytest.fail(str(absent))
        pytest.skip(f"the C baselines are not checked: {absent}")
    c_programs.library(name)


def plan_of(scenario: Scenario, drawn: Shocks) -> Plan:
    return make_plan(scenario, PROTOCOL, drawn)


def engine_paths(plan: Plan, seed: int, first: int, paths: int) -> tuple[np.ndarray, np.ndarray]:
    """Events, and every number of each path after its last step."""
    counts, watch = Counts.empty(Layout((), plan.months, plan.steps)), Watch.of(ROWS, plan.steps, paths)
    cpu.run_block(plan, seed, first, paths, counts, watch)
    return counts.events, watch.values


@settings(max_examples=100)
@given(scenarios(), shocks(), st.integers(0, 2**64 - 1), st.integers(0, 2**62))
def test_lanes_by_hand_have_the_bits_of_the_engine(
    scenario: Scenario, drawn: Shocks, seed: int, first: int
) -> None:
    compiled_or_skip("lanes")
    try:
        plan = plan_of(scenario, drawn.model_copy(update={"history": None, "block_days": None}))
    except InputError:
        assume(False)
        raise
    events, values = engine_paths(plan, seed, first, PATHS)
    _, found, ends = c_programs.simulate("lanes", plan, seed, first, PATHS, threads=2, ends=True)
    assert ends is not None
    assert ends.tobytes() == values.tobytes()
    assert np.array_equal(found, events)


ECONOMIES: list[dict[str, Any]] = [
    {},
    {"steps_per_month": 30, "months": 12},
    {"eta": 1.5, "phi": 0.5, "controller": True, "order": "vault_first", "K0": 1e6},
    {"impact": 1.0, "burn_source": "vault", "overflow": "burn", "chi": 0.5},
    {"rule": "legacy"},
]


@pytest.mark.parametrize("changes", ECONOMIES, ids=str)
def test_the_c_programs_run_the_paths_of_the_engine(program: str, changes: dict[str, Any]) -> None:
    """The textbook's up to the last digits of the C library's functions."""
    plan = plan_of(BASELINE.model_copy(update=changes), SHOCKS)
    events, values = engine_paths(plan, 7, 5, 300)
    loss, found, ends = c_programs.simulate(program, plan, 7, 5, 300, threads=2, ends=True)
    np.testing.assert_allclose(ends, values, rtol=1e-9, atol=1e-3)
    assert np.array_equal(found, events)
    assert loss == pytest.approx(values[ROWS.index("shortfall_usd")].sum())


def test_the_report_is_of_this_source() -> None:
    """After an edit of lanes.c: python -m tests.benchmarks.c_programs."""
    digest = hashlib.sha256((c_programs.FOLDER / "lanes.c").read_bytes()).hexdigest()
    report = (c_programs.FOLDER / c_programs.REPORT).read_text(encoding="utf-8")
    assert f"sha256 {digest}" in report
    assert report.count("loop vectorized using 64 byte vectors") == 2  # the shocks and the twelve rules


@pytest.mark.parametrize("changes", ECONOMIES, ids=str)
def test_the_source_rewritten_for_arrays_has_the_bits_of_the_engine(changes: dict[str, Any]) -> None:
    plan = plan_of(BASELINE.model_copy(update=changes), SHOCKS)
    hooks = arrays.hooks(np, lambda x: np.asarray(x, float).view(np.int64), lambda code: code.view(float))
    begin, advance = (arrays.for_arrays(f, np, hooks) for f in (path.begin, path.advance))
    numbers = 2**40 + np.arange(3)
    words, key = draws.Words(numbers & draws.LOW_WORD, numbers >> 32), draws.words(3)
    a = begin(plan.start, plan.shocks, key, words)
    with np.errstate(all="ignore"):
        for t, (i, m) in enumerate(zip(plan.inputs.tolist(), plan.moments.tolist(), strict=True), 1):
            now = (Inputs(*i), Moment(*m), plan.least_pay, key, words, t, 0.0)
            a = advance(a, plan.params, plan.shocks, *now)
    ends = np.array([np.broadcast_to(x, 3) for x in (*a.state, *a.tally, a.regime)])
    for lane, number in enumerate(numbers.tolist()):
        assert np.array_equal(ends[:, lane], reference(plan, 3, number))


def test_radcad_runs_the_model_of_the_engine() -> None:
    plan = plan_of(BASELINE.model_copy(update=ECONOMIES[2]), SHOCKS)
    own = radcad_model.rebound(step)
    for t, before in enumerate(replay(plan, 1, 0)[:-1]):
        inputs = Inputs(*plan.inputs[t].tolist())
        ours, theirs = (f(before.state, plan.params, inputs) for f in (step, own))
        assert theirs[0] == pytest.approx(ours[0], rel=1e-12)
        assert theirs[1] == pytest.approx(ours[1], rel=1e-12)


# The race and its command


@pytest.fixture
def field(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contenders that say how long they took, so that what the race makes of it is known."""
    racing = {
        bench.OURS: bench.Contender(lambda paths: paths * 1e-6, 10, ""),
        "half as fast": bench.Contender(lambda paths: paths * 2e-6, 10, ""),
    }
    monkeypatch.setattr(bench, "contenders", lambda task, gpu: (racing, {"radCAD": "it is not installed"}))
    monkeypatch.setattr(bench, "waits", lambda task, say: [bench.Wait("an answer", 0.2, 0.1, 0.3)])


@pytest.mark.usefixtures("field")
def test_a_race_gives_rates_and_ratios() -> None:
    table = bench.race(bench.make_task(REGISTRY, 1))
    ours, theirs = table.rows
    assert ours.median == pytest.approx(60e6)
    assert theirs.median == theirs.low == theirs.high == pytest.approx(30e6)
    assert (ours.ratio, theirs.ratio) == pytest.approx((1.0, 0.5))
    assert table.skipped == {"radCAD": "it is not installed"}
    assert ours.paths % 10 == 0
    assert ours.paths * 1e-6 == pytest.approx(bench.RUN_SECONDS, rel=0.1)


@pytest.mark.usefixtures("field")
def test_the_command_names_machine_rates_and_what_was_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"date", "processor", "cores", "load", "python", "numba", "numpy"} <= found["machine"].keys()
    assert [table["steps_per_month"] for table in found["tables"]] == [1, 30]
    assert found["tables"][0]["rows"][1]["ratio"] == pytest.approx(0.5)
    assert main(["bench"]) == 0
    text = capsys.readouterr().out
    assert "half as fast" in text
    assert "skipped: radCAD: it is not installed" in text


def test_baselines_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    bench._module.cache_clear()
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    found, skipped = bench.contenders(bench.make_task(REGISTRY, 1), gpu=False)
    assert skipped.keys() == bench.BASELINES.keys()
    assert "plain Python" in found


def test_every_baseline_is_where_it_is_looked_for() -> None:
    bench._module.cache_clear()
    for name, file in bench.BASELINES.items():
        assert name in bench._module(file).BASELINES


def test_the_bound_of_a_gpu_counts_what_a_step_does() -> None:
    ptx = """
    ld.global.f64 %fd1, [%rd1];
    @%p1 bra $L1;
    add.f64 %fd2, %fd1, %fd1;
    mul.rn.f64 %fd3, %fd2, %fd1;
    setp.lt.f64 %p1, %fd3, %fd1;
    div.rn.f64 %fd4, %fd3, %fd1;
    mul.lo.s64 %rd3, %rd1, %rd2;
    xor.b64 %rd4, %rd3, %rd2;
    st.global.f64 [%rd1], %fd4;
    ret;
"""
    assert bench_gpu.instructions(ptx) == (1 + 1 + 1 + 9, 1 + 1 + 1 + 12 + 2 + 2)
    device = bench_gpu.Device("a GPU", 10, 1e9, 4, 64e9)
    limit = bench_gpu.bound_of(device, ptx, fans=2, steps_per_month=1)
    assert limit.compute == pytest.approx(10 * 1e9 / (12 / 4))
    assert limit.memory == pytest.approx(1e9)


def test_one_step_of_the_engine_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is of the whole step, hundreds of operations."""
    source = bench_gpu.step_source()
    monkeypatch.setattr(cpp, "source", lambda: source)
    ptx = test_cuda_build.built("compute_90", "PTX").decode(errors="replace")
    fp64, issued = bench_gpu.instructions(ptx)
    assert 400 < fp64 < issued < 3000
    assert "one_step" in ptx


def test_a_gpu_that_is_asked_for_must_be_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> str:
        raise gpu.Unusable("no NVIDIA GPU was found")

    monkeypatch.setattr(gpu, "name", none)
    assert main(["bench", "--gpu"]) == 2
    assert "no NVIDIA GPU was found" in capsys.readouterr().err
