"""The regime matrix of a step shorter than a month: the principal real root of the monthly one (SPEC 5)."""

from dataclasses import dataclass

import numpy as np

from models.parameters import InputError

# An off-diagonal rate above this is taken as zero: rounding, not an impossible rate.
RATE_TOLERANCE = -1e-12
ROW_TOLERANCE = 1e-9

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class StepMatrix:
    """Transition matrix of one step (rows sum to 1), and how far its month is from the matrix that was asked
    for: max |exp(G) - A|, 0 unless rates were repaired."""

    matrix: np.ndarray
    distance: float


def step_matrix(monthly: Matrix, steps_per_month: int, repair: bool, names: tuple[str, ...]) -> StepMatrix:
    """exp(d G) with d = 1/n months and G the principal real logarithm of the monthly matrix A.

    n = 1 takes A itself. Raises InputError where A has no real logarithm, or where G has a negative rate and
    `repair` is off. With `repair`, negative rates become 0, the diagonal is reset, and every n, 1 included,
    uses exp(d G) of the repaired G.
    """
    a = np.array(monthly)
    if steps_per_month == 1 and not repair:
        return StepMatrix(a, 0.0)
    rates = principal_log(a)
    off = ~np.eye(len(a), dtype=bool)
    row, column = np.unravel_index(np.argmin(np.where(off, rates, np.inf)), rates.shape)
    if len(a) > 1 and rates[row, column] < RATE_TOLERANCE and not repair:
        raise InputError(
            f"the transition matrix has no root for {steps_per_month} steps a month: it would need the rate "
            f"{rates[row, column]:.3g} from {names[row]} to {names[column]}; "
            "use 1 step a month, or allow the repair"
        )
    repaired = bool((rates[off] < RATE_TOLERANCE).any())
    rates = np.where(off, np.maximum(rates, 0.0), 0.0)
    rates -= np.diag(rates.sum(axis=1))
    distance = float(np.abs(matrix_exp(rates) - a).max()) if repaired else 0.0
    if steps_per_month == 1 and not repaired:
        return StepMatrix(a, 0.0)
    step = np.clip(matrix_exp(rates / steps_per_month), 0.0, 1.0)
    return StepMatrix(step / step.sum(axis=1, keepdims=True), distance)


def principal_log(a: np.ndarray) -> np.ndarray:
    """Principal logarithm of a small real matrix, by repeated square roots and Gauss quadrature of
    log(I + X) = integral of X (I + s X)^-1 over s in (0, 1). Raises InputError where it is not real."""
    eigenvalues = np.linalg.eigvals(a)
    on_cut = (np.abs(eigenvalues.imag) < 1e-9) & (eigenvalues.real < 1e-12)
    if on_cut.any():
        worst = eigenvalues.real[on_cut].min()
        raise InputError(
            "the transition matrix has no real root for smaller steps: one of its eigenvalues is "
            f"{worst:.3g}, and all must be above zero; use 1 step a month"
        )
    identity = np.eye(len(a))
    root, halvings = a, 0
    while np.abs(root - identity).max() > 0.1:
        root = _square_root(root)
        halvings += 1
    x = root - identity
    nodes, weights = np.polynomial.legendre.leggauss(16)
    terms = (
        0.5 * w * x @ np.linalg.inv(identity + 0.5 * (s + 1) * x) for s, w in zip(nodes, weights, strict=True)
    )
    return 2.0**halvings * sum(terms, np.zeros_like(a))


def _square_root(a: np.ndarray) -> np.ndarray:
    # Denman and Beavers: converges quadratically when no eigenvalue lies on the negative real axis
    root, inverse = a, np.eye(len(a))
    for _ in range(100):
        following = 0.5 * (root + np.linalg.inv(inverse))
        inverse = 0.5 * (inverse + np.linalg.inv(root))
        change = np.abs(following - root).max()
        root = following
        if change < 1e-15:
            break
    return root


def matrix_exp(a: np.ndarray) -> np.ndarray:
    """exp of a small matrix, by scaling, Taylor series and squaring."""
    squarings = max(0, int(np.ceil(np.log2(max(np.abs(a).sum(axis=1).max(), 1e-300)))) + 4)
    x = a / 2.0**squarings
    term = total = np.eye(len(a))
    for k in range(1, 16):
        term = term @ x / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def stationary(a: np.ndarray) -> np.ndarray:
    """The mix of regimes that one step leaves unchanged. Raises InputError if there are several."""
    n = len(a)
    equations = np.vstack([a.T - np.eye(n), np.ones(n)])
    if np.linalg.matrix_rank(equations) < n:
        raise InputError("the transition matrix has no single stationary mix; let the paths start in calm")
    mix = np.linalg.lstsq(equations, np.append(np.zeros(n), 1.0), rcond=None)[0]
    mix = np.clip(mix, 0.0, None)
    return np.asarray(mix / mix.sum())
