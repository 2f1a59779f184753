"""Scenario to text and back: what a copied command promises."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.settings import FLAGS, command, contracts_from_text, flag, parse_setting
from models.parameters import InputError, Scenario, parse_scenario
from tests.scenarios import scenarios


@given(scenarios())
def test_command_names_every_input_once(scenario: Scenario) -> None:
    words = shlex.split(command(scenario))
    given_by_set = [w.partition("=")[0] for w in words[words.index("--set") + 1 :]]
    given_by_flag = [
        w.removeprefix("--").replace("-", "_") for w in words if w.startswith("--") and w != "--set"
    ]
    assert sorted(given_by_set + given_by_flag) == sorted(Scenario.model_fields)


@given(scenarios())
def test_command_read_back_is_the_same_scenario(scenario: Scenario) -> None:
    words = shlex.split(command(scenario))
    assert words[:2] == ["vaultline", "project"]
    start = words.index("--set")
    texts = [*words[start + 1 :]]
    texts += [f"{name.removeprefix('--').replace('-', '_')}={value}" for name, value in
              zip(words[2:start:2], words[3:start:2], strict=True)]  # fmt: skip
    back = parse_scenario(dict(map(parse_setting, texts)))
    assert back.digest() == scenario.digest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beta=0.6", ("beta", 0.6)),
        (" beta = .6 ", ("beta", 0.6)),
        ("price_shock=-5e-1", ("price_shock", -0.5)),
        ("H0=1.35E6", ("H0", 1_350_000.0)),
        ("m0=+7", ("m0", 7)),
        ("order=vault_first", ("order", "vault_first")),
        ("V0=none", ("V0", None)),
        ("release_cap=NULL", ("release_cap", None)),
        ("controller=on", ("controller", True)),
        ("controller=False", ("controller", False)),
        ("controller=1", ("controller", True)),
        ("contracts=", ("contracts", ())),
        ("contracts=none", ("contracts", ())),
        ("price_history=2.4:2.6,1.5", ("price_history", ((2.4, 2.6), (1.5,)))),
        ("revenue_history=1e5,2e5", ("revenue_history", (1e5, 2e5))),
    ],
)
def test_settings_read(text: str, expected: tuple[str, object]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "beta=0,6", "beta=nan", "beta=inf", "beta=-Infinity", "beta=1e999", "beta=0x10", "beta=1_000",
        "beta=1 0", "beta=", "beta=e5", "beta=.", "beta=１", "beta=٣", "beta=none", "beta=--1", "beta=0.6;",
        "m0=1.5", "m0=1e1", "m0=nan", "m0=" + "9" * 5000, "months=none",
        "controller=maybe", "controller=", "controller=2",
        "contracts=1:12", "contracts=1:12:1:1", "contracts=a:12:1", "contracts=1:1.5:1",
        "contracts=1:12:nan", "contracts=1:12:5,", "contracts=,", "contracts=1:12:5;1:2:3",
        "price_history=", "price_history=1,,2", "price_history=1:,2", "price_history=1;2",
        "revenue_history=1:2",
        "Beta=0.6", "burn=0.6", "=1", "beta", "", "-0.5", "__class__=1", "model_fields=1",
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_setting(text)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert len(message) < 1000


def test_decimal_comma_is_explained() -> None:
    with pytest.raises(InputError, match="decimals take a dot"):
        parse_setting("P0=0,17")


def test_contracts_read() -> None:
    assert contracts_from_text("1:12:650000, 13:24:5e5") == (
        {"first": 1, "months": 12, "usd": 650_000.0},
        {"first": 13, "months": 24, "usd": 500_000.0},
    )


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        key, _ = parse_setting(text)
    except InputError:
        return
    assert key in Scenario.model_fields


def test_flags_are_the_documented_ones() -> None:
    assert [flag(f) for f in FLAGS] == [
        "--price-shock", "--demand-shock", "--shock-month", "--shock-months", "--months", "--steps-per-month",
    ]  # fmt: skip
