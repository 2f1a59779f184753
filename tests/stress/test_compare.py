"""Paired differences and the paths nearest to quantiles, against every path."""

import math
from typing import Any

import numpy as np
import pytest

from models.parameters import InputError
from models.stress import summary
from models.stress.compare import compare, nearest_paths, watched
from models.stress.engine import run
from models.stress.plan import Plan, make_plan, replay
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS

PATHS, SEED = 4000, 3


def plan(**changes: Any) -> Plan:
    return make_plan(BASELINE.model_copy(update={"months": 24, **changes}), PROTOCOL, SHOCKS)


def test_differences_are_those_of_the_paths() -> None:
    a, b = plan(), plan(V0_months=3.0, eta=0.5)
    ours = compare(a, b, SEED, PATHS)
    names = ("first_shortfall", "shortfall_usd", "lowest_pay")
    one, two = (watched(p, SEED, 0, PATHS, names, p.steps) for p in (a, b))
    for month in (1, 6, 24):
        come_a, come_b = ((v[0] > 0) & (v[0] <= month) for v in (one, two))
        change = come_b.astype(float) - come_a
        value, error = ours.events["shortfall"][month - 1]
        assert value == pytest.approx(change.mean(), abs=1e-15)
        assert error == pytest.approx(change.std() / math.sqrt(PATHS), abs=1e-15)
    for difference, row in ((ours.loss, 1), (ours.lowest_pay, 2)):
        change = two[row] - one[row]
        assert difference.value == pytest.approx(change.mean(), rel=1e-9)
        assert difference.standard_error == pytest.approx(change.std() / math.sqrt(PATHS), rel=1e-6)


def test_a_scenario_does_not_differ_from_itself() -> None:
    ours = compare(plan(), plan(), SEED, 500)
    assert {d for differences in ours.events.values() for d in differences} == {(0.0, 0.0)}
    assert ours.loss == ours.lowest_pay == (0.0, 0.0)


def test_a_later_event_ends_the_difference() -> None:
    """Both vaults end empty; by the end a thinner vault makes no difference where both have come."""
    ours = compare(plan(H0=1e7), plan(H0=1e7, V0_months=11.0), SEED, 500).events["shortfall"]
    assert max(d.value for d in ours) > 0
    assert ours[-1].value == 0


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
    with pytest.raises(InputError, match="equal months and steps_per_month"):
        compare(plan(), plan(months=12), SEED, 10)
    with pytest.raises(InputError, match="the run has months 1 to 2"):
        nearest_paths(plan(months=2), 1, 10, "V", 3, {50: 0.0})
