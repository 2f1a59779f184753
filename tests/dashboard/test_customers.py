"""`vaultline customers`: every stated price, what the sources disagree on, and what goes unserved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.questions import rents
from models.readers.customers import Hours
from tests.scenarios import REGISTRY, run


def test_hours_by_model_at_every_stated_price(ask: Callable[..., dict[str, Any]], store_path: Path) -> None:
    found = ask("customers", "--hours", "H100:1000, a100:500")
    assert found["workload"] == [
        {"model": "H100", "low": 1000.0, "high": 1000.0},
        {"model": "A100", "low": 500.0, "high": 500.0},
    ]
    stated = [r for r in REGISTRY.facts["gpu_hour_prices"].records() if r["model"] in ("H100", "A100")]
    assert len(found["prices"]) == len(stated)
    (hyper,) = [r for r in found["providers"] if (r["provider"], r["model"]) == ("hyperscaler", "H100")]
    # two sources, 4.50-5.50 and 3.50-5.00: they agree on 4.50-5.00
    assert hyper["conflict"]
    assert (hyper["price_low"], hyper["price_high"]) == (3.5, 5.5)
    assert (hyper["agreed_low"], hyper["agreed_high"]) == (4.5, 5.0)
    assert hyper["cost_high"] == 5500
    assert found["unserved"]["first_month"] is None


def test_tokens_are_a_range_of_hours(ask: Callable[..., dict[str, Any]], store_path: Path) -> None:
    found = ask("customers", "--tokens", "4e9", "--model", "H200")
    (hours,) = found["workload"]
    assert hours["model"] == "H200"
    assert hours["low"] < hours["high"]
    assert "assumed range" in found["notes"][0]


def test_the_text_names_conflicts_and_what_has_no_price(
    capsys: pytest.CaptureFixture[str], store_path: Path
) -> None:
    assert main(["customers", "--hours", "H100:10,A100:10"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("H100: $10.02 to $25.56 a month at io.net, against hyperscalers between")
    assert "A100: no price at io.net is published." in told
    assert "2 sources on the H100 of hyperscaler conflict: between $3.50 and $5.50 an hour" in told


def test_the_file_has_every_price(
    ask: Callable[..., dict[str, Any]], store_path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "prices.csv"
    ask("customers", "--hours", "RTX 4090:10", "--out", str(out))
    manifest = json.loads(out.with_name("prices.manifest.json").read_text())
    assert manifest["command"].endswith("--hours 'RTX 4090:10'")
    assert out.read_text().splitlines()[1].startswith("elsewhere,RTX 4090,10.0,10.0,0.69,0.69,")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say what is to be rented"),
        (["--hours", "H100:1", "--tokens", "1"], "one of the two"),
        (["--hours", "H100:1", "--model", "H100"], "--model goes with --tokens"),
        (["--hours", ""], "the workload has no GPU-hours"),
        (["--hours", "H100"], "write MODEL:HOURS"),
        (["--hours", "H100:0"], "more than 0"),
        (["--hours", "H100:-1"], "more than 0"),
        (["--hours", "Abacus:1"], "there are prices for H100"),
        (["--tokens", "0"], "0 tokens a day are not allowed"),
        (["--tokens", "1", "--model", "Abacus"], "no price of a 'Abacus' hour"),
        (["--tokens", "lots"], "'lots' is not a number"),
    ],
)
def test_bad_input_is_one_sentence(refused: Callable[..., str], words: list[str], says: str) -> None:
    assert says in refused("customers", *words)


def test_unserved_demand_in_words() -> None:
    # 2.125 times the start can be served of 4: 46.9 % goes unserved from July on
    found = rents.reckon(
        REGISTRY,
        run(demand_shock=3.0, shock_month=2, months=3, contracts=[], R_base=100.0),
        [Hours("H100", 1, 1)],
    )
    words = rents.unserved(found)
    assert "first finds no free GPU in Jul 2026 (month 2)" in words
    assert "46.9\N{NO-BREAK SPACE}% of it goes unserved, $375.00 over 2 months" in words
