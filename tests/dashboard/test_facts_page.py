"""Facts and claims, the page: what is seen first, found, opened, and charted."""

import plotly.graph_objects as go
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.charts import figures
from dashboard.charts import network as charts_network
from dashboard.pages import facts
from dashboard.questions import evidence
from dashboard.words.formats import plain
from tests.scenarios import REGISTRY

AUDIT = evidence.audit(REGISTRY)
RECORD = evidence.record(REGISTRY)


def app() -> None:
    """The page as app.py shows it, without the other pages and without a store."""
    from pathlib import Path

    import streamlit as st

    from dashboard import frame
    from dashboard.answers import Answers
    from dashboard.pages import facts
    from data.registry import load_facts

    answers = st.cache_resource(lambda: Answers(load_facts(), None, None, Path(), True), show_spinner=False)()
    frame.show(frame.open_desk(answers, {}), facts.page, facts.FIELDS)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(app, default_timeout=60).run()


def sound(page: AppTest) -> AppTest:
    assert not page.exception
    assert not page.error
    return page


def heads(page: AppTest) -> list[str]:
    return [e.label for e in page.expander if "badge" in e.label]


def arithmetic(page: AppTest) -> list[str]:
    """The blocks of code that are neither the share link nor the stamp's command."""
    return [code.value for code in page.code if code.value.startswith("- ")]


def test_claims_come_first_with_their_verdicts(page: AppTest) -> None:
    sound(page)
    # counted by hand from the verdicts of tests/models/test_claims.py
    assert page.title[0].value == (
        "**Of 46 claims about io.net, 11 reproduce when they are recomputed, 18 conflict with what else is "
        "published, and 17 cannot be verified.**"
    )
    assert len(heads(page)) == 46
    assert heads(page)[0].startswith(":gray-badge[cannot be verified] At least 12M IO")
    assert arithmetic(page) == []


def test_a_search_narrows_the_claims(page: AppTest) -> None:
    page.text_input(key="claim_query").input("insider 2027").run()
    assert heads(sound(page)) == [":orange-badge[conflicts] Insider unlocks run through 2027"]
    page.text_input(key="claim_query").input("").run()
    page.button_group(key="claim_choice").set_value("reproduces").run()
    assert {head.partition("]")[0] for head in heads(sound(page))} == {":green-badge[reproduces"}
    assert len(heads(page)) == 11


@pytest.mark.parametrize(
    "query",
    ["no such words", "![x](http://x.y/z.png)", "$$\\frac{1}{0}$$", "<script>alert(1)</script>", "%s \\"],
)
def test_a_search_for_nonsense_says_what_to_do(page: AppTest, query: str) -> None:
    page.text_input(key="claim_query").input(query).run()
    assert not heads(sound(page))
    assert page.info[0].value.startswith("No claim contains all of that.")


def test_an_opened_claim_shows_its_arithmetic_and_who_says_it(page: AppTest) -> None:
    page.session_state["claim_guided_burn"] = True
    sound(page.run())
    (shown,) = arithmetic(page)
    assert "- 12M IO x $0.17 / 0.5 = $4.08M a year must be left after payouts\n" in shown
    shown = "\n".join(m.value for m in page.markdown)
    assert "**Cannot be verified**" in shown
    assert "Article on io" in shown
    # 650,000 - 12M x 0.17 / 0.5 / 12 = 310,000 for suppliers if there is nothing but the contract
    table = page.table[0].value
    assert len(table) == 14
    assert plain("$310,000") in table["Owed to suppliers"].tolist()
    assert any("vaultline claims guided_burn" in caption.value for caption in page.caption)


def test_every_claim_can_be_opened(page: AppTest) -> None:
    for id_ in AUDIT.claims:
        page.session_state[f"claim_{id_}"] = True
    sound(page.run())
    with_arithmetic = [claim for claim in AUDIT.claims.values() if claim.arithmetic]
    assert len(arithmetic(page)) == len(with_arithmetic)


def test_facts_are_found_and_listed_with_their_use(page: AppTest) -> None:
    page.session_state["evidence"] = facts.TABS[1]
    sound(page.run())
    assert len(page.dataframe[0].value) == len(REGISTRY.facts)
    page.text_input(key="fact_query").input("payout_target").run()
    rows = sound(page).dataframe[0].value.to_dict("records")
    target = next(row for row in rows if row["id"] == "payout_target")
    assert target["value"] == "1,350,000 USD/month"
    assert target["kind"] == "assumption"
    assert "default of Payout target (H0)" in target["used"]
    page.text_input(key="fact_query").input("nothing has this").run()
    assert sound(page).info[0].value.startswith("No fact contains all of that.")


