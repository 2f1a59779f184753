"""Which controls are marked: by how far each alone swings the chance of a shortfall, against runs by hand."""

from dashboard.marks import INPUTS, LEAST, MOST, strongest
from data.risk_inputs import input_for
from models.attribution import Input, Swings
from models.parameters import parse_scenario
from models.stress.engine import run
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

SHOCKS = REGISTRY.shocks()


def chance(**changes: object) -> float:
    scenario = parse_scenario({"months": 12, **changes}, BASELINE)
    found = run(scenario, PROTOCOL, SHOCKS, paths=256, seed=1, fans=(), device="cpu")
    return float(found.counts.events[0, 1:].sum() / 256)


def test_a_swing_is_the_chance_at_one_end_less_that_at_the_other() -> None:
    scenario = parse_scenario({"months": 12}, BASELINE)
    inputs = tuple(input_for(REGISTRY, name) for name in INPUTS)
    found = Swings(scenario, PROTOCOL, SHOCKS, inputs, 256).answer(lambda: False)
    assert set(found) == set(INPUTS)
    for name in ("H0", "V0_months"):
        low, high = REGISTRY.range_for(name) or (0.0, 0.0)
        assert found[name] == abs(chance(**{name: high}) - chance(**{name: low}))
    orders = [chance(order=order) for order in ("revenue_first", "vault_first")]
    assert found["order"] == max(orders) - min(orders)


def test_what_the_scenario_cannot_be_run_with_is_left_out() -> None:
    scenario = parse_scenario({"months": 3}, BASELINE)
    impossible = Input("V0", "Reward Vault", 0.0, 8e8)  # more than there is
    found = Swings(scenario, PROTOCOL, SHOCKS, (impossible, input_for(REGISTRY, "beta")), 16)
    assert set(found.answer(lambda: False)) == {"beta"}


def test_the_strongest_are_marked_and_what_hardly_moves_it_is_not() -> None:
    swings = {"a": 0.2, "b": LEAST / 2, "c": 0.9, "d": LEAST, "e": 0.3}
    assert strongest(swings) == ("c", "e", "a")[:MOST]
    assert strongest({"b": LEAST / 2}) == ()
