"""Which shocks break it, how much reserve is needed, what the answer hangs on: drawers of the Stress lab."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboard import inputs
from dashboard.charts import risk as charts_risk
from dashboard.frame import Desk, drawer
from dashboard.panels import errand as panels_errand
from dashboard.panels import parts as panels
from dashboard.words import formats
from dashboard.words import risk_words as words
from dashboard.words.calibration_words import table
from dashboard.words.formats import plain
from dashboard.words.stress_words import chance
from models.frontier import DURATIONS, EVENTS
from models.parameters import InputError, Scenario, field_info
from models.reserve import Ask
from models.shocks import Shocks

if TYPE_CHECKING:
    # they bring scipy along: loaded when a drawer is opened
    from dashboard.questions.risks import Found

YEAR = 12
LASTING = {words.lasts(months): months for months in DURATIONS}
PATHS = (10_000, 100_000)
# random futures and base points of Sobol's sample
SIZES = {"quick": (256, 256), "as the command": (1024, 1024)}
MOST_ESCAPES = 5


def show(desk: Desk, shocks: Shocks, seed: int) -> None:
    """The whole section; nothing is computed until it is asked for."""
    st.header("Which shocks break it, and what would hold?", anchor=False)
    drawer("Which falls of price and demand break it", "risk_frontier", partial(frontier, desk, shocks))
    drawer("How much reserve is needed", "risk_reserve", partial(reserve, desk, shocks, seed))
    drawer("What the answer hangs on", "risk_attribution", partial(attribution, desk, shocks, seed))


def frontier(desk: Desk, shocks: Shocks) -> None:
    """Computed as the drawer is opened: one duration takes under a second."""
    from dashboard.questions.risks import FrontierQuestion

    with st.container(horizontal=True, vertical_alignment="bottom"):
        event = st.segmented_control(
            "What is to come", EVENTS, key="frontier_event", default=EVENTS[0], required=True
        )
        lasting = st.selectbox(
            "How long the shocks last", [*LASTING], key="frontier_months", width=200,
            index=DURATIONS.index(YEAR),
        )  # fmt: skip
        every = st.toggle("All nine durations", key="frontier_all")
    months = LASTING[str(lasting)]
    durations = DURATIONS if every else (months,)
    question = FrontierQuestion(desk.scenario, shocks, event, durations)
    try:
        with st.spinner("Projecting 10,000 shocks a duration"):
            found = desk.answers.risk(question)
    except InputError as error:
        st.warning(plain(f"{error}.", 500))
        return
    stamp = panels_errand.stamp(found, desk.scenario, shocks, words.frontier_flags(question))
    made = charts_risk.frontier(
        found.tables["surface"], found.tables["marks"], found.figures, months, dark=desk.dark
    )
    panels.chart(desk, made, stamp)
    st.caption(
        f"Shocks start in run month {found.figures['onset']}, in place of the scenario's own and without "
        "random ones. Circles are published shocks and IO's own worst fall between two monthly closes, "
        "during which its revenue rose: full where they bring it, hollow where not, each for as long as it "
        "lasts (lasting: to the end). A cross is this scenario's own shock, where it has one; the star the "
        "likeliest, by the random shocks' covariance in the regime that moves most."
    )
    escapes = found.tables["escapes"]
    if escapes.is_empty():
        st.caption("On this grid no deeper or longer shock did less harm.")
        return
    st.markdown(f"**A worse shock can do less harm**: {escapes.height} points of the grid are spared.")
    _listed([words.escape(row) for row in escapes.head(MOST_ESCAPES).to_dicts()])


def reserve(desk: Desk, shocks: Shocks, seed: int) -> None:
    from dashboard.questions.risks import ReserveQuestion

    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.segmented_control(
            "Chance not to be passed", Ask.levels, key="reserve_level", default=Ask.levels[1], required=True,
            format_func=chance,
        )  # fmt: skip
        horizon = st.segmented_control(
            "Within", Ask.horizons, key="reserve_horizon", default=Ask.horizons[-1], required=True,
            format_func=formats.months,
        )  # fmt: skip
        paths = st.segmented_control(
            "Random futures a point", PATHS, key="reserve_paths", default=PATHS[0], required=True,
            format_func="{:,}".format,
        )  # fmt: skip
    ask = Ask(paths=int(paths or PATHS[0]), seed=seed)
    curve = int(horizon or Ask.horizons[-1]), float(level or Ask.levels[1])
    question = ReserveQuestion(desk.scenario, shocks, ask, curve)
    about = (
        f"{ask.points} sizes of each vault on the same {ask.paths:,} random futures: "
        f"{'half a minute' if ask.paths == PATHS[0] else 'several minutes'} or more"
    )
    panels_errand.ask(desk, "reserve", question, about, partial(_reserve_found, desk, shocks, question))


def _reserve_found(desk: Desk, shocks: Shocks, question: Any, found: "Found") -> None:
    f, tables = found.figures, found.tables
    st.markdown(plain(words.reserve_sentence(found), 700))
    stamp = panels_errand.stamp(found, desk.scenario, shocks, words.reserve_flags(question))
    reward, fee = tables["V0_needed"], tables["F0_needed"]
    in_months = reward.with_columns(needed=pl.col("months_of_schedule"))
    panels.table(
        desk, reward, name="reward-vault-needed", words=True, stamp=stamp, units={"needed": "IO"},
        title=f"Reward Vault needed, million IO, on a grid of {formats.io(f['grid_io'])}",
        shown=table(words.needed_table(reward, formats.io)),
    )  # fmt: skip
    panels.table(
        desk, in_months, name="reward-vault-months", words=True, stamp=stamp,
        title="The same in months of the emission schedule", units={"needed": "months of emission"},
        shown=table(words.needed_table(in_months, lambda months: f"{months:.1f}", False)),
    )  # fmt: skip
    panels.table(
        desk, fee, name="fee-vault-needed", words=True, stamp=stamp, units={"needed": "USD"},
        title=f"Fee Vault needed beside a Reward Vault of {formats.io(f['V0'])}, in USD, on a grid of "
        f"{formats.usd(f['grid_usd'])}",
        shown=table(words.needed_table(fee, formats.usd)),
    )  # fmt: skip
    st.caption(
        "Down: within so many months. Across: the chance not to be passed. In brackets: what sampling error, "
        "95 %, implies."
    )
    panels.chart(desk, charts_risk.trade_off(tables["curve"], f, dark=desk.dark), stamp)
    _listed([f"{text[:1].upper()}{text[1:]}." for text in f["sentences"]])
    for sentence, points in words.reversals(found):
        st.markdown(plain(sentence, 300))
        _listed(points)
    panels_errand.made(found, f"{f['paths']:,} random futures, seed {f['seed']}")


def attribution(desk: Desk, shocks: Shocks, seed: int) -> None:
    from dashboard.questions.risks import AttributionQuestion
    from models.attribution import METRICS

    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox(
            "Of which answer", [*METRICS], key="attribution_metric", width=420,
            format_func=lambda name: METRICS[name].title,
        )  # fmt: skip
        size = st.segmented_control(
            "Sample", [*SIZES], key="attribution_size", default="quick", required=True
        )
    paths, base_points = SIZES[str(size)]
    # every metric comes out of one run: which of them is read is no part of the question
    question = AttributionQuestion(desk.scenario, shocks, paths=paths, base_points=base_points, seed=seed)
    about = (
        f"{base_points * (len(question.inputs) + 2):,} scenarios of {len(question.inputs)} assumptions, each "
        f"on {paths:,} random futures: {'a few seconds' if size == 'quick' else 'a minute or more'}"
    )
    fill = partial(_attribution_found, desk, shocks, question, str(metric))
    panels_errand.ask(desk, "attribution", question, about, fill)


def _attribution_found(desk: Desk, shocks: Shocks, question: Any, name: str, found: "Found") -> None:
    from data.risk_inputs import what_would_settle

    f = found.figures
    metric = f["metrics"][name]
    titles = dict(found.tables["inputs"].select("input", "title").iter_rows())
    of_it = {key: found.tables[key].filter(metric=name) for key in ("sobol", "tornado")}
    ranking = of_it["sobol"].filter(pl.col("total") > 0).sort("total", descending=True)["input"].to_list()
    flags = words.attribution_flags(question)
    stamp = panels_errand.stamp(found, desk.scenario, shocks, ["--metric", name, *flags[2:]])
    st.markdown(plain(words.attribution_sentence(metric["title"], [titles[n] for n in ranking]), 500))
    if ranking:
        panels.chart(desk, charts_risk.sobol(of_it["sobol"], titles, metric, ranking, dark=desk.dark), stamp)
    panels.chart(desk, charts_risk.tornado(of_it["tornado"], titles, metric, dark=desk.dark), stamp)
    if ranking:
        st.markdown("**What would settle the three that matter most**")
    for top in ranking[:3]:
        told = plain(what_would_settle(desk.answers.registry, top), 500)
        st.markdown(f"- **{plain(titles[top])}.** {told} {_where(top)}")
    panels_errand.made(
        found, f"{f['base_points']:,} base points, {f['paths']:,} random futures each, seed {f['seed']}"
    )


def _where(name: str) -> str:
    if name not in Scenario.model_fields:
        return f"Change it above, among the random shocks' numbers: {plain(name)}."
    extra = field_info(name).json_schema_extra
    group = extra["group"] if isinstance(extra, dict) else ""
    return f"Change it beside, among all assumptions: {plain(inputs.GROUPS[str(group)])}."


def _listed(lines: Sequence[str]) -> None:
    if lines:
        st.markdown("\n".join(f"- {plain(line, 500)}" for line in lines))
