"""The Workbench: what the store holds is on screen, found, compared, replayed, asked in SQL and validated."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import validation
from dashboard.charts import recall as charts_recall
from dashboard.cli import main
from dashboard.panels import sql as panels_sql
from models.stress.checks import Check
from tests.scenarios import REGISTRY


def app() -> None:
    """The page as app.py shows it, with a store of its own."""
    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import workbench

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        found = Answers.open(serving=True)
        st.session_state["answers"] = found
        return found

    frame.show(frame.open_desk(answers(), {}), workbench.page, workbench.FIELDS)


@pytest.fixture
def page(store_path: Path) -> Iterator[Callable[..., AppTest]]:
    st.cache_resource.clear()
    opened: list[AppTest] = []

    def visit(**state: object) -> AppTest:
        test = AppTest.from_function(app, default_timeout=120)
        for key, value in state.items():
            test.session_state[key] = value
        opened.append(test.run())
        return faultless(test)

    yield visit
    opened[0].session_state["answers"].close()
    st.cache_resource.clear()


def faultless(test: AppTest) -> AppTest:
    assert [e.value for e in test.exception] == [e.value for e in test.error] == []
    return test


def words(test: AppTest) -> str:
    kinds = ("title", "subheader", "header", "markdown", "caption", "info")
    text = "\n".join(str(e.value) for kind in kinds for e in getattr(test, kind))
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def filled(store_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A projection and two stress runs."""
    stress = [["stress", "--months", "3", "--paths", paths] for paths in ("80", "90")]
    for more in (["project", "--preset", "both"], *stress):
        assert main(more) == 0


def test_a_first_visit_finds_its_own_scenario_among_the_data(page: Callable[..., AppTest]) -> None:
    test = page()
    assert "The store holds 1 run and 0 answers of 1 scenario" in test.title[0].value
    assert test.dataframe[0].value["kind"].to_list() == ["projection"]
    assert "Coverage is full in every month; pay is full in every month." in words(test)


@pytest.mark.usefixtures("filled")
def test_a_run_is_found_opened_and_put_beside_another(page: Callable[..., AppTest]) -> None:
    test = page()
    assert len(test.dataframe[0].value) == 4
    test.text_input(key="find_runs").set_value("stress 90").run()
    (label,) = test.selectbox(key="run_open").options
    assert label.startswith("stress ")
    assert "90 paths" in words(faultless(test))
    test.text_input(key="find_runs").set_value("stress").run()
    ids = test.dataframe[0].value["id"].to_list()
    every = test.session_state["answers"].store.frame("SELECT id FROM run", [])["id"]
    whole = {name[:12]: name for name in every}
    test.selectbox(key="run_beside").set_value(whole[ids[1]]).run()
    beside = {d.value.columns[0]: d.value for d in faultless(test).dataframe if "one" in d.value.columns}
    assert beside["input"].to_dict("list") == {"input": ["paths"], "one": ["90"], "other": ["80"]}
    assert "standard_error" in beside["name"]["name"].to_list()
    own = test.session_state["session"].scenario
    test.button(key="take_scenario").click().run()
    taken = faultless(test).session_state["session"].scenario
    assert (own.months, taken.months) == (36, 3)
    test.text_input(key="find_runs").set_value("no such run").run()
    assert "Try fewer words" in words(faultless(test))


@pytest.mark.usefixtures("filled")
def test_a_path_is_replayed(page: Callable[..., AppTest], capsys: pytest.CaptureFixture[str]) -> None:
    test = page(replay=True, find_runs="stress 90")
    run = test.dataframe[0].value["id"][0]
    test.number_input(key="path_number").set_value(3).run()
    shown = faultless(test).dataframe[-1].value
    capsys.readouterr()
    assert "Path 3: " in words(test)
    assert main(["replay", run, "3", "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert shown["V"].to_list() == [step["V"] for step in steps]


def test_sql_runs_refuses_and_takes_examples(page: Callable[..., AppTest]) -> None:
    test = page(workbench="SQL")
    test.button(key="example_What is assumed, and its range").click().run()
    assert "WHERE kind = 'assumption'" in test.text_area(key="sql_text").value
    asked(test)
    assert set(test.dataframe[-1].value.columns) == {"title", "value", "unit", "low", "high"}
    test.text_area(key="sql_text").set_value("SELECT * FROM read_csv('/etc/passwd')")
    asked(test)
    assert "Forbidden" in test.error[0].value


def asked(test: AppTest) -> None:
    """Run the query, and wait for it as the page does."""
    next(b for b in test.button if b.label == "Run").click().run()
    assert test.session_state["query"].ended.wait(30)
    test.run()
    assert not test.exception


@pytest.mark.usefixtures("filled")
def test_every_table_is_taken_out(page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    test = page(workbench="Tables")
    assert "run_quantile" in test.dataframe[0].value["table"].to_list()
    for name in test.selectbox(key="table_out").options:
        test.selectbox(key="table_out").set_value(name).run()
        faultless(test)
    monkeypatch.setattr(panels_sql, "MOST_ROWS", 3)
    test.selectbox(key="table_out").set_value("run_step").run()
    assert "vaultline export run_step --out run_step.parquet" in [code.value for code in faultless(test).code]


def test_the_engine_is_validated_in_its_own_process(page: Callable[..., AppTest]) -> None:
    test = page(workbench="Validation")
    test.button(key="validate").click().run()
    for _ in range(200):
        if all(job.finished for job in test.session_state["validation"]):
            break
        time.sleep(0.2)
    said = re.search(r"(\d+) of (\d+) exact laws hold", words(faultless(test.run())))
    assert said
    assert int(said[1]) == int(said[2]) == len(test.dataframe[-1].value) > 20


def test_a_law_that_is_off_is_said() -> None:
    cases = validation.cases(REGISTRY)[:1]
    checks = [Check("mean price", 1.0, 1.01, 0.01), Check("mean log price", 0.0, 0.5, 0.1)]
    rows = validation.frame(cases, [checks])
    assert rows["z"].to_list() == pytest.approx([1.0, 5.0])
    assert rows["verdict"].to_list() == ["holds", "off"]
    assert "1 of 2 exact laws hold" in validation.sentence(rows, 100, 1)
    assert "5.0 away: mean log price, gbm, monthly" in validation.sentence(rows, 100, 1)
    drawn = charts_recall.laws(rows)
    assert drawn.subtitle.startswith("1 of 2 are within two standard errors and the furthest 5.0 away")
    assert drawn.figure.layout.xaxis.range[1] > 5
