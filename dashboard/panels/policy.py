"""The policy lab, and other networks' rules on the same futures: panels of the Compare page."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboard import inputs
from dashboard.charts import policy as charts_policy
from dashboard.frame import Desk, drawer
from dashboard.panels import errand as panels_errand
from dashboard.panels import parts as panels
from dashboard.words import policy_words as words
from dashboard.words.formats import plain
from data.mechanisms import build_mechanisms
from models.parameters import InputError, Scenario, parse_scenario

if TYPE_CHECKING:
    # they bring scipy along: loaded when the reader comes here
    from dashboard.questions.policies import PolicyQuestion
    from dashboard.questions.risks import Found

SIZES = {"quick": (100, 2000), "as the command": (200, 20_000)}  # policies, random futures
PATHS = (500, 2000)
SEED = 1


def policy(desk: Desk) -> None:
    """Burn against solvency over the engine's settings; nothing is computed until it is asked for."""
    from dashboard.questions.policies import policy_question

    st.header("Policy lab: burn against solvency", anchor=False)
    st.caption(
        "What io.net could set (how much is burned, what the vault gets and may release, who is paid first, "
        "how the payout target follows the reserve), tried many times over within the facts' ranges, all on "
        "the same random futures. Today's policy is what the facts say of the engine; the rest of the "
        "scenario is yours. Burned is what the surplus burns; what is retired stands apart."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        event = st.segmented_control(
            "Weighed against the chance of", [*words.WEIGHED], key="policy_event", default="shortfall",
            required=True, format_func=words.WEIGHED.__getitem__,
            help="A controller keeps shortfalls away by paying less: underpaid suppliers show it",
        )  # fmt: skip
        size = st.segmented_control(
            "Policies", [*SIZES], key="policy_size", default="quick", required=True,
            format_func=lambda name: f"{SIZES[name][0]} on {SIZES[name][1]:,} futures",
        )  # fmt: skip
    policies, paths = SIZES[str(size)]
    shocks = desk.answers.registry.shocks()
    try:
        question = policy_question(
            desk.answers.registry, desk.scenario, shocks, policies=policies, paths=paths, seed=SEED
        )
    except InputError as error:
        st.warning(plain(f"{error}.", 400))
        return
    question = _kept(question)
    took = "some seconds" if size == "quick" else "half a minute or more"
    about = f"{policies} policies, each on the same {paths:,} random futures: {took}"
    fill = partial(_policies, desk, question, str(event))
    panels_errand.ask(desk, "policy", question, about, fill, "Try the policies")


def _kept(question: "PolicyQuestion") -> "PolicyQuestion":
    """The question that was answered, if the scenario's policy is among those that it tried: a reader who
    takes one of them over goes on seeing all."""
    sent = st.session_state.get("errand_policy")
    if sent is None or sent.found is None or replace(sent.question, own=question.own) != question:
        return question
    return question if _number(sent.found.tables["policies"], question) is None else sent.question


def _number(table: pl.DataFrame, question: "PolicyQuestion") -> int | None:
    """The policy of the table that has the reader's own settings; today's where they have none."""
    if question.own is None:
        return 0
    own = dict(zip(question.levers, question.own, strict=True))
    same = [pl.col(name).eq_missing(pl.lit(value)) for name, value in own.items()]
    found = table.filter(*same)["number"].to_list()
    return int(found[0]) if found else None


def _policies(desk: Desk, question: "PolicyQuestion", event: str, found: "Found") -> None:
    from dashboard.questions.policies import policy_question

    f, table = found.figures, found.tables["policies"]
    own = policy_question(desk.answers.registry, desk.scenario, question.shocks, question.levers)
    mine = _number(table, own)
    for sentence in words.policy_sentences(found, event):
        st.markdown(plain(sentence, 700))
    asked = _scenario(question)
    stamp = panels_errand.stamp(found, asked, question.shocks, words.policy_flags(question))
    panels.chart(desk, charts_policy.frontier(table, f, event, mine, dark=desk.dark), stamp)
    st.caption(
        plain(f"± is a standard error, of a difference the one on the same futures. {words.CAVEAT}", 600)
    )
    units = {name: q["unit"] for name, q in f["quantities"].items()}
    panels.table(
        desk, table, name="policies",
        title="What no other beats for sure, and the best of those that pay no less than today's",
        units=units | {name: inputs.unit(name) for name in f["levers"]},
        shown=_told(words.policy_rows(table, event)), stamp=stamp,
    )  # fmt: skip
    _one(desk, table, f, event, mine)
    size = f"{table.height} policies, {f['paths']:,} random futures each, seed {f['seed']}"
    panels_errand.made(found, size)
    drawer("The command that gives these policies", "policy_command", partial(_command, stamp))


def _scenario(question: "PolicyQuestion") -> Scenario:
    """The scenario that the question was asked for, its own policy included."""
    own = dict(zip(question.levers, question.own or (), strict=False))
    return parse_scenario(own, question.scenario)


def _told(rows: list[tuple[str, ...]]) -> pl.DataFrame:
    heads = [head or ("policy" if k == 0 else "verdict") for k, head in enumerate(rows[0])]
    return pl.DataFrame(rows[1:], schema=heads, orient="row")


def _one(desk: Desk, table: pl.DataFrame, f: dict[str, Any], event: str, mine: int | None) -> None:
    """One policy beside today's, and the way to take it over."""
    first = words.shown_policies(table, event)["number"].to_list()
    first = [number for number in first if number != 0]
    numbers = [*first, *(n for n in table["number"].to_list() if n not in {0, *first})]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Look at one policy", numbers, key="policy_number", width=340,
            format_func=lambda number: words.choice(table.row(number, named=True), event),
            help="Those of the table come first",
        )  # fmt: skip
        number = int(chosen if chosen is not None else numbers[0])
        row, today = table.row(number, named=True), table.row(0, named=True)
        st.button(
            "Use these settings", key="policy_use", icon=":material/check:", disabled=number == mine,
            on_click=desk.session.edit, kwargs={name: row[name] for name in f["levers"]},
            help="Puts them into the scenario; Undo above takes them back",
        )  # fmt: skip
    st.markdown(plain(f"Against today's policy: {words.differs(row, event)}.", 400))
    settings = [
        (inputs.title(name), inputs.shown(name, today[name]), inputs.shown(name, row[name]))
        for name in f["levers"]
        if row[name] != today[name]
    ]
    st.table(_told([("setting", "today's", words.name_of(row)), *settings]).select(_plain()))


