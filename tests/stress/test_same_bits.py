"""One source, the same bits: CPython, numba lanes and host-compiled C++ over random scenarios and shocks."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.parameters import InputError, Scenario
from models.shocks import Shocks, parse_shocks
from models.stress import cpu
from models.stress.plan import Plan, make_plan
from tests.scenarios import BASELINE, PROTOCOL, scenarios
from tests.stress.executors import EXECUTORS, SHOCKS, executed, reference

PATHS = 130
RATES = st.floats(0.0, 3.0)
ZEROS = st.sampled_from(cpu.SPECIAL)  # each choice of them is a CPU kernel of its own


@st.composite
def shocks(draw: st.DrawFn) -> Shocks:
    """One to three regimes, with and without jumps, correlation, reversion and a history."""
    count = draw(st.integers(1, 3))
    names = ("calm", "stress", "boom")[:count]
    regimes = [
        {
            "name": name,
            "mu": draw(st.floats(-1, 1)),
            "sigma": draw(RATES),
            "jump_rate": draw(st.just(0.0) | st.floats(0, 40)),
            "g": draw(st.floats(-1, 1)),
            "nu": draw(RATES),
        }
        for name in names
    ]
    matrix = []
    for row in range(count):
        weights = np.array([draw(st.floats(0.01, 1)) + 3 * (row == column) for column in range(count)])
        matrix.append((weights / weights.sum()).tolist())
    changes: dict[str, Any] = {
        "regimes": regimes,
        "transition": matrix,
        "start": draw(st.sampled_from(["calm", "stationary"])),
        "jump_mean": draw(st.floats(-1, 1)),
        "jump_sd": draw(st.floats(0, 1)),
        "jump_demand": draw(st.floats(-1, 1)),
        "rho": draw(st.floats(-1, 1)),
        "theta": draw(st.just(0.0) | st.floats(0, 20)),
        "repair_root": True,
    }
    if draw(st.booleans()):
        closes = draw(st.lists(st.floats(0.01, 10), min_size=4, max_size=60))
        assume(len(set(closes)) > 1)
        changes |= {"history": closes, "block_days": draw(st.integers(1, len(closes) - 1))}
    return parse_shocks(changes, SHOCKS)


def plan_of(scenario: Scenario, drawn: Shocks) -> Plan:
    try:
        return make_plan(scenario, PROTOCOL, drawn)
    except InputError:
        assume(False)
        raise


@settings(max_examples=300)
@given(scenarios(), shocks(), st.integers(0, 2**64 - 1), st.integers(0, 2**62), st.sets(ZEROS))
def test_three_executors_agree_on_every_bit(
    scenario: Scenario, drawn: Shocks, seed: int, first: int, zeros: set[str]
) -> None:
    plan = plan_of(scenario.model_copy(update=dict.fromkeys(zeros, 0.0)), drawn)
    counts, values = {}, {}
    for name, executor in EXECUTORS.items():
        counts[name], values[name] = executed(executor, plan, seed, first, PATHS)
    assert values["numba"].tobytes() == values["host"].tobytes()
    assert counts["numba"].sha256() == counts["host"].sha256()
    for lane in (0, PATHS - 1):
        assert reference(plan, seed, first + lane).tobytes() == values["numba"][:, lane].tobytes()


@pytest.mark.parametrize("steps_per_month", [1, 30])
def test_counts_are_those_of_the_paths(steps_per_month: int) -> None:
    """The histograms hold every path once a month, and the events are the paths' own."""
    scenario = BASELINE.model_copy(update={"months": 6, "steps_per_month": steps_per_month, "eta": 1.5})
    plan = make_plan(scenario, PROTOCOL, SHOCKS)
    counts, values = executed(EXECUTORS["numba"], plan, 7, 0, 1000)
    for fan in counts.layout.fans:
        assert all(counts.of(fan, month)[0].sum() == 1000 for month in range(1, 7))
    assert counts.events.sum(axis=1).tolist() == [1000, 1000, 1000]
    ends = [reference(plan, 7, path) for path in range(0, 1000, 100)]
    assert all(np.array_equal(end, values[:, 100 * k]) for k, end in enumerate(ends))
    assert math.isfinite(values.sum())
