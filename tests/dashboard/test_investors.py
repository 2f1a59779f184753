"""`vaultline investors` and the Supply page: one set of numbers in every form, and a sentence for what cannot
be."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.answers import Answers
from dashboard.charts import investors as charts_investors
from dashboard.cli import main
from dashboard.questions import investing
from dashboard.words import cards_investors, cards_outlook
from models.parameters import parse_scenario
from tests.scenarios import BASELINE, REGISTRY

NB = "\N{NO-BREAK SPACE}"
FEW = ("--paths", "200", "--seed", "3")


def read(text: str) -> str:
    """Escaped Markdown as it is read."""
    return text.replace("\\", "").replace("\N{WORD JOINER}", "")


@pytest.mark.usefixtures("store_path")
def test_the_command_gives_the_answers_and_finds_them_again(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("investors", *FEW, "--probability", "0.25", "--contract-total", "6e6")
    assert found["contract"] == {"probability": 0.25, "usd": 500_000.0, "first": 4, "months": 12}
    assert found["break_even"]["burn"]["revenue_usd"] == pytest.approx(6.01172e6, abs=5)
    assert len(found["by_month"]) == 36
    asked = investing.question(REGISTRY, BASELINE, found["contract"], paths=200, seed=3)
    with Answers.open() as answers:
        outlook = answers.known(investing.Outlook, answers.asked_outlook(BASELINE, asked))
        assert outlook.contract.to_dicts() == found["second_contract"]
        assert answers.issuance(BASELINE, 12).balance._asdict() == found["balance"]
    again = found["command"].removeprefix("vaultline ").split()
    assert ask(*again)["second_contract"] == found["second_contract"]


@pytest.mark.usefixtures("store_path")
def test_the_file_holds_every_month_with_its_units(tmp_path: Path) -> None:
    out = tmp_path / "investors.csv"
    assert main(["investors", *FEW, "--months", "6", "--out", str(out)]) == 0
    assert pl.read_csv(out).height == 6
    made = json.loads(out.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    units = {column["name"]: column["unit"] for column in made["columns"]}
    assert (units["burn_revenue_usd"], units["burn_contracts"]) == ("USD a month", "contracts")
    assert (units["all_days_one_day"], units["price"]) == ("days of trading volume", "USD per IO")


@pytest.mark.usefixtures("store_path")
def test_the_text_says_it_all_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["investors", *FEW]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "grow by 152.5M IO, 44.6 %, from Jun 2026 to May 2027: 164.5M IO unlock",
        "against $1.69M here ($5.34M to $10.06M over 18 named alternatives",
        "So 8 of $650,000 a month",
        "conflict by a factor of 28",
        "Two less one",
        "Over 18 named alternatives of what nobody has published, on 200 futures to the run's end",
        "Against the old schedule, over the same 200 random futures to month 36",
    ):
        assert part in text


@pytest.mark.usefixtures("store_path")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--probability", "1.5"), "Probability (probability) = 1.5 is not allowed"),
        (("--contract-months", "0"), "Length (months) = 0 is not allowed"),
        (("--contract-usd", "-1"), "Size (usd) = -1.0 is not allowed"),
        (("--contract-usd", "1", "--contract-total", "1"), "give one of them"),
        (("--window", "37"), "window = 37 is not allowed: the run has 36 months, so 1 to 36 are"),
        (("--paths", "0"), "paths = 0 is not allowed"),
        (("--probability", "half"), "--probability = 'half' is not a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(refused: Callable[..., str], words: tuple[str, ...], says: str) -> None:
    assert says in refused("investors", *words)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rule": "legacy"}, "no revenue would let the burn cover that: under this rule suppliers get all"),
        ({"rule": "as_reported", "V0_months": 0.0}, "12.00M IO burned that never circulated"),
        ({"y2_cap_months": 0.0}, "12.00M IO bought back into the vault"),
        ({"R_base": 2e7}, "shrink by"),
        ({"R_base": 2e7}, "the burn covers release and unlocks, from $6.01M of revenue a month on, and"),
        ({"demand_shock": -1.0, "shock_month": 1}, "demand is nil in these months"),
    ],
)  # fmt: skip
def test_the_sentence_is_true_of_the_scenario(changes: dict[str, Any], says: str) -> None:
    answers = Answers(REGISTRY, None, None, Path(), True)
    found = answers.issuance(parse_scenario(changes, BASELINE), 12)
    assert says in cards_investors.verdict(found).replace(NB, " ")
    assert "None" not in " ".join(card.value + card.detail for card in cards_investors.cards(found, BASELINE))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["burn covers release and unlocks", "revenue of the run", "most that supply can sell"]),
        ({"rule": "legacy"}, ["revenue of the run", "most that supply can sell"]),
        ({"y2_cap_months": 0.0}, ["burn covers release and unlocks", "circulating supply stands still",
         "revenue of the run", "most that supply can sell"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dark", [False, True])
def test_the_chart_draws_what_differs_and_says_what_to_notice(
    changes: dict[str, Any], lines: list[str], dark: bool
) -> None:
    answers = Answers(REGISTRY, None, None, Path(), True)
    found = answers.issuance(parse_scenario(changes, BASELINE), 3)
    chart = charts_investors.break_even(found.by_month, dark=dark)
    assert [trace["name"] for trace in go.Figure(chart.figure.to_dict()).data] == lines
    assert set(chart.units) == set(chart.frame.columns)
    assert chart.subtitle.endswith(".")
    assert chart.subtitle in chart.alt
    never = "In none of the 36 months is there a revenue at which it does."
    assert (chart.subtitle == never) == ("rule" in changes)


# The page


def app() -> None:
    """The page as app.py shows it, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import supply
    from data.registry import load_facts

    if "answers" not in st.session_state:
        st.session_state["answers"] = Answers(load_facts(), None, None, Path(), True)
    frame.show(frame.open_desk(st.session_state["answers"], {}), supply.page, supply.FIELDS)


