"""The engine against the exact laws of its shocks: which cases are checked, and their rows."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from data.registry import Registry
from data.shock_choices import one_market
from models.parameters import parse_scenario
from models.stress.checks import LARGEST_Z, Check, Laws

YEAR = 12
DAILY = 30
PATHS = 100_000
SEED = 1
HOLDS, OFF = "holds", "off"
COLUMNS = {
    "shocks": pl.String, "steps": pl.String, "law": pl.String, "expected": pl.Float64, "ours": pl.Float64,
    "standard_error": pl.Float64, "z": pl.Float64, "verdict": pl.String,
}  # fmt: skip


class Case(NamedTuple):
    """The laws under one choice of shocks and step length."""

    shocks: str
    steps: str
    laws: Laws


def cases(registry: Registry, paths: int = PATHS, seed: int = SEED) -> list[Case]:
    """One market and the default regimes, by the month and by the day, over a year."""
    protocol, found = registry.protocol(), []
    for name, shocks in (("gbm", one_market(registry.shocks())), ("regimes", registry.shocks())):
        for steps, per_month in (("monthly", 1), ("daily", DAILY)):
            year = parse_scenario({"months": YEAR, "steps_per_month": per_month}, registry.baseline())
            found.append(Case(name, steps, Laws(year, protocol, shocks, paths, seed)))
    return found


def frame(asked: Sequence[Case], checks: Sequence[Sequence[Check]]) -> pl.DataFrame:
    """One row a law: the columns of COLUMNS; z is how many standard errors apart both are."""
    rows = [
        (
            case.shocks, case.steps, c.law, float(c.expected), float(c.ours), float(c.standard_error),
            float(c.z), HOLDS if c.holds else OFF,
        )
        for case, found in zip(asked, checks, strict=True)
        for c in found
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def sentence(rows: pl.DataFrame, paths: int, seed: int) -> str:
    """How many of the laws hold, in one sentence."""
    held = rows.filter(verdict=HOLDS).height
    far = rows.row(rows["z"].abs().arg_max() or 0, named=True)
    return (
        f"{held} of {rows.height} exact laws hold within {LARGEST_Z:g} standard errors over {paths:,} random "
        f"paths (seed {seed}); the furthest is {abs(far['z']):.1f} away: {far['law']}, {far['shocks']}, "
        f"{far['steps']}."
    )
