"""How well did the shocks do: the section as a reader meets it, and with prices of their own."""

from datetime import date, timedelta
from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.questions import calibrations
from models import calibration


def app() -> None:
    """The section alone, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.panels import calibration as panels_calibration
    from data.registry import load_facts

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        return Answers(load_facts(), None, None, Path(), True)

    panels_calibration.show(frame.open_desk(answers(), {}))


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "")


def test_the_limits_stand_first_and_the_switches_move_the_charts() -> None:
    found = AppTest.from_function(app, default_timeout=60).run()
    assert not found.exception
    assert found.header[0].value == "How well did the shocks do?"
    assert "does not establish two regimes" in read(found.markdown[0].value)
    assert "What the 90 % band held, 1 month ahead" in [h.value for h in found.header]
    assert any("demand and payouts are not validated" in c.value for c in found.caption)


def test_prices_of_ones_own_are_fitted_and_scored_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "RIVAL_STARTS", 1)
    monkeypatch.setattr(calibrations, "calibrate", partial(calibration.calibrate, starts=1))
    found = AppTest.from_function(app, default_timeout=120)
    found.session_state["own_prices"] = True
    found.run()
    assert found.button(key="calibration_run").disabled
    closes = np.exp(np.random.default_rng(1).normal(0, 0.04, 215).cumsum())
    days = [date(2023, 1, 1) + timedelta(days=k) for k in range(215)]
    text = "\n".join(["date,close", *(f"{d},{c:.8g}" for d, c in zip(days, closes, strict=True))])
    found.file_uploader(key="calibration_file").upload("ABC.csv", text.encode(), "text/csv")
    found.run()
    found.button(key="calibration_run").click().run()
    assert not found.exception
    assert any("fitted to 214 daily returns" in read(m.value) for m in found.markdown)
    assert len(found.table) == 4
