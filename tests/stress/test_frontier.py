"""Reverse stress: by hand, against the projection on a coarse grid, and where a deeper shock does no harm."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.frontier import ONSET, STILL, Mark, frontier
from models.likelihood import cost, stress_month, worst_falls
from models.parameters import InputError, Scenario, parse_scenario
from models.projection import project
from models.stress.plan import make_plan, replay
from models.stress.single import Event, Triggers
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS
from tests.stress.risk_cases import H, one_market, small

# Revenue is just what is owed, and the Reward Vault holds 50 IO at 1 USD.
BALANCED = small(R_base=H, V0=50.0)


def shocked(scenario: Scenario, price: float, demand: float, months: int | None, event: str) -> int | None:
    """The event's first month by the plain projection."""
    changes = {"price_shock": -price, "demand_shock": -demand, "shock_month": ONSET, "shock_months": months}
    summary = project(parse_scenario(changes, scenario), PROTOCOL).summary
    month: int | None = summary[f"first_{event}_month"]
    return month


def test_a_shock_without_chance_is_the_projection() -> None:
    last = replay(make_plan(BASELINE, PROTOCOL, STILL), 0, 0)[-1]
    assert last.state == project(BASELINE, PROTOCOL).states[-1]


@pytest.mark.parametrize("months", [1, 2, 4])
def test_the_edge_by_hand(months: int) -> None:
    """A demand drop d leaves a gap of 100 d in each of n months; the vault is worth 50 (1 - p). So the edge
    is n 100 d = 50 (1 - p): d = (1 - p) / 2, / 4, / 8."""
    found = frontier(BALANCED, PROTOCOL, durations=[months], points=12)
    for row in found.surface.iter_rows(named=True):
        assert row["demand_drop"] == pytest.approx((1 - row["price_drop"]) / (2 * months), abs=1e-6)
    edge = found.edge
    assert edge.height >= 12
    assert edge["demand_drop"].to_list() == sorted(edge["demand_drop"], reverse=True)
    for p, d in edge.select("price_drop", "demand_drop").iter_rows():
        assert d == pytest.approx((1 - p) / (2 * months), abs=1e-6)
    assert found.escapes.is_empty()


def test_every_point_of_a_coarse_grid_is_the_projection() -> None:
    """The edge passes between what projections with and without the event say, at each of 8 x 8 points."""
    for event in ("shortfall", "underpaid"):
        scenario = parse_scenario({"eta": 0.5, "controller": True}, BASELINE)
        found = frontier(scenario, PROTOCOL, event=event, durations=[6, None], points=8)
        drops = np.linspace(0, 0.99, 8).tolist()
        for months in (6, None):
            edge = found.edge.filter(pl.col("months").eq_missing(months)).drop("months").rows()
            for p in drops:
                for d in drops:
                    outside = any(p >= a and d >= b for a, b in edge)
                    escaped = found.escapes.filter(
                        pl.col("months").is_in([months or 34]),
                        pl.col("price_drop") == p,
                        pl.col("demand_drop") == d,
                    ).height
                    assert (shocked(scenario, p, d, months, event) is not None) == (outside and not escaped)


@pytest.mark.parametrize("steps_per_month", [1, 30])
@pytest.mark.parametrize("event", ["shortfall", "underpaid"])
def test_a_path_alone_is_the_projection(steps_per_month: int, event: Event) -> None:
    """Everything switched on; the shocks are drawn, so that some trigger and others do not."""
    everything = {
        "controller": True, "eta": 1.2, "phi": 0.5, "K0": 2e7, "impact": 0.4, "chi": 0.2,
        "F0": 4e5, "order": "vault_first", "months": 9, "steps_per_month": steps_per_month, "V0": 3e7,
        "H0": 8e5, "y2_cap_months": 0.5,
    }  # fmt: skip
    scenario = parse_scenario(everything, BASELINE)
    calm = parse_scenario({"shock_month": ONSET}, scenario)
    n = steps_per_month
    triggers = Triggers(make_plan(calm, PROTOCOL, STILL), event, (ONSET - 1) * n, (ONSET + 3) * n)
    drops = np.random.default_rng(5).uniform(0, 0.95, (12, 2)).tolist()
    found = [triggers(price, demand) for price, demand in drops]
    assert found == [shocked(scenario, price, demand, 4, event) is not None for price, demand in drops]
    assert {True, False} == set(found)


def test_the_edge_triggers_and_just_inside_does_not() -> None:
    found = frontier(BASELINE, PROTOCOL, durations=[12], points=10)
    assert found.edge.height >= 10
    for _, p, d in found.edge.iter_rows():
        assert shocked(BASELINE, p, d, 12, "shortfall") is not None
        assert shocked(BASELINE, max(p - 1e-5, 0), max(d - 1e-5, 0), 12, "shortfall") is None


def test_marks_say_whether_they_trigger() -> None:
    marks = [Mark("price", 0.5, 0.0, 12), Mark("both", 0.5, 0.55, None), Mark("long", 0.5, 0.55, 500)]
    found = frontier(BASELINE, PROTOCOL, durations=[None], points=2, marks=marks)
    assert found.marks["triggers"].to_list() == [False, True, True]
    assert found.edge["months"].to_list() == [None] * found.edge.height


