"""The fit against independent arithmetic: sums over all regime sequences, closed forms, parameters known
because the history was simulated with them (by SPEC section 5's own formulas, written out again here)."""

import itertools
import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.linalg import expm, fractional_matrix_power
from scipy.stats import kstest, norm

from models.calibration import Calibration, calibrate, log_returns
from models.calibration_tables import EDGE, parameter_table
from models.markov import step_matrix
from models.parameters import DAYS_PER_MONTH, InputError
from models.price_checks import autocorrelation, simulated_against_history
from models.price_fit import Shape, Stopped, fit, law_of, score
from models.price_law import DAYS_PER_YEAR, DailyLaw, hamilton_filter, probabilities, simulate
from models.shocks import Regime, Shocks, compile_shocks

BASE = Shocks(
    regimes=(
        Regime(name="calm", mu=0.0, sigma=1.0, jump_rate=0.0, g=0.1, nu=0.3),
        Regime(name="stress", mu=0.0, sigma=1.0, jump_rate=0.0, g=-0.2, nu=0.7),
    ),
    transition=((0.9, 0.1), (0.2, 0.8)),
    start="stationary",
    jump_mean=0.0,
    jump_sd=0.0,
    jump_demand=0.25,
    rho=0.5,
    theta=1.5,
    repair_root=False,
    demean=True,
)
MU, SIGMA, RATE = np.array([0.5, -1.0]), np.array([0.6, 1.8]), np.array([6.0, 11.0])
JUMP_MEAN, JUMP_SD = -0.25, 0.06
A_YEAR = np.array([[-4.0, 4.0], [8.0, -8.0]])
MONTH = Shape(2, True, DAYS_PER_MONTH)


def spec_returns(days: int, seed: int) -> np.ndarray:
    """A history by the formulas of SPEC section 5, for the parameters above."""
    rng, dt = np.random.default_rng(seed), 1 / 365.25
    matrix = expm(A_YEAR * dt)
    p, m = 1 - np.exp(-RATE * dt), math.exp(JUMP_MEAN + JUMP_SD**2 / 2)
    out, s = np.empty(days), 0
    for t in range(days):
        s = int(rng.random() > matrix[s, 0])
        jump = rng.normal(JUMP_MEAN, JUMP_SD) if rng.random() < p[s] else 0.0
        drift = (MU[s] - SIGMA[s] ** 2 / 2) * dt - math.log(1 + p[s] * (m - 1))
        out[t] = drift + SIGMA[s] * math.sqrt(dt) * rng.standard_normal() + jump
    return out


def some_law(regimes: int, seed: int = 0) -> DailyLaw:
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.05, 0.4, (regimes, regimes))
    np.fill_diagonal(rates, 0.0)
    rates -= np.diag(rates.sum(axis=1))
    location, spread = rng.normal(0, 0.02, regimes), rng.uniform(0.02, 0.1, regimes)
    return DailyLaw(location, spread, rng.uniform(0.05, 0.5, regimes), -0.05, 0.08, rates)


def history(returns: np.ndarray) -> tuple[list[date], list[float]]:
    closes = np.exp(np.concatenate([[0.0], returns.cumsum()]))
    return [date(2024, 1, 1) + timedelta(days=i) for i in range(len(closes))], closes.tolist()


# The law and its likelihood


@pytest.mark.parametrize("regimes", [1, 2, 3])
def test_the_filter_sums_over_all_sequences_of_regimes(regimes: int) -> None:
    law = some_law(regimes)
    returns = np.array([0.03, -0.2, 0.01, 0.15, -0.04])
    matrix = expm(law.rates)
    mix = np.linalg.matrix_power(matrix, 4000)[0]

    def density(r: float, s: int) -> float:
        plain = norm.pdf(r, law.location[s], law.spread[s])
        jumped = norm.pdf(r, law.location[s] + law.jump_mean, math.hypot(law.spread[s], law.jump_sd))
        return float((1 - law.chance[s]) * plain + law.chance[s] * jumped)

    total, ends = 0.0, np.zeros(regimes)
    for path in itertools.product(range(regimes), repeat=len(returns)):
        p = mix[path[0]] * math.prod(matrix[i, j] for i, j in itertools.pairwise(path))
        p *= math.prod(density(r, s) for r, s in zip(returns, path, strict=True))
        total += p
        ends[path[-1]] += p
    found = hamilton_filter(law, returns)
    assert found.log_likelihood == pytest.approx(math.log(total), rel=1e-11)
    assert found.known[-1] == pytest.approx(ends / total, rel=1e-9)