def test_the_record_and_what_to_watch(page: AppTest) -> None:
    page.session_state["evidence"] = facts.TABS[2]
    sound(page.run())
    tables = [table.value for table in page.table]
    assert [table.columns[0] for table in tables] == ["Capability", "What", "What"]
    assert len(tables[2]) == len(REGISTRY.facts["watch_list"].rows)
    baseline = tables[2]["Where the answer changes"].tolist()
    page.session_state["session"].choose("both")
    sound(page.run())
    assert page.table[2].value["Where the answer changes"].tolist() != baseline


def test_every_fact_can_be_shown_whole(page: AppTest) -> None:
    def every() -> None:
        from pathlib import Path

        from dashboard import frame
        from dashboard.answers import Answers
        from dashboard.pages import facts
        from dashboard.questions import evidence
        from data.registry import load_facts

        answers = Answers(load_facts(), None, None, Path(), True)
        desk = frame.open_desk(answers, {})
        places = evidence.uses(answers.registry, answers.claims())
        for fact in answers.registry.facts.values():
            facts.whole_fact(desk, fact, places[fact.id])

    shown = AppTest.from_function(every, default_timeout=60).run()
    assert not shown.exception
    assert len([c for c in shown.caption if "vaultline facts" in c.value]) == len(REGISTRY.facts)


# The charts


@pytest.mark.parametrize("dark", [False, True])
def test_the_charts_are_valid_and_say_what_they_show(dark: bool) -> None:
    for made in (
        charts_network.gpus(RECORD.gpus, dark=dark),
        charts_network.gpu_hours(RECORD.prices, dark=dark),
    ):
        drawn = made.figure.to_dict()
        go.Figure(drawn)  # plotly's own validation, which building skips
        assert drawn["layout"]["font"]["color"] == figures.palette(dark).text
        assert made.subtitle.endswith(".")
        assert made.title in made.alt
        assert made.subtitle in made.alt
        assert set(made.units) == set(made.frame.columns)


def test_gpus_stand_on_a_log_scale_by_who_counted_them() -> None:
    made = charts_network.gpus(RECORD.gpus)
    assert made.figure.layout.yaxis.type == "log"
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in made.figure.data}
    assert drawn["verified"] == (["2024-12-01", "2025-03-01", "2026-01-01"], [7600, 6720, 2752])
    assert drawn["claimed"] == (["2024-04-01"], [600_000])
    assert made.frame.filter("checked")["counted"].unique().sort().to_list() == [
        "active", "cluster-ready", "verified"
    ]  # fmt: skip
    assert made.subtitle.startswith("1,446 active in Oct 2026, after 7,600 verified in Dec 2024")


def test_prices_of_a_gpu_hour_run_from_lowest_to_highest() -> None:
    made = charts_network.gpu_hours(RECORD.prices)
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in made.figure.data}
    x, y = drawn["io.net"]
    lows_and_highs = {y[at]: (x[at], x[at + 1]) for at in range(0, len(x), 3)}
    assert lows_and_highs == {"H100, io.net, 2026": (1.0, 1.0), "H100, io.net, 2026-04": (1.0, 2.5)}
    assert "$1.00 to $2.50 at io.net" in made.subtitle
    assert "$3.50 to $5.50 at hyperscalers" in made.subtitle


def test_charts_of_little_say_so() -> None:
    lone = RECORD.gpus.filter(pl.col("counted") == "verified")
    assert "nothing to compare" in charts_network.gpus(lone).subtitle
    twice = pl.concat([RECORD.prices.head(1)] * 2)
    rows = charts_network.gpu_hours(twice).figure.layout.yaxis.categoryarray
    assert len(set(rows)) == 2


def test_labels_from_outside_are_no_markup() -> None:
    odd = RECORD.gpus.with_columns(counted=pl.lit("<b>odd</b>"), what=pl.lit("<a href=x>"))
    made = charts_network.gpus(odd)
    assert all("<" not in trace.name for trace in made.figure.data)
    assert all("<" not in text for trace in made.figure.data for text in trace.customdata)
