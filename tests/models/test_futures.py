"""What all suppliers are paid, path by path: the ledger's own payouts, and the same paths as a replay's."""

from typing import Any

import numpy as np
import pytest

from models.parameters import Scenario, parse_scenario
from models.readers.futures import futures, own_future
from models.shocks import Shocks, parse_shocks
from models.stress.monthly import monthly_paths
from models.stress.plan import make_plan, replay
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY, run

CALM: Shocks = parse_shocks(
    {
        "regimes": [{"name": "still", "mu": 0.0, "sigma": 0.0, "jump_rate": 0.0, "g": 0.0, "nu": 0.0}],
        "transition": [[1.0]],
    },
    REGISTRY.shocks(),
)
HARD = {
    "price_shock": -0.5, "demand_shock": -0.55, "eta": 1.5, "controller": True, "V0_months": 3.0,
    "cooldown_days": 14.0,
}  # fmt: skip


@pytest.mark.parametrize("rule", ["ide", "as_reported", "legacy"])
@pytest.mark.parametrize("changes", [{}, HARD, {"demand_shock": 3.0, "eta": 1.0}])
def test_payouts_are_the_ledgers_own(rule: str, changes: dict[str, Any]) -> None:
    one = run(rule=rule, **changes)
    found = futures(one.scenario, PROTOCOL, CALM, paths=1, seed=1)
    frame = one.frame
    paid = frame["paid"] + frame["fee_vault_draw"] + frame["released"] * frame["price"]
    got = (found.by_target + found.by_hire + found.by_emission)[0]
    assert got == pytest.approx(paid.to_numpy(), rel=1e-9)
    assert found.price[0] == pytest.approx(frame["price"].to_numpy())
    share = (frame["unserved"] / (frame["revenue"] + frame["unserved"])).to_numpy()
    assert found.unserved[0] == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("rule", ["ide", "as_reported", "legacy"])
def test_the_own_path_is_the_future_without_shocks(rule: str) -> None:
    scenario = parse_scenario({**HARD, "rule": rule, "steps_per_month": 30}, BASELINE)
    own, still = own_future(scenario, PROTOCOL), futures(scenario, PROTOCOL, CALM, paths=1, seed=1)
    for name in own._fields:
        assert getattr(own, name) == pytest.approx(getattr(still, name), rel=1e-9), name


def test_the_price_is_the_same_under_every_rule() -> None:
    found = [
        futures(parse_scenario({"rule": rule}, BASELINE), PROTOCOL, REGISTRY.shocks(), paths=50, seed=7).price
        for rule in ("ide", "legacy")
    ]
    assert (found[0] == found[1]).all()


def test_daily_steps_are_reckoned_by_the_month() -> None:
    daily = parse_scenario({"steps_per_month": 30}, BASELINE)
    assert futures(daily, PROTOCOL, CALM, paths=1, seed=1).price.shape == (1, BASELINE.months)


@pytest.mark.parametrize("steps_per_month", [1, 3])
def test_every_month_is_that_of_a_replay(steps_per_month: int) -> None:
    scenario: Scenario = parse_scenario(
        {"steps_per_month": steps_per_month, "months": 5, "eta": 1.5}, BASELINE
    )
    plan = make_plan(scenario, PROTOCOL, REGISTRY.shocks())
    found = monthly_paths(plan, 3, 300, ("price", "pay", "N"))
    for path in (0, 127, 128, 299):
        ends = replay(plan, 3, path)[steps_per_month::steps_per_month]
        assert found["price"][path].tolist() == [e.tally.price for e in ends]
        assert found["pay"][path].tolist() == [e.tally.pay for e in ends]
        assert found["N"][path].tolist() == [e.state.N for e in ends]


def test_fewer_paths_are_the_first_of_more() -> None:
    few, many = (futures(BASELINE, PROTOCOL, REGISTRY.shocks(), paths=n, seed=5) for n in (10, 500))
    assert all((np.asarray(a) == np.asarray(b)[:10]).all() for a, b in zip(few, many, strict=True))
