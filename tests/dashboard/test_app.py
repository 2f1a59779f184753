"""The pages as a reader meets them, without a browser: what stands first, what controls and faults do."""

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import frame, links
from dashboard.app import answers
from dashboard.inputs import GROUPS, HISTORIES, heading
from dashboard.session import Session
from dashboard.words import cards
from models.parameters import Scenario, parse_scenario
from tests.scenarios import BASELINE, REGISTRY

CHARTS = {
    "overview": ["reserve-over-time", "coverage-and-pay"],
    "supply": ["who-holds-the-supply", "net-issuance-io", "break-even-revenue", "unlock-calendar"],
    "engine": ["usd-flow", "io-flow", "vaults-over-time", "ledger"],
}
PRESETS = REGISTRY.presets()

Visit = Callable[..., AppTest]


def dashboard() -> None:
    """As a script of its own: beside app.py AppTest would take the folder pages/ for scripts to run by
    themselves, which the launcher prevents and AppTest cannot."""
    from dashboard.app import main

    main()


@pytest.fixture
def visit(store_path: Path) -> Iterator[Visit]:
    """Opens a page of the dashboard over an empty store."""
    st.cache_resource.clear()

    def open_page(page: str = "overview", **query: str) -> AppTest:
        app = AppTest.from_function(dashboard, default_timeout=30)
        app.query_params.update(query)
        app.run()
        if page != "overview":
            # A page made of a function is found by its address, which AppTest has no word for.
            app._page_hash = calc_hash(page)
            app.run()
        return app

    yield open_page
    answers().close()
    st.cache_resource.clear()


def session(app: AppTest) -> Session:
    found = app.session_state["session"]
    assert isinstance(found, Session)
    return found


def words(app: AppTest) -> str:
    """All text of the page, in order."""
    kinds = ("title", "header", "markdown", "caption", "warning", "error")
    return read("\n".join(str(e.value) for kind in kinds for e in getattr(app, kind)))


def read(markdown: str) -> str:
    """Escaped Markdown as it is read."""
    return markdown.replace("\\", "").replace("\N{WORD JOINER}", "")


def assert_sound(app: AppTest) -> None:
    assert [e.value for e in app.exception] == []
    assert [e.value for e in app.error] == []


def widget(app: AppTest, key: str) -> Any:
    for kind in ("slider", "number_input", "text_input", "toggle", "selectbox"):
        for found in getattr(app, kind):
            if found.key == key:
                return found
    raise AssertionError(f"no widget {key}")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_page_shows_every_preset(visit: Visit, preset: str) -> None:
    for page in CHARTS:
        app = visit(page)
        app.selectbox(key="preset").set_value(preset).run()
        assert_sound(app)
        assert session(app).scenario == PRESETS[preset].scenario
        assert len(app.title) == 1


def test_the_answer_is_the_first_thing_on_the_page(visit: Visit) -> None:
    app = visit()
    app.selectbox(key="preset").set_value("both").run()
    answer = app.title[0].value
    assert "run short in Apr 2027 (month 11)" in answer
    assert "between Jul 2026 (month 2) and Sep 2028 (month 28)" in answer
    assert app.metric[0].label == "Chance of a shortfall in 36 months"
    assert app.session_state["chance"].ended.wait(120)
    app.run()
    assert re.fullmatch(r"[\d.]+.% to .*.%", app.metric[0].value)
    assert "first shortfall: **Apr 2027 (month 11)**" in " ".join(c.value for c in app.caption)
    # the shock is the joint one already: months 3 to 10 are paid in full
    assert (app.metric[1].label, app.metric[1].value) == ("Runway under the joint shock", "8 months")


def test_a_moved_control_moves_the_answer_and_says_what_differs(visit: Visit) -> None:
    app = visit()
    app.selectbox(key="preset").set_value("both").run()
    widget(app, "side_V0_months").set_value(3.0).run()
    assert session(app).changed == ["V0_months"]
    assert app.selectbox(key="preset").value == "yours"
    assert "(month 6)" in app.title[0].value
    assert app.button(key="back_V0_months").label == "Reward Vault at the start: 3 months of emission"


