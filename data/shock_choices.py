"""The random shocks that a reader can choose between, all made from the same facts."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from data.registry import Registry
from data.shock_sets import DEFAULT
from models.markov import stationary, step_matrix
from models.parameters import InputError
from models.shocks import Regime, Shocks, parse_shocks

Choice = Literal["gbm", "regimes", "bootstrap"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
TITLES: dict[Choice, str] = {
    "gbm": "One market (GBM)",
    "regimes": "Calm and stress, with jumps",
    "bootstrap": "Days of a real history",
}


def choose(
    registry: Registry,
    choice: str,
    closes: Sequence[float] | None = None,
    block_days: int | None = None,
    named: str = DEFAULT,
) -> Shocks:
    """The shocks of one choice, made from the set `named`. A bootstrap takes its daily `closes` (USD, oldest
    first) in blocks of `block_days`, else as many as the facts say; its demand is that of the set. Raises
    InputError."""
    if choice not in CHOICES:
        raise InputError(f"there are no shocks {choice!r}; there are {', '.join(CHOICES)}")
    sets = registry.shock_sets()
    if named not in sets:
        raise InputError(f"there is no set of shocks {named!r}; there are {', '.join(sets)}")
    shocks = sets[named].shocks
    if choice == "gbm":
        return one_market(shocks)
    if choice == "regimes":
        return shocks
    if closes is None:
        raise InputError("the bootstrap draws from a history of daily prices, and none was given")
    days = int(registry.facts["bootstrap_block_days"].number) if block_days is None else block_days
    return parse_shocks({"history": [*closes], "block_days": days}, shocks)


def one_market(shocks: Shocks) -> Shocks:
    """Geometric Brownian motion with the regimes' long-run mean drifts, and with volatilities that give the
    same variance a year as their long-run mix, jumps included. The demand of jumps is left out with them."""
    share = stationary(np.array(shocks.transition))
    jump = shocks.jump_sd**2 + shocks.jump_mean**2

    def mix(values: list[float]) -> float:
        return float(share @ np.array(values))

    market = Regime(
        name="market",
        mu=mix([r.mu for r in shocks.regimes]),
        sigma=math.sqrt(mix([r.sigma**2 + r.jump_rate * jump for r in shocks.regimes])),
        jump_rate=0.0,
        g=mix([r.g for r in shocks.regimes]),
        nu=math.sqrt(mix([r.nu**2 for r in shocks.regimes])),
    )
    return shocks.model_copy(update={"regimes": (market,), "transition": ((1.0,),)})


def repaired(shocks: Shocks, steps_per_month: int) -> str:
    """How far the repair has moved the regime matrix, for the reader."""
    distance = step_matrix(
        shocks.transition, steps_per_month, shocks.repair_root, tuple(r.name for r in shocks.regimes)
    ).distance
    if distance == 0:
        return "the transition matrix needed no repair"
    return (
        "the transition matrix was repaired: its negative rates are zero, which moves the monthly chances by "
        f"up to {distance:.2g}"
    )


def provisional(registry: Registry, shocks: Shocks) -> str:
    """What of these shocks is fitted and what is assumed, for the reader."""
    if shocks.history is not None:
        return (
            f"provisional: the price draws blocks of {shocks.block_days} days from a history of "
            f"{len(shocks.history)} daily closes, but how demand moves is assumed, since prices cannot tell"
        )
    for known in registry.shock_sets().values():
        if shocks in (known.shocks, one_market(known.shocks)):
            fitted = "the price's shocks are fitted, the demand's assumed"
            what = fitted if known.kind == "derived" else "all of these shocks are assumed"
            return f"provisional: {what}. {known.limits}".removesuffix(".")
    return "provisional: these shocks are yours; of what you did not set, how demand moves is assumed"
