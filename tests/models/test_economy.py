"""The step: hand-worked cases, and the invariants over the whole parameter space."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models import economy
from models.compiler import compile_scenario
from models.economy import UNLIMITED, Flows, Inputs, Params, State, step
from models.parameters import Scenario, parse_scenario
from models.projection import HOLDERS, MOVES
from tests.scenarios import BASELINE, PROTOCOL, run, run_if_possible, scenarios

TOLERANCE_IO = 1e-3
OFF = compile_scenario(BASELINE, PROTOCOL).params._replace(
    H0=1000.0, H0_month=1000.0, capacity=10.0, controller=0.0, eta=0.0, K0=0.0, impact=0.0
)
START = State(
    U=5000.0, V=2000.0, L=3000.0, C=10000.0, K=0.0, Q=0.0, B=0.0, F=100.0, N=1.0, k=1.0, g=0.0, x=0.0, y=0.0
)  # fmt: skip
# Price 0.5, so that 1 USD is 2 IO; 300 IO unlock and 400 IO are emitted in the step.
CALENDAR = Inputs(unlock=300.0, emission=400.0, price=0.5, demand=1.0, base=0.0)


def _step(revenue: float, state: State = START, **params: float) -> tuple[State, Flows]:
    return step(state, OFF._replace(**params), CALENDAR._replace(base=revenue))


def test_revenue_pays_first_then_the_reward_vault_then_the_fee_vault() -> None:
    # Target 1000, revenue 400, gap 600 = 1200 IO at 0.5. A cap of 900 IO releases 450 USD; of the other
    # 150 the Fee Vault holds 100; 50 stay unpaid, coverage 1 - 50/1000.
    s, f = _step(400, release_cap=900.0)
    assert (f.paid, f.released, f.fee_vault_draw, f.short) == (400.0, 900.0, 100.0, 50.0)
    assert f.coverage == pytest.approx(0.95)
    assert (s.V, s.C, s.F, s.U, s.L) == (2000 + 400 - 900, 10000 + 300 + 900, 0, 4600, 2700)


def test_vault_first_leaves_revenue_to_pay_the_rest() -> None:
    # Target 1000 = 2000 IO wanted; the cap allows 900 = 450 USD, Fee Vault 100, revenue pays 450 of its 600;
    # surplus 150: half burned (75 USD = 150 IO), the other 75 into the Fee Vault.
    s, f = _step(600, release_cap=900.0, vault_first=1.0)
    assert (f.released, f.fee_vault_draw, f.paid, f.short) == (900.0, 100.0, 450.0, 0.0)
    assert (f.surplus, f.burned_market, s.F) == (150.0, 150.0, 75.0)
    # The controller's gap ignores the order: 1000 - 600, smoothed by one half.
    assert s.g == pytest.approx(0.5 * 400)


def test_market_burn_leaves_the_model_and_the_rest_fills_the_fee_vault_to_its_cap() -> None:
    # Surplus 1400 - 1000 = 400; burn 200 USD = 400 IO; onward 200: the Fee Vault (100) takes 50 up to its cap
    # of 150, the other 150 USD buy 300 IO that refill the Reward Vault.
    s, f = _step(1400, fee_cap=150.0)
    assert (f.burned_market, f.fee_vault_in, f.refilled, f.overflow_burned) == (400.0, 50.0, 300.0, 0.0)
    assert (s.B, s.F, s.V) == (400.0, 150.0, 2000 + 400 + 300)
    assert s.C == 10000 + 300 - 400 - 300


def test_overflow_can_burn_and_a_full_fee_vault_takes_nothing() -> None:
    # The Fee Vault already holds more than its cap of 40: all 200 USD overflow and burn 400 IO.
    s, f = _step(1400, fee_cap=40.0, overflow_burn=1.0)
    assert (f.fee_vault_in, f.overflow_burned, f.refilled) == (0.0, 400.0, 0.0)
    assert (s.B, s.F) == (800.0, 100.0)


def test_vault_burn_takes_the_vault_then_what_is_not_emitted_and_keeps_all_usd() -> None:
    # Surplus 3200: burn 1600 USD = 3200 IO: 2400 from the vault (2000 + 400 emitted), 800 from U. All 3200
    # USD go on into the Fee Vault.
    s, f = _step(4200, burn_vault=1.0)
    assert (f.burned_vault, f.burned_unissued, f.burned_market) == (2400.0, 800.0, 0.0)
    assert (s.V, s.U, s.F) == (0.0, 4600 - 800, 100 + 3200)


def test_usd_that_finds_no_io_to_buy_is_reported() -> None:
    # Surplus 19,000: burn 9,500 USD = 19,000 IO, but only 10,300 circulate (5,150 USD): 4,350 are lost.
    # The Fee Vault is full: the other 9,500 find nothing either.
    s, f = _step(20000, fee_cap=100.0)
    assert f.lost_usd == pytest.approx(4350 + 9500)
    assert (s.C, s.B) == (0.0, 10300.0)


def test_retirement_takes_unreleased_emission() -> None:
    # 400 emitted, 100 released (50 USD): 0.25 x 300 = 75 retired, apart from the burn.
    s, f = _step(950, chi=0.25)
    assert (f.released, f.retired, s.B) == (100.0, 75.0, 75.0)
    assert s.V == 2000 + 400 - 100 - 75


def test_controller_cuts_below_r_min_and_lifts_above_r_max() -> None:
    # Gap 600 a month, smoothed to 300; reserve after the step (2400 - 1200) 0.5 + 100 = 700: runway 2.33.
    on: dict[str, float] = {"controller": 1.0, "r_min": 3.0, "r_max": 12.0, "k_min": 0.6}
    s, f = _step(400, **on, down=0.95, up=1.02)
    assert f.runway == pytest.approx(700 / 300)
    assert (s.k, f.k_lowered) == (0.95, 1.0)
    # This step was still paid against the old target.
    assert f.pay == 1.0
    assert _step(400, **on, down=0.1, up=1.0)[0].k == 0.6
    lifted, flows = _step(5000, START._replace(k=0.99), **on, down=0.95, up=1.02)
    assert (lifted.k, flows.k_lowered, flows.runway) == (1.0, 0.0, UNLIMITED)


def test_suppliers_leave_at_partial_pay_and_their_stake_cools_down() -> None:
    # Nothing in any vault: coverage 0.4. pay^2 = 0.16; N = 1 + 0.25 (0.16 - 1) = 0.79. Of 1000 staked, 790
    # stay, 210 unstake and half of them reach the market in this step.
    empty = START._replace(V=0.0, U=0.0, F=0.0, K=1000.0)
    s, f = _step(400, empty, eta=2.0, adjust=0.25, K0=1000.0, cooled=0.5)
    assert f.coverage == pytest.approx(0.4)
    assert s.N == pytest.approx(0.79)
    assert (s.K, f.unstaked, s.Q) == (pytest.approx(790), pytest.approx(210), pytest.approx(105))
    # Supply returns at full pay: from N = 0.79, target 790, half the way back with adjust 0.5.
    back, flows = _step(1000, s._replace(V=0.0), eta=2.0, adjust=0.5, K0=1000.0, cooled=0.5)
    assert back.N == pytest.approx(0.895)
    assert flows.staked == pytest.approx(105)


def test_capacity_caps_what_can_be_sold() -> None:
    # Demand 3 x, capacity 2 x: base 500 sells 1000, 500 stay unserved.
    _, f = step(START, OFF._replace(capacity=2.0), CALENDAR._replace(base=500.0, demand=3.0))
    assert (f.revenue, f.unserved) == (1000.0, 500.0)


def test_price_impact_moves_the_next_step() -> None:
    # Buys 100 USD (burn of 200 IO); sells: half of 300 unlocked IO at 0.5 = 75 USD. Net +25 at 1e-3 each.
    s, f = _step(1200, impact=1e-3, sell_unlock=0.5, sell_payout=1.0)
    assert f.price == 0.5
    assert s.x == pytest.approx(0.025)


def test_the_old_schedule_pays_all_emission_and_all_revenue() -> None:
    legacy = START._replace(V=0.0)
    s, f = _step(1400, legacy, by_schedule=1.0, all_revenue=1.0)
    assert (f.paid, f.released, f.burned_market, s.V, s.F) == (1400.0, 400.0, 0.0, 0.0, 100.0)
    # As reported: payouts up to the target, and the burn of half the surplus (200 USD = 400 IO) out of U.
    s, f = _step(1400, legacy, by_schedule=1.0, burn_vault=1.0)
    assert (f.paid, f.released, f.burned_unissued) == (1000.0, 400.0, 400.0)
    assert s.U == 5000 - 400 - 400
    # Short by what revenue and emission (200 USD) leave of the target.
    assert _step(700, legacy, by_schedule=1.0, all_revenue=1.0)[1].short == pytest.approx(100)


def test_nothing_owed_is_full_coverage() -> None:
    _, f = _step(0, H0=0.0, H0_month=0.0)
    assert (f.coverage, f.psi) == (1.0, UNLIMITED)


@settings(max_examples=300)
@given(scenarios())
def test_tokens_are_conserved_and_never_negative(scenario: Scenario) -> None:
    result = run_if_possible(scenario)
    assume(result is not None)
    assert result is not None
    assert result.summary["max_residual"] <= TOLERANCE_IO
    for s in result.states:
        assert min(s[:8]) >= 0, s
        assert 0 <= s.N
        assert 0 <= s.k <= 1
    for f in result.flows:
        assert min(f[:-2]) >= 0, f
        assert f.coverage <= 1


@settings(max_examples=50)
@given(scenarios())
def test_the_ledger_explains_every_balance(scenario: Scenario) -> None:
    result = run_if_possible(scenario)
    assume(result is not None)
    assert result is not None
    for before, after, flows in zip(result.states, result.states[1:], result.flows, strict=False):
        for holder in HOLDERS:
            moved = sum(getattr(flows, m.flow) * ((m.target == holder) - (m.source == holder)) for m in MOVES)
            assert getattr(after, holder) - getattr(before, holder) == pytest.approx(moved, abs=1e-5)


def _switched_on() -> list[dict[str, Any]]:
    common: dict[str, Any] = {
        "controller": True, "eta": 1.5, "K0": 5e6, "impact": 0.5, "chi": 0.3, "phi": 0.5, "months": 30,
        "price_shock": -0.5, "demand_shock": -0.55, "shock_month": 6, "shock_months": 6, "F0": 1e5,
    }  # fmt: skip
    return [
        common,
        common | {"y2_cap_months": 0.1, "burn_source": "vault", "V0": 1e5, "R_base": 3e6},
        common | {"y2_cap_months": 0.1, "overflow": "burn"},
        common | {"y2_cap_months": 0.1, "overflow": "refill", "order": "vault_first"},
        {"m0": 238, "months": 6, "burn_source": "vault", "V0": 1e5, "R_base": 5e6},
    ]


def _transfers() -> Iterator[tuple[int, str]]:
    """(line, text) of every assignment in step() that adds to or takes from a token balance."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(step)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            target, left = node.targets[0], node.value.left
            if isinstance(target, ast.Name) and target.id in HOLDERS and isinstance(left, ast.Name):
                assert left.id == target.id, "a balance must come from itself plus or minus a move"
                yield node.lineno, ast.unparse(node)