def test_one_input_all_inputs_and_the_last_change_go_back(visit: Visit) -> None:
    app = visit()
    widget(app, "side_H0").set_value(2e6).run()
    widget(app, "side_price_shock").set_value(-0.3).run()
    app.button(key="back_H0").click().run()
    assert session(app).changed == ["price_shock"]
    assert widget(app, "side_H0").value == BASELINE.H0
    app.button(key="undo").click().run()
    assert session(app).changed == ["price_shock", "H0"]
    app.button(key="reset").click().run()
    assert session(app).scenario == BASELINE
    assert app.button(key="reset").disabled


def test_a_scenario_holds_across_pages(visit: Visit) -> None:
    app = visit()
    widget(app, "side_price_shock").set_value(-0.3).run()
    app._page_hash = calc_hash("engine")
    app.run()
    assert session(app).changed == ["price_shock"]
    assert "IO costs $0.1700" in " ".join(e.label for e in app.expander)
    app.slider(key="month").set_value(3).run()
    assert "IO costs $0.1190" in " ".join(e.label for e in app.expander)


def test_a_shorter_run_takes_the_month_along(visit: Visit) -> None:
    app = visit("engine")
    app.slider(key="month").set_value(36).run()
    session(app).edit(months=5)
    app.run()
    assert_sound(app)
    assert app.slider(key="month").value == 5
    session(app).edit(months=1)
    app.run()
    assert_sound(app)


def open_groups(app: AppTest) -> AppTest:
    for group in GROUPS:
        app.session_state[f"group_{group}"] = True
    return app.run()


def test_every_input_has_a_control_with_its_kind(visit: Visit) -> None:
    app = open_groups(visit())
    assert_sound(app)
    for name in Scenario.model_fields.keys() - set(HISTORIES):
        assert widget(app, f"all_{name}").label == Scenario.model_fields[name].title
        kind = REGISTRY.fact_for(name).kind.replace("_", " ")
        assert f"badge[{kind}]" in heading(name, REGISTRY)
        assert heading(name, REGISTRY) in [m.value for m in app.markdown]


def test_controls_change_nothing_by_being_shown(visit: Visit) -> None:
    for preset in PRESETS:
        app = visit()
        app.selectbox(key="preset").set_value(preset).run()
        open_groups(app)
        assert session(app).scenario == PRESETS[preset].scenario


def test_boxes_take_percent_numbers_nothing_and_contracts(visit: Visit) -> None:
    app = open_groups(visit())
    widget(app, "all_demand_shock").set_value(-55.0).run()
    widget(app, "all_release_cap").set_value(2e6).run()
    widget(app, "all_shock_months").set_value(6).run()
    widget(app, "all_contracts").set_value("1:12:650000, 13:12:5e5").run()
    widget(app, "all_controller").set_value(True).run()
    widget(app, "all_order").set_value("vault_first").run()
    second = {"first": 13, "months": 12, "usd": 5e5}
    wanted = parse_scenario(
        {
            "demand_shock": -0.55,
            "release_cap": 2e6,
            "shock_months": 6,
            "contracts": [*(c.model_dump() for c in BASELINE.contracts), second],
            "controller": True,
            "order": "vault_first",
        },
        BASELINE,
    )
    assert session(app).scenario == wanted
    widget(app, "all_shock_months").set_value(None).run()
    assert session(app).scenario.shock_months is None


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("all_contracts", "twelve months", "not a contract"),
        ("all_contracts", "0:12:650000", "contracts"),
        ("all_r_min", 50.0, "r_min"),
        ("all_P0", 0.0, "P0"),
        ("all_months", 0, "months"),
        ("all_depth", 1e300, "depth"),
        ("all_beta", None, "needs a number"),
        ("all_V0", 400e6, "not yet emitted"),
        ("all_price_shock", -100.0, "price_shock"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(visit: Visit, key: str, value: Any, says: str) -> None:
    app = open_groups(visit())
    shown = widget(app, key).value
    widget(app, key).set_value(value).run()
    assert_sound(app)
    (warning,) = app.warning
    assert says in read(warning.value)
    assert read(warning.value).endswith("Nothing was changed.")
    assert session(app).scenario == BASELINE
    assert widget(app, key).value == shown


def test_a_link_brings_its_scenario_and_survives_the_round_trip(visit: Visit) -> None:
    mine = parse_scenario({"phi": 1.5, "shock_months": 4}, PRESETS["both"].scenario)
    app = visit(v="1", s=links.encode(mine))
    assert_sound(app)
    assert session(app).scenario == mine
    assert session(app).base == "both"
    shared = next(c.value for c in app.code if "?v=1&s=" in c.value)
    assert shared.endswith(links.encode(mine))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"v": "1", "s": links.encode(BASELINE)[:-9]}, "cut short"),
        ({"v": "9", "s": links.encode(BASELINE)}, "version"),
        ({"s": "nonsense!"}, "version"),
        ({"v": "1", "s": "![x](https://example.com/a.png)"}, "characters"),
    ],
)
def test_a_bad_link_is_refused_politely(visit: Visit, query: dict[str, str], says: str) -> None:
    app = visit(**query)
    assert_sound(app)
    (warning,) = app.warning
    assert says in read(warning.value)
    assert "baseline" in warning.value
    assert session(app).scenario == BASELINE


