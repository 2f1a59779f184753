"""The policy lab against a hand-made table, a hand-worked economy, every path, and levers of known effect."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from data.policy_inputs import LEVERS, levers_for
from models import policy
from models.parameters import InputError, parse_scenario
from models.policy import DOMINATED, EFFICIENT, UNCLEAR, best, lab, pays_less, unbeaten, verdicts
from models.policy_design import CONTROLLER, alone, design, explore, policy_of, settled
from models.stress.compare import watched
from models.stress.plan import make_plan
from models.stress.sweep import Stopped
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY
from tests.stress.executors import SHOCKS
from tests.stress.risk_cases import one_market, small

ALL = levers_for(REGISTRY, LEVERS)
NOW = policy_of(BASELINE, LEVERS)


def test_dominance_on_a_table_made_by_hand() -> None:
    """B burns more than A at A's risk, C is safer than D and burns more; E does what B does."""
    burned = np.array([10.0, 12.0, 8.0, 7.0, 12.0])
    chance = np.array([0.20, 0.20, 0.10, 0.15, 0.20])
    sure = np.zeros((5, 5))
    assert verdicts(burned, chance, sure, sure) == (
        [DOMINATED, EFFICIENT, EFFICIENT, DOMINATED, EFFICIENT],
        [1, None, None, 2, None],
    )
    # 1.96 x 1.1 = 2.16 is more than B's 2 over A; 1.96 x 0.01 is less than the 0.05 that C is safer than D
    assert verdicts(burned, chance, np.full((5, 5), 1.1), np.full((5, 5), 0.01)) == (
        [UNCLEAR, EFFICIENT, EFFICIENT, DOMINATED, EFFICIENT],
        [1, None, None, 2, None],
    )


def test_three_policies_worked_out_by_hand() -> None:
    """IO at 1 USD, 100 USD owed a month, revenue 140, 140 and 0, a Reward Vault of 60 IO.

    Half burned: 20 and 20 of two surpluses of 40, 40 to the Fee Vault; 60 + 40 pay month 3. All burned: 80,
    and month 3 is short of 40. Vault first: 60 by the vault and 40 by revenue leave 100, 50 burned and 50
    kept; then 50 by the Fee Vault leave 90, 45 burned and 45 kept, which pay month 3 but for 55."""
    contracts = ({"first": 1, "months": 2, "usd": 140.0},)
    scenario = small(V0=60.0, months=3, contracts=contracts)
    tried = [
        {"beta": 0.5, "order": "revenue_first"},
        {"beta": 1.0, "order": "revenue_first"},
        {"beta": 0.5, "order": "vault_first"},
    ]
    table = lab(scenario, PROTOCOL, one_market(0.0), tried, paths=130, seed=1).policies
    assert table["burned"].to_list() == pytest.approx([40, 80, 95])
    assert table["p_shortfall"].to_list() == [0, 1, 1]
    assert table["shortfall_usd"].to_list() == pytest.approx([0, 40, 55])
    assert table["lowest_pay"].to_list() == pytest.approx([1, 0.6, 0.45])
    assert table["released"].to_list() == pytest.approx([60, 60, 60])
    assert table["burned_less"].to_list() == pytest.approx([0, 40, 55])
    assert table["burned_less_error"].to_list() == pytest.approx([0, 0, 0], abs=1e-9)
    for event in ("shortfall", "underpaid"):
        assert table[f"verdict_{event}"].to_list() == [EFFICIENT, DOMINATED, EFFICIENT]
        assert table[f"beaten_by_{event}"].to_list() == [None, 2, None]
        assert [row["number"] for row in best(table, event)] == [0, 0]
    # 130 paths without a shortfall: the rule of three
    assert table["p_shortfall_high"][0] == pytest.approx(3 / 130)


