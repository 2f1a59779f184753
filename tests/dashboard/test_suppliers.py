"""A supplier's question as text, as a command, in words and in charts."""

import csv
import json
import math
import shlex
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts import suppliers as charts_suppliers
from dashboard.cli import main
from dashboard.questions import fleets
from dashboard.words import cards_suppliers
from data.suppliers import example_fleet, supplier_terms
from models.parameters import parse_scenario
from models.readers.fleet_income import WAYS
from models.readers.suppliers import Answer, answer
from tests.readers_cases import JUDGED, case
from tests.scenarios import BASELINE, REGISTRY

EXAMPLE = example_fleet(REGISTRY.facts)
FLEET = "H100:8:25000:900:0.12:24:0.4,RTX 4090:40:2000:500:0.12:24:0.4"
OTHERWISE = {"mean_multiplier": (2.0,), "roi_target": (0.6,)}
MODELS = [*supplier_terms(REGISTRY.facts).multipliers]


def asked(**changes: Any) -> fleets.Question:
    return fleets.question(REGISTRY, EXAMPLE, **({"paths": 500} | changes))


# As text


def test_the_example_as_text() -> None:
    assert fleets.rows_from_text(FLEET) == EXAMPLE
    assert fleets.fleet_to_text(asked().fleet) == FLEET


def test_what_a_line_leaves_out_is_all_day_and_not_hired() -> None:
    (row,) = fleets.rows_from_text("T4:1:300:70:0.2")
    assert (row["uptime_hours"], row["hired"]) == (24.0, 0.0)


LINE = st.fixed_dictionaries(
    {
        "model": st.sampled_from(MODELS),
        "count": st.integers(1, 10_000),
        "price_usd": st.floats(0.01, 1e6),
        "watts": st.floats(1, 1e4),
        "usd_per_kwh": st.floats(0, 5),
        "uptime_hours": st.floats(0.1, 24),
        "hired": st.floats(0, 1),
    }
)


@given(st.lists(LINE, min_size=1, max_size=5))
def test_every_fleet_has_a_text_that_gives_it_again(rows: list[dict[str, Any]]) -> None:
    one = fleets.question(REGISTRY, rows)
    assert fleets.question(REGISTRY, fleets.rows_from_text(fleets.fleet_to_text(one.fleet))) == one


# As a command


def test_the_command_is_the_page(ask: Callable[..., dict[str, Any]], store_path: Path) -> None:
    found = ask("suppliers", "--fleet", FLEET, "--paths", "500", "--preset", "both")
    both = REGISTRY.presets()["both"].scenario
    direct = fleets.reckon(REGISTRY, both, asked())
    assert found["results"] == direct.results.to_dicts()
    assert found["stake_io"] == direct.figures.stake_io == 8 * 2000 + 40 * 250
    assert found["scenario_sha256"] == both.digest()
    assert (found["paths"], found["seed"]) == (500, 1)
    assert {"facts_version", "model_version", "run_id", "checklist", "by_month"} <= found.keys()


def test_the_command_that_is_given_back_gives_the_same(
    ask: Callable[..., dict[str, Any]], store_path: Path
) -> None:
    chosen = ["--paths", "300", "--seed", "9", "--mean-multiplier", "3", "--up-mbps", "80"]
    first = ask("suppliers", "--months", "12", *chosen)
    again = ask(*shlex.split(first["command"])[1:])
    (told,) = first.pop("notes")
    assert told.startswith("this is an example")
    assert again.pop("notes") == []
    assert again == first
    assert first["judgement"]["mean_multiplier"] == 3
    assert {c["condition"]: c["state"] for c in first["checklist"]}["Upload"] == "met"


def test_the_file_has_every_way_and_month(
    ask: Callable[..., dict[str, Any]], store_path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "income.csv"
    ask("suppliers", "--paths", "200", "--months", "6", "--out", str(out))
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["way"], int(r["month"])) for r in rows] == [(w, m) for w in WAYS for m in range(1, 7)]
    made = json.loads(out.with_suffix(".manifest.json").read_text())
    units = {c["name"]: c["unit"] for c in made["columns"]}
    assert (units["p50"], units["paid_back"]) == ("USD a month", "share of paths")
    assert made["command"].startswith("vaultline suppliers ")


