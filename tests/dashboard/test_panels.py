"""Charts and tables on a page: which files each offers, with a Chromium on the machine and without."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import chromium
from tests.scenarios import BASELINE


def app() -> None:
    """One chart and one table of words, as a page would show them."""
    from pathlib import Path

    import polars as pl
    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.charts import overview as charts
    from dashboard.panels import parts as panels
    from data.registry import load_facts

    answers = st.cache_resource(lambda: Answers(load_facts(), None, None, Path(), True), show_spinner=False)()
    desk = frame.open_desk(answers, {})
    panels.chart(desk, charts.coverage_and_pay(answers.run(desk.scenario)))
    table = pl.DataFrame({"what": ["=1+1"], "share": [0.123456789]})
    shown = pl.DataFrame({"What": ["[=1+1](http://x)"], "Share": ["12 %"]})
    panels.table(
        desk, table, name="words", title="Some *words*", shown=shown, words=True, units={"share": "share"},
        stamp={"command": "vaultline facts", "seed": 7},
    )  # fmt: skip


def opened() -> AppTest:
    test = AppTest.from_function(app, default_timeout=60)
    for name in ("coverage-and-pay", "words"):
        test.session_state[f"export_{name}"] = True
    test.run()
    assert not test.exception
    return test


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    chromium.installed.cache_clear()
    yield
    chromium.installed.cache_clear()


def test_a_table_shows_its_words_and_gives_its_numbers() -> None:
    test = opened()
    labels = [b.label for b in test.get("download_button")]
    assert labels == [
        "CSV",
        "PARQUET",
        "XLSX",
        "SVG",
        "PNG",
        "Manifest",
        "CSV",
        "PARQUET",
        "XLSX",
        "Manifest",
    ]
    (seen,) = test.table
    assert seen.value["Share"].tolist() == ["12 \\%"]
    assert seen.value["What"][0].startswith("\\[\\=1\\+1\\]\\(")  # no link
    assert "**Some \\*words\\***" in [m.value for m in test.markdown]


@pytest.mark.usefixtures("no_browser")
def test_without_a_chromium_the_camera_on_the_chart_serves_and_the_page_says_so() -> None:
    test = opened()
    assert [b.label for b in test.get("download_button")][:4] == ["CSV", "PARQUET", "XLSX", "Manifest"]
    assert any("no Chromium or Chrome" in c.value and "take the manifest" in c.value for c in test.caption)
    stem = f"vaultline-coverage-and-pay-{BASELINE.digest()[:8]}"
    for form, scale in (("png", 2), ("svg", 1)):
        test.session_state["camera_coverage-and-pay"] = form
        test.run()
        (drawn,) = test.get("plotly_chart")
        config = json.loads(drawn.proto.config)
        assert "toImage" not in config["modeBarButtonsToRemove"]
        assert config["toImageButtonOptions"] == {"format": form, "filename": stem, "scale": scale}
        assert config["showSendToCloud"] is False


def test_with_a_chromium_there_is_no_camera() -> None:
    assert isinstance(chromium.installed(), Path)
    (drawn,) = opened().get("plotly_chart")
    assert "toImage" in json.loads(drawn.proto.config)["modeBarButtonsToRemove"]
