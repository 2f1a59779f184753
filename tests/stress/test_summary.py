"""Answers out of counts against the same answers from every path."""

import math
from fractions import Fraction

import numpy as np
import pytest

from models.parameters import InputError
from models.stress import bins, cpu, summary
from models.stress.counts import ALL_FANS, BINS, Counts, Layout, Watch
from models.stress.path import ROWS
from models.stress.plan import make_plan
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS

PATHS = 5001
MONTHS = 18
PLAN = make_plan(
    BASELINE.model_copy(
        update={
            "months": MONTHS,
            "eta": 1.2,
            "K0": 1e7,
            "impact": 0.4,
            "controller": True,
            "H0": 2e6,
            "F0": 3e5,
        }
    ),
    PROTOCOL,
    SHOCKS,
)
COUNTS = Counts.empty(Layout(ALL_FANS, MONTHS, PLAN.steps))
WATCH = Watch.of(ROWS, PLAN.steps, PATHS)
cpu.run_block(PLAN, 3, 0, PATHS, COUNTS, WATCH)
ENDS = dict(zip(ROWS, WATCH.values, strict=True))


def nearest_rank(values: np.ndarray, level: float) -> float:
    rank = max(1, math.ceil(Fraction(str(level)) * len(values) / 100))
    return float(np.sort(values)[rank - 1])


@pytest.mark.parametrize("fan", ALL_FANS)
def test_quantiles_are_within_two_tenths_of_a_percent(fan: str) -> None:
    smallest = bins.middle(BINS[fan].centre + 1, BINS[fan])
    for level in (0, 0.1, *summary.LEVELS, 99.9, 100):
        exact = nearest_rank(ENDS[fan], level) if level else float(ENDS[fan].min())
        ours = summary.quantile(COUNTS, fan, MONTHS, level)
        if exact >= 1e300:
            assert ours == math.inf
        else:
            assert ours == pytest.approx(exact, rel=2e-3, abs=smallest)


def test_what_does_not_vary_is_exact() -> None:
    assert {summary.quantile(COUNTS, "L", MONTHS, level) for level in summary.LEVELS} == {ENDS["L"][0]}


@pytest.mark.parametrize("event", ["shortfall", "empty", "underpaid"])
def test_events_are_those_of_the_paths(event: str) -> None:
    first = ENDS[f"first_{event}"]
    months = np.ceil(first / PLAN.steps_per_month)
    new = [int((months == m).sum()) for m in range(1, MONTHS + 1)]
    assert summary.by_month(COUNTS, event).tolist() == new
    assert summary.cumulative(COUNTS, event)[-1].value == (first > 0).mean()
    alive = PATHS
    for ours, count in zip(summary.hazard(COUNTS, event), new, strict=True):
        assert ours == pytest.approx(count / alive)
        alive -= count
    ordered = np.sort(np.where(first > 0, months, np.inf))
    for level in (5, 25, 50, 95):
        exact = ordered[math.ceil(PATHS * level / 100) - 1]
        assert summary.time_to(COUNTS, event, level) == (None if math.isinf(exact) else int(exact))


def test_losses_are_those_of_the_paths() -> None:
    loss = ENDS["shortfall_usd"]
    v = nearest_rank(loss, 95)
    cvar = v + np.maximum(loss - v, 0).mean() / 0.05
    ours = summary.losses(COUNTS)
    assert ours.mean == pytest.approx(loss.mean(), abs=1 / 1024)
    assert ours.mean_error == pytest.approx(loss.std() / math.sqrt(PATHS), rel=5e-3)
    assert ours.worst_from == pytest.approx(v, rel=2e-3)
    assert ours.cvar == pytest.approx(cvar, rel=2e-3)


def test_wilson_and_the_rule_of_three() -> None:
    """Wilson's interval for 10 of 100, from Brown, Cai and DasGupta's formula by hand; 3 / n at none."""
    ten = summary.probability(10, 100)
    assert (ten.low, ten.high) == pytest.approx((0.05522914, 0.17436566), abs=1e-8)
    assert summary.probability(0, 1000)[2:] == (0.0, 0.003)
    assert summary.probability(1000, 1000)[2:] == (0.997, 1.0)
    assert summary.probability(0, 1)[2:] == (0.0, 1.0)
    assert summary.probability(0, 1000).standard_error == 0


def test_wilson_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    for p in (0.03, 0.3):
        hits = rng.binomial(400, p, 2000)
        covered = [q.low <= p <= q.high for q in (summary.probability(int(h), 400) for h in hits)]
        assert 0.93 < np.mean(covered) < 0.97


def test_a_fan_that_was_not_asked_for_is_one_sentence() -> None:
    with pytest.raises(InputError, match="this run has no fan of 'V'; it has: price"):
        summary.quantile(Counts.empty(Layout(("price",), 1, 1)), "V", 1, 50)


@pytest.mark.parametrize("fan", ["V", "x", "price"])
def test_bins_hold_what_they_stand_for(fan: str) -> None:
    b = BINS[fan]
    rng = np.random.default_rng(2)
    for x in np.concatenate([10 ** rng.uniform(-9, 8, 300), -(10 ** rng.uniform(-2, 1, 100))]).tolist():
        number = bins.bin_of(x, b)
        assert 0 <= number < bins.size(b)
        middle = bins.middle(number, b)
        if math.isfinite(middle) and middle != 0:
            assert middle == pytest.approx(x, rel=2e-3)
    assert bins.bin_of(0.0, b) == bins.bin_of(-0.0, b) == b.centre
    assert bins.middle(bins.bin_of(1e300, b), b) == math.inf


def test_ordered_codes_sort_as_their_numbers() -> None:
    numbers = [-math.inf, -1e300, -1.5, -1e-300, 0.0, 5e-324, 1.0, 1.0000000000000002, 1e300, math.inf]
    codes = [bins.ordered(x) for x in numbers]
    assert codes == sorted(codes)
    assert [bins.from_ordered(c) for c in codes] == numbers
    assert bins.ordered(-0.0) == bins.ordered(0.0)


def test_quanta_are_whole_and_nearest() -> None:
    assert [bins.quantised(usd) for usd in (0.0, 1.0, 1e9, 0.3)] == [0, 1024, 1024 * 10**9, 307]
    assert bins.quantised(1e300) == bins.quantised(2.0**40) == 2**50
