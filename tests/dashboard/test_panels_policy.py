"""The policy lab and the networks' rules as a reader meets them."""

from collections.abc import Iterator

import plotly.graph_objects as go
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.answers import Answers
from dashboard.charts import policy as charts_policy
from dashboard.panels import policy as panels_policy
from dashboard.questions.policies import MechanismsQuestion, policy_question
from data.registry import load_facts
from models.mechanism_paths import REFERENCE

REGISTRY = load_facts()


def app() -> None:
    """The two panels alone, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.panels import policy as panels_policy
    from data.registry import load_facts

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        return Answers(load_facts(), None, None, Path(), True)

    desk = frame.open_desk(answers(), {})
    panels_policy.policy(desk)
    panels_policy.mechanisms(desk)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import streamlit as st

    st.cache_resource.clear()
    monkeypatch.setattr(panels_policy, "SIZES", {"quick": (24, 100), "as the command": (24, 200)})
    monkeypatch.setattr(panels_policy, "PATHS", (10, 20))
    yield
    st.cache_resource.clear()


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


def words(test: AppTest) -> str:
    return read("\n".join(str(e.value) for kind in ("markdown", "caption") for e in getattr(test, kind)))


def worked_out(test: AppTest, key: str) -> AppTest:
    test.button(key=f"{key}_start").click().run()
    assert test.session_state[f"errand_{key}"].ended.wait(60)
    test.run()
    assert not test.exception
    return test


def test_a_policy_is_looked_at_taken_over_and_undone() -> None:
    test = worked_out(AppTest.from_function(app, default_timeout=60).run(), "policy")
    session = test.session_state["session"]
    before = session.scenario
    assert "Under these assumptions today's policy burns" in words(test)
    assert "pay suppliers less at the lowest than today's does" in words(test)
    table = test.session_state["errand_policy"].found.tables["policies"]
    number = int(table.filter(pl.col("beta") == 1.0)["number"][0])
    test.selectbox(key="policy_number").set_value(number).run()
    settings = next(t.value for t in test.table if "setting" in t.value.columns)
    assert [read(text) for text in settings.iloc[0]] == ["Burn share", "50 % of surplus", "100 % of surplus"]
    test.button(key="policy_use").click().run()
    assert not test.exception
    assert session.scenario.beta == 1.0
    # the lab goes on showing what it showed, and there is nothing left to take over
    assert "Under these assumptions today's policy burns" in words(test)
    assert test.button(key="policy_use").disabled
    session.undo()
    test.run()
    assert session.scenario == before
    assert not test.button(key="policy_use").disabled
    # settings that no policy of the lab has ask anew, and the reader's own is then one of them
    session.edit(beta=0.61)
    test.run()
    assert "Look at one policy" not in [box.label for box in test.selectbox]
    worked_out(test, "policy")
    assert test.session_state["errand_policy"].found.tables["policies"]["kind"].to_list()[-1] == "yours"
    test.segmented_control(key="policy_event").set_value("underpaid").run()
    assert not test.exception
    assert "the vaults let suppliers be underpaid in" in words(test)


def test_a_rule_without_levers_is_said_in_a_sentence() -> None:
    test = AppTest.from_function(app, default_timeout=60).run()
    test.session_state["session"].choose("as_reported")
    test.run()
    assert not test.exception
    assert "only the engine (rule ide) has a policy to set" in read(test.warning[0].value)
    assert "policy_start" not in [button.key for button in test.button]


def test_every_rule_is_shown_against_the_ide_with_its_sources() -> None:
    test = AppTest.from_function(app, default_timeout=60)
    test.session_state["mechanism_rules"] = True
    test = worked_out(test.run(), "mechanisms")
    told = words(test)
    assert "Under these assumptions suppliers earn" in told
    for text in (
        "AEP-76",
        "RNP-001",
        "HIP-20",
        "Filecoin specification",
        "LIP-34",
        "Unlock schedule of Aethir",
    ):
        assert text in told
    test.segmented_control(key="mechanisms_quantity").set_value("dilution").run()
    assert not test.exception
    assert "Dilution by rule, over 36 months" in [h.value for h in test.header]


@pytest.mark.usefixtures("store_path")
def test_the_charts_say_what_is_drawn() -> None:
    """Every figure is one that plotly takes; each policy stands once; the frontier rises with its burn."""
    with Answers.open() as answers:
        q = policy_question(REGISTRY, REGISTRY.baseline(), REGISTRY.shocks(), policies=30, paths=300)
        found = answers.risk(q)
        rules = answers.risk(MechanismsQuestion(REGISTRY.baseline(), REGISTRY.shocks(), 20))
    table = found.tables["policies"]
    for event in ("shortfall", "underpaid"):
        made = charts_policy.frontier(table, found.figures, event, 3, dark=True)
        go.Figure(made.figure.to_dict())  # validates
        drawn = {trace.name: trace for trace in made.figure.data}
        line = drawn["efficient frontier"]
        assert list(line.x) == sorted(line.x)
        assert list(line.y) == sorted(line.y)
        points = sum(len(t.x) for t in made.figure.data if t.mode == "markers")
        assert points == table.height + 1  # the reader's own stands in its place too
        assert made.frame.height == table.height
        assert set(made.units) == set(made.frame.columns)
        assert "The frontier runs from" in made.subtitle
    totals = rules.tables["totals"]
    for quantity in ("income_usd", "issued", "dilution"):
        made = charts_policy.mechanisms(totals, quantity, rules.figures)
        go.Figure(made.figure.to_dict())
        bar = made.figure.data[0]
        assert bar.y[-1] == "IDE"
        own = totals.filter(mechanism=REFERENCE, quantity=quantity).row(0, named=True)
        scale = 1 if quantity == "dilution" else 1e6
        assert bar.base[-1] + bar.x[-1] == pytest.approx(own["p95"] / scale)
        assert "Under these assumptions the IDE's mean is" in made.subtitle
