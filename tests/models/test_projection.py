"""Projections against the known answers, made with an independent implementation (SPEC section 4)."""

import inspect
from datetime import date
from typing import Any

import polars as pl
import pytest

from models import economy
from models.compiler import compile_scenario, step_means
from models.economy import Flows, State
from models.parameters import InputError, Scenario, parse_scenario
from models.projection import monthly, project
from tests.scenarios import BASELINE, PROTOCOL, run

SHOCKS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "price": {"price_shock": -0.5},
    "demand": {"demand_shock": -0.55},
    "both": {"price_shock": -0.5, "demand_shock": -0.55},
    "both, exit": {"price_shock": -0.5, "demand_shock": -0.55, "eta": 1.5},
}
# scenario: min coverage, first shortfall, burn and release of year 1, V and C at the end (millions of IO)
KNOWN = {
    "baseline": (1.0000, None, 12.000, 0.000, 65.990, 600.449),
    "price": (1.0000, None, 22.000, 0.000, 22.225, 634.214),
    "demand": (0.5789, 22, 2.000, 34.676, 0.000, 676.439),
    "both": (0.4628, 11, 2.000, 59.851, 0.000, 676.439),
    "both, exit": (0.5552, 11, 2.000, 59.851, 0.000, 676.439),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers(name: str) -> None:
    s = run(**SHOCKS[name]).summary
    coverage, shortfall, *millions = KNOWN[name]
    assert s["min_coverage"] == pytest.approx(coverage, abs=1e-4)
    assert s["first_shortfall_month"] == shortfall
    got = [s["burn_year1"], s["release_year1"], s["end"]["V"], s["end"]["C"]]
    assert [g / 1e6 for g in got] == pytest.approx(millions, abs=1e-3)


@pytest.mark.parametrize(("vault", "month"), [(3, 6), (12, 11), (217, 28)])
def test_how_full_the_vault_is_decides_when_the_joint_shock_empties_it(vault: int, month: int) -> None:
    # DESIGN section 5: with 3, 12 or 217 months of schedule, month 6, 11 or 28
    assert run(**SHOCKS["both"], V0_months=vault).summary["first_shortfall_month"] == month


def test_the_search_for_more_reserve_is_not_monotone_with_exit_and_controller() -> None:
    # SPEC section 6: 4-40M is never short, 44M is in month 15
    on = SHOCKS["both"] | {"eta": 1.5, "controller": True}
    assert run(**on, V0=4e6).summary["first_shortfall_month"] is None
    assert run(**on, V0=40e6).summary["first_shortfall_month"] is None
    assert run(**on, V0=44e6).summary["first_shortfall_month"] == 15


def test_daily_steps_start_the_shock_with_the_months_first_step() -> None:
    frame = run(**SHOCKS["both"], months=4, steps_per_month=30).frame
    assert frame.filter(pl.col("price") < BASELINE.P0)["step"].min() == 61


def test_a_shock_of_some_months_ends() -> None:
    frame = run(price_shock=-0.5, shock_month=3, shock_months=2, months=6).frame
    assert frame["price"].to_list() == pytest.approx([0.17, 0.17, 0.085, 0.085, 0.17, 0.17])


def test_contracts_run_in_their_months_only() -> None:
    contracts = [{"first": 2, "months": 2, "usd": 100.0}, {"first": 3, "months": 1, "usd": 7.0}]
    frame = run(contracts=contracts, R_base=1000.0, months=4).frame
    assert frame["revenue"].to_list() == pytest.approx([1000, 1100, 1107, 1000])


def test_tranches_unlock_in_the_last_step_of_their_month() -> None:
    frame = run(months=1, steps_per_month=4).frame
    linear = (128e6 * 0.7 / 35 + 80e6 * 0.55 / 41) / 4
    tranches = 100e6 / 24 + 81.6e6 / 24 + 90.4e6 / 36
    assert frame["unlocked"].to_list() == pytest.approx([linear] * 3 + [linear + tranches])


def test_the_frame_carries_every_state_and_flow_with_its_date() -> None:
    frame = run(months=14, steps_per_month=2).frame
    assert {*State._fields, *Flows._fields} <= set(frame.columns)
    assert frame["date"][0] == date(2026, 6, 30)
    assert frame["date"][-1] == date(2027, 7, 31)
    assert frame["m"].to_list() == [m for m in range(24, 38) for _ in range(2)]
    assert frame["residual"].abs().to_numpy().max() <= 1e-3
    by_month = monthly(frame)
    assert by_month["revenue"].sum() == pytest.approx(frame["revenue"].sum())
    assert by_month["V"].to_list() == frame["V"].gather_every(2, 1).to_list()


def test_a_history_takes_the_place_of_the_price_and_of_revenue() -> None:
    history = {"price_history": [[0.1, 0.2, 0.6], [1.0]], "revenue_history": [5.0, 6.0], "contracts": []}
    monthly_run = run(**history, months=2)
    assert [f.price for f in monthly_run.flows] == pytest.approx([0.3, 1.0])
    assert [f.revenue for f in monthly_run.flows] == pytest.approx([5.0, 6.0])
    # any shape multiplies the history
    shaped = run(**history, months=2, price_shock=-0.5, shock_month=2)
    assert [f.price for f in shaped.flows] == pytest.approx([0.3, 0.5])
    with pytest.raises(InputError, match="cannot be longer than its history"):
        run(**history, months=3)


def test_days_are_cut_into_nearly_equal_consecutive_parts() -> None:
    days = tuple(float(d) for d in range(1, 32))
    assert step_means(days, 1) == [16.0]
    # 31 days in 2: 15 and 16 of them
    assert step_means(days, 2) == [8.0, 23.5]
    # 28 days in 30: every step has a price, and the month's first and last day are in
    february = step_means(days[:28], 30)
    assert len(february) == 30
    assert (february[0], february[-1]) == (1.0, 28.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"beta": 0.3}, "beta = 0.3 is not allowed"),
        ({"P0": float("nan")}, "P0 = nan is not allowed"),
        ({"P0": float("inf")}, "P0 = inf is not allowed"),
        ({"months": 0}, "at least 1 and at most 600"),
        ({"months": "36"}, "months = '36' is not allowed"),
        ({"m0": True}, "m0 = True is not allowed"),
        ({"nonsense": 1}, "unknown input 'nonsense'; allowed are: rule order m0"),
        ({"r_min": 20.0}, "r_min (20) must not exceed r_max (12)"),
        ({"V0": 4e8}, "V0 = 400,000,000 IO is not allowed: only 231,315,467 IO"),
        ({"K0": 7e8}, "K0 = 700,000,000 IO is not allowed"),
        ({"contracts": [{"first": 0, "months": 1, "usd": 1.0}]}, "contracts, entry 1, first = 0 is not"),
        ({"price_history": [[0.0]]}, "price_history, entry 1, entry 1 = 0.0 is not allowed"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        project(parse_scenario(changes, BASELINE), PROTOCOL)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_canonical_text_names_the_scenario() -> None:
    again = parse_scenario(BASELINE.model_dump(mode="json"))
    assert again == BASELINE
    assert again.digest() == BASELINE.digest()
    assert Scenario.model_validate_json(BASELINE.canonical_json()) == BASELINE
    assert parse_scenario({"P0": 0.1700001}, BASELINE).digest() != BASELINE.digest()


def test_every_input_reaches_the_run() -> None:
    """An input that changes nothing anywhere would be a control without a wire."""
    live: dict[str, Any] = {
        "controller": True, "eta": 1.5, "K0": 5e6, "impact": 0.5, "chi": 0.3, "phi": 0.5, "months": 30,
        "price_shock": -0.5, "demand_shock": -0.55, "shock_month": 6, "y2_cap_months": 0.05, "V0_months": 4.0,
        "burn_base": "io_receipts", "shock_months": 9, "release_cap": 3e6, "F0": 1e4, "k_min": 0.92,
        "r_min": 4.0, "u0": 0.8, "u_max": 0.8, "r_max": 13.0, "beta": 0.6,
    }  # fmt: skip
    base = parse_scenario(live, BASELINE)
    other: dict[str, Any] = {
        "rule": "legacy", "order": "vault_first", "burn_base": "all", "burn_source": "vault",
        "overflow": "burn", "controller": False, "contracts": [], "V0": 1e6, "shock_months": None,
        "release_cap": None, "y2_cap_months": None, "price_history": [[1.0]] * 30, "p_star": 0.5,
        "revenue_history": [1e6] * 30,
    }  # fmt: skip
    reference, inert = project(base, PROTOCOL), []
    for name in Scenario.model_fields:
        value = getattr(base, name)
        changed = other[name] if name in other else value + 1 if isinstance(value, int) else value * 0.9
        variant = project(parse_scenario({name: changed}, base), PROTOCOL)
        if variant.frame.equals(reference.frame):
            inert.append(name)
    assert not inert


def test_every_compiled_parameter_is_used_by_the_step() -> None:
    compiled = compile_scenario(BASELINE, PROTOCOL)
    source = inspect.getsource(economy)
    for field in compiled.params._fields:
        assert f"p.{field}" in source, field
    for field in compiled.inputs[0]._fields:
        assert f"i.{field}" in source, field
