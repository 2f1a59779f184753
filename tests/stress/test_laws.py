"""The engine obeys the exact laws of its shocks, and tends to the asymptotic ones at the expected order."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaincc

from models import shock_laws as laws
from models.parameters import Scenario
from models.shocks import Shocks, parse_shocks
from models.stress import cpu
from models.stress.checks import check_laws, paying_in_tokens
from models.stress.counts import Counts, Layout, Watch
from models.stress.plan import make_plan
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS


def scenario(months: int, steps_per_month: int = 1) -> Scenario:
    return BASELINE.model_copy(update={"months": months, "steps_per_month": steps_per_month})


def gbm(sigma: float, mu: float = 0.0, **changes: Any) -> Shocks:
    """One regime without jumps."""
    regime = {"name": "only", "mu": mu, "sigma": sigma, "jump_rate": 0.0, "g": 0.0, "nu": 0.3}
    return parse_shocks({"regimes": [regime], "transition": [[1.0]]} | changes, SHOCKS)


THREE = parse_shocks(
    {
        "regimes": [
            {"name": "calm", "mu": 0.1, "sigma": 0.4, "jump_rate": 1.0, "g": 0.1, "nu": 0.2},
            {"name": "stress", "mu": -0.6, "sigma": 0.9, "jump_rate": 9.0, "g": -0.8, "nu": 0.5},
            {"name": "boom", "mu": 0.9, "sigma": 0.7, "jump_rate": 0.0, "g": 0.6, "nu": 0.3},
        ],
        "transition": [[0.85, 0.1, 0.05], [0.3, 0.6, 0.1], [0.25, 0.15, 0.6]],
        "start": "stationary",
        "jump_demand": 0.4,
        "theta": 0.0,
        "rho": -0.7,
    },
    SHOCKS,
)


@pytest.mark.parametrize("steps_per_month", [1, 30])
@pytest.mark.parametrize("shocks", [SHOCKS, THREE, gbm(0.8, 0.3)], ids=["fitted", "three", "gbm"])
def test_exact_laws_hold(shocks: Shocks, steps_per_month: int) -> None:
    checks = check_laws(scenario(12, steps_per_month), PROTOCOL, shocks, 20_000, 20261123)
    assert [c for c in checks if not c.holds] == []


def test_the_mean_price_of_one_regime_does_not_depend_on_the_step() -> None:
    jumpy = parse_shocks(
        {
            "regimes": [{"name": "one", "mu": 0.3, "sigma": 0.7, "jump_rate": 5.0, "g": 0.0, "nu": 0.1}],
            "transition": [[1.0]],
        },
        SHOCKS,
    )
    for n in (1, 2, 30):
        assert laws.price(jumpy, n, 12 * n).mean[-1] == pytest.approx(math.exp(0.3), rel=1e-12)
        checks = check_laws(scenario(12, n), PROTOCOL, jumpy, 20_000, 5)
        assert [c for c in checks if not c.holds] == []


def test_rejections_come_at_the_rate_that_the_level_promises() -> None:
    """Over 200 random shocks, each law leaves its 95 % band in about 5 % of them: neither more nor much less,
    which would mean standard errors that are too large."""
    rng = np.random.default_rng(7)
    outside: dict[str, int] = {}
    for trial in range(200):
        count = int(rng.integers(1, 4))
        regimes = [
            {
                "name": f"r{k}",
                "mu": float(rng.uniform(-0.3, 0.3)),
                "sigma": float(rng.uniform(0.05, 0.4)),
                "jump_rate": float(rng.uniform(0, 6)),
                "g": float(rng.uniform(-0.5, 0.5)),
                "nu": float(rng.uniform(0.05, 0.6)),
            }
            for k in range(count)
        ]
        rows = rng.uniform(0.05, 0.3, (count, count)) + 2 * np.eye(count)
        drawn = parse_shocks(
            {
                "regimes": regimes,
                "transition": (rows / rows.sum(axis=1, keepdims=True)).tolist(),
                "jump_mean": float(rng.uniform(-0.1, 0.1)),
                "jump_sd": float(rng.uniform(0, 0.1)),
                "jump_demand": float(rng.uniform(-1, 1)),
                "rho": float(rng.uniform(-1, 1)),
                "theta": float(rng.uniform(0, 4)),
                "repair_root": True,
            },
            SHOCKS,
        )
        for check in check_laws(scenario(6, int(rng.integers(1, 4))), PROTOCOL, drawn, 2048, trial):
            outside.setdefault(check.law, 0)
            outside[check.law] += abs(check.z) > 1.96
    for law in (
        "mean price",
        "mean log price",
        "mean log demand",
        "mean tokens to pay a constant USD amount",
    ):
        assert 1 <= outside[law] <= 22, (law, outside[law])  # 10 expected, within four standard deviations


def test_barrier_probabilities_of_the_specification() -> None:
    assert laws.barrier_probability(1, 0, 1, 12, 0.5) == pytest.approx(0.57045, abs=5e-6)
    assert laws.barrier_probability(1, 0, 1, 365, 0.5) == pytest.approx(0.63964, abs=5e-6)
    assert laws.barrier_probability_continuous(1, 0, 1, 0.5) == pytest.approx(0.656, abs=5e-4)


@pytest.mark.parametrize("steps_per_month", [1, 2])
def test_the_engine_meets_the_barrier_as_often_as_the_recursion_says(steps_per_month: int) -> None:
    paths, steps = 40_000, 12 * steps_per_month
    plan = make_plan(scenario(12, steps_per_month), PROTOCOL, gbm(1.0))
    lowest = np.full(paths, np.inf)
    for step in range(1, steps + 1):
        watch = Watch.of(("x",), step, paths)
        cpu.run_block(plan, 11, 0, paths, Counts.empty(Layout((), plan.months, plan.steps)), watch)
        lowest = np.minimum(lowest, watch.values[0])
    expected = laws.barrier_probability(1, 0, 1, steps, 0.5)
    ours = float((lowest <= math.log(0.5)).mean())
    assert abs(ours - expected) <= 4 * math.sqrt(expected * (1 - expected) / paths)


@pytest.mark.parametrize(("steps_per_month", "published"), [(1, 0.57045), (30, 0.6395)])
def test_a_visit_to_the_barrier_is_a_shortfall_under_the_right_cap(
    steps_per_month: int, published: float
) -> None:
    """SPEC section 5: sigma 1, a year, half the price. 360 steps lie just below the 365 of 0.63964."""
    (check,) = [
        c
        for c in check_laws(scenario(12, steps_per_month), PROTOCOL, gbm(1.0), 40_000, 19)
        if "at or below" in c.law
    ]
    assert check.expected == pytest.approx(published, abs=2e-4 if steps_per_month > 1 else 5e-6)
    assert check.holds
    assert check.standard_error == pytest.approx(math.sqrt(published * (1 - published) / 40_000), rel=1e-2)


def test_the_barrier_tends_to_its_limit_as_one_over_the_root_of_the_steps() -> None:
    steps = [12, 48, 192]
    exact = [laws.barrier_probability(1, 0, 1, n, 0.5) for n in steps]
    plain = [laws.barrier_probability_continuous(1, 0, 1, 0.5) - p for p in exact]
    corrected = [
        laws.barrier_probability_corrected(1, 0, 1, n, 0.5) - p for n, p in zip(steps, exact, strict=True)
    ]
    for coarse, fine in pairwise(plain):
        assert 1.7 < coarse / fine < 2.2  # four times the steps halve the error
    for coarse, fine in pairwise(corrected):
        assert abs(coarse / fine) > 2.5  # the corrected formula's falls faster


def test_dufresnes_perpetuity_is_approached_at_first_order() -> None:
    """The integral of 1/P over all time has the law of 2 / (sigma^2 Gamma(2 v / sigma^2)), v = mu - sigma^2/2
    (Dufresne 1990). A sum at step ends is short of it by about half a step of 1/P0."""
    sigma, v, paths, level = 1.0, 1.0, 40_000, 1.2
    shocks = gbm(sigma, v + sigma**2 / 2)
    errors = []
    for n in (1, 2, 4):
        paid = paying_in_tokens(scenario(180, n))
        plan = make_plan(paid, PROTOCOL, shocks)
        watch = Watch.of(("released",), plan.steps, paths)
        cpu.run_block(plan, 13, 0, paths, Counts.empty(Layout((), plan.months, plan.steps)), watch)
        integral = watch.values[0] / (paid.H0 * 12) * paid.P0  # in years
        ours = float((integral <= level).mean())
        noise = 4 * math.sqrt(ours * (1 - ours) / paths)

        def law(x: float) -> float:
            return float(gammaincc(2 * v / sigma**2, 2 / (sigma**2 * x)))

        shifted = law(level + 1 / (24 * n))
        assert abs(ours - shifted) <= noise + 0.2 * (shifted - law(level))
        errors.append(ours - law(level))
    assert errors[0] > 1.5 * errors[1] > 1.5 * 1.2 * errors[2] > 0


def test_price_and_demand_are_correlated_as_declared() -> None:
    paths = 40_000
    for rho in (-1.0, -0.4, 0.0, 0.7, 1.0):
        plan = make_plan(scenario(1), PROTOCOL, gbm(0.5, rho=rho, theta=0.0))
        watch = Watch.of(("x", "y"), 1, paths)
        cpu.run_block(plan, 3, 0, paths, Counts.empty(Layout((), 1, 1)), watch)
        ours = np.corrcoef(watch.values)[0, 1]
        assert abs(ours - rho) <= 4 * (1 - rho**2) / math.sqrt(paths) + 1e-9


@pytest.mark.parametrize("block_days", [1, 7])
@pytest.mark.parametrize("demean", [True, False])
def test_a_bootstrap_has_the_moments_of_its_history(block_days: int, demean: bool) -> None:
    """Blocks of one day are independent draws: mean and variance of a year are its days times the history's.
    Longer blocks keep the mean."""
    rng = np.random.default_rng(5)
    returns = 0.004 + 0.05 * rng.standard_t(5, 300)
    closes = np.exp(np.concatenate([[0.0], np.cumsum(returns)])).tolist()
    shocks = parse_shocks({"history": closes, "block_days": block_days, "demean": demean}, SHOCKS)
    paths, days = 40_000, 365
    plan = make_plan(scenario(12), PROTOCOL, shocks)
    watch = Watch.of(("x",), plan.steps, paths)
    cpu.run_block(plan, 17, 0, paths, Counts.empty(Layout((), plan.months, plan.steps)), watch)
    x = watch.values[0]
    mean = 0.0 if demean else float(returns.mean()) * days
    assert abs(x.mean() - mean) <= 4 * x.std() / math.sqrt(paths)
    if block_days == 1:
        variance = float(returns.var()) * days
        assert abs(x.var() / variance - 1) <= 4 * math.sqrt(2 / paths) * 1.1


def test_every_return_of_a_history_is_drawn_as_often() -> None:
    """A history of one jump among still days, one block a month of 30 days: the jump comes in 30 of 100."""
    closes = [1.0] * 40 + [2.0] * 61
    shocks = parse_shocks({"history": closes, "block_days": 31, "demean": False}, SHOCKS)
    paths = 20_000
    plan = make_plan(scenario(1), PROTOCOL, shocks)  # June 2026 has 30 days
    watch = Watch.of(("x",), 1, paths)
    cpu.run_block(plan, 17, 0, paths, Counts.empty(Layout((), 1, 1)), watch)
    share = float((watch.values[0] > 0.5).mean())
    assert set(np.round(np.exp(watch.values[0]), 9)) == {1.0, 2.0}
    assert abs(share - 0.30) <= 4 * math.sqrt(0.3 * 0.7 / paths)
