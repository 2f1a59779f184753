"""How inputs read, and where sliders can rest."""

import math

import pytest

from dashboard.controls import _hand_over, step_for
from dashboard.inputs import GROUPS, HISTORIES, choices, fields_of, heading, shown, source_text, title, unit
from dashboard.session import Session
from models.parameters import Contract, Scenario
from tests.scenarios import BASELINE, REGISTRY

SLIDERS = [
    name
    for name in Scenario.model_fields.keys() - set(HISTORIES)
    if REGISTRY.range_for(name) is not None and getattr(BASELINE, name) is not None
]


@pytest.mark.parametrize("name", sorted(SLIDERS))
def test_a_slider_is_neither_coarse_nor_endless(name: str) -> None:
    low, high = REGISTRY.range_for(name) or (0.0, 0.0)
    assert 40 <= (high - low) / step_for(low, high, getattr(BASELINE, name)) <= 1000


def test_a_slider_can_come_back_to_the_default() -> None:
    """All but the market's volume, whose default is no round figure."""
    stuck = set()
    for name in SLIDERS:
        low, high = REGISTRY.range_for(name) or (0.0, 0.0)
        value = getattr(BASELINE, name)
        steps = (value - low) / step_for(low, high, value)
        if not math.isclose(steps, round(steps), abs_tol=1e-6):
            stuck.add(name)
    assert stuck == {"depth"}


@pytest.mark.parametrize(
    ("low", "high", "anchor", "step"),
    [
        (0, 240, 12, 2),
        (-0.95, 1, 0, 0.01),
        (0.05, 0.6, 0.17, 0.01),
        (5e5, 3e6, 1.35e6, 5e4),
        (0, 1, math.pi / 4, 0.01),
    ],
)
def test_steps_are_round_and_rest_on_the_anchor(low: float, high: float, anchor: float, step: float) -> None:
    assert step_for(low, high, anchor) == step


def test_every_input_has_a_group_and_every_group_inputs() -> None:
    grouped = [name for group in GROUPS for name in fields_of(group)]
    assert sorted(grouped) == sorted(Scenario.model_fields)
    assert all(fields_of(group) for group in GROUPS)


@pytest.mark.parametrize("name", Scenario.model_fields)
def test_every_input_says_what_it_is_and_whence(name: str) -> None:
    text = source_text(name, REGISTRY)
    assert f"`{name}`" in text
    assert title(name) in heading(name, REGISTRY)
    if name not in HISTORIES:
        fact = REGISTRY.fact_for(name)
        source = REGISTRY.source(fact.source)
        assert fact.kind.replace("_", " ") in text
        if source.address:
            assert f"(<{source.address}>)" in text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("price_shock", -0.55, "−55 %"),
        ("beta", 0.5, "50 % of surplus"),
        ("H0", 1.35e6, "1,350,000 USD a month"),
        ("P0", 0.17, "0.17 USD per IO"),
        ("V0_months", 12.0, "12 months of emission"),
        ("shock_months", None, "to the end"),
        ("release_cap", None, "no cap"),
        ("controller", True, "on"),
        ("order", "vault_first", "Reward Vault first"),
        ("contracts", (Contract(first=1, months=12, usd=650000.0),), "1:12:650000"),
        ("contracts", (), "none"),
        ("price_history", ((0.1,), (0.2,)), "2 months"),
        ("r_max", 100.0, "100 months"),
    ],
)
def test_values_read_as_words(name: str, value: object, text: str) -> None:
    assert shown(name, value).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize("name", Scenario.model_fields)
def test_every_choice_has_words(name: str) -> None:
    for choice in choices(name):
        assert shown(name, choice) != choice


def test_fractions_are_read_as_percent() -> None:
    assert unit("price_shock") == "%"
    assert unit("k_min") == "% of the target at the start"
    assert unit("H0") == "USD a month"


def test_a_move_that_comes_after_its_page_was_left_changes_nothing() -> None:
    session = Session(REGISTRY.presets(), lambda scenario: None, "baseline")
    _hand_over(session, "side_gone", "beta", float)
    assert session.scenario == BASELINE
    assert session.message is None
