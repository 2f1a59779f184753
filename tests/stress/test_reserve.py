"""Reserve needed: by hand, against closed forms and the projection, and where more reserve does not help."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from models.frontier import STILL
from models.parameters import InputError, parse_scenario
from models.projection import project
from models.reserve import (
    Ask,
    beyond_the_paths,
    largest,
    months_of_schedule,
    needed,
    reserve_needed,
    trade_off,
    what_would_do,
)
from models.schedules import monthly_emission
from models.stress.plan import make_plan
from models.stress.summary import by_month
from models.stress.sweep import Stopped, count, sweep
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS
from tests.stress.risk_cases import H, one_market, small

ONCE = Ask(horizons=(1, 3, 6), levels=(0.5,), paths=1)


def test_a_level_that_so_many_paths_cannot_show_is_said() -> None:
    """The rule of three: no hit among n paths leaves 3 / n, so 100 paths show 3 %, and 1e-4 takes 30,000."""
    assert beyond_the_paths(Ask(levels=(0.03, 0.5), paths=100)) is None
    said = beyond_the_paths(Ask(levels=(0.5, 1e-4), paths=100)) or ""
    assert "100 paths cannot show a chance as low as 0.01 %" in said
    assert "take 30,000 paths or more, or a level of 3 % or more" in said


def test_horizons_beyond_a_history_are_refused_by_their_name() -> None:
    replay = parse_scenario({"price_history": ((1.0,),) * 6, "months": 6}, BASELINE)
    with pytest.raises(InputError, match="horizons = 6,12 is not allowed: the history covers 6 months"):
        reserve_needed(replay, PROTOCOL, SHOCKS, Ask(horizons=(6, 12), paths=100), "V0")


def test_without_chance_it_is_the_sum_of_the_gaps() -> None:
    """100 USD a month at 1 USD per IO: 1, 3 and 6 months need 100, 300 and 600 IO, as they do in USD."""
    grid = [0.0, 99.0, 100.0, 299.0, 300.0, 301.0, 599.0, 600.0, 601.0]
    for vault in ("V0", "F0"):
        found = reserve_needed(small(), PROTOCOL, STILL, ONCE, vault, grid=grid)
        assert found.needed["needed"].to_list() == [100.0, 300.0, 600.0]
        assert found.reversals.is_empty()


def test_one_vault_stands_in_for_the_other() -> None:
    """Six months owe 600 USD: with 0, 150, .. 600 IO in the Reward Vault, 600, 450, .. 0 USD are left."""
    top = largest(BASELINE, PROTOCOL, "V0", 6)
    ask = Ask(paths=1, curve_vaults=5, curve_fees=61)
    # the price that makes all that is not yet emitted worth 600 USD
    curve = trade_off(small(P0=6 * H / top), PROTOCOL, STILL, ask, 6, 0.5)
    assert curve["V0"].to_list() == pytest.approx([top * k / 4 for k in range(5)])
    assert curve["F0"].to_list() == pytest.approx([600.0, 450.0, 300.0, 150.0, 0.0], abs=1e-3)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.4])
def test_one_month_of_a_random_price_has_a_closed_form(level: float) -> None:
    """Short if V_0 exp(x) < 100, x normal with mean -v/2 and variance v = sigma^2 / 12: with z the level's
    quantile, V_0 = 100 exp(v/2 - z sqrt(v))."""
    v = 0.9**2 / 12
    exact = H * math.exp(v / 2 - norm.ppf(level) * math.sqrt(v))
    ask = Ask(horizons=(1,), levels=(level,), paths=40_000)
    grid = np.linspace(50, 250, 401).tolist()
    row = reserve_needed(small(), PROTOCOL, one_market(0.9), ask, "V0", grid=grid).needed.row(0, named=True)
    step = 0.5
    assert row["low"] - step <= exact <= row["high"] + step
    assert row["low"] <= row["needed"] <= row["high"]
    assert row["high"] - row["low"] < 0.05 * exact


def test_every_point_of_the_grid_counts_by_hand() -> None:
    """At level 0.1 of 0.3 0.05 0.2 0.1 0.0 the second point passes but the third fails: the fourth is it."""
    points = pl.DataFrame(
        {"reserve": [0.0, 1.0, 2.0, 3.0, 4.0], "horizon": [5] * 5, "p": [0.3, 0.05, 0.2, 0.1, 0.0]}
    ).with_columns(low=pl.col("p") - 0.05, high=pl.col("p") + 0.05)
    row = needed(points, (0.1,)).row(0, named=True)
    # low: 0.25 0.00 0.15 0.05 .., so again the fourth; high: 0.35 0.10 0.25 0.15 0.05, the fifth
    assert (row["low"], row["needed"], row["high"]) == (3.0, 3.0, 4.0)
    assert (row["p"], row["least_p"]) == (0.1, 0.0)
    assert needed(points.with_columns(p=pl.lit(0.2)), (0.1,))["needed"].to_list() == [None]


def test_more_reserve_can_do_harm() -> None:
    """Eta 1.5 and the controller on, both shocks lasting: 4M to 40M by steps of 4M are never short, 44M is in
    month 15, because a fuller vault lets the controller wait. Each found again by the projection."""
    scenario = parse_scenario(
        {"eta": 1.5, "controller": True, "price_shock": -0.5, "demand_shock": -0.55}, BASELINE
    )
    grid = [4e6 * k for k in range(12)]
    ask = Ask(horizons=(36,), levels=(0.5,), paths=1)
    found = reserve_needed(scenario, PROTOCOL, STILL, ask, "V0", grid=grid)
    assert found.needed["needed"].to_list() == [None]
    (row,) = found.reversals.to_dicts()
    assert (row["passes_at"], row["fails_at"], row["month"]) == (4e6, 44e6, 15)
    months = [
        project(parse_scenario({"V0": v}, scenario), PROTOCOL).summary["first_shortfall_month"] for v in grid
    ]
    assert [m is not None for m in months] == (found.points["p"] == 1).to_list()
    assert months[-1] == 15


def test_and_between_those_points_too() -> None:
    """A finer grid finds 6M short in month 7 and 38M in month 15, between points that are never short."""
    scenario = parse_scenario(
        {"eta": 1.5, "controller": True, "price_shock": -0.5, "demand_shock": -0.55}, BASELINE
    )
    short = {
        v: project(parse_scenario({"V0": v}, scenario), PROTOCOL).summary["first_shortfall_month"]
        for v in (4e6, 6e6, 8e6, 36e6, 38e6, 40e6)
    }
    assert short == {4e6: None, 6e6: 7, 8e6: None, 36e6: None, 38e6: 15, 40e6: None}


def test_all_horizons_come_from_one_run() -> None:
    ask = Ask(horizons=(6, 12), levels=(0.05, 0.2), paths=2000, points=4)
    both = reserve_needed(BASELINE, PROTOCOL, SHOCKS, ask, "V0")
    for horizon in ask.horizons:
        alone = Ask(horizons=(horizon,), levels=ask.levels, paths=2000, points=4)
        one = reserve_needed(BASELINE, PROTOCOL, SHOCKS, alone, "V0")
        assert both.needed.filter(pl.col("horizon") == horizon).equals(one.needed)


# Where economics says that more reserve cannot hurt: no controller, burn from the market, no overflow, no
# price impact.
PLAIN = st.fixed_dictionaries(
    {
        "H0": st.floats(2e5, 6e6), "R_base": st.floats(0, 3e6), "F0": st.floats(0, 1e7),
        "beta": st.floats(0.5, 1), "order": st.sampled_from(["revenue_first", "vault_first"]),
        "phi": st.floats(0, 2), "release_cap": st.none() | st.floats(0, 2e7),
        "price_shock": st.floats(-0.9, 0.5), "demand_shock": st.floats(-0.9, 0.5),
        "steps_per_month": st.sampled_from([1, 3]),
    }
)  # fmt: skip


@settings(max_examples=30)
@given(changes=PLAIN, seed=st.integers(0, 1000))
def test_more_reserve_never_raises_the_chance(changes: dict[str, Any], seed: int) -> None:
    scenario = parse_scenario(changes | {"months": 24}, BASELINE)
    for vault, grid in (("V0", [0, 1e6, 1e7, 4e7, 2e8]), ("F0", [0, 1e5, 1e6, 1e7, 1e8])):
        before: Any = None
        for reserve in grid:
            plan = make_plan(parse_scenario({vault: float(reserve)}, scenario), PROTOCOL, SHOCKS)
            hits = np.cumsum(by_month(count(plan, seed, 256), "shortfall"))
            if before is not None:
                assert (hits <= before).all(), (vault, reserve)
            before = hits


def test_months_of_schedule_say_the_same_as_the_scenario() -> None:
    for months in (0.0, 0.5, 3.0, 12.0, 100.25):
        start = make_plan(parse_scenario({"V0_months": months}, BASELINE), PROTOCOL, STILL).start
        assert months_of_schedule(start.V, PROTOCOL, BASELINE.m0) == pytest.approx(months, abs=1e-9)
    left = sum(monthly_emission(PROTOCOL)[BASELINE.m0 :])
    assert months_of_schedule(left, PROTOCOL, BASELINE.m0) <= PROTOCOL.emission_months - BASELINE.m0


def test_an_impossible_ask_says_what_would_work() -> None:
    """Owed 1,000 times what all tokens are worth: no vault is enough, but the first month's revenue is."""
    scenario = small(P0=1e-3, H0=1e9, contracts=[{"first": 1, "months": 1, "usd": 1e9}])
    ask = Ask(horizons=(1, 6), levels=(0.1,), paths=1, points=3)
    found = reserve_needed(scenario, PROTOCOL, STILL, ask, "V0")
    assert what_would_do(found, 1) is None
    sentence = what_would_do(found, 6)
    assert sentence is not None
    assert "at 10 %: it takes a level of 100 % or more" in sentence
    assert "a Fee Vault beside it" in sentence
    assert "a horizon of 1 month" in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"levels": (0.0,)}, "100,000 paths can show 3e-05 and more"),
        ({"levels": (1.0,)}, "1 asks for nothing"),
        ({"levels": (0.1, 0.1)}, "each can be asked for once"),
        ({"horizons": ()}, "horizons = nothing is not allowed"),
        ({"horizons": (0,)}, "give months, 1 to 600"),
        ({"event": "rain"}, "there is no event 'rain'"),
        ({"paths": 0}, "paths = 0 is not allowed"),
        ({"points": 1}, "a grid has 2 to 1001 points"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        reserve_needed(BASELINE, PROTOCOL, SHOCKS, Ask(**changes), "V0")


def test_the_old_schedule_has_no_reserve() -> None:
    with pytest.raises(InputError, match="only the engine"):
        reserve_needed(parse_scenario({"rule": "legacy"}, BASELINE), PROTOCOL, SHOCKS, Ask(), "V0")


def test_a_sweep_keeps_order_tells_and_stops() -> None:
    told: list[tuple[int, int]] = []
    answers = sweep(range(50), lambda n: n * n, progress=lambda *now: told.append(now))
    assert answers == [n * n for n in range(50)]
    assert told[-1] == (50, 50)
    with pytest.raises(Stopped):
        sweep(range(50), lambda n: n, cancelled=lambda: True)

    def broken(n: int) -> int:
        raise InputError(f"task {n} cannot be done")

    with pytest.raises(InputError, match="cannot be done"):
        sweep(range(5), broken)
