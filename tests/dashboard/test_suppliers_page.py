"""Suppliers, the page: the answer first, the fleet to type in, and a sentence for what cannot be."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Job
from data.suppliers import example_fleet
from tests.scenarios import REGISTRY

EXAMPLE = example_fleet(REGISTRY.facts)


def app() -> None:
    """The page as app.py shows it, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import suppliers
    from data.registry import load_facts

    answers = st.cache_resource(lambda: Answers(load_facts(), None, None, Path(), True), show_spinner=False)()
    frame.show(frame.open_desk(answers, {}), suppliers.page, suppliers.FIELDS)


def first_look(rows: list[dict[str, Any]] | None = None) -> AppTest:
    test = AppTest.from_function(app, default_timeout=120)
    if rows is not None:
        test.session_state["fleet_rows"] = rows
    return test.run()


def page(rows: list[dict[str, Any]] | None = None) -> AppTest:
    return settled(first_look(rows))


def settled(test: AppTest) -> AppTest:
    """Wait for the futures, as the refreshing page does."""
    if test.session_state.get("supplier"):
        assert test.session_state["supplier"].ended.wait(120)
        return test.run()
    return test


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "")


def test_the_answer_stands_first_and_all_parts_follow() -> None:
    found = page()
    assert not found.exception
    assert not found.error
    assert read(found.title[0].value).startswith("**Under these assumptions the fleet keeps $")
    assert len(found.metric) == 4
    headings = [s.value for s in found.subheader]
    assert headings == ["What this depends on", "And those who rent?"]
    assert any("suppliers --price-shock" in c.value for c in found.code)
    assert any("10,000 random paths, seed 1" in c.value for c in found.caption)


def test_the_first_answer_waits_for_no_futures_and_they_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Job, "finished", False)  # however soon the engine answers
        first = first_look([EXAMPLE[0] | {"uptime_hours": 23.0}])
    assert not first.exception
    assert read(first.title[0].value).startswith("**Without random shocks the fleet keeps $")
    labels = [m.label for m in first.metric]
    assert [m.value for m in first.metric][1:3] == ["…", "…"]
    whole = settled(first)
    assert read(whole.title[0].value).startswith("**Under these assumptions the fleet keeps $")
    assert [m.label for m in whole.metric] == labels


def test_another_fleet_is_another_answer() -> None:
    small = page([EXAMPLE[1] | {"count": 1}])
    assert not small.error
    assert small.metric[3].value == "250 IO, $42.50"


def test_the_assumptions_move_the_answer() -> None:
    found = page()
    before = found.metric[0].value
    found.number_input(key="supplier_mean_multiplier").set_value(10.0).run()
    assert not found.error
    assert found.metric[0].value != before


def test_the_checklist_takes_what_only_the_supplier_knows() -> None:
    found = page()
    found.number_input(key="supplier_up_mbps").set_value(10.0).run()
    labels = " ".join(read(e.label) for e in found.expander)
    assert "Missing: Upload (at least 75 Mbps; yours 10 Mbps)" in labels


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "the fleet has no GPU: give at least one line"),
        ([EXAMPLE[0] | {"model": "Abacus"}], "line 1 of the fleet: 'Abacus' is not in the network's"),
        ([EXAMPLE[0], EXAMPLE[1] | {"price_usd": 0.0}], "line 2 of the fleet: Price paid (price_usd) = 0"),
        ([EXAMPLE[0] | {"usd_per_kwh": -0.1}], "Tariff (usd_per_kwh) = -0.1 is not allowed"),
        ([EXAMPLE[0] | {"uptime_hours": 25.0}], "at most 24 hours a day"),
        ([EXAMPLE[0] | {"watts": None}], "watts is missing (Power at the wall)"),
    ],
)  # fmt: skip
def test_a_fleet_that_cannot_be_is_one_sentence(rows: list[dict[str, Any]], says: str) -> None:
    found = page(rows)
    assert not found.exception
    assert found.title[0].value == "**Should I plug my machines in?**"
    assert says in read(found.error[0].value)
    assert not found.metric


@pytest.mark.parametrize(
    ("value", "says"),
    [(0.0, "mean_multiplier = 0.0 is not allowed"), (None, "mean_multiplier = None is not allowed")],
)
def test_an_assumption_that_cannot_be_is_one_sentence(value: float | None, says: str) -> None:
    found = page()
    found.number_input(key="supplier_mean_multiplier").set_value(value).run()
    assert not found.exception
    assert says in read(found.error[0].value)


def test_a_fleet_that_is_up_too_little_is_told_so() -> None:
    found = page([EXAMPLE[0] | {"uptime_hours": 4.0}])
    assert not found.error
    assert "no machine is up the 5 hours a day" in read(found.title[0].value)


def test_a_renters_workload_gets_its_price_and_the_command_for_it() -> None:
    found = page()
    found.number_input(key="rent_amount_GPU-hours a month").set_value(10.0).run()
    told = " ".join(read(m.value) for m in found.markdown)
    # one source asks 1.00 a GPU-hour, the other up to 2.50, and USDC costs 2.25 % on top
    assert "H100: $10.02 to $25.56 a month at io.net" in told
    assert any("customers" in c.value and "--hours H100:10" in c.value for c in found.code)


def test_a_workload_that_cannot_be_is_one_sentence() -> None:
    found = page()
    found.number_input(key="rent_amount_GPU-hours a month").set_value(0.0).run()
    assert not found.exception
    assert "H100: 0 GPU-hours a month are not allowed" in read(found.error[0].value)
    assert len(found.metric) == 4
