"""How likely a designed shock is: by the covariance of one month in stress, and against a price that fell."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.parameters import InputError
from models.shocks import Shocks, step_rates

Array = npt.NDArray[np.float64]


def stress_month(shocks: Shocks) -> tuple[Array, float]:
    """S, the covariance of one month's changes of (x, y) in the regime in which the price moves most, and the
    monthly chance of staying in it. Raises InputError where no shock has a likelihood."""
    if shocks.history is not None:
        raise InputError(
            "the nearest shock is measured by the shocks' covariance, which a bootstrap does not state: "
            "choose gbm or regimes"
        )
    r = step_rates(shocks, 1)
    jump = r.jump * (shocks.jump_sd**2 + shocks.jump_mean**2) - (r.jump * shocks.jump_mean) ** 2
    variance = r.spread**2 + jump
    s = int(np.argmax(variance))
    together = shocks.rho * r.spread[s] * r.noise[s] + shocks.jump_demand * jump[s]
    matrix = np.array(
        [[variance[s], together], [together, r.noise[s] ** 2 + shocks.jump_demand**2 * jump[s]]]
    )
    if not np.linalg.det(matrix) > 1e-12 * matrix[0, 0] * matrix[1, 1]:
        raise InputError(
            "these shocks cannot move price and demand apart, so no shock is nearest: raise sigma and nu "
            "above 0, and keep rho between -1 and 1"
        )
    return matrix, shocks.transition[s][s]


def cost(price_drop: Array, demand_drop: Array, months: int, covariance: Array, stay: float) -> Array:
    """z' S^-1 z / 2 - (months - 1) ln A_ss, z the log drops: the lower, the likelier."""
    z = np.stack([np.log1p(-price_drop), np.log1p(-demand_drop)], axis=-1)
    depth = np.einsum("...i,ij,...j->...", z, np.linalg.inv(covariance), z) / 2
    if months == 1:
        return np.asarray(depth)
    return np.asarray(depth - (months - 1) * (math.log(stay) if stay > 0 else -math.inf))


def worst_falls(closes: Sequence[float], durations: Sequence[int]) -> dict[int, float]:
    """The deepest fall of a price over at most so many months, from one monthly close to a later one."""

    def fall(months: int) -> float:
        pairs = ((a, b) for k, a in enumerate(closes) for b in closes[k + 1 : k + 1 + months])
        return max((1 - after / before for before, after in pairs), default=0.0)

    return {months: max(fall(months), 0.0) for months in durations}
