"""What a fleet is paid, path by path and month by month.

The network's pay is shared by weight: GPUs times multiplier times the share of the day that they are up. How
the payout target H = N x (ROI + Z) is shared is not published, so income is reckoned in two ways: by the
fleet's share of all weight, and by its own ROI + Z. The old schedule beside it gives revenue to those who are
hired and emission by score, of which the published part goes by weight.
"""

from typing import NamedTuple

import numpy as np
from pydantic import Field

from models.parameters import Strict
from models.readers.fleet import Fleet
from models.readers.futures import Array, Futures

MONTHS_PER_YEAR = 12
# How income is reckoned.
WAYS = {
    "multiplier": "Engine, by share of all multipliers",
    "roi": "Engine, by own ROI + Z",
    "legacy": "Old schedule",
}


class Judgement(Strict):
    """What nobody has published, and the supplier's own discounting. Rates are a year."""

    mean_multiplier: float = Field(title="Mean multiplier", gt=0, le=1000)
    roi_target: float = Field(title="Return in the target", ge=0, le=10)
    discount_rate: float = Field(title="Discount rate", ge=0, le=10)


class Case(NamedTuple):
    """Everything that an income is reckoned from: the fleet, and what the network pays under the engine and
    under the old schedule on the same random paths."""

    fleet: Fleet
    judged: Judgement
    engine: Futures
    old: Futures
    target_usd: float  # H_0, a month
    price_usd: float  # of an IO when the stake is bought


class Income(NamedTuple):
    """USD a month, paths x months."""

    pay: Array  # for work: fees are kept from it
    emission: Array  # block rewards: no fee is published for them


def network_weight(case: Case) -> float:
    """Of all other active GPUs at the start."""
    return case.fleet.terms.active_gpus * case.judged.mean_multiplier


def income(case: Case, way: str) -> Income:
    """What the fleet is paid before fees and electricity, by one of WAYS."""
    fleet = case.fleet
    f = case.old if way == "legacy" else case.engine
    nothing = np.zeros_like(f.price)
    if fleet.weight == 0:
        return Income(nothing, nothing)
    if way == "roi":
        target = case.judged.roi_target / MONTHS_PER_YEAR * fleet.paid_capital_usd
        return Income(f.pay * (target + fleet.paid_electricity_usd), nothing)
    others = network_weight(case)
    by_weight = fleet.weight / (others * f.active + fleet.weight)
    by_hire = nothing
    if fleet.hired_weight > 0:
        by_hire = fleet.hired_weight / (others * f.hired + fleet.hired_weight)
    emission = fleet.terms.enterprise_share * f.by_emission
    return Income(f.by_target * by_weight + f.by_hire * by_hire, emission * by_weight)


def net(case: Case, way: str) -> Array:
    """USD a month after the fees on pay in USDC and after electricity, paths x months."""
    terms, earned = case.fleet.terms, income(case, way)
    kept = 1 - terms.fee_reservation - terms.fee_usdc
    return np.asarray(earned.pay * kept + earned.emission - case.fleet.electricity_usd)
