"""Rules on random futures: without shocks they are the projection's, and the IDE is the engine's, path by
path."""

import numpy as np
import pytest

from data.mechanisms import build_mechanisms
from models.mechanism_futures import prices_and_revenue, rules_on_futures
from models.mechanism_paths import compare
from models.parameters import InputError, parse_scenario
from models.projection import project
from models.stress.compare import watched
from models.stress.plan import make_plan
from models.stress.sweep import Stopped
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY
from tests.stress.executors import SHOCKS
from tests.stress.risk_cases import one_market

RULES = build_mechanisms(REGISTRY.facts)


def test_without_shocks_every_path_is_the_projection() -> None:
    scenario = parse_scenario({"eta": 1.0, "u_max": 0.4}, REGISTRY.presets()["both"].scenario)
    frame = project(scenario, PROTOCOL).frame
    price, revenue = frame["price"].to_numpy(), frame["revenue"].to_numpy()
    own = compare(price, revenue, scenario, PROTOCOL, RULES).outcomes
    found = rules_on_futures(scenario, PROTOCOL, one_market(0.0), RULES, paths=3, seed=1)
    for name, outcome in found.outcomes.items():
        for field, values in outcome._asdict().items():
            assert values == pytest.approx(np.repeat(getattr(own[name], field), 3, axis=0)), (name, field)


def test_the_ide_is_the_engine_s_on_every_path() -> None:
    paths = 250
    found = rules_on_futures(BASELINE, PROTOCOL, SHOCKS, RULES, paths=paths, seed=4)
    plan = make_plan(BASELINE, PROTOCOL, SHOCKS)
    burned, released, circulating = watched(
        plan, 4, 0, paths, ("burned", "released", "circulating"), plan.steps
    )
    ide = found.outcomes["ide"]
    assert ide.burned.sum(axis=1) == pytest.approx(burned, rel=1e-9, abs=1)
    assert ide.issued.sum(axis=1) == pytest.approx(released, rel=1e-9, abs=1)
    assert ide.circulating[:, -1] == pytest.approx(circulating, rel=1e-9, abs=1)
    price, revenue = prices_and_revenue(BASELINE, PROTOCOL, SHOCKS, paths, 4)
    # the old schedule: all revenue, and the emission at the month's price
    emitted = found.outcomes["legacy"].issued
    assert found.outcomes["legacy"].income_usd == pytest.approx(revenue + emitted * price)


def test_progress_is_told_and_a_cancel_heard() -> None:
    told: list[tuple[int, int]] = []
    rules_on_futures(
        parse_scenario({"months": 1}, BASELINE), PROTOCOL, SHOCKS, RULES, paths=150, seed=1,
        progress=lambda *now: told.append(now),
    )  # fmt: skip
    assert told == [(100, 150), (150, 150)]
    with pytest.raises(Stopped):
        rules_on_futures(BASELINE, PROTOCOL, SHOCKS, RULES, paths=150, cancelled=lambda: True)


def test_more_than_memory_holds_is_refused() -> None:
    with pytest.raises(InputError, match=r"paths = 20,000 is not allowed over 36 months: at most 13,888 are"):
        rules_on_futures(BASELINE, PROTOCOL, SHOCKS, RULES, paths=20_000)