@pytest.fixture
def page() -> Iterator[AppTest]:
    """The page as it first comes up; its engine's process ends with the test."""
    shown = AppTest.from_function(app, default_timeout=60).run()
    yield shown
    shown.session_state["answers"].close()


def test_the_page_answers_first_and_fills_in_what_was_on_its_way(page: AppTest) -> None:
    assert not page.exception
    assert read(page.title[0].value).startswith(
        "**Under these assumptions the 342.1M IO in circulation grow by"
    )
    assert [m.value for m in page.metric] == ["$6.01M", "7.65", f"3.51{NB}%", "$27.97M"]
    assert page.session_state["outlook"].ended.wait(60)
    assert set(page.dataframe[-2].value["Two less one"]) == {"…"}
    page.run()
    contract, rules = (shown.value for shown in page.dataframe[-2:])
    asked = investing.question(REGISTRY, BASELINE)
    same = investing.request(REGISTRY, BASELINE, asked).answer()
    assert contract.to_dict("records") == cards_outlook.contract_table(same, BASELINE, 36).to_dicts()
    assert rules.to_dict("records") == cards_outlook.rules_table(same, BASELINE, 36).to_dicts()
    across = cards_outlook.alternatives_table(same)
    assert across.height == 18
    assert any("Both under all 18 named alternatives" in e.label for e in page.expander)
    assert page.code[-1].value == investing.command(BASELINE, asked)


def test_the_contract_is_the_reader_s_and_a_wrong_one_is_one_sentence(page: AppTest) -> None:
    page.number_input(key="contract_probability").set_value(20.0).run()
    assert "--probability 0.2 " in page.code[-1].value
    page.number_input(key="contract_months").set_value(0).run()
    assert not page.exception
    assert "Length (months) = 0 is not allowed" in read(page.error[0].value)
    assert page.metric  # the rest of the page stands