def test_the_answer_in_text_begins_with_the_sentence(
    capsys: pytest.CaptureFixture[str], store_path: Path
) -> None:
    assert main(["suppliers", "--paths", "200"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Under these assumptions the fleet keeps $")
    for name in WAYS.values():
        assert name in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--fleet", ""], "the fleet has no GPU"),
        (["--fleet", "H100:0:25000:900:0.12"], "GPUs (count) = 0 is not allowed"),
        (
            ["--fleet", "H100:8:0:900:0.12"],
            "Price paid (price_usd) = 0 is not allowed: it must be a number",
        ),
        (["--fleet", "H100:8:25000:900:-0.12"], "Tariff (usd_per_kwh) = -0.12 is not allowed"),
        (["--fleet", "H100:8:25000:900:0.12:25"], "at most 24 hours a day"),
        (["--fleet", "H100:8:25000:900:0.12:24:2"], "(hired) = 2 is not allowed"),
        (["--fleet", "Abacus:8:25000:900:0.12"], "not in the network's multiplier table"),
        (["--fleet", "H100:8:25000"], "write MODEL:COUNT:PRICE:WATTS:USD_PER_KWH"),
        (["--fleet", "H100:8:25000:900:0.12:24:0.4:1"], "write MODEL:COUNT"),
        (["--fleet", "H100:8.5:25000:900:0.12"], "'8.5' is not a whole number"),
        (["--fleet", "H100:8:nan:900:0.12"], "price_usd = 'nan' is not a number"),
        (["--mean-multiplier", "0"], "mean_multiplier = 0.0 is not allowed"),
        (["--discount-rate", "-1"], "discount_rate = -1.0 is not allowed"),
        (["--up-mbps", "-5"], "up_mbps = -5.0 is not allowed"),
        (["--paths", "0"], "paths = 0 is not allowed"),
        (["--paths", "10000000"], "over 36 months: at most 166,666 are"),
        (["--paths", "many"], "'many' is not a whole number"),
        (["--seed", "-1"], "seed = -1 is not allowed"),
        (["--preset", "nope"], "there is no preset"),
    ],
)
def test_bad_input_is_one_sentence(refused: Callable[..., str], words: list[str], says: str) -> None:
    assert says in refused("suppliers", *words)


def test_the_old_schedule_as_scenario_is_compared_with_the_engine_all_the_same() -> None:
    found = fleets.reckon(REGISTRY, parse_scenario({"rule": "legacy"}, BASELINE), asked())
    ide = fleets.reckon(REGISTRY, BASELINE, asked())
    assert found.results.equals(ide.results)


def test_as_reported_pays_by_its_own_rule() -> None:
    reported = REGISTRY.presets()["as_reported"].scenario
    found = fleets.reckon(REGISTRY, reported, asked())
    assert not found.results.equals(fleets.reckon(REGISTRY, BASELINE, asked()).results)


def test_ten_thousand_paths_answer_within_a_second() -> None:
    fleets.reckon(REGISTRY, BASELINE, asked(paths=200))  # compiled
    question = asked(paths=10_000, seed=123)
    begun = time.process_time()
    fleets.reckon(REGISTRY, BASELINE, question)
    # of processor time, on all cores together: other work on the machine does not count
    assert time.process_time() - begun < 2.0


# In words


def told(pay: np.ndarray, *rows: dict[str, Any]) -> tuple[Answer, fleets.Question]:
    one = case(pay, *rows)
    return answer(one, OTHERWISE), fleets.Question(one.fleet, fleets.Site(), JUDGED, len(pay))