@pytest.mark.parametrize(
    "shape", [Shape(1, False, 10.0), Shape(1, True, 10.0), Shape(2, False, 10.0), Shape(3, True, 10.0)]
)
def test_the_score_is_the_slope_of_the_likelihood(shape: Shape) -> None:
    rng = np.random.default_rng(3)
    samples = [rng.standard_t(4, 60), rng.standard_t(4, 40)]
    vector = shape.bounds.mean(axis=1) / 2 + 0.1 * rng.standard_normal(shape.parameters)

    def likelihood(v: np.ndarray) -> float:
        return sum(hamilton_filter(law_of(v, shape), sample).log_likelihood for sample in samples)

    value, gradient = score(vector, shape, samples)
    assert value == pytest.approx(likelihood(vector), rel=1e-12)
    steps = 1e-5 * np.eye(shape.parameters)
    slopes = [(likelihood(vector + h) - likelihood(vector - h)) / 2e-5 for h in steps]
    assert gradient == pytest.approx(slopes, rel=1e-5, abs=1e-5)


def test_one_chain_gives_the_matrices_of_a_day_and_of_a_month() -> None:
    law = some_law(3)
    assert law.monthly_matrix == pytest.approx(fractional_matrix_power(law.matrix, DAYS_PER_MONTH), abs=1e-12)
    slow = DailyLaw(*([np.zeros(2)] * 3), 0.0, 0.0, A_YEAR / DAYS_PER_YEAR)
    monthly = tuple(map(tuple, slow.monthly_matrix.tolist()))
    back = step_matrix(monthly, 30, False, ("calm", "stress")).matrix
    assert back == pytest.approx(expm(A_YEAR / 360), abs=1e-12)


def test_without_drift_the_price_is_expected_to_stay() -> None:
    law = some_law(3).without_drift()
    plain = (1 - law.chance) * np.exp(law.location + law.spread**2 / 2)
    jumped = np.exp(law.location + law.jump_mean + (law.spread**2 + law.jump_sd**2) / 2)
    assert plain + law.chance * jumped == pytest.approx(np.ones(3), abs=1e-14)
    assert law.mu == pytest.approx(np.zeros(3), abs=1e-10)


def test_simulated_days_obey_the_closed_forms() -> None:
    law, paths = some_law(2), 40_000
    moves = simulate(law, np.array([0.0, 1.0]), 3, paths, np.random.default_rng(1))
    after = np.array([0.0, 1.0]) @ np.linalg.matrix_power(expm(law.rates), 3)
    mean = after @ law.mean
    variance = after @ (law.variance + law.mean**2) - mean**2
    assert abs(moves[2].mean() - mean) < 4 * math.sqrt(variance / paths)
    assert moves[2].var() == pytest.approx(variance, rel=0.05)


def test_transforms_are_uniform_under_the_right_law_only() -> None:
    law = some_law(2)
    returns = simulate(law, law.mix, 3000, 1, np.random.default_rng(2))[:, 0]
    assert kstest(probabilities(law, returns), "uniform").pvalue > 0.01
    assert kstest(probabilities(law.scaled(0.8), returns), "uniform").pvalue < 1e-4


# The fit


def test_geometric_brownian_motion_is_the_closed_form() -> None:
    returns = np.random.default_rng(4).normal(-0.001, 0.05, 400)
    found = fit([returns], Shape(1, False, DAYS_PER_MONTH), 2, 0)
    sd = returns.std()
    assert found.law.location[0] == pytest.approx(returns.mean(), abs=1e-7)
    assert found.law.sigma[0] == pytest.approx(sd * math.sqrt(365.25), rel=1e-6)
    assert found.law.mu[0] == pytest.approx((returns.mean() + sd**2 / 2) * 365.25, abs=1e-4)
    assert found.log_likelihood == pytest.approx(norm.logpdf(returns, returns.mean(), sd).sum(), abs=1e-6)
    errors = found.errors(lambda law: np.array([law.location[0], law.sigma[0]]))
    assert errors == pytest.approx([sd / math.sqrt(400), sd * math.sqrt(365.25 / 800)], rel=1e-5)
    assert found.aic == pytest.approx(4 - 2 * found.log_likelihood)
    assert found.bic == pytest.approx(2 * math.log(400) - 2 * found.log_likelihood)


def test_known_parameters_are_recovered_within_their_errors() -> None:
    found = fit([spec_returns(3000, 5)], Shape(2, True, 10.0), 2, 0)
    errors = found.errors(natural)
    assert errors is not None
    assert found.free.all()
    truth = np.array([*MU, *SIGMA, *RATE, JUMP_MEAN, JUMP_SD, *expm(A_YEAR / 12).ravel()])
    z = (natural(found.law) - truth) / errors
    assert np.abs(z).max() < 3.5
    # and the errors are small enough for that to mean something
    assert (errors[2:4] / SIGMA).max() < 0.1
    assert (errors[4:6] / RATE).max() < 0.5