def _without(line: int) -> Callable[[State, Params, Inputs], tuple[State, Flows]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(step)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [node for node in function.body if node.lineno != line]
    namespace = dict(vars(economy))
    exec(compile(tree, "<mutant>", "exec"), namespace)
    mutant: Callable[[State, Params, Inputs], tuple[State, Flows]] = namespace["step"]
    return mutant


def test_every_balance_is_moved_by_pairs() -> None:
    assert len(list(_transfers())) == 2 * len(MOVES)


@pytest.mark.parametrize(("line", "text"), list(_transfers()), ids=lambda v: str(v))
def test_a_dropped_transfer_breaks_the_identity(line: int, text: str) -> None:
    mutant, worst = _without(line), 0.0
    for changes in _switched_on():
        compiled = compile_scenario(parse_scenario(changes, BASELINE), PROTOCOL)
        s = compiled.start
        for i in compiled.inputs:
            s, _ = mutant(s, compiled.params, i)
            worst = max(worst, abs(sum(s[: len(HOLDERS)]) - PROTOCOL.cap_io))
    assert worst > TOLERANCE_IO, f"dropping {text!r} goes unnoticed"


@settings(max_examples=60)
@given(
    n=st.sampled_from([2, 3, 30]),
    revenue=st.floats(0, 4e6),
    a=st.floats(0, 1),
    chi=st.floats(0, 1),
    order=st.sampled_from(["revenue_first", "vault_first"]),
    source=st.sampled_from(["market", "vault"]),
)
def test_n_small_steps_equal_one(
    n: int, revenue: float, a: float, chi: float, order: str, source: str
) -> None:
    changes: dict[str, Any] = {
        "months": 6, "R_base": revenue, "contracts": [], "a": a, "chi": chi, "order": order,
        "burn_source": source, "V0_months": 240, "phi": 0.7,
    }  # fmt: skip
    whole, parts = run(**changes), run(**changes, steps_per_month=n)
    assume(min(s.V for s in whole.states) > 1e6)  # nothing clipped: the vault never runs dry
    for one, many in zip(whole.states[-1], parts.states[-1], strict=True):
        assert many == pytest.approx(one, rel=1e-9, abs=1e-4)


@settings(max_examples=60)
@given(
    small=st.floats(0, 2e8),
    more=st.floats(0, 3e7),
    price=st.floats(-0.9, 0),
    demand=st.floats(-1, 0),
    month=st.integers(1, 12),
)
def test_more_reserve_and_a_milder_shock_never_hasten_a_shortfall(
    small: float, more: float, price: float, demand: float, month: int
) -> None:
    shock: dict[str, Any] = {"price_shock": price, "demand_shock": demand, "shock_month": month}

    def first(**changes: Any) -> int:
        return run(**shock | changes).summary["first_shortfall_month"] or 10**6

    assert first(V0=small) <= first(V0=small + more)
    assert first(V0=small) <= first(V0=small, price_shock=price / 2)
    assert first(V0=small) <= first(V0=small, demand_shock=demand / 2)
