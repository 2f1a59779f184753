"""Attribution: Ishigami's function, linear models by hand, and what does not vary."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.attribution import (
    METRICS,
    Input,
    attribute,
    expected_shortfall,
    measure,
    moved,
    sample,
    sobol,
)
from models.frontier import STILL
from models.parameters import InputError, parse_scenario
from models.stress import summary
from models.stress.engine import run
from models.stress.sweep import Stopped
from tests.scenarios import BASELINE, PROTOCOL
from tests.stress.executors import SHOCKS
from tests.stress.risk_cases import small

BASE = 2**12


def indices(values: np.ndarray, inputs: str, base: int = BASE) -> dict[str, tuple[dict[str, Any], ...]]:
    frame, constant = sobol(values[:, None], list(inputs), ["y"], base, 1, 100)
    assert constant == ()
    return {row["input"]: row for row in frame.to_dicts()}


def test_ishigami() -> None:
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 over [-pi, pi]: S = 0.314, 0.442, 0; S_T = 0.558, 0.442,
    0.244."""
    x = (sample(3, BASE, 1) * 2 - 1) * math.pi
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = indices(y, "abc")
    for name, first, total in (("a", 0.314, 0.558), ("b", 0.442, 0.442), ("c", 0.0, 0.244)):
        row = found[name]
        assert row["first"] == pytest.approx(first, abs=0.02)
        assert row["total"] == pytest.approx(total, abs=0.02)
        assert row["first_low"] - 0.01 <= first <= row["first_high"] + 0.01
        assert row["total_low"] - 0.01 <= total <= row["total_high"] + 0.01
        assert row["first_high"] - row["first_low"] < 0.12


def test_a_sum_by_hand() -> None:
    """3 a + 4 b, both uniform: shares 9 / 25 and 16 / 25, alone and in total; c does nothing."""
    found = indices(sample(3, BASE, 1) @ [3.0, 4.0, 0.0], "abc")
    for name, share in (("a", 0.36), ("b", 0.64), ("c", 0.0)):
        assert found[name]["first"] == pytest.approx(share, abs=0.01)
        assert found[name]["total"] == pytest.approx(share, abs=0.01)


def test_a_choice_by_hand() -> None:
    """a of -1, 1, equally likely, times b uniform on [-1, 1]: all of it is interaction, S = 0 and S_T = 1."""
    u = sample(2, BASE, 1)
    a, b = Input("a", "", choices=(-1.0, 1.0)), Input("b", "", -1.0, 1.0)
    found = indices(np.array([a.at(x) * b.at(y) for x, y in u.tolist()]), "ab")
    for name in "ab":
        assert found[name]["first"] == pytest.approx(0, abs=0.03)
        assert found[name]["total"] == pytest.approx(1, abs=0.03)


def test_burn_of_a_year_by_hand() -> None:
    """Without chance, 12 months at 1 USD burn 12 beta (R - H): R over [200, 300] and H over [100, 150] at
    beta 1/2 move it by 600 and 300, so the shares are 4/5 and 1/5; the ends are 6 x (100 .. 200) and
    6 x (100 .. 50)."""
    inputs = [Input("R_base", "revenue", 200.0, 300.0), Input("H0", "target", 100.0, 150.0)]
    scenario = small(R_base=200.0, beta=0.5, months=12)
    found = attribute(scenario, PROTOCOL, STILL, inputs, paths=1, base_points=512)
    burn = pl.col("metric") == "burn_year1"
    rows = found.sobol.filter(burn).rows_by_key("input", named=True, unique=True)
    assert rows["R_base"]["first"] == pytest.approx(0.8, abs=0.01)
    assert rows["H0"]["total"] == pytest.approx(0.2, abs=0.01)
    ends = found.tornado.filter(burn).select("input", "at_low", "at_high", "base").rows()
    assert ends == [
        ("R_base", pytest.approx(600), pytest.approx(1200), pytest.approx(600)),
        ("H0", pytest.approx(600), pytest.approx(300), pytest.approx(600)),
    ]
    assert found.ranking("burn_year1") == ["R_base", "H0"]
    assert found.constant == ("p_shortfall", "cvar5", "runway", "pay")
    assert found.ranking("p_shortfall") == []
    assert found.sobol["metric"].unique().to_list() == ["burn_year1"]


def test_runway_by_hand() -> None:
    """A vault of 250 IO at 1 USD pays 100 a month in months 1 and 2 and falls 50 short in month 3: two months
    are spared; the loss is 50 + 3 x 100 over 6 months, the lowest pay nothing."""
    found = dict(zip(METRICS, measure(small(V0=250.0), STILL, PROTOCOL, 1, 0), strict=True))
    assert found == {"p_shortfall": 1, "cvar5": 350, "runway": 2, "burn_year1": 0, "pay": 0}


def test_metrics_are_those_of_the_engine() -> None:
    paths, seed = 3000, 4
    found = dict(zip(METRICS, measure(BASELINE, SHOCKS, PROTOCOL, paths, seed), strict=True))
    counts = run(BASELINE, PROTOCOL, SHOCKS, paths=paths, seed=seed, fans=(), device="cpu").counts
    assert found["p_shortfall"] == summary.cumulative(counts, "shortfall")[-1].value
    assert found["cvar5"] == pytest.approx(summary.losses(counts).cvar, rel=2e-3)
    chances = [p.value for p in summary.cumulative(counts, "shortfall")]
    assert found["runway"] == pytest.approx(sum(1 - p for p in chances))


def test_expected_shortfall_by_hand() -> None:
    """Losses 1 .. 40: the 95 % quantile is 38; (39 - 38 + 40 - 38) / 40 / 0.05 = 1.5 beyond it."""
    assert expected_shortfall(np.arange(1.0, 41.0)) == pytest.approx(39.5)


def test_an_input_moves_what_it_names() -> None:
    inputs = [Input("V0_months", "", 0, 240), Input("rho", "", -0.5, 0.9, of_shocks=True)]
    given = parse_scenario({"V0": 5.0}, BASELINE)
    scenario, shocks = moved(given, SHOCKS, inputs, {"V0_months": 3.0, "rho": 0.1})
    assert (scenario.V0_months, scenario.V0, shocks.rho) == (3.0, None, 0.1)
    assert moved(given, SHOCKS, inputs, {}) == (given, SHOCKS)
    ends = [Input("a", "", choices=("x", "y", "z")).at(u) for u in (0, 0.3, 0.34, 0.99, 1)]
    assert ends == ["x", "x", "y", "z", "z"]


@pytest.mark.parametrize(
    ("inputs", "base", "words"),
    [
        ([], 64, "no assumption is named"),
        ([Input("H0", ""), Input("H0", "")], 64, "named once"),
        ([Input("H0", "", 1, 2)], 60, "power of 2"),
        ([Input("H0", "", -1, 2)], 64, "H0 = -.* is not allowed"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence(
    inputs: list[Input], base: int, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        attribute(BASELINE, PROTOCOL, STILL, inputs, paths=1, base_points=base)


def test_it_tells_and_stops() -> None:
    told: list[tuple[int, int]] = []
    inputs = [Input("H0", "", 1e6, 2e6)]

    def stop() -> bool:
        return True

    with pytest.raises(Stopped):
        attribute(BASELINE, PROTOCOL, STILL, inputs, paths=1, base_points=4096, cancelled=stop)
    attribute(BASELINE, PROTOCOL, STILL, inputs, paths=1, base_points=4, progress=lambda *n: told.append(n))
    assert told[-1] == (1 + 2 + 4 * 3, 15)
