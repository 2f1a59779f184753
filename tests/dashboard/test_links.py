"""A link carries the whole scenario, and nothing but a scenario gets in through one."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given

from dashboard.links import MAX_JSON, MAX_TEXT, address, decode, encode, scenario_from_query
from models.parameters import InputError, Scenario, parse_scenario
from tests.scenarios import BASELINE, scenarios


def pack(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


def link(change: Callable[[dict[str, Any]], object]) -> str:
    """A well-made link to the baseline as `change` leaves it."""
    values = json.loads(BASELINE.canonical_json())
    change(values)
    return pack(json.dumps(values).encode())


@given(scenarios())
def test_any_scenario_survives_the_round_trip(scenario: Scenario) -> None:
    assert decode(encode(scenario)) == scenario


def test_a_daily_history_of_sixteen_months_fits() -> None:
    closes = tuple(tuple(0.1 + (m * 31 + d) * 0.001234567 for d in range(31)) for m in range(16))
    scenario = parse_scenario({"months": 16, "price_history": closes}, BASELINE)
    assert len(encode(scenario)) < 8_000
    assert decode(encode(scenario)) == scenario


def test_what_no_link_can_hold_is_said_and_not_cut() -> None:
    closes = tuple(tuple((m * 31 + d + 1) / 7919 for d in range(31)) for m in range(600))
    with pytest.raises(InputError, match="too long for a link"):
        encode(parse_scenario({"months": 600, "price_history": closes}, BASELINE))


def test_an_address_keeps_its_page_and_replaces_its_query() -> None:
    url = urlsplit(address("http://127.0.0.1:8501/supply?v=0&s=old&x=1", BASELINE))
    assert (url.scheme, url.netloc, url.path) == ("http", "127.0.0.1:8501", "/supply")
    query = dict(parse_qsl(url.query, strict_parsing=True))
    assert query.keys() == {"v", "s"}
    assert scenario_from_query(query) == BASELINE


def test_an_address_without_a_scenario_asks_for_none() -> None:
    assert scenario_from_query({}) is None
    assert scenario_from_query({"v": "1", "utm_source": "x"}) is None


@pytest.mark.parametrize(
    "query", [{"v": "2"}, {"v": ""}, {}, {"v": "1" * 5000}], ids=["2", "empty", "none", "long"]
)
def test_another_version_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InputError, match="version") as refusal:
        scenario_from_query(query | {"s": encode(BASELINE)})
    assert len(str(refusal.value)) < 150


@given(scenarios())
def test_a_truncated_link_is_refused_wherever_it_was_cut(scenario: Scenario) -> None:
    text = encode(scenario)
    for length in {0, 1, 2, 3, 5, len(text) // 2, len(text) - 2, len(text) - 1}:
        with pytest.raises(InputError, match=r"cut short|nothing at all|does not unpack"):
            decode(text[:length])


NONSENSE = {
    "not base64url": "a b+c/=",
    "not zlib": base64.urlsafe_b64encode(b"plain text").decode().rstrip("="),
    "letters of other scripts": "é" * 20,
    "something behind the end": base64.urlsafe_b64encode(zlib.compress(b"{}") + b"more").decode().rstrip("="),
    "not text": pack(b"\xff\xfe"),
    "not JSON": pack(b"{"),
    "no object": pack(b"[1]"),
    "not a number": pack(BASELINE.canonical_json().replace('"P0":0.17', '"P0":NaN').encode()),
    "a number of a million digits": pack(b'{"P0":' + b"9" * 100_000 + b"}"),
    "lists in lists": pack(b'{"contracts":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "lists in lists, readable": link(lambda v: v.update(contracts=json.loads("[" * 300 + "]" * 300))),
    "an input twice": pack(BASELINE.canonical_json().replace('"P0":0.17', '"P0":0.17,"P0":0.2').encode()),
    "an unknown input": link(lambda v: v.update(color="red")),
    "a switch where a number belongs": link(lambda v: v.update(P0=True)),
    "text where a number belongs": link(lambda v: v.update(P0="0.17")),
    "out of bounds": link(lambda v: v.update(beta=0.2)),
    "a run longer than its history": link(lambda v: v.update(revenue_history=[1.0])),
    "inputs that disagree": link(lambda v: v.update(r_min=20.0, r_max=10.0)),
    "too long": "A" * (MAX_TEXT + 1),
    "a bomb": pack(b" " * 30_000_000),
    "just too large": pack(b" " * (MAX_JSON + 1)),
}  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        decode(text)
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("name", Scenario.model_fields)
def test_every_input_is_required(name: str) -> None:
    """A default that moved must not change what an old link means."""
    with pytest.raises(InputError, match=name):
        decode(link(lambda values: values.pop(name)))
