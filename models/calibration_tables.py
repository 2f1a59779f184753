"""What a fit found, as frames: parameters with errors, rivals, and where the starts ended."""

import math
from collections.abc import Callable

import numpy as np
import polars as pl

from models.price_fit import SAME_OPTIMUM, Fit, Shape
from models.price_law import DAYS_PER_YEAR, Array, DailyLaw

EDGE = "at the edge of what is searched"
UNDETERMINED = "this history does not determine it"
OWN_MEAN = "moved to this token's own mean, whose error it carries"

Row = tuple[str, str | None, str]


def law_name(shape: Shape) -> str:
    if shape.regimes == 1:
        return "one regime with jumps" if shape.jumps else "geometric Brownian motion"
    return f"{shape.regimes} regimes{' with jumps' if shape.jumps else ''}"


def parameter_table(
    best: Fit, brought: Callable[[DailyLaw], DailyLaw], names: tuple[str, ...]
) -> pl.DataFrame:
    """parameter (SPEC section 5), regime, value, standard_error, unit, remark. `brought` takes the fitted law
    to the one reported. An error is null where the remark says why: an entry at the edge of what is searched,
    a history that does not determine it, or a drift that came from elsewhere."""
    law = brought(best.law)
    moved = not np.array_equal(law.location, best.law.location)
    values, errors = _values(law), best.errors(lambda law: _values(brought(law)))
    stuck = _stuck_moves(best, names)
    out = []
    for i, (parameter, regime, unit) in enumerate(_rows(names)):
        error, remark = (None, UNDETERMINED) if errors is None else (float(errors[i]), None)
        if error == 0 or (parameter == "A" and regime in stuck):
            error, remark = None, EDGE
        if moved and parameter in ("mu", "mean drift"):
            error, remark = None, OWN_MEAN
        out.append((parameter, regime, float(values[i]), error, unit, remark))
    schema = {
        "parameter": pl.String,
        "regime": pl.String,
        "value": pl.Float64,
        "standard_error": pl.Float64,
        "unit": pl.String,
        "remark": pl.String,
    }
    return pl.DataFrame(out, schema=schema, orient="row")


def _stuck_moves(best: Fit, names: tuple[str, ...]) -> set[str]:
    """Moves out of a regime whose rate is at the edge of what is searched, and the stays they decide."""
    pairs = [(i, j) for i in names for j in names if i != j]
    free = best.free[len(best.free) - len(pairs) :]
    stuck = [pair for pair, moves in zip(pairs, free, strict=True) if not moves]
    return {f"{i} to {j}" for i, j in stuck} | {f"{i} to {i}" for i, _ in stuck}


def _values(law: DailyLaw) -> Array:
    """The table's values, in the order of `_rows`."""
    volatility = math.sqrt(law.mix @ law.variance * DAYS_PER_YEAR)
    chain = [*law.monthly_matrix.ravel(), *law.mix, law.mix @ law.mu] if law.regimes > 1 else []
    return np.array([*law.mu, *law.sigma, *law.jump_rate, law.jump_mean, law.jump_sd, *chain, volatility])


def _rows(names: tuple[str, ...]) -> list[Row]:
    """(parameter, regime, unit)."""
    units = {"mu": "1/year", "sigma": "1/sqrt(year)", "lambda": "jumps/year"}
    rows: list[Row] = [(p, name, u) for p, u in units.items() for name in names]
    rows += [("m_J", None, "log price"), ("s_J", None, "log price")]
    if len(names) > 1:
        rows += [("A", f"{i} to {j}", "share/month") for i in names for j in names]
        rows += [("share of time", name, "share") for name in names]
        rows.append(("mean drift", None, "1/year"))
    return [*rows, ("volatility with jumps", None, "1/sqrt(year)")]


def comparison(best: Fit, rivals: list[Fit]) -> pl.DataFrame:
    """law, regimes, jumps, resolution_days, parameters, log_likelihood, aic, bic, fitted (the one reported),
    by rising AIC. The numbers compare laws over the same returns and mean nothing across histories."""
    rows = [
        {
            "law": law_name(f.shape),
            "regimes": f.shape.regimes,
            "jumps": f.shape.jumps,
            "resolution_days": f.shape.resolution_days,
            "parameters": f.shape.parameters,
            "log_likelihood": f.log_likelihood,
            "aic": f.aic,
            "bic": f.bic,
            "fitted": f is best,
        }
        for f in [best, *rivals]
    ]
    return pl.DataFrame(rows).sort("aic")


def stability(best: Fit) -> pl.DataFrame:
    """start, log_likelihood it came to, behind (the best), same (optimum)."""
    behind = best.log_likelihood - np.array(best.ends)
    return pl.DataFrame(
        {
            "start": range(1, len(behind) + 1),
            "log_likelihood": best.ends,
            "behind": behind,
            "same": behind < SAME_OPTIMUM,
        }
    )
