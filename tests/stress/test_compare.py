"""The paths nearest to quantiles, against every path."""

from typing import Any

import numpy as np
import pytest

from models.parameters import InputError
from models.stress import summary
from models.stress.compare import nearest_paths, watched
from models.stress.engine import run
from models.stress.plan import Plan, make_plan, replay
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS

PATHS, SEED = 4000, 3


def plan(**changes: Any) -> Plan:
    return make_plan(BASELINE.model_copy(update={"months": 24, **changes}), PROTOCOL, SHOCKS)


def test_the_nearest_path_is_the_nearest() -> None:
    scenario = BASELINE.model_copy(update={"months": 24})
    result = run(scenario, PROTOCOL, SHOCKS, paths=PATHS, seed=SEED, fans=("V", "runway"), device="cpu")
    targets = {level: summary.quantile(result.counts, "V", 12, level) for level in (5, 50, 95)}
    found = nearest_paths(result.plan, SEED, PATHS, "V", 12, targets)
    values = watched(result.plan, SEED, 0, PATHS, ("V",), 12)[0]
    for level, path in found.items():
        target = targets[level]
        assert path == int(np.argmin(np.abs(values - target)))
        assert replay(result.plan, SEED, path)[12].state.V == values[path]
        assert values[path] == pytest.approx(target, rel=5e-3, abs=1.0)


def test_ties_go_to_the_lowest_number() -> None:
    """Locked tokens do not vary: every path is as near as the first."""
    locked = replay(plan(months=2), 1, 0)[2].state.L
    assert nearest_paths(plan(months=2), 1, 700_000, "L", 2, {50: locked}) == {50: 0}


def test_impossible_questions_are_one_sentence() -> None:
    with pytest.raises(InputError, match="the run has months 1 to 2"):
        nearest_paths(plan(months=2), 1, 10, "V", 3, {50: 0.0})
