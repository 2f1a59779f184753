"""Comparisons: the command and the page give the same numbers, and what cannot be compared is a sentence."""

import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.charts import compare as charts_compare
from dashboard.compare_table import Cell, table
from dashboard.links import Linked, comparison_from_query, decode_compared, encode_compared
from dashboard.questions.comparisons import Column, Compared, Question, differing, fitted
from dashboard.words import compare_words
from data.scenario_file import dump
from models.parameters import InputError, parse_scenario
from models.stress.contrast import FIGURES, contrast
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY
from tests.scenarios import run as project

PRESETS = REGISTRY.presets()
SHOCKS = REGISTRY.shocks()
SMALL = ("--paths", "2000")
Ask = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


def column(name: str) -> Column:
    return Column(PRESETS[name].title, PRESETS[name].scenario, name)


def compared(*names: str) -> Compared:
    question = Question(tuple(map(column, names)), SHOCKS, 2_000)
    result = contrast(question.scenarios, PROTOCOL, SHOCKS, seed=1, paths=2_000)
    return Compared(question, result)


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


# The command


def test_the_printed_command_gives_the_same_again(store_path: Path, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(dump("Mine", parse_scenario({"beta": 0.7}, BASELINE)), encoding="utf-8")
    words = ("--preset", "both", "--with", "baseline", "--with", str(file), "eta=1", "--with", "beta=0.6")
    first = ask("compare", *words, *SMALL)
    assert [s["title"] for s in first["scenarios"]] == ["Both", "Baseline", "Mine, changed", "beta=0.6"]
    assert first["found"] is False
    assert [s["first_shortfall_month"] for s in first["scenarios"]] == [11, None, None, 11]
    again = ask(*shlex.split(first["command"])[1:])
    assert again["found"] is True
    assert again["scenarios"] == [s | {"title": t["title"]} for s, t in zip(
        first["scenarios"], again["scenarios"], strict=True
    )]  # fmt: skip
    assert [s["title"] for s in again["scenarios"]][1:] == ["Baseline", "Mine, changed", "beta=0.6"]


def test_its_chance_is_that_of_the_stress_test(store_path: Path, ask: Ask) -> None:
    both = ask("compare", "--with", "both", *SMALL)["scenarios"][1]["figures"]["p_shortfall"]
    alone = ask("stress", "--preset", "both", *SMALL)
    assert both["value"] == alone["p_depletion"]
    assert both["error"] == pytest.approx(alone["standard_error"], rel=1e-12)


def test_its_file_says_none_where_there_is_nothing(store_path: Path, ask: Ask, tmp_path: Path) -> None:
    ask("compare", *SMALL, "--out", str(tmp_path / "compared.parquet"))
    frame = pl.read_parquet(tmp_path / "compared.parquet")
    assert frame.height == 3 * len(FIGURES)
    burned = frame.filter(figure="burned")
    assert burned["value"].is_null().to_list() == [False, False, True]
    assert burned["less_first"].is_null().to_list() == [True, False, True]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--with", "nonsense"), "there is no preset 'nonsense'"),
        (("--with", "absent.json"), "--with absent.json cannot be read"),
        (("--with", "baseline", "beta=0.2"), "beta = 0.2 is not allowed"),
        (("--with", "title=" + "x" * 90), "1 to 80 printable characters"),
        (("--with", "history_replay"), "set months to 21 or fewer"),
        (tuple(["--with", "legacy"] * 4), "5 scenarios cannot be compared: it takes two to 4 of them"),
        (("--paths", "0"), "paths = 0 is not allowed"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    store_path: Path, refused: Refused, words: tuple[str, ...], says: str
) -> None:
    assert says in refused("compare", *words)
    assert not store_path.exists()


# Words and charts


def test_the_sentence_says_which_way_and_how_sure() -> None:
    found = compared("baseline", "second_contract", "legacy", "baseline")
    said = read(compare_words.verdict(found))
    d = found.result.difference(1, "p_shortfall")
    assert f"Second contract lowers the chance of a shortfall by {-d.value * 100:.1f} points" in said
    assert "Legacy schedule raises it by" in said
    assert "Baseline leaves it at" in said
    cells = dict(compare_words.outputs(found))["Burned over the run"]
    assert [cell.value == "none" for cell in cells] == [False, False, True, False]
    assert [cell.detail for cell in cells][2:] == ["", "no difference"]
    assert cells[1].detail.startswith("+")


def test_what_is_known_at_once_needs_no_futures() -> None:
    columns = [column("baseline"), column("both")]
    said = read(compare_words.first_answer(columns, [None, 11]))
    assert "Without random shocks Baseline is never short and Both is short in month 11" in said
    assert [c.value for c in compare_words.still_row(columns, [None, 11])[1]] == [
        "none in 36 months",
        "month 11",
    ]


def test_inputs_that_differ_carry_what_they_rest_on() -> None:
    rows = differing(REGISTRY, [column("baseline"), column("price_shock"), Column("x", BASELINE)])
    assert rows["field"].unique().to_list() == ["price_shock"]
    assert rows["kind"].to_list() == ["assumption", "research", "assumption"]
    old = differing(REGISTRY, [column("baseline"), column("legacy")]).filter(field="V0_months")
    assert old["shown"].to_list() == ["12 months of emission", "none"]
    mine = Column("mine", parse_scenario({"price_shock": -0.3}, BASELINE))
    assert differing(REGISTRY, [column("baseline"), mine])["kind"].to_list() == ["assumption", "yours"]


def test_a_scenario_is_run_over_the_months_of_the_first() -> None:
    daily = parse_scenario({"months": 12, "steps_per_month": 30}, BASELINE)
    assert fitted(column("legacy"), daily).scenario.months == 12
    assert fitted(column("history_replay"), daily).scenario.steps_per_month == 30
    with pytest.raises(InputError, match="history of 21 months and the first scenario runs 36"):
        fitted(column("history_replay"), BASELINE)


def test_the_same_fans_stand_at_one_scale() -> None:
    from models.stress import report
    from models.stress.engine import run

    days = project().frame["date"].to_list()
    made = [
        (name, report.quantiles(
            run(PRESETS[name].scenario, PROTOCOL, SHOCKS, paths=500, seed=1, fans=("circulating",)).counts
        ))
        for name in ("baseline", "legacy")
    ]  # fmt: skip
    charts = charts_compare.fans("circulating", made, days)
    ranges = {tuple(chart.figure.layout.yaxis.range) for chart in charts}
    assert len(ranges) == 1
    (low, high) = ranges.pop()
    top = max(chart.frame["p99"].max() for chart in charts) / 1e6
    assert low == 0
    assert top < high < 1.1 * top


def test_foreign_titles_are_shown_letter_by_letter() -> None:
    html = table(["<img src=x>"], [("<b>", [Cell("<i>", "&")])], "<s>")
    assert "<img" not in html
    assert "<i>" not in html
    assert "&lt;img src=x&gt;" in html
    hostile = Column("[a](http://x) <b> $x$", PRESETS["both"].scenario)
    question = Question((column("baseline"), hostile), SHOCKS, 100)
    result = contrast(question.scenarios, PROTOCOL, SHOCKS, seed=1, paths=100)
    said = compare_words.verdict(Compared(question, result))
    assert "[a](http" not in said
    assert "\\$x\\$" in said


# Links


def test_a_comparison_survives_its_link() -> None:
    linked = Linked((("Old, é", PRESETS["legacy"].scenario),), SHOCKS, 10_000, 7)
    assert decode_compared(encode_compared(linked)) == linked
    assert comparison_from_query({"v": "1", "s": "x"}) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"others": []}, "The link compares with 0 scenarios"),
        ({"others": [{"name": "x", "inputs": {}}]}, "The link lacks the input"),
        ({"others": [{"name": "", "inputs": json.loads(BASELINE.canonical_json())}]}, "1 to 80 printable"),
        ({"others": [1]}, "it holds no comparison"),
        ({"paths": True}, "it holds no comparison"),
        ({"shocks": {}}, "regimes"),
        ({"paths": 10**9}, "1 to 1,000,000 futures"),
        ({"seed": 2**60}, "seeds up to"),
        ({"more": 1}, "it holds no comparison"),
    ],
)
def test_a_link_that_is_none_is_refused(change: dict[str, Any], says: str) -> None:
    from dashboard.links import _packed, _unpacked

    whole = encode_compared(Linked((("Old", PRESETS["legacy"].scenario),), SHOCKS, 10_000, 7))
    text = json.dumps({**json.loads(_unpacked(whole)), **change})
    with pytest.raises(InputError, match=says) as refusal:
        decode_compared(_packed(text, "", ""))
    assert "\n" not in str(refusal.value)


