"""A second contract and the old schedule on the same paths: mixtures by hand, and the engine's own counts."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.frontier import STILL
from models.parameters import InputError, Scenario, parse_scenario
from models.readers.outlook import (
    Ahead,
    Outlook,
    Prospect,
    contract_rows,
    horizons,
    mixed,
    parse_prospect,
)
from models.schedules import monthly_emission, scheduled_circulating
from models.shocks import Shocks
from models.stress.contrast import contrast
from models.stress.plan import make_plan
from models.stress.summary import cumulative
from models.stress.sweep import Stopped, count
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY, run

SECOND = Prospect(probability=0.25, usd=650_000.0, first=4, months=12)


def ask(
    scenario: Scenario = BASELINE, shocks: Shocks | None = None, paths: int = 300, prospect: Prospect = SECOND
) -> Outlook:
    return Ahead(scenario, prospect, PROTOCOL, shocks or REGISTRY.shocks(), 3, paths).answer()


def row(frame: pl.DataFrame, quantity: str, horizon: int = 36) -> dict[str, Any]:
    return frame.row(
        by_predicate=(pl.col("horizon") == horizon) & (pl.col("quantity") == quantity), named=True
    )


def two_paths() -> dict[str, dict[str, Any]]:
    names = ("released", "net_issuance", "shortfall_usd", "burned")
    one = {name: np.array([10.0, 20.0]) for name in names} | {"shortfall": np.array([1.0, 0.0])}
    two = {name: np.array([14.0, 26.0]) for name in names} | {"shortfall": np.array([0.0, 0.0])}
    return {r["quantity"]: r for r in contract_rows(one, two, 0.25)}


def test_a_mixture_of_two_paths_by_hand() -> None:
    found = two_paths()["burned"]
    assert (found["one"], found["two"], found["difference"]) == (15.0, 20.0, 5.0)
    # differences 4 and 6: standard deviation sqrt(2), over sqrt(2) paths
    assert found["difference_error"] == pytest.approx(1.0)
    # a quarter of it: 0.75 x 15 + 0.25 x 20; the paths' own mixtures are 11 and 21.5, 10.5 apart
    assert (found["expected"], found["effect"]) == (16.25, 1.25)
    assert found["effect_error"] == pytest.approx(0.25)
    assert found["expected_error"] == pytest.approx(10.5 / 2)
    # the effect is 0 with 0.75, 4 and 6 with 0.125 each; the level 10, 20 with 0.375, 14, 26 with 0.125
    assert (found["effect_low"], found["effect_high"]) == (0.0, 6.0)
    assert (found["expected_low"], found["expected_high"]) == (10.0, 26.0)


def test_a_single_future_has_no_chance_but_can_be_spared() -> None:
    found = two_paths()["shortfall"]
    assert (found["one"], found["two"], found["effect"]) == (0.5, 0.0, -0.125)
    assert (found["avoided"], found["caused"]) == (0.5, 0.0)
    assert "effect_low" not in found


def test_ranks_of_a_mixture_count_what_is_likely_alone() -> None:
    a, b = np.arange(100.0), 1000.0 + np.arange(100.0)
    assert mixed(a, b, 0.0) == (4.0, 94.0)  # the 5th and the 95th of a hundred
    assert mixed(a, b, 1.0) == (1004.0, 1094.0)
    # half of each: the 10th of the lower hundred, the 90th of the upper
    assert mixed(a, b, 0.5) == (9.0, 1089.0)


def test_the_contract_without_chance_is_the_arithmetic_of_its_surplus() -> None:
    found = row(ask(shocks=STILL, paths=1).contract, "burned")
    # months 4 to 12: 0.65M more of surplus, half of it burned at $0.17, is 1.91176M IO a month; months 13 to
    # 15: 1.69M - 1.35M of surplus instead of none, 1M IO a month
    assert found["difference"] == pytest.approx(9 * 0.325e6 / 0.17 + 3 * 1e6)
    assert found["effect"] == pytest.approx(found["difference"] / 4)
    assert found["difference_error"] is None


def test_what_stands_on_each_side_is_the_engine_s_own_count() -> None:
    joint = REGISTRY.presets()["both"].scenario
    two = parse_scenario({"contracts": (*joint.contracts, SECOND.contract)}, joint)
    found, paths = ask(joint), 300
    a, b = (make_plan(s, PROTOCOL, REGISTRY.shocks()) for s in (joint, two))
    paired = contrast((joint, two), PROTOCOL, REGISTRY.shocks(), seed=3, paths=paths)
    for horizon in horizons(36):
        chance = row(found.contract, "shortfall", horizon)
        for name, plan in {"one": a, "two": b}.items():
            assert chance[name] == cumulative(count(plan, 3, paths), "shortfall")[horizon - 1].value
        expected = paired.short_difference_by_month(1)[horizon - 1]
        assert chance["difference"] == pytest.approx(expected.value)
        # there the variance is over all paths, here over one fewer
        corrected = expected.standard_error * math.sqrt(paths / (paths - 1))
        assert chance["difference_error"] == pytest.approx(corrected)
    assert row(found.contract, "shortfall_usd")["difference"] == pytest.approx(
        paired.difference(1, "short_usd").value
    )


@pytest.mark.parametrize("steps", [1, 5])
def test_the_old_schedule_s_supply_is_the_calendar_s(steps: int) -> None:
    found = ask(parse_scenario({"steps_per_month": steps}, BASELINE), paths=50)
    for horizon in horizons(36):
        at = row(found.rules, "circulating", horizon)
        assert at["old"] == pytest.approx(scheduled_circulating(PROTOCOL, 23 + horizon))
        assert at["old_error"] == pytest.approx(0, abs=1)
        issued = row(found.rules, "released", horizon)
        assert issued["old"] == pytest.approx(sum(monthly_emission(PROTOCOL)[23 : 23 + horizon]))
        assert row(found.rules, "burned", horizon)["old"] == 0


def test_income_under_both_rules_without_chance() -> None:
    at = row(ask(shocks=STILL, paths=2).rules, "income_usd", 24)
    emitted = sum(monthly_emission(PROTOCOL)[23:47])
    # a year with the contract and one without: all revenue, and all emission at $0.17
    assert at["old"] == pytest.approx(12 * 1.69e6 + 12 * 1.04e6 + 0.17 * emitted)
    frame = run().frame.head(24)
    assert at["engine"] == pytest.approx(float((frame["target"] - frame["short"]).sum()))
    assert at["difference"] == pytest.approx(at["engine"] - at["old"])
    assert (at["low"], at["high"], at["difference_error"]) == (at["difference"], at["difference"], 0.0)


def test_an_alternative_s_row_is_the_answer_of_that_alternative() -> None:
    joint = REGISTRY.presets()["both"].scenario
    named = tuple(REGISTRY.alternatives(joint, ("H0",)))
    found = Ahead(joint, SECOND, PROTOCOL, REGISTRY.shocks(), 3, 60, named).answer().alternatives
    assert found["label"].to_list() == [label for label, _ in named]
    for at, (_, other) in zip(found.iter_rows(named=True), named, strict=True):
        alone = ask(other, paths=60)
        for name in ("burned", "net_issuance", "shortfall"):
            assert at[name] == row(alone.contract, name)["difference"]
            assert at[f"{name}_error"] == row(alone.contract, name)["difference_error"]
        assert at["circulating"] == pytest.approx(row(alone.rules, "circulating")["difference"])
    assert found["burned"].n_unique() == len(named)


def test_a_scenario_under_the_old_schedule_is_compared_with_the_engine() -> None:
    old = ask(parse_scenario({"rule": "legacy"}, BASELINE), paths=50).rules
    assert old.equals(ask(paths=50).rules)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"probability": 1.01}, "(probability) = 1.01 is not allowed: it must be a share from 0 to 1"),
        ({"probability": -0.1}, "Probability (probability) = -0.1"),
        ({"usd": -650_000.0}, "Size (usd) = -650000.0 is not allowed: it must be more than 0"),
        ({"usd": float("nan")}, "Size (usd) = nan"),
        ({"months": 0}, "Length (months) = 0 is not allowed: it must be a whole number of months"),
        ({"months": 1.5}, "Length (months) = 1.5"),
        ({"first": 0}, "First month (first) = 0"),
        ({"first": 37}, "it would start in month 37, after the run's 36 months"),
        ({"colour": 1}, "colour is not a part of a contract"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_is_one_sentence(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_prospect(SECOND.model_dump() | changes, 36)
    assert says in str(refused.value)


def test_more_paths_than_memory_takes_and_a_cancel() -> None:
    with pytest.raises(InputError, match="1 to 166,666 are"):
        ask(paths=200_000)
    with pytest.raises(Stopped):
        Ahead(BASELINE, SECOND, PROTOCOL, REGISTRY.shocks(), 1, 100).answer(lambda: True)
