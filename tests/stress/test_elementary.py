"""The elementary functions against 40 digits, and their promises at the edges."""

import math
import random
from decimal import Decimal, localcontext

import pytest

from models.stress.elementary import bits, exp, log, power, scale2, sincos, split

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def ulps(got: float, exact: Decimal) -> float:
    """Error in units of the last place of the exact value."""
    return abs(float((Decimal(got) - exact) / Decimal(math.ulp(float(exact)))))


def exact_sin(x: Decimal) -> Decimal:
    term = total = x
    for k in range(1, 40):
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
    return total


@pytest.fixture(autouse=True)
def _forty_digits() -> object:
    with localcontext() as context:
        context.prec = 40
        yield


def test_exp_is_within_one_unit() -> None:
    rng = random.Random(1)
    points = [rng.uniform(-708, 709) for _ in range(1500)] + [rng.gauss(0, 1) for _ in range(1500)]
    assert max(ulps(exp(x), Decimal(x).exp()) for x in points) < 1


def test_log_is_within_one_unit() -> None:
    rng = random.Random(2)
    points = [10 ** rng.uniform(-307, 308) for _ in range(1500)]
    points += [1 + rng.uniform(-1, 1) * 10 ** rng.uniform(-12, -0.2) for _ in range(1500)]
    assert max(ulps(log(x), Decimal(x).ln()) for x in points if x != 1) < 1


def test_sincos_is_within_two_units() -> None:
    rng = random.Random(3)
    for word in [rng.getrandbits(32) for _ in range(1500)] + [1, 2**29 - 1, 2**29, 2**31 + 5, 2**32 - 1]:
        angle = 2 * PI * word / 2**32
        sine, cosine = sincos(word)
        assert ulps(sine, exact_sin(angle)) < 2
        assert ulps(cosine, exact_sin(angle + PI / 2)) < 2


def test_quarter_turns_are_exact() -> None:
    assert [sincos(quarter << 30) for quarter in range(4)] == [(0, 1), (1, 0), (0, -1), (-1, 0)]


def test_power() -> None:
    rng = random.Random(4)
    for _ in range(500):
        base, exponent = 10 ** rng.uniform(-3, 1), rng.uniform(0, 10)
        tolerance = 2e-16 * (1 + abs(exponent * math.log(base)))
        assert power(base, exponent) == pytest.approx(base**exponent, rel=tolerance)
    assert [power(b, 0.0) for b in (-1.0, 0.0, 0.3, 1.0)] == [1.0] * 4
    assert [power(b, 2.5) for b in (-1.0, 0.0, 1.0)] == [0.0, 0.0, 1.0]


def test_exact_values_and_clamps() -> None:
    assert (exp(0.0), log(1.0)) == (1.0, 0.0)
    assert exp(-1e9) == exp(-708.0) > 0.0
    assert math.isfinite(exp(1e9))


@pytest.mark.parametrize("x", [1.0, 0.7071067811865476, 0.7071067811865475, 3.0, 1e-300, 1.7e308])
def test_hooks_move_exponents_exactly(x: float) -> None:
    m, k = split(x)
    assert math.sqrt(0.5) <= m < math.sqrt(2)
    assert scale2(m, k) == x
    assert bits(-x) == bits(x) - 2**63
