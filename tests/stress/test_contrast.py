"""Scenarios on the same paths: figures against every path, differences that can be worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest

from models.parameters import InputError, Scenario
from models.stress.compare import watched
from models.stress.contrast import BLOCK, FIGURES, Contrast, contrast, exists
from models.stress.engine import run
from models.stress.plan import make_plan, replay
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY
from tests.stress.executors import SHOCKS

SEED, MONTHS = 3, 24
MINE = BASELINE.model_copy(update={"months": MONTHS})
LEGACY = REGISTRY.presets()["legacy"].scenario.model_copy(update={"months": MONTHS})


def ours(*scenarios: Scenario, paths: int = 2_000, **more: Any) -> Contrast:
    return contrast(scenarios, PROTOCOL, SHOCKS, seed=SEED, paths=paths, **more)


def test_a_scenario_does_not_differ_from_itself() -> None:
    found = ours(MINE, MINE)
    assert {found.difference(1, figure) for figure in FIGURES} == {(0.0, 0.0)}
    assert set(found.short_difference_by_month(1)) == {(0.0, 0.0)}
    assert found.value(0, "p_shortfall") == found.value(1, "p_shortfall")


def test_what_does_not_pass_through_the_paths_is_exact() -> None:
    """With all emission to suppliers, no path changes what they get or what circulates. A path cannot burn
    where there is no burn, so IDE's own burn is the whole difference."""
    found = ours(MINE, LEGACY)
    schedule = [3_333_333.0 + 1 / 3]  # E_1 = 500,000,000 x 0.08 / 12
    q = PROTOCOL.emission_q
    for _ in range(23 + MONTHS - 1):
        schedule.append(schedule[-1] * q)
    released = found.value(1, "released")
    assert released.value == pytest.approx(sum(schedule[23:]), rel=1e-12)
    assert released.standard_error == pytest.approx(0, abs=1e-6)
    assert found.value(1, "burned") == (0.0, 0.0)
    burned, less = found.value(0, "burned"), found.difference(1, "burned")
    assert less.value == pytest.approx(-burned.value, rel=1e-12)
    assert less.standard_error == pytest.approx(burned.standard_error, rel=1e-9)
    assert [exists(f, LEGACY) for f in ("burned", "reserve_usd", "released")] == [False, False, True]


def test_every_figure_is_the_mean_of_the_replayed_paths() -> None:
    """Against the plain-Python reference, path by path; the controller moves pay apart from coverage."""
    other = MINE.model_copy(update={"controller": True, "H0": 2e6, "steps_per_month": 2})
    mine = MINE.model_copy(update={"steps_per_month": 2})
    found, paths = ours(mine, other, paths=20), range(20)
    rows = []
    for scenario in (mine, other):
        plan = make_plan(scenario, PROTOCOL, SHOCKS)
        rows.append([figures(replay(plan, SEED, path)[1:]) for path in paths])
    a, b = np.array(rows)
    for k, figure in enumerate(FIGURES):
        for values, said in (
            (a[:, k], found.value(0, figure)),
            (b[:, k], found.value(1, figure)),
            (b[:, k] - a[:, k], found.difference(1, figure)),
        ):
            assert said.value == pytest.approx(values.mean(), rel=1e-9, abs=1e-12)
            error = values.std() / math.sqrt(len(values))
            assert said.standard_error == pytest.approx(error, rel=1e-5, abs=1e-8)
    assert found.value(1, "lowest_pay").value < found.value(1, "lowest_coverage").value


def figures(path: list[Any]) -> list[float]:
    end = path[-1]
    first = end.tally.first_shortfall
    month = math.ceil(first / 2) if first else MONTHS + 1
    return [
        float(first > 0), month - 1, end.tally.shortfall_usd, min(a.tally.coverage for a in path),
        min(a.tally.pay for a in path), end.tally.burned, end.tally.released, end.tally.circulating,
        end.state.V * end.tally.price + end.state.F,
    ]  # fmt: skip


def test_by_month_it_is_the_stress_test_and_its_difference() -> None:
    other = MINE.model_copy(update={"V0_months": 3.0, "eta": 0.5})
    found = ours(MINE, other)
    result = run(other, PROTOCOL, SHOCKS, paths=2_000, seed=SEED, fans=(), device="cpu")
    come = np.cumsum(result.counts.events[0][1:]) / 2_000
    assert [p.value for p in found.short_by_month(1)] == pytest.approx(come.tolist(), abs=1e-15)
    plans = [make_plan(s, PROTOCOL, SHOCKS) for s in (MINE, other)]
    one, two = (watched(p, SEED, 0, 2_000, ("first_shortfall",), p.steps)[0] for p in plans)
    for month in (1, 6, MONTHS):
        change = ((two > 0) & (two <= month)).astype(float) - ((one > 0) & (one <= month))
        said = found.short_difference_by_month(1)[month - 1]
        assert said == pytest.approx((change.mean(), change.std() / math.sqrt(2_000)), abs=1e-14)


def test_a_later_event_ends_the_difference() -> None:
    """Both are short by the end: a thinner vault makes a difference only before."""
    rich = MINE.model_copy(update={"H0": 1e7})
    found = ours(rich, rich.model_copy(update={"V0_months": 11.0}), paths=500).short_difference_by_month(1)
    assert max(d.value for d in found) > 0
    assert found[-1] == (0.0, 0.0)


def test_slices_sum_as_one_run_does() -> None:
    whole = ours(MINE, LEGACY, paths=2 * BLOCK + 5)
    part = ours(MINE, LEGACY, paths=BLOCK)
    gone_on = ours(MINE, LEGACY, paths=2 * BLOCK + 5, extend=part)
    for name in ("origin", "values", "differences", "short"):
        assert np.array_equal(getattr(gone_on, name), getattr(whole, name))
    with pytest.raises(InputError, match="whole number"):
        ours(MINE, LEGACY, paths=3 * BLOCK, extend=whole)


def test_a_cancel_leaves_whole_blocks() -> None:
    assert ours(MINE, LEGACY, paths=5 * BLOCK, cancelled=lambda: True).paths == BLOCK


def test_other_months_or_steps_cannot_meet_the_same_shocks() -> None:
    for changes in ({"months": 12}, {"steps_per_month": 2}):
        with pytest.raises(InputError, match="both need equal months and steps_per_month"):
            ours(MINE, MINE.model_copy(update=changes))
