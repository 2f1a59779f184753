"""What a workload costs, against prices small enough to reckon by hand."""

import pytest

from data.registry import load_facts
from models.parameters import InputError
from models.readers.customers import (
    Fees,
    Hours,
    by_provider,
    costs,
    hours_for_tokens,
    hours_of,
    unserved,
    unserved_figures,
)
from tests.scenarios import run

REST = {"date": "2026", "kind": "third_party", "source": "s", "remark": ""}
PRICES = [
    {"provider": "hyperscaler", "model": "Big", "low": 4.0, "high": 5.0, **REST},
    {"provider": "hyperscaler", "model": "Big", "low": 3.0, "high": 4.5, **REST},
    {"provider": "io.net", "model": "Big", "low": 1.0, "high": 2.0, **REST},
    {"provider": "peer", "model": "Small", "low": 0.5, "high": 0.5, **REST},
]
FREE = Fees(0.0, 0.0)


def test_costs_are_hours_times_every_stated_price() -> None:
    found = costs([Hours("Big", 100, 100)], PRICES, FREE)
    # io.net first: 100 x 1.00 to 100 x 2.00
    assert found["provider"].to_list() == ["io.net", "hyperscaler", "hyperscaler"]
    assert found.select("cost_low", "cost_high").rows() == [(100, 200), (400, 500), (300, 450)]


def test_providers_show_what_sources_span_and_what_they_agree_on() -> None:
    found = by_provider(costs([Hours("Big", 100, 100)], PRICES, FREE))
    rival = found.filter(provider="hyperscaler").row(0, named=True)
    assert (rival["price_low"], rival["price_high"]) == (3.0, 5.0)
    assert (rival["agreed_low"], rival["agreed_high"]) == (4.0, 4.5)
    assert rival["conflict"]
    own = found.filter(provider="io.net").row(0, named=True)
    # at worst 2.00 against 3.00, at best 1.00 against 5.00
    assert (own["saving_low"], own["saving_high"]) == pytest.approx((1 / 3, 0.8))
    assert not own["conflict"]
    assert rival["saving_low"] is None


def test_sources_that_do_not_overlap_agree_on_nothing() -> None:
    apart = [PRICES[0] | {"low": 6.0, "high": 7.0}, PRICES[1]]
    row = by_provider(costs([Hours("Big", 1, 1)], apart, FREE)).row(0, named=True)
    assert row["agreed_low"] is None
    assert (row["price_low"], row["price_high"]) == (3.0, 7.0)


def test_io_nets_prices_carry_the_renters_fees() -> None:
    found = costs([Hours("Big", 100, 100)], PRICES, Fees(0.0025, 0.0225))
    assert found.row(0, named=True)["cost_low"] == pytest.approx(100.25)
    assert found.row(0, named=True)["cost_high"] == pytest.approx(204.5)
    assert found["cost_low"].to_list()[1:] == [400, 300]


def test_tokens_are_hours_of_busy_gpus() -> None:
    # 86.4M a day is 1000 a second: 2 to 10 GPUs at 500 to 100 a second, 730.5 hours a month each
    (found,) = hours_for_tokens(86.4e6, "big", {"Big": (100.0, 500.0)}, ["Big", "Small"])
    assert (found.low, found.high) == pytest.approx((2 * 730.5, 10 * 730.5))


def test_hours_of_one_model_add_up() -> None:
    assert hours_of([("big", 10.0), ("BIG", 5.0)], ["Big"]) == [Hours("Big", 15.0, 15.0)]


@pytest.mark.parametrize(
    ("work", "says"),
    [
        ([], "no GPU-hours"),
        ([("Abacus", 1.0)], "there are prices for Big, Small"),
        ([("Big", 0.0)], "more than 0"),
        ([("Big", -3.0)], "more than 0"),
        ([("Big", float("nan"))], "more than 0"),
        ([("Big", 1e13)], "at most 1e+12"),
    ],
)
def test_bad_work_is_one_sentence(work: list[tuple[str, float]], says: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]+$") as refusal:
        hours_of(work, ["Big", "Small"])
    assert says in str(refusal.value)


def test_tokens_need_a_model_with_a_rate() -> None:
    with pytest.raises(InputError, match="prices for Big"):
        hours_for_tokens(1e9, "Small", {"Big": (1.0, 2.0)}, ["Big", "Small"])
    with pytest.raises(InputError, match="0 tokens a day are not allowed"):
        hours_for_tokens(0.0, "Big", {"Big": (1.0, 2.0)}, ["Big"])


def test_every_stated_price_of_the_facts_is_shown() -> None:
    prices = load_facts().facts["gpu_hour_prices"].records()
    models = sorted({str(row["model"]) for row in prices})
    assert costs([Hours(m, 1, 1) for m in models], prices, FREE).height == len(prices)


def test_unserved_demand_is_what_passes_the_capacity() -> None:
    # utilisation 0.4 may rise to 0.85: 2.125 times the start can be served; demand 4 leaves 1.875 of 4
    found = unserved(run(demand_shock=3.0, shock_month=2, months=3, contracts=[], R_base=100.0))
    assert found["demand_usd"].to_list() == pytest.approx([100, 400, 400])
    assert found["unserved_usd"].to_list() == pytest.approx([0, 187.5, 187.5])
    assert found["unserved"].to_list() == pytest.approx([0, 0.46875, 0.46875])
    figures = unserved_figures(found)
    assert (figures["first_month"], figures["months"]) == (2, 2)
    assert figures["unserved_usd"] == pytest.approx(375)


def test_supply_that_leaves_leaves_demand_unserved() -> None:
    # no revenue pays, no vault: suppliers go; N falls by 0.25 of what is left each month
    gone = run(V0=0.0, kappa=0.0, eta=1.5, H0=1e7, months=12)
    assert unserved_figures(unserved(gone))["lowest_active"] < 0.5
    assert unserved_figures(unserved(gone))["first_month"] is not None
    assert unserved_figures(unserved(run()))["first_month"] is None
