"""The dialog of saved scenarios: every act of it, and one sentence for what cannot be done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.database import StoreError
from data.saved import Saved, StoredShelf
from data.scenario_file import dump
from models.parameters import parse_scenario
from tests.scenarios import BASELINE


def app() -> None:
    """The dialog and the scenario behind it."""
    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.panels import saved as panels_saved

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        found = Answers.open(serving=True)
        st.session_state["answers"] = found
        return found

    panels_saved.button(frame.open_desk(answers(), {}))


@pytest.fixture
def dialog(store_path: Path) -> Iterator[Callable[[], AppTest]]:
    st.cache_resource.clear()
    opened: list[AppTest] = []

    def visit() -> AppTest:
        opened.append(AppTest.from_function(app, default_timeout=60).run())
        return opened[-1].button(key="saved").click().run()

    yield visit
    opened[0].session_state["answers"].close()
    st.cache_resource.clear()


def told(test: AppTest) -> str:
    said = [e.value for kind in (test.success, test.warning) for e in kind]
    assert len(said) == 1
    return str(said[0]).replace("\\", "").replace("\N{WORD JOINER}", "")


def names(test: AppTest) -> list[str]:
    return list(test.selectbox(key="saved_chosen").options)


def save(test: AppTest, name: str) -> None:
    test.text_input(key="saved_name").set_value(name).run()
    test.button(key="saved_save").click().run()


def press(test: AppTest, key: str) -> str:
    test.button(key=f"saved_{key}").click().run()
    assert not test.exception
    return told(test)


def test_a_scenario_goes_through_everything_that_can_be_done_with_it(
    dialog: Callable[[], AppTest],
) -> None:
    test = dialog()
    test.session_state["session"].edit(beta=0.7)
    save(test, "<b>Mine</b>")
    assert told(test) == "Saved as <b>Mine</b>."
    test.session_state["session"].reset()
    assert press(test, "duplicate") == "Duplicated as <b>Mine</b> (2)."
    test.text_input(key="saved_new_name").set_value("Ours").run()
    assert press(test, "rename") == "<b>Mine</b> (2) is called Ours now."
    assert names(test) == ["<b>Mine</b>", "Ours"]
    assert press(test, "delete") == "Deleted Ours."
    assert names(test) == ["<b>Mine</b>"]
    assert press(test, "undo_delete") == "Ours is back."
    assert names(test) == ["<b>Mine</b>", "Ours"]
    assert test.session_state["session"].scenario == BASELINE
    test.run()  # as when the page behind gets an answer that was on its way: the dialog stays
    test.button(key="saved_open").click().run()
    assert not test.selectbox  # it is closed: the page behind is of the scenario that was opened
    assert test.session_state["session"].scenario == parse_scenario({"beta": 0.7}, BASELINE)
    other = dialog()  # another visitor finds them too
    assert names(other) == ["<b>Mine</b>", "Ours"]


def test_what_cannot_be_done_is_one_sentence(dialog: Callable[[], AppTest]) -> None:
    test = dialog()
    save(test, "  ")
    assert told(test) == "A scenario's name has 1 to 80 printable characters."
    save(test, "Mine")
    save(test, "Mine")
    assert told(test) == "A saved scenario is called 'Mine' already; choose another name."
    assert names(test) == ["Mine"]


def test_a_file_comes_in_under_its_name_or_is_refused(dialog: Callable[[], AppTest]) -> None:
    test = dialog()
    save(test, "Mine")
    other = parse_scenario({"beta": 0.9}, BASELINE)
    upload(test, "mine.json", dump("Mine", other).encode())
    assert told(test) == "Imported as Mine (2); open it above."
    upload(test, "bad.json", b"[1, 2]")
    assert told(test) == "The file is damaged: it holds no scenario."
    too_full = parse_scenario({"V0": 4e8}, BASELINE)
    upload(test, "full.json", dump("Full", too_full).encode())
    assert "V0 = 400,000,000 IO is not allowed" in told(test)
    assert names(test) == ["Mine", "Mine (2)"]


def upload(test: AppTest, name: str, content: bytes) -> None:
    test.file_uploader(key="saved_file").set_value((name, content, "application/json")).run()
    assert not test.exception


def test_a_store_that_fails_is_said(dialog: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: object) -> list[Saved]:
        raise StoreError("the store x cannot be used")

    monkeypatch.setattr(StoredShelf, "_kept", failing)
    test = dialog()
    assert [e.value for e in test.error] == ["the store x cannot be used\\.\N{WORD JOINER}"]
    save(test, "Mine")
    assert told(test) == "the store x cannot be used."


def test_without_a_store_they_are_kept_for_the_visit(dialog: Callable[[], AppTest], store_path: Path) -> None:
    store_path.parent.mkdir(parents=True)
    store_path.write_bytes(b"no store at all" * 1000)
    test = dialog()
    assert "kept for this visit alone" in test.caption[0].value
    save(test, "Mine")
    assert names(test) == ["Mine"]
    assert store_path.read_bytes() == b"no store at all" * 1000
