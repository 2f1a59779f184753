"""The engine against the exact laws of its shocks: expected, ours, standard error, verdict."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models import shock_laws as laws
from models.parameters import Protocol, Scenario
from models.shocks import MONTHS_PER_YEAR, Shocks
from models.stress import cpu
from models.stress.counts import EVENTS, Counts, Layout, Watch
from models.stress.plan import make_plan

LARGEST_Z = 4.0
BARRIER = 0.5  # of the price at the start


class Check(NamedTuple):
    """One law. The standard error is the law's own, from its closed form."""

    law: str
    expected: float
    ours: float
    standard_error: float

    @property
    def z(self) -> float:
        """Distance in standard errors; 0 where both agree to rounding."""
        if math.isclose(self.ours, self.expected, rel_tol=1e-9, abs_tol=1e-12):
            return 0.0
        return (self.ours - self.expected) / self.standard_error if self.standard_error > 0 else math.inf

    @property
    def holds(self) -> bool:
        return abs(self.z) <= LARGEST_Z


def paying_in_tokens(scenario: Scenario) -> Scenario:
    """The scenario with nothing left but a constant USD amount that the whole vault pays at the price of each
    step, so that what it releases is the sum of 1/P."""
    changes = {
        "rule": "ide", "R_base": 0.0, "contracts": (), "H0": 1e-3, "V0": None, "V0_months": 240.0, "F0": 0.0,
        "order": "revenue_first", "price_shock": 0.0, "demand_shock": 0.0, "impact": 0.0, "eta": 0.0,
        "controller": False, "release_cap": None, "chi": 0.0, "price_history": None, "revenue_history": None,
    }  # fmt: skip
    return scenario.model_copy(update=changes)


def check_laws(scenario: Scenario, protocol: Protocol, shocks: Shocks, paths: int, seed: int) -> list[Check]:
    """The moments at the end of the run of price, log price, log demand and tokens paid, and the regimes'
    shares; in one regime their variances too and, without jumps, the correlation and the barrier.

    `shocks` must have no history: a bootstrap has no closed form."""
    paid = paying_in_tokens(scenario)
    plan = make_plan(paid, protocol, shocks)
    watch = Watch.of(("x", "y", "regime", "released"), plan.steps, paths)
    cpu.run_block(plan, seed, 0, paths, Counts.empty(Layout((), plan.months, plan.steps)), watch)
    x, y, regime, released = watch.values
    n, steps = plan.steps_per_month, plan.steps

    def mean(law: str, values: np.ndarray, expected: float, variance: float) -> Check:
        return Check(law, expected, float(values.mean()), math.sqrt(max(variance, 0.0) / paths))

    price, log_price, log_demand = (
        f(shocks, n, steps) for f in (laws.price, laws.log_price, laws.log_demand)
    )
    tokens, tokens_variance = laws.tokens_for_a_dollar_a_step(shocks, n, steps)
    scale = paid.H0 / n / paid.P0
    checks = [
        mean("mean price", np.exp(x), price.mean[-1], price.variance[-1]),
        mean("mean log price", x, log_price.mean[-1], log_price.variance[-1]),
        mean("mean log demand", y, log_demand.mean[-1], log_demand.variance[-1]),
        mean("mean tokens to pay a constant USD amount", released / scale, tokens, tokens_variance),
    ]
    shares = laws.regime_shares(shocks, n, steps)[-1]
    for k, (r, share) in enumerate(zip(shocks.regimes, shares.tolist(), strict=True)):
        checks.append(mean(f"share of paths in {r.name}", regime == k, share, share * (1 - share)))
    if len(shocks.regimes) == 1:
        variance = float(log_price.variance[-1])
        fourth = laws.log_price_fourth_cumulant(shocks, n, steps)
        error = math.sqrt((fourth + 2 * variance**2) / paths)
        checks.append(Check("variance of log price", variance, float(x.var()), error))
        if not shocks.regimes[0].jump_rate:
            variance = float(log_demand.variance[-1])
            error = variance * math.sqrt(2 / paths)
            checks.append(Check("variance of log demand", variance, float(y.var()), error))
            checks += _of_geometric_brownian_motion(paid, protocol, shocks, paths, seed)
    return checks


def _of_geometric_brownian_motion(
    paid: Scenario, protocol: Protocol, shocks: Shocks, paths: int, seed: int
) -> list[Check]:
    """Correlation of a step's moves, and the chance that the price is at or below BARRIER at a step's end.

    The engine counts shortfalls: a release cap that is just enough at the barrier makes one of each visit."""
    (market,) = shocks.regimes
    checks = []
    plan = make_plan(paid.model_copy(update={"release_cap": paid.H0 / (BARRIER * paid.P0)}), protocol, shocks)
    watch, counts = Watch.of(("x", "y"), 1, paths), Counts.empty(Layout((), plan.months, plan.steps))
    cpu.run_block(plan, seed, 0, paths, counts, watch)
    if market.sigma > 0 and market.nu > 0:
        ours, error = float(np.corrcoef(watch.values)[0, 1]), (1 - shocks.rho**2) / math.sqrt(paths)
        checks.append(Check("correlation of a step's price and demand", shocks.rho, ours, error))
    if market.sigma > 0:
        years = plan.months / MONTHS_PER_YEAR
        p = laws.barrier_probability(market.sigma, market.mu, years, plan.steps, BARRIER)
        share = 1 - int(counts.events[EVENTS.index("shortfall"), 0]) / paths
        name = f"chance of a price at or below {BARRIER:g} of the start"
        checks.append(Check(name, p, share, math.sqrt(p * (1 - p) / paths)))
    return checks


@dataclass(frozen=True)
class Laws:
    """`check_laws` as a request to the engine's process."""

    scenario: Scenario
    protocol: Protocol
    shocks: Shocks
    paths: int
    seed: int

    @property
    def path_steps(self) -> int:
        return self.paths * self.scenario.months * self.scenario.steps_per_month

    def answer(self, _: Callable[[], bool]) -> list[Check]:
        return check_laws(self.scenario, self.protocol, self.shocks, self.paths, self.seed)