def _plain() -> pl.Expr:
    return pl.all().map_elements(plain, return_dtype=pl.String)


def _command(stamp: dict[str, Any]) -> None:
    st.code(stamp["command"], language="bash", wrap_lines=True)


def mechanisms(desk: Desk) -> None:
    """Other networks' rules, paid from the same revenue; nothing is computed until it is asked for."""
    from dashboard.questions.policies import MechanismsQuestion

    st.header("Other networks' rules on the same futures", anchor=False)
    st.caption(
        "The scenario's own prices and revenue, month by month over random futures, paid out by the IDE, by "
        "the old schedule and by the rules of six other networks, brought to IO's scale. Neither prices nor "
        "customers answer to a rule here."
    )
    paths = st.segmented_control(
        "Random futures", PATHS, key="mechanisms_paths", default=PATHS[0], required=True,
        format_func="{:,}".format,
    )  # fmt: skip
    shocks = desk.answers.registry.shocks()
    question = MechanismsQuestion(desk.scenario, shocks, int(paths or PATHS[0]), SEED)
    about = f"Eight rules on the same {question.paths:,} random futures: some seconds"
    panels_errand.ask(
        desk, "mechanisms", question, about, partial(_mechanisms, desk, question), "Compare the rules"
    )
    drawer("What each rule does, and where it stands", "mechanism_rules", partial(_rules, desk))


def _mechanisms(desk: Desk, question: Any, found: "Found") -> None:
    f, totals = found.figures, found.tables["totals"]
    st.markdown(plain(words.mechanism_sentence(totals, f["paths"], f["months"]), 500))
    stamp = panels_errand.stamp(found, desk.scenario, question.shocks, words.mechanism_flags(question))
    quantity = st.segmented_control(
        "By rule", [*words.QUANTITIES], key="mechanisms_quantity", default="income_usd", required=True,
        format_func=words.QUANTITIES.__getitem__,
    )  # fmt: skip
    panels.chart(desk, charts_policy.mechanisms(totals, str(quantity), f, dark=desk.dark), stamp)
    rows = _told(words.mechanism_rows(totals, [str(quantity)])).drop("policy")
    panels.table(
        desk, totals, name="mechanisms", title="Every rule against the IDE",
        shown=rows.rename({"verdict": "rule"}), stamp=stamp, words=True,
    )  # fmt: skip
    st.caption(
        "± is a standard error; that of a difference is the one on the same futures. Income counts tokens at "
        "the price of the month that pays them; issued tokens may have been minted again; dilution is what "
        "payouts and burn add to what would circulate by unlocks alone."
    )
    panels_errand.made(found, f"{f['paths']:,} random futures, seed {f['seed']}")
    drawer("The command that gives these numbers by rule", "mechanisms_command", partial(_command, stamp))


def _rules(desk: Desk) -> None:
    registry = desk.answers.registry
    for rule in build_mechanisms(registry.facts):
        sources = dict.fromkeys(registry.facts[id_].source for id_ in rule.facts)
        cited = "; ".join(inputs.citation(source, registry) for source in sources)
        st.markdown(f"**{plain(rule.title)}.** {plain(rule.notes, 900)} Sources: {cited}.")
