"""An economy small enough to work out by hand: IO at 1 USD, suppliers owed 100 USD a month, no emission."""

from typing import Any

from models.parameters import Scenario, parse_scenario
from models.shocks import Shocks, parse_shocks
from tests.scenarios import BASELINE
from tests.stress.executors import SHOCKS

H = 100.0


def small(**changes: Any) -> Scenario:
    """Revenue 0 unless changed, so that the vaults pay everything."""
    plain = {"P0": 1.0, "H0": H, "R_base": 0.0, "contracts": (), "kappa": 0.0, "V0": 0.0, "months": 6}
    return parse_scenario(plain | changes, BASELINE)


def one_market(sigma: float, nu: float = 0.0, rho: float = 0.0) -> Shocks:
    """Geometric Brownian motion without drift and jumps, demand with reversion 1 a year."""
    market = {"name": "market", "mu": 0.0, "sigma": sigma, "jump_rate": 0.0, "g": 0.0, "nu": nu}
    return parse_shocks({"regimes": [market], "transition": [[1.0]], "rho": rho, "theta": 1.0}, SHOCKS)