def natural(law: DailyLaw) -> np.ndarray:
    common = [law.jump_mean, law.jump_sd, *law.monthly_matrix.ravel()]
    return np.array([*law.mu, *law.sigma, *law.jump_rate, *common])


def test_standard_errors_are_as_large_as_the_estimates_scatter() -> None:
    truth = DailyLaw(np.zeros(1), np.array([0.04]), np.array([0.03]), -0.2, 0.1, np.zeros((1, 1)))

    def values(law: DailyLaw) -> np.ndarray:
        return np.array([law.sigma[0], math.log(law.jump_rate[0]), law.jump_mean, math.log(law.jump_sd)])

    z = []
    for seed in range(25):
        returns = simulate(truth, truth.mix, 900, 1, np.random.default_rng(seed))[:, 0]
        found = fit([returns], Shape(1, True, 10.0), 1, 0)
        errors = found.errors(values)
        assert errors is not None
        assert found.free.all()
        z.append((values(found.law) - values(truth)) / errors)
    # mean of 100 squares of standard normals: 1, give or take 0.14
    assert np.mean(np.square(z)) == pytest.approx(1.0, abs=0.45)


def test_regimes_come_calm_first_and_then_by_mean_return() -> None:
    returns = spec_returns(400, 6)
    two = fit([returns], MONTH, 2, 0, errors=False).law
    assert two.variance[0] < two.variance[1]
    three = fit([returns], Shape(3, True, DAYS_PER_MONTH), 1, 0, errors=False).law
    assert three.variance[0] == three.variance.min()
    assert three.mean[1] <= three.mean[2]


def test_what_is_at_the_edge_of_the_search_has_no_error() -> None:
    """Regimes of two days, searched no finer than a month: the fit ends where the search does."""
    rates = np.array([[-0.5, 0.5], [0.5, -0.5]])
    quick = DailyLaw(np.zeros(2), np.array([0.02, 0.1]), np.zeros(2), 0.0, 0.0, rates)
    returns = simulate(quick, quick.mix, 600, 1, np.random.default_rng(11))[:, 0]
    found = fit([returns], Shape(2, False, DAYS_PER_MONTH), 1, 0)
    assert found.free.tolist() == [True] * 4 + [False] * 2
    table = parameter_table(found, lambda law: law, ("calm", "stress"))
    moves = table.filter(pl.col("parameter") == "A")
    assert moves["remark"].to_list() == [EDGE] * 4
    assert moves["standard_error"].null_count() == 4
    assert table.filter(pl.col("parameter") == "sigma")["standard_error"].null_count() == 0


# What a reader gets


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(*history(spec_returns(650, 7)), starts=3)


def test_a_calibration_carries_its_errors_and_its_rivals(found: Calibration) -> None:
    sigma = found.table.filter(pl.col("parameter") == "sigma")
    assert sigma["value"].to_list() == pytest.approx(found.law.sigma)
    bare = found.table.filter(pl.col("standard_error").is_null())
    assert bare["remark"].null_count() == 0
    rows = {(r["law"], r["resolution_days"]): r for r in found.comparison.iter_rows(named=True)}
    assert len(rows) == 5
    mine = rows["2 regimes with jumps", DAYS_PER_MONTH]
    assert mine["fitted"]
    # nested laws can only be less likely
    assert mine["log_likelihood"] > rows["2 regimes", DAYS_PER_MONTH]["log_likelihood"]
    assert mine["log_likelihood"] > rows["one regime with jumps", DAYS_PER_MONTH]["log_likelihood"]
    assert mine["log_likelihood"] < rows["2 regimes with jumps", 4.0]["log_likelihood"] + 1e-6
    assert mine["aic"] == pytest.approx(20 - 2 * mine["log_likelihood"])
    assert found.comparison["aic"].is_sorted()
    assert len(found.stability) == 3
    assert found.stability["behind"].min() == 0
    assert found.residuals.select("p_calm", "p_stress").sum_horizontal().to_list() == pytest.approx(
        [1.0] * 650
    )
    assert any("no drift is the default" in note for note in found.notes)


def test_fitted_shocks_leave_demand_alone_and_have_no_drift_unless_asked(found: Calibration) -> None:
    shocks, drifting = found.shocks(BASE), found.shocks(BASE, drift=True)
    assert [(r.mu, r.g, r.nu) for r in shocks.regimes] == [(0.0, 0.1, 0.3), (0.0, -0.2, 0.7)]
    assert [r.sigma for r in shocks.regimes] == pytest.approx(found.law.sigma)
    assert (shocks.theta, shocks.rho, shocks.jump_demand, shocks.start) == (1.5, 0.5, 0.25, "stationary")
    assert [r.mu for r in drifting.regimes] == pytest.approx(found.law.mu)
    assert shocks.transition == tuple(map(tuple, found.law.monthly_matrix.tolist()))
    for n in (1, 30):
        compile_shocks(shocks, n, 36 * n)