def test_the_sentence_has_both_ways_and_their_chances() -> None:
    # full pay: 122.45 by multipliers, 83.05 x 0.9775 - 73.05 = 8.13 by ROI + Z; 200 after two months or never
    found, question = told(np.ones((4, 3)))
    assert cards_suppliers.verdict(found, question) == (
        "Under these assumptions the fleet keeps $122.45 a month after electricity and fees if the payout "
        "target is shared by multipliers, and $8.13 if each gets its own ROI + Z; its chance to be paid back "
        "within 3 months is 100\N{NO-BREAK SPACE}% and 0\N{NO-BREAK SPACE}%. Nobody has published which "
        "holds."
    )


def test_a_fleet_that_loses_and_one_that_is_not_paid_are_told_so() -> None:
    lost = cards_suppliers.verdict(*told(np.full((4, 3), 0.1)))
    # a tenth of the pay: 19.55 - 73.05, and 8.118 - 73.05
    assert lost.startswith("Under these assumptions no: in the middle of all futures the fleet loses $53.50")
    idle = cards_suppliers.verdict(*told(np.ones((4, 3)), {"uptime_hours": 4.0}))
    assert idle == "Not like this: no machine is up the 5 hours a day that the network asks for."


def test_the_cards_hold_the_numbers() -> None:
    found, _ = told(np.ones((4, 3)))
    income, never, worst, stake = cards_suppliers.cards(found)
    assert income.value == "$8.13 to $122.45"
    assert never.value == "0\N{NO-BREAK SPACE}% to 100\N{NO-BREAK SPACE}%"
    assert "after 2 months by multipliers, not within the run by ROI + Z" in never.detail
    assert worst.value == "$8.13 to $122.45"
    assert stake.value == "1,000 IO, $1,000"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        # 200 x 0.9775 = 195.50 covers 73.05 down to 37.4 %
        ({}, "loses money once suppliers are paid less than 37.4"),
        ({"usd_per_kwh": 0.0}, "has no electricity to pay: it never loses"),
        ({"usd_per_kwh": 1.0}, "even full pay does not cover its electricity"),
        ({"uptime_hours": 1.0}, "is not paid: it is up too little"),
    ],
)
def test_the_smallest_supplier_in_words(row: dict[str, Any], says: str) -> None:
    found, _ = told(np.ones((4, 3)), row)
    assert says in cards_suppliers.smallest(found)


# In charts

DATES = [date(2026, m, 28) for m in (6, 7, 8)]


@pytest.mark.parametrize("dark", [False, True])
def test_charts_are_valid_and_draw_the_numbers(dark: bool) -> None:
    pay = np.random.default_rng(1).uniform(0, 1, (50, 3))
    found, _ = told(pay)
    charts = [charts_suppliers.income(found.by_month, way, DATES, dark=dark) for way in ("multiplier", "roi")]
    charts.append(charts_suppliers.payback(found.by_month, DATES, dark=dark))
    for chart in charts:
        made = chart.figure.to_dict()
        go.Figure(made)  # plotly's own validation, which building skips
        assert set(chart.units) == set(chart.frame.columns)
        assert chart.subtitle.endswith(".")
        assert chart.subtitle in chart.alt
        assert "nan" not in chart.subtitle.lower()
    middle = next(t for t in charts[0].figure.data if t.name == "engine, middle")
    own = found.by_month.filter(way="multiplier")
    assert list(middle.y) == own["p50"].to_list()
    curves = {t.name: list(t.y) for t in charts[-1].figure.data}
    for way, name in WAYS.items():
        assert curves[name] == found.by_month.filter(way=way)["paid_back"].to_list()


def test_the_payback_chart_says_when_chances_are_even() -> None:
    found, _ = told(np.ones((4, 3)))
    words = charts_suppliers.payback(found.by_month, DATES).subtitle
    assert "by share of all multipliers: even chances by Jul 2026 (month 2)" in words
    assert "by own ROI + Z: 0\N{NO-BREAK SPACE}% by Aug 2026 (month 3)" in words


def test_no_number_of_an_answer_is_missing() -> None:
    found = fleets.reckon(REGISTRY, BASELINE, asked())
    assert all(v is not None and math.isfinite(v) for v in found.figures)
    assert found.by_month.null_count().sum_horizontal().item() == 0
