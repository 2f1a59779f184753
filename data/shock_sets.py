"""The random shocks that the facts hold: fitted, fitted otherwise, and assumed; the first is the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from data.fact import Fact, Kind
from models.parameters import InputError
from models.shocks import Regime, Shocks

DEFAULT = "fitted"


@dataclass(frozen=True)
class ShockSet:
    """Random shocks under a name. `kind` is that of the price's numbers (derived: fitted to a history;
    assumption); those of demand are assumptions in every set. `limits` says what the set is not; `facts` are
    the ids of what it rests on."""

    name: str
    title: str
    description: str
    limits: str
    kind: Kind
    shocks: Shocks
    facts: tuple[str, ...]


class _Price(NamedTuple):
    """Ids of the facts that move the price."""

    rates: str
    matrix: str
    jump_mean: str
    jump_sd: str


FITTED = _Price("shock_price", "shock_matrix", "jump_mean", "jump_spread")
POOLED = _Price("shock_price_pooled", "shock_matrix_pooled", "jump_mean_pooled", "jump_spread_pooled")
PROVISIONAL = _Price(
    "shock_price_provisional", "shock_matrix_provisional", "jump_mean_provisional", "jump_spread_provisional"
)
ASSUMED, FITTED_DRIFT = "shock_assumed", "shock_drift"
TO_DEMAND, ALL_TO_DEMAND = "jump_into_demand", "jump_into_demand_joint"
START, THETA, RHO = "shock_start", "demand_reversion", "price_demand_correlation"


def build_shock_sets(facts: Mapping[str, Fact]) -> dict[str, ShockSet]:
    """All sets by name, the default first. Raises InputError or ValidationError where facts do not fit."""

    def made(
        name: str,
        title: str,
        description: str,
        limits: str | None,
        price: _Price = FITTED,
        drift: str = ASSUMED,
        to_demand: str = TO_DEMAND,
    ) -> ShockSet:
        shocks = _shocks(facts, price, drift, to_demand)
        rests_on = tuple(dict.fromkeys((*price, drift, ASSUMED, START, to_demand, THETA, RHO)))
        return ShockSet(name, title, description, limits or "", facts[price.rates].kind, shocks, rests_on)

    sets = (
        made(
            DEFAULT,
            "IO's own history",
            "Calm and stress with jumps, fitted to IO's daily closes; the price has no drift.",
            facts["shock_fit_limits"].text,
        ),
        made(
            "pooled",
            "IO and comparable tokens",
            "The same law fitted to IO and comparable tokens together, at IO's scale; no drift.",
            facts["shock_fit_pooled_limits"].text,
            price=POOLED,
        ),
        made(
            "drift",
            "IO's own history with its drift",
            "The fit to IO with the drift that it found in each regime.",
            facts[FITTED_DRIFT].note,
            drift=FITTED_DRIFT,
        ),
        made(
            "joint_crash",
            "Jumps hit demand too",
            "The fit to IO, whose price jumps carry over into demand.",
            facts[ALL_TO_DEMAND].note,
            to_demand=ALL_TO_DEMAND,
        ),
        made(
            "provisional",
            "Before the fit",
            "What stood before the fit: calmer calm, wilder stress, fewer jumps, and those mostly falls.",
            "Every number is an assumption.",
            price=PROVISIONAL,
        ),
    )
    return {s.name: s for s in sets}


def _shocks(facts: Mapping[str, Fact], price: _Price, drift: str, to_demand: str) -> Shocks:
    rates, assumed, drifts = facts[price.rates], facts[ASSUMED], facts[drift]
    if not rates.texts("regime") == assumed.texts("regime") == drifts.texts("regime"):
        raise InputError(f"{price.rates}, {ASSUMED} and {drift} must have the same regimes in the same order")
    regimes = tuple(
        Regime.model_validate({"name": row.pop("regime"), **row, "mu": mu, "g": g, "nu": nu})
        for row, mu, g, nu in zip(
            rates.records(), drifts.numbers("mu"), assumed.numbers("g"), assumed.numbers("nu"), strict=True
        )
    )
    chances = facts[price.matrix]
    return Shocks.model_validate(
        {
            "regimes": regimes,
            "transition": tuple(zip(*map(chances.numbers, chances.texts("regime")), strict=True)),
            "start": facts[START].text,
            "jump_mean": facts[price.jump_mean].number,
            "jump_sd": facts[price.jump_sd].number,
            "jump_demand": facts[to_demand].number,
            "rho": facts[RHO].number,
            "theta": facts[THETA].number,
            "repair_root": False,
            "demean": True,
        }
    )
