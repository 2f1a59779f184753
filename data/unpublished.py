"""Named alternatives of what neither io.net nor a price can tell: the price's drift, and demand.

Those of the vault, the payout target and the order stand in data/presets.py; these are moved one at a time.
"""

from collections.abc import Mapping
from typing import NamedTuple

from data.registry import Registry
from data.shock_choices import one_market
from models.parameters import Scenario, parse_scenario
from models.shocks import Shocks

CLAIMS = {"revenue_claim_mid_usd": "middle", "revenue_claim_high_usd": "highest"}
JOINT = "jump_into_demand_joint"


class Alternative(NamedTuple):
    """One named way in which what is unpublished may be."""

    label: str
    scenario: Scenario
    shocks: Shocks


def drift_and_demand(registry: Registry, scenario: Scenario, shocks: Shocks) -> list[Alternative]:
    """The run with another drift, with demand that falls with the price's jumps, and on the other claims of
    2026 revenue: what of these is not so already, and what the run can feel."""
    made = [Alternative(label, scenario, other) for label, other in _other_shocks(registry, shocks)]
    if scenario.revenue_history is None:
        for id_, words in CLAIMS.items():
            claimed = parse_scenario({"R_base": registry.facts[id_].number / 12}, scenario)
            if claimed != scenario:
                made.append(Alternative(f"base revenue at the {words} claim", claimed, shocks))
    return made


def _other_shocks(registry: Registry, shocks: Shocks) -> list[tuple[str, Shocks]]:
    if shocks.history is not None:
        label = "the history's own drift" if shocks.demean else "no drift"
        return [(label, shocks.model_copy(update={"demean": not shocks.demean}))]
    found = []
    drifts = _fitted_drifts(registry)
    if any(r.mu for r in shocks.regimes):
        found.append(("no drift", _drifting(shocks, {})))
    elif all(r.name in drifts for r in shocks.regimes):
        found.append(("drift as fitted to IO's price", _drifting(shocks, drifts)))
    if any(r.jump_rate for r in shocks.regimes):
        carried = 0.0 if shocks.jump_demand else registry.facts[JOINT].number
        label = "price jumps hit demand too" if carried else "price jumps leave demand alone"
        found.append((label, shocks.model_copy(update={"jump_demand": carried})))
    return found


def _fitted_drifts(registry: Registry) -> dict[str, float]:
    """Drift a year by the regime's name, that of the one market of GBM among them."""
    drifting = registry.shock_sets()["drift"].shocks
    return {r.name: r.mu for r in (*drifting.regimes, *one_market(drifting).regimes)}


def _drifting(shocks: Shocks, drifts: Mapping[str, float]) -> Shocks:
    regimes = tuple(r.model_copy(update={"mu": drifts.get(r.name, 0.0)}) for r in shocks.regimes)
    return shocks.model_copy(update={"regimes": regimes})
