"""What is unpublished besides the vault, the target and the order: the price's drift, and demand."""

import pytest

from data.registry import load_facts
from data.shock_choices import choose, one_market
from data.unpublished import drift_and_demand
from models.parameters import parse_scenario
from models.shocks import Shocks, parse_shocks

REGISTRY = load_facts()
BASELINE, SHOCKS, SETS = REGISTRY.baseline(), REGISTRY.shocks(), REGISTRY.shock_sets()
HISTORY = choose(REGISTRY, "bootstrap", [1.0, 2.0, 1.5, 1.7], 2)


def test_each_moves_one_thing_of_the_default() -> None:
    drift, jumps, middle, highest = drift_and_demand(REGISTRY, BASELINE, SHOCKS)
    assert drift.shocks == SETS["drift"].shocks
    assert jumps.shocks == SETS["joint_crash"].shocks
    assert drift.scenario == jumps.scenario == BASELINE
    # $14.2M and $20M a year
    assert middle.scenario.R_base == pytest.approx(1_183_333.33, abs=0.01)
    assert highest.scenario.R_base == pytest.approx(1_666_666.67, abs=0.01)
    assert middle.shocks == highest.shocks == SHOCKS


@pytest.mark.parametrize(
    ("shocks", "labels"),
    [
        (SETS["drift"].shocks, ["no drift", "price jumps hit demand too"]),
        (SETS["joint_crash"].shocks, ["drift as fitted to IO's price", "price jumps leave demand alone"]),
        (one_market(SHOCKS), ["drift as fitted to IO's price"]),
        (HISTORY, ["the history's own drift"]),
        (parse_shocks({"demean": False}, HISTORY), ["no drift"]),
    ],
)
def test_what_is_so_already_is_turned_round_and_what_cannot_be_is_left_out(
    shocks: Shocks, labels: list[str]
) -> None:
    found = drift_and_demand(REGISTRY, BASELINE, shocks)
    assert [a.label for a in found][:-2] == labels
    assert all((a.scenario, a.shocks) != (BASELINE, shocks) for a in found)


def test_observed_revenue_has_no_claims_beside_it() -> None:
    replay = parse_scenario({"revenue_history": (1e6,) * 36}, BASELINE)
    assert [a.scenario for a in drift_and_demand(REGISTRY, replay, SHOCKS)] == [replay, replay]