def test_every_number_is_that_of_the_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one chunk or in several; errors of differences are paired, of any two policies."""
    tried = [{"beta": b, "controller": c} for b, c in ((0.5, False), (0.9, True), (1.0, False))]
    paths = 1000
    whole = lab(BASELINE, PROTOCOL, SHOCKS, tried, paths=paths, seed=3).policies
    monkeypatch.setattr(policy, "HELD", 1)  # 128 paths at a time
    parts = lab(BASELINE, PROTOCOL, SHOCKS, tried, paths=paths, seed=3).policies
    plans = [make_plan(parse_scenario(p, BASELINE), PROTOCOL, SHOCKS) for p in tried]
    burned, first, pay = np.array(
        [watched(p, 3, 0, paths, ("burned", "first_shortfall", "lowest_pay"), p.steps) for p in plans]
    ).transpose(1, 0, 2)
    for table in (whole, parts):
        for name, values in (("burned", burned), ("p_shortfall", first > 0), ("lowest_pay", pay)):
            less = values - values[0].astype(float)
            assert table[name].to_numpy() == pytest.approx(values.mean(axis=1))
            assert table[f"{name}_error"].to_numpy() == pytest.approx(values.std(axis=1) / np.sqrt(paths))
            assert table[f"{name}_less"].to_numpy() == pytest.approx(less.mean(axis=1), abs=1e-9)
            assert table[f"{name}_less_error"].to_numpy() == pytest.approx(less.std(axis=1) / np.sqrt(paths))
    sums = policy._run(plans, 3, paths, None, None)
    of_pair = policy._pair_errors(sums, 0, paths)
    assert of_pair[1, 2] == pytest.approx((burned[1] - burned[2]).std() / np.sqrt(paths))
    assert (np.diag(of_pair) == 0).all()


def test_progress_is_told_over_all_chunks_and_a_cancel_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """256 paths of two policies in two chunks; a search tells its rounds as one."""
    monkeypatch.setattr(policy, "HELD", 1)
    told: list[tuple[int, int]] = []
    tried = [{"beta": 0.5}, {"beta": 1.0}]
    lab(BASELINE, PROTOCOL, SHOCKS, tried, paths=256, progress=lambda *now: told.append(now))
    assert told == sorted(told)
    assert {(256, 512), (512, 512)} <= set(told)
    with pytest.raises(Stopped):
        lab(BASELINE, PROTOCOL, SHOCKS, tried, paths=256, cancelled=lambda: True)
    shares: list[float] = []
    few = levers_for(REGISTRY, ("beta",))
    explore(BASELINE, PROTOCOL, SHOCKS, few, 6, 1, progress=lambda done, all_: shares.append(done / all_))
    assert shares == sorted(shares)
    assert shares[-1] == 1


def less(changes: dict[str, Any], tried: list[dict[str, Any]]) -> pl.DataFrame:
    """On shocks so mild that the burn never finds too few tokens to buy."""
    scenario = parse_scenario(changes, BASELINE)
    return lab(scenario, PROTOCOL, one_market(0.6, 0.3, 0.5), tried, paths=2000, seed=5).policies


@pytest.mark.parametrize(
    ("lever", "milder", "harder"),
    [("kappa", 1.0, 0.3), ("chi", 0.0, 0.9), ("release_cap", None, 2e6)],
)
def test_what_the_vault_gets_cannot_move_the_burn(lever: str, milder: Any, harder: Any) -> None:
    """Revenue pays first and nobody leaves, so surplus and burn are the revenue's alone; with all of the
    surplus burned there is no Fee Vault either, and a vault that gets less or may give less is short on every
    path on which it was."""
    table = less({"beta": 1.0}, [{lever: milder}, {lever: harder}])
    assert table["burned_less"].to_list() == table["burned_less_error"].to_list() == [0, 0]
    assert table["p_shortfall_less"][1] > 0
    # no path is spared, so the two chances differ by as many paths as their difference has
    share = table["p_shortfall_less"][1]
    assert table["p_shortfall_less_error"][1] == pytest.approx(np.sqrt(share * (1 - share) / 2000))
    assert table["verdict_shortfall"].to_list() == [EFFICIENT, DOMINATED]


def test_burning_more_leaves_less_to_pay_with() -> None:
    """What is not burned goes to the Fee Vault, which pays when the Reward Vault cannot."""
    table = less({"V0_months": 3.0}, [{"beta": 0.5}, {"beta": 1.0}])
    assert table["burned"][1] == pytest.approx(2 * table["burned"][0], rel=0.01)
    assert table["p_shortfall_less"][1] > 0
    assert table["verdict_shortfall"].to_list() == [EFFICIENT, EFFICIENT]


def test_the_burn_share_means_nothing_where_all_that_is_left_is_burned() -> None:
    """No Fee Vault and an overflow that burns: the other half of the surplus is burned too."""
    table = less({"y2_cap_months": 0.0, "overflow": "burn"}, [{"beta": 0.5}, {"beta": 1.0}])
    assert table["burned_less"][1] == pytest.approx(0, abs=1e-9 * table["burned"][0])
    assert table["p_shortfall_less"].to_list() == [0, 0]
    assert table["verdict_shortfall"].to_list() == [EFFICIENT, EFFICIENT]


def test_a_controller_can_look_solvent_by_paying_less() -> None:
    """A cut to almost nothing at any runway: hardly a shortfall, and suppliers get almost nothing wherever
    revenue does not pay them all the time."""
    cut = {"controller": True, "r_min": 1000.0, "r_max": 1000.0, "g_down": 1.0, "k_min": 0.01}
    table = less({}, [policy_of(BASELINE, (*cut,)), cut])
    assert table["p_shortfall"][1] < 0.02 < table["p_shortfall"][0]
    assert table["p_underpaid"][1] > 0.9 > table["p_underpaid"][0]
    assert table["lowest_pay_less"][1] < -0.5


def test_the_design_begins_with_today_and_moves_each_lever_alone() -> None:
    tried = design(BASELINE, ALL, 60, 1)
    assert tried[0] == NOW
    by_one = alone(BASELINE, ALL)
    assert tried[: len(by_one)] == by_one
    moved = [[n for n in LEVERS if p[n] != NOW[n] and n != "controller"] for p in by_one]
    assert all(len(names) <= 1 for names in moved)
    assert {name for names in moved for name in names} == {*LEVERS} - {"controller"}
    assert len({tuple(p.values()) for p in tried}) == 60
    assert sum(p["release_cap"] is None for p in tried[len(by_one) :]) == pytest.approx(
        len(tried[20:]) / 2, abs=6
    )
    for p in tried:
        parse_scenario(p, BASELINE)
        if not p["controller"]:
            assert all(p[name] == NOW[name] for name in CONTROLLER)
        for lever in ALL:
            if not lever.choices and p[lever.name] not in (None, NOW[lever.name]):
                assert lever.low <= p[lever.name] <= lever.high
    assert design(BASELINE, ALL, 60, 1) == tried != design(BASELINE, ALL, 60, 2)


def test_the_search_adds_offspring_and_is_the_same_again() -> None:
    few = levers_for(REGISTRY, ("beta", "controller", "k_min"))
    found = explore(BASELINE, PROTOCOL, SHOCKS, few, 24, 1)
    assert found[:12] == design(BASELINE, few, 12, 1)
    assert len({tuple(p.values()) for p in found}) == 24
    assert explore(BASELINE, PROTOCOL, SHOCKS, few, 24, 1) == found


def test_a_cut_above_the_rise_is_settled() -> None:
    """A scenario that raises from 2 months on meets a policy that cuts below 5."""
    narrow = parse_scenario({"r_min": 1.0, "r_max": 2.0}, BASELINE)
    on = {"controller": True, "r_min": 5.0}
    assert settled(on, policy_of(narrow, (*on,)), narrow)["r_min"] == 2.0
    both = on | {"r_max": 2.0}
    assert settled(both, policy_of(narrow, (*both,)), narrow)["r_max"] == 5.0


@pytest.mark.parametrize(
    ("levers", "policies", "changes", "words"),
    [
        (ALL, 5, {}, "policies = 5 is not allowed: with these levers it must be from 20"),
        (ALL, 1001, {}, "to 1000"),
        ([], 10, {}, "no lever is named"),
        (ALL[:1] * 2, 10, {}, "each lever can be named once"),
        (levers_for(REGISTRY, ("order", "controller")), 5, {}, "these levers gave only 4 different ones"),
        (ALL, 50, {"rule": "legacy"}, "only the engine"),
    ],
)
def test_a_design_that_cannot_be_is_refused(levers, policies, changes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        design(parse_scenario(changes, BASELINE), levers, policies, 1)


def test_what_is_no_lever_is_refused() -> None:
    with pytest.raises(InputError, match="'V0' is no lever; the levers are beta kappa"):
        levers_for(REGISTRY, ("beta", "V0"))
    with pytest.raises(InputError, match="0 policies are not allowed"):
        lab(BASELINE, PROTOCOL, SHOCKS, [], paths=10)


def test_the_best_of_those_that_pay_no_less() -> None:
    """Four policies by hand: C pays less for sure (0.10 is more than 1.96 x 0.01), D not (0.01 is less)."""
    table = pl.DataFrame(
        {
            "number": [0, 1, 2, 3],
            "burned": [10.0, 11.0, 30.0, 20.0],
            "burned_less": [0.0, 1.0, 20.0, 10.0],
            "p_shortfall": [0.5, 0.2, 0.1, 0.4],
            "p_shortfall_less": [0.0, -0.3, -0.4, -0.1],
            "lowest_pay_less": [0.0, 0.05, -0.1, -0.01],
            "lowest_pay_less_error": [0.0, 0.01, 0.01, 0.01],
        }
    )
    assert unbeaten(table, "shortfall")["number"].to_list() == [2]
    fair = table.filter(~pays_less())
    assert unbeaten(fair, "shortfall")["number"].to_list() == [1, 3]
    assert [row["number"] for row in best(table, "shortfall")] == [2, 2]
    assert [row["number"] for row in best(fair, "shortfall")] == [3, 1]