def test_three_regimes_take_the_calm_demand_where_none_is_declared() -> None:
    short = calibrate(*history(spec_returns(130, 8)), regimes=3, starts=1)
    assert short.regimes == ("calm", "stress", "boom")
    boom = short.shocks(BASE).regimes[2]
    assert (boom.g, boom.nu) == (0.1, 0.3)


def test_a_pool_of_one_law_at_two_scales_is_that_law_at_each() -> None:
    returns = spec_returns(400, 9)
    small, large = history(returns), history(3 * returns + 0.01)
    alone = calibrate(*small, starts=1).law
    pooled = calibrate(*small, pool={"LARGE": large}, starts=1)
    other = calibrate(*large, pool={"SMALL": small}, starts=1).law
    assert pooled.law.spread == pytest.approx(alone.spread, rel=1e-3)
    assert pooled.law.location == pytest.approx(alone.location, abs=1e-4)
    assert other.spread == pytest.approx(3 * pooled.law.spread, rel=1e-6)
    assert other.location == pytest.approx(3 * pooled.law.location + 0.01, abs=1e-8)
    drift = pooled.table.filter(pl.col("parameter") == "mu")
    assert drift["standard_error"].null_count() == 2
    assert pooled.pooled == ("LARGE",)
    assert "independent" in pooled.notes[0]


def test_autocorrelation_by_hand() -> None:
    # less their mean: -1.5, -0.5, 0.5, 1.5; squares sum to 5; neighbours 0.75 - 0.25 + 0.75
    assert autocorrelation(np.array([1.0, 2.0, 3.0, 4.0]), 2) == pytest.approx([0.25, -0.3])


def test_the_history_is_described_by_its_own_numbers() -> None:
    # up to 3, down to 0.75 within 30 days, then level
    prices = [1.0, 2.0, 1.0, 3.0, 1.5, 0.75, *([0.75] * 60)]
    returns = np.diff(np.log(prices))
    law = some_law(1)
    seen = simulated_against_history(law, returns, 50, 0)
    history_of = dict(seen.select("statistic", "history").rows())
    assert history_of["deepest fall from a high"] == pytest.approx(-0.75)
    assert history_of["worst day"] == pytest.approx(-0.5)
    # from 1 on the first day to 0.75; the window of 30 days holds the rise too, but may begin at 3
    assert history_of["worst 30 days"] == pytest.approx(-0.75)
    assert history_of["volatility"] == pytest.approx(returns.std() * math.sqrt(365.25))
    assert (seen["low"] <= seen["median"]).all()


# Bad input

DAYS, CLOSES = history(spec_returns(150, 10))


def changed(index: int, value: float) -> list[float]:
    return [value if i == index else close for i, close in enumerate(CLOSES)]


@pytest.mark.parametrize(
    ("dates", "closes", "says"),
    [
        (DAYS[:100], CLOSES[:100], "100 days; a fit needs at least 121"),
        (DAYS[:-1], CLOSES, "one close a day"),
        (DAYS[:50] + DAYS[51:], CLOSES[1:], "2024-02-21 follows 2024-02-19"),
        (DAYS[::-1], CLOSES, "oldest first"),
        (DAYS, changed(3, 0.0), "close of 2024-01-04 is 0"),
        (DAYS, changed(3, math.nan), "close of 2024-01-04 is nan"),
        (DAYS, changed(3, -1.0), "close of 2024-01-04 is -1"),
        (DAYS, [1.01**i for i in range(151)], "nothing random"),
    ],
)
def test_a_history_that_cannot_be_fitted_is_named(dates: list[date], closes: list[float], says: str) -> None:
    with pytest.raises(InputError, match=says):
        log_returns(dates, closes)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"regimes": 4}, "1, 2 or 3"),
        ({"resolution_days": 1.0}, "4 to 365.25"),
        ({"starts": 0}, "at least 1"),
        ({"pool": {"OTHER": (DAYS, changed(0, 0.0))}}, "OTHER: the close of 2024-01-01"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        calibrate(DAYS, CLOSES, **options)


def test_a_caller_sees_progress_and_can_stop() -> None:
    seen: list[tuple[int, int]] = []
    calibrate(DAYS, CLOSES, regimes=1, starts=2, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1))
    calls = iter(range(10))
    with pytest.raises(Stopped):
        calibrate(DAYS, CLOSES, should_stop=lambda: next(calls) == 9)