def test_a_link_to_a_start_that_cannot_be_is_refused(visit: Visit) -> None:
    impossible = parse_scenario({"V0": 3e8}, BASELINE)
    app = visit(v="1", s=links.encode(impossible))
    assert_sound(app)
    assert "not yet emitted" in app.warning[0].value
    assert session(app).scenario == BASELINE


def test_text_of_a_link_is_shown_and_not_obeyed(visit: Visit) -> None:
    text = BASELINE.canonical_json().replace('"P0"', '"![x](https://example.com/a.png)"')
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("=")
    shown = visit(v="1", s=packed).warning[0].value
    assert "![" not in shown
    assert "https://" not in shown


def test_a_fault_of_ours_shows_no_traceback_and_leaves_the_way_back(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = visit()
    widget(app, "side_price_shock").set_value(-0.3).run()
    with monkeypatch.context() as broken:
        broken.setattr(cards, "answer", lambda *_: 1 / 0)
        app.run()
        assert [e.value for e in app.exception] == []
        assert [e.value for e in app.error] == [frame.UNEXPECTED]
        assert "ZeroDivisionError" in caplog.text
        assert "ZeroDivisionError" not in words(app)
    app.button(key="undo").click().run()
    assert_sound(app)
    assert session(app).scenario == BASELINE


@pytest.mark.parametrize("figure", ["first_shortfall_month", "joint_runway", "circulating_year1"])
def test_headline_figures_explain_themselves(visit: Visit, figure: str) -> None:
    app = visit()
    app.selectbox(key="preset").set_value("both").run()
    app.button(key=f"explain_{figure}").click().run()
    assert_sound(app)
    assert any(c.value.startswith("vaultline project") for c in app.code)
    assert {"symbol", "kind", "source"} <= set(app.dataframe[-1].value.columns)


def test_a_replay_is_shown_under_every_named_target_and_vault(visit: Visit) -> None:
    app = visit()
    app.selectbox(key="preset").set_value("history_replay").run()
    (table,) = app.table
    assert table.value.shape == (3, 4)
    assert "approximate" in words(app)


def test_every_chart_can_be_taken_out(visit: Visit) -> None:
    for page, charts in CHARTS.items():
        app = visit(page)
        for name in charts:
            app.session_state[f"export_{name}"] = True
        app.run()
        assert_sound(app)
        labels = [b.label for b in app.get("download_button")]
        assert labels == ["CSV", "PARQUET", "XLSX", "SVG", "PNG", "Manifest"] * len(charts)


def test_a_store_in_use_is_a_quiet_note(visit: Visit, held_store: int) -> None:
    app = visit()
    assert_sound(app)
    assert f"process {held_store}" in words(app)


def test_a_store_that_is_no_store_is_said_and_left_alone(visit: Visit, store_path: Path) -> None:
    store_path.parent.mkdir(parents=True, exist_ok=True)
    store_path.write_bytes(b"this is no database" * 1000)
    app = visit()
    assert_sound(app)
    assert "nothing is recorded" in words(app)
    assert app.title[0].value
    assert store_path.read_bytes() == b"this is no database" * 1000


def test_the_stamp_names_what_gives_the_numbers_again(visit: Visit) -> None:
    app = visit()
    stamp = app.main.caption[-1].value
    assert BASELINE.digest()[:12] in stamp
    assert REGISTRY.version[:12] in stamp
