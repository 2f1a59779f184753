"""The drawers of reverse stress, reserve and attribution as a reader meets them."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import errands
from dashboard.answers import Answers
from dashboard.panels import risk as panels_risk
from dashboard.questions import risks
from data.registry import load_facts
from models.parameters import InputError
from models.reserve import Ask
from models.stress.sweep import Stopped


def app() -> None:
    """The section alone, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.panels import risk as panels_risk
    from data.registry import load_facts

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        return Answers(load_facts(), None, None, Path(), True)

    desk = frame.open_desk(answers(), {})
    panels_risk.show(desk, desk.answers.registry.shocks(), 1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Grids and samples that take a moment, no answer of another test in memory."""
    import streamlit as st

    st.cache_resource.clear()
    monkeypatch.setattr(panels_risk, "PATHS", (200, 400))
    monkeypatch.setattr(panels_risk, "SIZES", {"quick": (32, 8), "as the command": (64, 8)})
    monkeypatch.setattr(panels_risk, "Ask", Small)
    monkeypatch.setattr(risks, "FrontierQuestion", partial(risks.FrontierQuestion, points=6))
    yield
    st.cache_resource.clear()


@dataclass(frozen=True)
class Small(Ask):
    """The question with a grid of six points."""

    points: int = 6
    curve_vaults: int = 3
    curve_fees: int = 4


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


def words(test: AppTest) -> str:
    return read("\n".join(str(e.value) for kind in ("markdown", "caption") for e in getattr(test, kind)))


def opened(drawer: str, preset: str = "both") -> AppTest:
    test = AppTest.from_function(app, default_timeout=60)
    test.session_state[drawer] = True
    test.run()
    test.session_state["session"].choose(preset)
    return test.run()


def worked_out(test: AppTest, key: str) -> AppTest:
    test.button(key=f"{key}_start").click().run()
    assert test.session_state[f"errand_{key}"].ended.wait(60)
    return test.run()


def test_the_frontier_is_there_when_its_drawer_opens() -> None:
    test = opened("risk_frontier")
    assert not test.exception
    title = "Which falls of price and demand together bring a shortfall, if they last 12 months"
    assert title in [h.value for h in test.header]
    assert "Under these assumptions the likeliest shock that brings a shortfall takes" in words(test)
    test.segmented_control(key="frontier_event").set_value("underpaid").run()
    test.toggle(key="frontier_all").set_value(True).run()
    assert not test.exception
    assert "that brings underpaid suppliers" in words(test)


def test_reserve_is_worked_out_on_request_and_not_shown_for_another_question() -> None:
    test = opened("risk_reserve")
    assert not test.table
    worked_out(test, "reserve")
    assert not test.exception
    assert "Under these assumptions, for the vaults to run short within 36 months" in words(test)
    assert len(test.table) == 3
    assert "200 random futures, seed 1; computed in" in words(test)
    test.session_state["session"].choose("baseline")
    test.run()
    assert not test.table
    assert test.button(key="reserve_start")


def test_attribution_names_three_and_reads_every_answer_from_one_run() -> None:
    test = worked_out(opened("risk_attribution"), "attribution")
    assert not test.exception
    assert "What would settle the three that matter most" in words(test)
    assert words(test).count("Change it ") == 3
    test.selectbox(key="attribution_metric").set_value("burn_year1").run()
    assert not test.exception
    assert "burned in the first 12 months" in words(test)
    assert not [b for b in test.button if b.key == "attribution_start"]


def test_refusals_are_sentences() -> None:
    test = opened("risk_reserve", "as_reported")
    assert test.session_state["session"].scenario.rule != "ide"
    worked_out(test, "reserve")
    assert not test.exception
    assert "only the engine (rule ide) has vaults" in read(test.error[0].value)
    assert test.button(key="reserve_start")


class Slow(Answers):
    """Answers that work until nobody wants it, or say what they are told to."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails, self.begun = fails, threading.Event()

    def risk(
        self,
        asked: risks.Question,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> risks.Found:
        assert cancelled is not None
        self.begun.set()
        if self.fails is not None:
            raise self.fails
        while not cancelled():
            time.sleep(0.01)
        raise Stopped


QUESTION = risks.FrontierQuestion(load_facts().baseline(), load_facts().shocks())


def test_an_errand_is_cancelled_while_it_runs_and_while_it_waits() -> None:
    slow = Slow()
    first = errands.Errand(slow, QUESTION)
    assert slow.begun.wait(5)
    second = errands.Errand(slow, QUESTION)
    for errand in (second, first):
        assert not errand.ended.is_set()
        errand.cancel()
        assert errand.ended.wait(5)
        assert errand.cancelled
    assert not errands.TURN.locked()


def test_what_nobody_looks_at_any_more_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "PATIENCE", 0.05)
    assert errands.Errand(Slow(), QUESTION).ended.wait(5)


def test_a_fault_is_a_sentence_and_the_next_gets_its_turn() -> None:
    for error, said in ((KeyError("secret"), errands.FAULT), (InputError("no such thing"), "no such thing.")):
        errand = errands.Errand(Slow(error), QUESTION)
        assert errand.ended.wait(5)
        assert (errand.error, errand.cancelled) == (said, False)
    assert not errands.TURN.locked()
