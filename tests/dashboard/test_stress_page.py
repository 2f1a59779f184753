"""The Stress lab: the answer with its range, live from a first one on, and a sentence for what cannot be."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.answers import Answers
from dashboard.charts import stress as charts_stress
from dashboard.pages import stress
from dashboard.questions.stress import Question, Stressed
from dashboard.questions.stress import spread as chances_spread
from dashboard.words import cards_stress
from dashboard.words.stress_words import chance, chance_with_error, interval, quantity
from models.parameters import parse_scenario
from models.stress.contrast import contrast
from models.stress.engine import run
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY
from tests.scenarios import run as project

DAYS = [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)]


def app() -> None:
    """The page as app.py shows it, with a store of its own."""
    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import stress

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        found = Answers.open(serving=True)
        st.session_state["answers"] = found
        return found

    frame.show(frame.open_desk(answers(), {}), stress.page, stress.FIELDS)


@pytest.fixture
def page(store_path: Path) -> Iterator[Callable[..., AppTest]]:
    st.cache_resource.clear()
    opened: list[AppTest] = []

    def visit(paths: int | None = 10_000, **state: object) -> AppTest:
        test = AppTest.from_function(app, default_timeout=120)
        test.session_state["paths"] = paths
        for key, value in state.items():
            test.session_state[key] = value
        opened.append(test.run())
        return settled(test)

    yield visit
    opened[0].session_state["answers"].close()
    st.cache_resource.clear()


def settled(test: AppTest) -> AppTest:
    """Wait until the run is whole, as the refreshing page does."""
    for _ in range(600):
        asked = test.session_state["stress"]
        if all(job.finished for job in asked.jobs):
            return test.run()
        time.sleep(0.2)
    raise AssertionError("the run does not end")


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


def words(test: AppTest) -> str:
    return read(
        "\n".join(str(e.value) for kind in ("title", "markdown", "caption") for e in getattr(test, kind))
    )


def test_the_answer_has_its_range_and_its_error(page: Callable[..., AppTest]) -> None:
    test = page()
    assert [e.value for e in test.exception] == [e.value for e in test.error] == []
    title = read(test.title[0].value)
    assert title.startswith("**Under these assumptions the vaults run short within 36 months in ")
    assert "over 22 alternatives" in title
    assert "sampling alone" in title
    assert [m.label for m in test.metric] == [card.label for card in cards_stress.COMING]
    assert "10,000 futures, seed 1, computed in" in words(test)
    assert [b.value for b in test.get("badge")] or "provisional" in words(test)


def test_the_first_answer_waits_for_no_futures(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page()
    with monkeypatch.context() as patch:
        patch.setattr(stress, "_so_far", lambda *_: None)  # however soon the engine answers
        test.selectbox(key="preset").set_value("both").run()
    assert not test.exception
    title = read(test.title[0].value)
    assert title.startswith("**Without random shocks: if the price falls by 50 % and demand falls by 55 %")
    assert "the reserves run short in Apr 2027 (month 11)" in title
    assert "the vaults run short within 36 months in " in read(settled(test).title[0].value)


def test_another_visit_finds_the_run(page: Callable[..., AppTest]) -> None:
    first = page()
    first.session_state["answers"]._recorder.submit(int).result()
    del first.session_state["stress"]
    assert "10,000 futures, seed 1, found in the store" in words(settled(first.run()))


def test_a_shock_is_compared_on_the_same_futures(page: Callable[..., AppTest]) -> None:
    test = page()
    test.selectbox(key="preset").set_value("both").run()
    assert "Against Baseline, on the same 10,000 futures" in words(settled(test))


def test_the_device_is_the_reader_s_choice_and_what_was_taken_is_said(page: Callable[..., AppTest]) -> None:
    test = page()
    assert "on the cpu (no GPU: " in words(test) or "on the gpu (" in words(test)
    test.selectbox(key="device").set_value("cpu")
    test.selectbox(key="preset").set_value("both").run()
    assert "on the cpu (asked for)" in words(settled(test))
    test.selectbox(key="device").set_value("gpu")
    test.selectbox(key="preset").set_value("price_shock").run()
    said = [read(error.value) for error in settled(test).error]
    assert "on the gpu" in words(test) or any("device gpu cannot be used" in text for text in said)


def test_a_repaired_matrix_is_said(page: Callable[..., AppTest]) -> None:
    test = page()
    rows = "transition=0.9:0.1:0,0.1:0.8:0.1,0:0.1:0.9"
    test.text_input(key="shock_settings").set_value(f"regimes=calm,stress,boom {rows} repair_root=on").run()
    assert "The transition matrix was repaired" in words(test)


def test_bad_shock_numbers_are_one_sentence(page: Callable[..., AppTest]) -> None:
    test = page()
    test.text_input(key="shock_settings").set_value("rho=1.2").run()
    assert "rho = 1.2 is not allowed" in read(test.warning[0].value)
    test.text_input(key="shock_settings").set_value("rho=0.1 calm.sigma=0.2").run()
    assert not settled(test).warning


def test_one_future_is_shown_and_can_be_replayed(page: Callable[..., AppTest]) -> None:
    test = page()
    test.selectbox(key="level").set_value("median").run()
    assert "ends nearest to the median quantile" in words(test)
    assert "vaultline replay " in words(test)


# Charts and words


def stressed(paths: int = 400, **changes: object) -> Stressed:
    scenario = parse_scenario({"months": 3, "price_shock": -0.5, "demand_shock": -0.55, **changes}, BASELINE)
    question = Question(scenario, REGISTRY.shocks(), paths, 1, ("V", "coverage", "pay", "price", "runway"))
    made = run(scenario, PROTOCOL, question.shocks, paths=paths, seed=1, fans=question.fans, device="cpu")
    return Stressed(question, made, "a" * 64, False)


def spread(found: Stressed) -> pl.DataFrame:
    answers = Answers(REGISTRY, None, None, Path("unused"), False)
    return chances_spread(answers, found.question, 200)


@pytest.mark.parametrize("dark", [False, True])
def test_charts_draw_what_their_frames_hold(dark: bool) -> None:
    found = stressed()
    wide = spread(found)
    charts = [
        charts_stress.shock(project(price_shock=-0.5, months=12), dark=dark),
        charts_stress.chance_by_month(found.by_month, wide, DAYS, dark=dark),
        charts_stress.chance_by_month(found.by_month, None, DAYS, dark=dark),
        charts_stress.alternatives(wide, 3, dark=dark),
        *(charts_stress.fan(name, found.quantiles, DAYS, dark=dark) for name in found.question.fans),
    ]
    for chart in charts:
        go.Figure(chart.figure.to_dict())  # plotly's own validation
        assert set(chart.units) >= set(chart.frame.columns)
        assert chart.alt.startswith(chart.title)
    band = charts[1].frame
    assert (band["alternatives_low"] <= band["p_shortfall"]).all()
    assert charts[3].frame.height == 22
    assert (
        charts[4].frame["p50"].to_list()
        == found.quantiles.filter(variable="V", quantile=0.5)["value"].to_list()
    )


def test_the_shock_is_said_as_it_is_drawn() -> None:
    chart = charts_stress.shock(project(price_shock=-0.5, demand_shock=0.0, shock_month=3, months=12))
    assert chart.frame["price"].to_list() == [1.0, 1.0, *[0.5] * 10]
    assert read(chart.subtitle).startswith(
        "Price is lowest in Aug 2026 (month 3), at 50 %; demand never falls"
    )


def test_a_replayed_path_stands_in_the_fan() -> None:
    found = stressed()
    chart = charts_stress.fan("V", found.quantiles, DAYS, ("path 7", [1e6, 2e6, 3e6]))
    assert chart.frame["path"].to_list() == [1e6, 2e6, 3e6]
    assert chart.figure.data[-1].name == "path 7"
    assert list(chart.figure.data[-1].y) == [1.0, 2.0, 3.0]


def test_differences_carry_sign_and_error() -> None:
    poorer = parse_scenario({"months": 3, "V0_months": 0.0, "H0": 3e6}, BASELINE)
    pair = (parse_scenario({"months": 3}, BASELINE), poorer)
    found = contrast(pair, PROTOCOL, REGISTRY.shocks(), seed=1, paths=500)
    said = cards_stress.against("Baseline", found)
    short, loss, pay = (found.difference(1, name) for name in ("p_shortfall", "short_usd", "lowest_pay"))
    assert short.value > 0 > pay.value
    more, less = short.value * 100, -pay.value * 100
    errors = [f"± {mean.standard_error * 100:.2f}" for mean in (short, pay)]
    assert f"on the same 500 futures:** chance of a shortfall +{more:.2f} points ({errors[0]})" in said
    assert f"mean shortfall +\\${loss.value / 1e6:.2f}M (± \\$" in said
    assert f"lowest pay \N{MINUS SIGN}{less:.2f} points ({errors[1]})" in said


def test_chances_read_as_they_are() -> None:
    texts = [read(chance(p)) for p in (0.0, 0.123, 0.00001234, 3e-9, 1.0)]
    assert texts == ["0 %", "12.3 %", "0.0012 %", "3.0e-07 %", "100 %"]
    assert read(chance_with_error(0.0, 0.0, 0.0003)) == "none (95 %: below 0.03 %)"
    assert read(interval(0.5312, 0.5314)) == "53.12 % to 53.14 %"
    assert read(quantity("runway", None)) == "no end"
    assert read(quantity("V", 12e6)) == "12.00M IO"


def test_the_overview_has_the_chances_line_by_line() -> None:
    found = stressed()
    waiting, said = (cards_stress.chances(3, wide) for wide in (None, spread(found)))
    assert waiting.label == said.label == "Chance of a shortfall in 3 months"
    assert (waiting.value, waiting.detail) == ("…", "By month 3: on its way")
    least, most = cards_stress.across(spread(found), 3)
    assert said.value == f"{chance(least)} to {chance(most)}"
    shown = re.fullmatch(r"By month 3: (.*); here [\d.]+ % ± \d+\.\d", read(said.detail))
    assert shown
    assert shown[1] == read(said.value)