def test_the_nearest_by_hand() -> None:
    """One month, nothing but the price moves the answer much: with S = [[a, c], [c, b]] and z the log drops,
    z' S^-1 z / 2 = (b u^2 - 2 c u w + a w^2) / (2 (a b - c^2))."""
    shocks = one_market(1.2, 0.6, 0.4)
    a, b = 1.2**2 / 12, 0.6**2 * (1 - math.exp(-2 / 12)) / 2
    c = 0.4 * math.sqrt(a * b)
    matrix, stay = stress_month(shocks)
    assert matrix.tolist() == [pytest.approx([a, c]), pytest.approx([c, b])]
    assert stay == 1
    u, w = math.log(0.7), math.log(0.8)
    by_hand = (b * u * u - 2 * c * u * w + a * w * w) / (2 * (a * b - c * c))
    assert float(cost(np.array(0.3), np.array(0.2), 5, matrix, 1.0)) == pytest.approx(by_hand)
    assert float(cost(np.array(0.3), np.array(0.2), 5, matrix, 0.75)) == pytest.approx(
        by_hand - 4 * math.log(0.75)
    )


def test_the_nearest_is_the_least_over_a_fine_grid() -> None:
    """d = (1 - p) / (2 n) is the edge, so the least cost over it and beyond is found by brute force."""
    matrix, stay = stress_month(SHOCKS)
    assert stay == SHOCKS.transition[1][1] < 1
    found = frontier(BALANCED, PROTOCOL, SHOCKS, durations=[1, 2, 3], points=100).nearest
    assert found is not None
    fine = np.linspace(0, 0.99, 1500)
    p, d = np.meshgrid(fine, fine)
    costs = [cost(p, d, n, matrix, stay)[d >= (1 - p) / (2 * n)].min() for n in (1, 2, 3)]
    assert found.cost == pytest.approx(min(costs), rel=2e-3)
    assert found.months == 1 + int(np.argmin(costs))


PLAIN = st.fixed_dictionaries(
    {
        "H0": st.floats(2e5, 6e6), "R_base": st.floats(0, 3e6), "F0": st.floats(0, 1e7),
        "V0": st.floats(0, 1e8), "beta": st.floats(0.5, 1), "phi": st.floats(0, 2),
        "order": st.sampled_from(["revenue_first", "vault_first"]), "chi": st.floats(0, 1),
    }
)  # fmt: skip


@settings(max_examples=40)
@given(changes=PLAIN, drops=st.lists(st.floats(0, 0.95), min_size=4, max_size=4), months=st.integers(1, 20))
def test_deeper_or_longer_never_delays(changes: dict[str, Any], drops: list[float], months: int) -> None:
    """Without controller, overflow, price impact, and with the burn from the market."""
    scenario = parse_scenario(changes | {"months": 24, "overflow": "burn"}, BASELINE)
    (p, more_p), (d, more_d) = sorted(drops[:2]), sorted(drops[2:])
    base = shocked(scenario, p, d, months, "shortfall") or math.inf
    for worse in ((more_p, d, months), (p, more_d, months), (p, d, months + 3)):
        assert (shocked(scenario, *worse, "shortfall") or math.inf) <= base


def test_where_a_deeper_shock_does_no_harm_it_is_a_finding() -> None:
    """With the controller and supplier exit on, an early cut of the target saves what a milder shock does
    not: searched for, and each one found confirmed by two projections."""
    scenario = parse_scenario({"eta": 1.5, "controller": True}, BASELINE)
    found = frontier(scenario, PROTOCOL, durations=[9, 12, None], points=40)
    assert found.escapes.height > 0
    for row in found.escapes.head(20).iter_rows(named=True):
        months = None if row["months"] == 34 else row["months"]
        assert shocked(scenario, row["price_drop"], row["demand_drop"], months, "shortfall") is None
        if row["shorter"] is None:
            at = (row["shallower_price"], row["shallower_demand"], months)
            assert at[0] <= row["price_drop"]
            assert at[1] <= row["demand_drop"]
        else:
            at = (row["price_drop"], row["demand_drop"], row["shorter"])
            assert row["shorter"] < row["months"]
        assert shocked(scenario, *at, "shortfall") is not None


def test_an_event_that_comes_anyway_and_one_that_never_does() -> None:
    anyway = frontier(small(), PROTOCOL, durations=[1], points=3)
    assert anyway.edge.rows() == [(1, 0.0, 0.0)]
    never = frontier(small(R_base=1e6, F0=1e9), PROTOCOL, SHOCKS, durations=[1], points=3)
    assert never.edge.is_empty()
    assert never.nearest is None
    assert never.surface["demand_drop"].to_list() == [None] * 3


def test_the_worst_fall_by_hand() -> None:
    """10 8 12 3 6: over one month 12 -> 3; over two no more; a rise alone is no fall."""
    assert worst_falls([10, 8, 12, 3, 6], [1, 2]) == {1: 0.75, 2: 0.75}
    assert worst_falls([10, 9, 6, 3], [1, 2, 3]) == {1: 0.5, 2: pytest.approx(2 / 3), 3: 0.7}
    assert worst_falls([1, 2, 3], [1]) == {1: 0.0}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"event": "empty"}, "shortfall and underpaid"),
        ({"points": 1}, "2 to 1001 points"),
        ({"durations": [0]}, "0 months is not allowed"),
        ({"durations": []}, "no duration is given"),
        ({"shocks": one_market(1.0)}, "no shock is nearest"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence(question: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        frontier(BALANCED, PROTOCOL, **question)


def test_a_run_that_ends_before_the_shock_is_refused() -> None:
    with pytest.raises(InputError, match="the run needs 3 months or more"):
        frontier(small(months=2), PROTOCOL)
