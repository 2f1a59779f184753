"""A network small enough to reckon by hand, for the readers' tests."""

import numpy as np

from models.readers.fleet import Fleet, Terms, parse_fleet
from models.readers.fleet_income import Case, Judgement
from models.readers.futures import Array, Futures

# Ten active GPUs of mean multiplier 2: a weight of 20.
TERMS = Terms(
    multipliers={"Big": 5.0, "Small": 0.5, "M9": 1.0},
    min_memory_gb=4, min_down_mbps=100, min_up_mbps=75, min_uptime_hours=5, first_test_hours=12,
    proofs="Proof of work every hour; proof of time-lock over rolling windows",
    stake_per_gpu_io=200, unstaking_days=14, costaker_wait_days=7, costake_max_share=0.5, slashing="unknown",
    fee_reservation=0.0025, fee_usdc=0.02, fee_io=0.0, enterprise_share=0.95, score="", active_gpus=10,
)  # fmt: skip
# One GPU of weight 5, a kilowatt all day at $0.10: 730.5 hours a month, $73.05.
BIG = {
    "model": "Big", "count": 1, "price_usd": 200.0, "watts": 1000.0, "usd_per_kwh": 0.1, "uptime_hours": 24.0,
    "hired": 0.5,
}  # fmt: skip
JUDGED = Judgement(mean_multiplier=2.0, roi_target=0.6, discount_rate=0.0)
TARGET = 1000.0


def fleet(*rows: dict[str, object]) -> Fleet:
    return parse_fleet([BIG | row for row in rows or ({},)], TERMS)


def engine(pay: Array, price: Array | None = None) -> Futures:
    """The engine at a target of 1000 USD a month and these pays, nobody leaving."""
    nothing = np.zeros_like(pay)
    return Futures(
        price=np.ones_like(pay) if price is None else price,
        pay=pay,
        active=np.ones_like(pay),
        hired=nothing,
        by_target=TARGET * pay,
        by_hire=nothing,
        by_emission=nothing,
        unserved=nothing,
    )


def old(pay: Array) -> Futures:
    """The old schedule: 100 USD of revenue to what is hired, 40 % of all, and 50 USD of emission."""
    of = engine(pay)
    return of._replace(
        hired=np.full_like(pay, 0.4),
        by_target=np.zeros_like(pay),
        by_hire=np.full_like(pay, 100.0),
        by_emission=np.full_like(pay, 50.0),
    )


def case(pay: Array, *rows: dict[str, object], price: Array | None = None) -> Case:
    return Case(fleet(*rows), JUDGED, engine(pay, price), old(pay), TARGET, 1.0)