# The page


def app() -> None:
    """The page as app.py shows it, with a store of its own."""
    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import compare

    @st.cache_resource(show_spinner=False)
    def answers() -> Answers:
        found = Answers.open(serving=True)
        st.session_state["answers"] = found
        return found

    frame.show(frame.open_desk(answers(), {}), compare.page, compare.FIELDS, compare.QUERY)


@pytest.fixture
def page(store_path: Path) -> Iterator[Callable[..., AppTest]]:
    st.cache_resource.clear()
    opened: list[AppTest] = []

    def visit(**query: str) -> AppTest:
        test = AppTest.from_function(app, default_timeout=120)
        test.query_params.update(query)
        test.session_state["compare_paths_kept"] = 10_000
        opened.append(test.run())
        return settled(test)

    yield visit
    opened[0].session_state["answers"].close()
    st.cache_resource.clear()


def settled(test: AppTest) -> AppTest:
    for _ in range(300):
        asked = test.session_state["compare"]
        if all(job.finished for job in (asked.job, *(job for job, _ in asked.fans)) if job):
            return test.run()
        time.sleep(0.2)
    raise AssertionError("the comparison does not end")


def tables(test: AppTest) -> str:
    return read(" ".join(str(e.proto.body) for e in test.get("html")))


def test_the_first_screen_answers_and_its_command_says_the_same(
    page: Callable[..., AppTest], ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    test = page()
    assert not test.exception
    assert "Second contract lowers the chance of a shortfall by" in read(test.title[0].value)
    assert "against Baseline" in read(test.title[0].value)
    asked = test.session_state["compare"]
    command = asked.question.command
    # another store, so that it is computed anew
    told = ask(*shlex.split(command)[1:], "--store", str(tmp_path / "other.duckdb"))
    assert told["found"] is False
    result = asked.job.result
    for k, scenario in enumerate(told["scenarios"]):
        for name, figure in scenario["figures"].items():
            if figure["value"] is not None:
                assert (figure["value"], figure["error"]) == result.value(k, name)
    shown = tables(test)
    assert "Contracts" in shown
    assert "none" in shown


def test_what_is_chosen_is_compared_until_fewer_than_two_are_left(page: Callable[..., AppTest]) -> None:
    test = page()
    test.multiselect(key="compared").set_value(["both", "history_replay"]).run()
    settled(test)
    assert "Both raises the chance" in read(test.title[0].value)
    assert "set months to 21 or fewer" in read(test.warning[0].value)
    test.button(key="compare_months").click().run()
    settled(test)
    assert not test.warning
    assert test.session_state["session"].scenario.months == 21
    assert "IO's own fall" in read(test.title[0].value)
    (stretched,) = [e.value for e in test.caption if "do all meet" in e.value]
    assert read(stretched).endswith("the same shocks: Both.")
    test.multiselect(key="compared").set_value([]).run()
    assert "What is this scenario to be compared with?" in test.title[0].value


def test_a_bad_link_changes_nothing(page: Callable[..., AppTest]) -> None:
    from dashboard.links import encode

    test = page(v="1", s=encode(PRESETS["both"].scenario), c="bm9uc2Vuc2U")
    assert "does not unpack. What you see is the baseline." in read(test.warning[0].value)
    assert test.session_state["session"].scenario == BASELINE
    assert "against Baseline" in read(test.title[0].value)


def test_a_presets_change_can_be_put_on_top_of_the_scenario_at_hand(page: Callable[..., AppTest]) -> None:
    test = page()
    test.session_state["session"].choose("both")
    test.toggle(key="compare_on_top").set_value(True).run()
    settled(test)
    first, second, third = test.session_state["compare"].question.columns
    assert first.scenario == PRESETS["both"].scenario
    contracts = PRESETS["second_contract"].scenario.contracts
    assert second.scenario == first.scenario  # the baseline changes nothing
    assert third.scenario == parse_scenario({"contracts": contracts}, first.scenario)
    assert "Second contract, on top lowers it by" in read(test.title[0].value)


def test_a_link_shows_the_receiver_the_same(page: Callable[..., AppTest]) -> None:
    from dashboard.links import encode

    others = (("<b>Theirs</b>", PRESETS["both"].scenario), ("Baseline", BASELINE))
    linked = Linked(others, SHOCKS, 10_000, 9)
    test = page(v="1", s=encode(PRESETS["second_contract"].scenario), c=encode_compared(linked))
    asked = test.session_state["compare"]
    assert [c.title for c in asked.question.columns] == ["Second contract", "<b>Theirs</b>", "Baseline"]
    assert test.session_state["compared"] == ["linked 0", "baseline"]  # no preset stands there twice
    assert (asked.question.seed, asked.question.paths) == (9, 10_000)
    assert "&lt;b&gt;Theirs&lt;/b&gt;" in tables(test)
    assert "<b>Theirs" not in tables(test)
