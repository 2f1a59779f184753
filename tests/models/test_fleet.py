"""Fleets: what is refused and how, weights, stake, electricity, and the checklist."""

from typing import Any

import pytest

from data.registry import load_facts
from data.suppliers import example_fleet, judged_otherwise, judgement, supplier_terms
from models.parameters import InputError
from models.readers.fleet import Site, eligibility, parse_fleet, parse_site
from tests.readers_cases import BIG, TERMS, fleet

FACTS = load_facts().facts


def test_the_published_stake_of_eight_h100() -> None:
    # 200 IO x 10 x 8
    found = parse_fleet([BIG | {"model": "H100", "count": 8}], supplier_terms(FACTS))
    assert found.stake_io == FACTS["stake_example_io"].number


def test_a_multiplier_below_one_stakes_as_one() -> None:
    found = fleet({"model": "Small", "count": 3})
    assert found.stake_io == 600
    assert found.weight == 1.5


def test_weights_capital_and_electricity_add_up_over_the_lines() -> None:
    found = fleet({"count": 2}, {"model": "Small", "uptime_hours": 12.0, "watts": 200.0, "price_usd": 50.0})
    # 2 x 5, and half of 0.5
    assert found.weight == pytest.approx(10.25)
    assert found.hired_weight == pytest.approx(5.125)
    assert found.capital_usd == 450
    # 2 x 73.05, and 0.2 kW x 365.25 hours x 0.10
    assert found.electricity_usd == pytest.approx(146.1 + 7.305)
    assert found.table["stake_io"].to_list() == [2000, 200]
    assert found.table["weight"].sum() == found.weight


def test_five_hours_are_enough_and_less_is_not() -> None:
    assert fleet({"uptime_hours": 5.0}).weight == pytest.approx(5 * 5 / 24)
    assert fleet({"uptime_hours": 4.99}).weight == 0


@pytest.mark.parametrize("written", ["rtx 4090", "RTX4090", "RTX-4090", " Rtx 4090 "])
def test_a_model_is_known_however_it_is_written(written: str) -> None:
    found = parse_fleet([BIG | {"model": written}], supplier_terms(FACTS))
    assert found.machines[0].model == "RTX 4090"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "H1000"}, "did you mean"),
        ({"model": "abacus"}, "It has Big, Small, M9"),
        ({"model": ""}, "not in the network's multiplier table"),
        (
            {"count": 0},
            "GPUs (count) = 0 is not allowed: it must be a whole number, at least 1 and at most 1,000,000",
        ),
        ({"count": -1}, "at least 1"),
        ({"count": 1.5}, "whole number"),
        ({"count": 10**9}, "at most 1,000,000"),
        ({"price_usd": 0.0}, "Price paid (price_usd) = 0 is not allowed: it must be a number, more than 0"),
        ({"price_usd": float("nan")}, "(price_usd) = nan is not allowed"),
        ({"price_usd": None}, "price_usd is missing (Price paid)"),
        ({"watts": 0.0}, "(watts) = 0 is not allowed: it must be a number, more than 0"),
        (
            {"usd_per_kwh": -0.1},
            "Tariff (usd_per_kwh) = -0.1 is not allowed: it must be a number, at least 0",
        ),
        ({"uptime_hours": 25.0}, "more than 0 and at most 24 hours a day"),
        ({"uptime_hours": float("inf")}, "(uptime_hours) = inf is not allowed"),
        ({"hired": 1.1}, "at least 0 and at most 1 fraction of uptime"),
        ({"hired": "half"}, "(hired) = 'half' is not allowed"),
        ({"colour": "red"}, "'colour' is not a figure of a machine: they are model, count"),
    ],
)
def test_bad_lines_are_one_sentence_that_names_the_line(change: dict[str, Any], says: str) -> None:
    terms = supplier_terms(FACTS) if change.get("model") == "H1000" else TERMS
    good = BIG if terms is TERMS else BIG | {"model": "H100"}
    with pytest.raises(InputError) as refusal:
        parse_fleet([good, BIG | change], terms)
    text = str(refusal.value)
    assert text.startswith("line 2 of the fleet: ")
    assert says in text
    assert "\n" not in text


def test_no_gpu_is_refused() -> None:
    with pytest.raises(InputError, match="the fleet has no GPU: give at least one line"):
        parse_fleet([], TERMS)


# The checklist


def states(site: Site, *rows: dict[str, object]) -> dict[str, str]:
    return {c.condition: c.state for c in eligibility(fleet(*rows), site)}


def test_what_only_the_network_measures_is_unknown() -> None:
    found = states(Site())
    for condition in ("First stress test", "Proof of work every hour", "GPU memory", "Download", "Stake"):
        assert found[condition] == "unknown"
    assert found["Proof of time-lock over rolling windows"] == "unknown"
    assert found["GPU"] == "met"


def test_met_and_missing_are_at_the_published_limits() -> None:
    found = states(Site(memory_gb=4, down_mbps=100, up_mbps=74.9), {"uptime_hours": 4.9})
    assert found["GPU memory"] == found["Download"] == "met"
    assert found["Upload"] == found["Uptime (Big)"] == "missing"


def test_the_least_uptime_counts() -> None:
    assert states(Site(), {}, {"model": "Small", "uptime_hours": 5.0})["Uptime (Small)"] == "met"


def test_apple_chips_are_listed_but_not_nvidia() -> None:
    (gpu, *_) = eligibility(fleet({"model": "M9"}), Site())
    assert gpu.state == "unknown"
    assert "M9" in gpu.yours


def test_a_site_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"up_mbps = -1 is not allowed: it must be a number, 0 or more"):
        parse_site({"up_mbps": -1})


# What the facts give


def test_the_example_can_be_plugged_in() -> None:
    found = parse_fleet(example_fleet(FACTS), supplier_terms(FACTS))
    assert [(m.model, m.count, m.usd_per_kwh) for m in found.machines] == [
        ("H100", 8, 0.12),
        ("RTX 4090", 40, 0.12),
    ]


def test_the_newest_count_of_active_gpus_is_taken() -> None:
    rows = [r for r in FACTS["gpu_counts"].records() if str(r["what"]).startswith("active")]
    assert supplier_terms(FACTS).active_gpus == max(rows, key=lambda r: str(r["date"]))["gpus"]


def test_every_alternative_contains_the_assumed_value() -> None:
    assumed = judgement(FACTS)
    for field, values in judged_otherwise(FACTS).items():
        assert getattr(assumed, field) in values
