"""The declaration of shocks: what it refuses, in one sentence, and the regime matrix of a step."""

import math
from typing import Any

import numpy as np
import pytest

from models.markov import matrix_exp, principal_log, stationary, step_matrix
from models.parameters import InputError
from models.shocks import compile_shocks, parse_shocks, step_rates
from models.stress.draws import Draws
from models.stress.plan import make_plan
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS

NAMES = ("calm", "stress", "boom")


def regime(**changes: Any) -> dict[str, Any]:
    return {"name": "calm", "mu": 0.0, "sigma": 0.9, "jump_rate": 2.0, "g": 0.0, "nu": 0.35} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rho": 1.2}, "rho = 1.2 is not allowed"),
        ({"rho": float("nan")}, "rho = nan is not allowed"),
        ({"transition": [[0.9, 0.2], [0.25, 0.75]]}, "transition from calm sums to 1.1: it must sum to 1"),
        ({"transition": [[1.1, -0.1], [0.25, 0.75]]}, "probabilities lie between 0 and 1"),
        ({"transition": [[1.0]]}, "transition must be a 2 by 2 matrix"),
        ({"regimes": [regime(), regime()]}, "two regimes are called 'calm'"),
        ({"regimes": [regime(sigma=-1.0), regime(name="s")]}, "calm.sigma = -1.0 is not allowed"),
        (
            {"history": [1.0, 2.0, 0.0, 3.0], "block_days": 2},
            "close on day 3 is 0: prices must be above zero",
        ),
        ({"history": [1.0, 2.0, 3.0], "block_days": 3}, "block_days is 3, but the history has 2 returns"),
        ({"history": [1.0, 2.0], "block_days": 1}, "at least 3 are needed"),
        ({"history": [1.0, 1.0, 1.0], "block_days": 1}, "never moves"),
        ({"history": [1.0, 2.0, 3.0]}, "a bootstrap needs both history and block_days"),
        ({"theta": -1.0}, "theta = -1.0 is not allowed"),
        ({"start": "boom"}, "start = 'boom' is not allowed"),
        ({"sigma": 1.0}, "sigma"),
    ],
)
def test_bad_shocks_are_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        parse_shocks(changes, SHOCKS)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"regimes": [regime(sigma=60.0)], "transition": [[1.0]]},
        {"regimes": [regime(mu=100.0)], "transition": [[1.0]]},
        {"regimes": [regime(jump_rate=1000.0)], "transition": [[1.0]], "jump_sd": 5.0},
        {"regimes": [regime(nu=90.0)], "transition": [[1.0]]},
    ],
)
def test_shocks_that_overflow_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="more than the model computes with"):
        compile_shocks(parse_shocks(changes, SHOCKS), 1, 120)


def test_a_matrix_without_a_root_is_refused_for_smaller_steps_alone() -> None:
    """Its eigenvalue is negative: no real logarithm exists, and no repair is offered."""
    shocks = parse_shocks({"transition": [[0.2, 0.8], [0.7, 0.3]]}, SHOCKS)
    daily = BASELINE.model_copy(update={"steps_per_month": 30})
    make_plan(BASELINE, PROTOCOL, shocks)
    for allowed in (False, True):
        repaired = parse_shocks({"repair_root": allowed}, shocks)
        with pytest.raises(
            InputError, match=r"no real root for smaller steps: one of its eigenvalues is -0\.5"
        ):
            make_plan(daily, PROTOCOL, repaired)


def test_a_negative_rate_is_named_and_repaired_on_request() -> None:
    """Calm never goes straight to boom, so a root would need a negative rate from calm to boom."""
    monthly = ((0.9, 0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.1, 0.9))
    with pytest.raises(InputError, match=r"would need the rate -0\.\d+ from calm to boom"):
        step_matrix(monthly, 30, repair=False, names=NAMES)
    assert step_matrix(monthly, 1, repair=False, names=NAMES).distance == 0
    fine, whole = (step_matrix(monthly, n, repair=True, names=NAMES) for n in (30, 1))
    assert np.allclose(np.linalg.matrix_power(fine.matrix, 30), whole.matrix, atol=1e-12)
    assert fine.distance == whole.distance == pytest.approx(np.abs(whole.matrix - monthly).max(), rel=1e-9)
    assert 0 < fine.distance < 0.02


def test_steps_of_a_month_make_the_month() -> None:
    for monthly in (SHOCKS.transition, ((0.8, 0.15, 0.05), (0.3, 0.6, 0.1), (0.2, 0.2, 0.6)), ((1.0,),)):
        for n in (1, 2, 30, 100):
            step = step_matrix(monthly, n, repair=False, names=NAMES[: len(monthly)]).matrix
            assert np.allclose(np.linalg.matrix_power(step, n), monthly, atol=1e-12)
            assert np.allclose(step.sum(axis=1), 1, atol=1e-15)


def test_the_logarithm_of_two_regimes_is_the_textbook_one() -> None:
    """G = ln(1 - a - b) / (-(a + b)) [[-a, a], [b, -b]], also where the matrix is hardly diagonalisable."""
    a, b = 0.08, 0.25
    expected = math.log(1 - a - b) / -(a + b) * np.array([[-a, a], [b, -b]])
    assert np.allclose(principal_log(np.array([[1 - a, a], [b, 1 - b]])), expected, atol=1e-13)
    defective = matrix_exp(np.array([[-0.2, 0.2, 0.0], [0.0, -0.2, 0.2], [0.0, 0.0, 0.0]]))
    assert np.allclose(matrix_exp(principal_log(defective)), defective, atol=1e-13)


def test_the_stationary_mix_stays() -> None:
    matrix = np.array([[0.92, 0.08], [0.25, 0.75]])
    assert np.allclose(stationary(matrix) @ matrix, stationary(matrix))
    assert np.allclose(stationary(matrix), [0.25 / 0.33, 0.08 / 0.33])
    apart = parse_shocks({"transition": [[1.0, 0.0], [0.0, 1.0]], "start": "stationary"}, SHOCKS)
    with pytest.raises(InputError, match="no single stationary mix"):
        compile_shocks(apart, 1, 12)


def test_reversion_of_zero_is_the_limit() -> None:
    tiny, none = (step_rates(parse_shocks({"theta": t}, SHOCKS), 30) for t in (1e-9, 0.0))
    for field in ("pull", "noise", "keep"):
        assert getattr(none, field) == pytest.approx(getattr(tiny, field), rel=1e-7)


def test_defaults_are_missing_on_purpose() -> None:
    """Shocks hold no sourced value: the facts do."""
    with pytest.raises(InputError, match=r"regimes = .* is not allowed: field required"):
        parse_shocks({})


def test_a_draw_has_five_variates() -> None:
    assert len(Draws._fields) == 5
