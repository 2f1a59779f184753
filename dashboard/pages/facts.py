"""Facts and claims: what is known, by whom, and is it so?"""

from typing import Any, get_args

import polars as pl
import streamlit as st

from dashboard import inputs
from dashboard.charts import network as charts_network
from dashboard.frame import Desk
from dashboard.panels import parts as panels
from dashboard.questions import evidence
from dashboard.questions.evidence import Audit
from dashboard.words.formats import percent, plain, usd
from data.fact import Fact, Kind
from models.readers.claim_rules import VERDICTS, Claim, Verdict, finding

TITLE = "Facts and claims"
FIELDS = ("R_base", "contracts", "H0", "V0_months", "P0", "price_shock", "demand_shock")
BADGES: dict[Verdict, str] = {
    "reproduces": ":green-badge[reproduces]",
    "conflicts": ":orange-badge[conflicts]",
    "cannot be verified": ":gray-badge[cannot be verified]",
}
TABS = ("Claims", "Facts", "The network's record")
EVERY = "all"
# From the most to the least solid.
KINDS = get_args(Kind)


def page(desk: Desk) -> None:
    audited = desk.answers.claims()
    with st.container(key="answer"):
        st.title(f"**{answer(audited)}**", anchor=False)
    claims_tab, facts_tab, record_tab = st.tabs(TABS, key="evidence", on_change="rerun")
    if claims_tab.open:
        with claims_tab:
            claims(desk, audited)
    if facts_tab.open:
        with facts_tab:
            facts(desk, audited)
    if record_tab.open:
        with record_tab:
            record(desk)


def answer(audited: Audit) -> str:
    """How many claims came out how, in one sentence."""
    count = dict(audited.frame.group_by("verdict").len().iter_rows())
    counts = [count.get(verdict, 0) for verdict in VERDICTS]
    return (
        f"Of {audited.frame.height} claims about io.net, {counts[0]} reproduce when they are recomputed, "
        f"{counts[1]} conflict with what else is published, and {counts[2]} cannot be verified."
    )


@st.fragment
def claims(desk: Desk, audited: Audit) -> None:
    query, verdict = _search("claim", "Search claims", list(VERDICTS))
    found = evidence.matching_claims(audited, query, next((v for v in VERDICTS if v == verdict), None))
    if not found:
        st.info("No claim contains all of that. Try fewer words, or all verdicts.")
    st.caption(
        "Each is recomputed from the facts, on the baseline, whatever the scenario above. Open one for its "
        "arithmetic."
    )
    for topic in dict.fromkeys(claim.topic for claim in found):
        st.subheader(topic, anchor=False)
        for claim in found:
            if claim.topic == topic:
                _claim(desk, audited, claim)


def _search(key: str, words: str, choices: list[str]) -> tuple[str, str]:
    """A search box and a choice among `choices` or all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(words, key=f"{key}_query", type="search", live=True, max_chars=200, width=320)
        choice = st.segmented_control(
            "Show",
            [EVERY, *choices],
            key=f"{key}_choice",
            default=EVERY,
            required=True,
            format_func=lambda name: name.replace("_", " "),
        )
    return query or "", str(choice)


def _claim(desk: Desk, audited: Audit, claim: Claim) -> None:
    head = f"{BADGES[claim.verdict]} {plain(claim.statement, 400)}"
    drawer = st.expander(head, key=f"claim_{claim.id}", on_change="rerun")
    if not drawer.open:
        return
    with drawer:
        said = finding(claim).removeprefix(claim.verdict)
        st.markdown(f"**{claim.verdict.capitalize()}**{plain(said, 600)}.")
        st.markdown(f"Recomputed: **{plain(claim.result, 200)}**. Tolerance: {plain(claim.tolerance, 200)}.")
        if claim.arithmetic:
            lines = "\n".join(f"- {line}" for line in claim.arithmetic)
            st.code(lines, language=None, wrap_lines=True)
        if claim.id == "guided_burn":
            st.markdown("What that burn implies for suppliers, a month, by what revenue really is")
            panels.table(
                desk, audited.burn, name="guided-burn", title="What the guided burn implies for suppliers",
                shown=burn_table(audited), words=True, headed=False,
                stamp={"command": "vaultline claims guided_burn --json"},
            )  # fmt: skip
        st.markdown(f"Said by {inputs.citation(claim.source, desk.answers.registry)}, {plain(claim.date)}")
        registry = desk.answers.registry
        used = "; ".join(plain(registry.facts[id_].title) for id_ in claim.facts)
        st.caption(f"Rests on: {used}. In commands: `vaultline claims {claim.id}`")


def burn_table(audited: Audit) -> pl.DataFrame:
    rows = []
    for row in audited.burn.iter_rows(named=True):
        reached = row["H0"] is not None
        rows.append(
            {
                "Revenue": row["revenue"],
                "Surplus burned": percent(row["beta"]),
                "Owed to suppliers": usd(row["H0"]) if reached else "out of reach",
                "Share of revenue left": percent(row["left_share"]) if reached else "",
            }
        )
    return pl.DataFrame(rows)


@st.fragment
def facts(desk: Desk, audited: Audit) -> None:
    registry = desk.answers.registry
    query, kind = _search("fact", "Search facts", list(KINDS))
    found = evidence.matching_facts(registry, query, None if kind == EVERY else kind)
    found.sort(key=lambda fact: KINDS.index(fact.kind))
    if not found:
        st.info("No fact contains all of that. Try fewer words, or all kinds.")
        return
    places = evidence.uses(registry, audited)
    table = pl.DataFrame([_fact_row(desk, fact, places[fact.id]) for fact in found])
    st.caption(f"{len(found)} of {len(registry.facts)} facts. Choose a row for the whole of it.")
    chosen = panels.table(
        desk, table, name="facts-found", title="Facts with value, date, kind, source and use", headed=False,
        columns=FACT_COLUMNS, stamp=ALL_FACTS, on_select="rerun", selection_mode="single-row", key="facts",
    )  # fmt: skip
    rows = [at for at in chosen["selection"]["rows"] if at < len(found)]
    for at in rows:
        whole_fact(desk, found[at], places[found[at].id])


def _fact_row(desk: Desk, fact: Fact, places: list[str]) -> dict[str, str]:
    source = desk.answers.registry.source(fact.source)
    return {
        "title": fact.title,
        "value": evidence.fact_value(fact),
        "date": fact.date,
        "kind": fact.kind.replace("_", " "),
        "source": source.name,
        "used": "; ".join(places),
        "confidence": fact.confidence,
        "id": fact.id,
    }


def whole_fact(desk: Desk, fact: Fact, places: list[str]) -> None:
    """The whole of one fact."""
    registry = desk.answers.registry
    with st.container(border=True):
        st.markdown(f"**{plain(fact.title, 200)}**")
        if fact.rows:
            units = dict(zip(fact.columns, fact.units, strict=True))
            panels.table(
                desk, pl.DataFrame(fact.rows, schema=list(fact.columns), orient="row"),
                name=f"fact-{fact.id}", title=fact.title, units=units, headed=False,
                stamp={"command": f"vaultline facts {fact.id} --json"},
                columns={c: c if u == "text" else f"{c}, {u}" for c, u in units.items()},
            )  # fmt: skip
        else:
            st.markdown(plain(evidence.fact_value(fact), 1000))
        citation = inputs.citation(fact.source, registry)
        kind = fact.kind.replace("_", " ")
        st.markdown(f"{plain(fact.date)}, {kind}, confidence {fact.confidence}. Source: {citation}.")
        if fact.derivation:
            st.code(fact.derivation, language=None, wrap_lines=True)
        if fact.range:
            st.markdown(f"Plausible from {fact.range[0]:g} to {fact.range[1]:g}, in our judgement.")
        if fact.note:
            st.markdown(plain(fact.note, 1000))
        for other in fact.conflicts:
            against = registry.facts[other]
            st.markdown(
                f"Conflicts with: {plain(against.title, 200)}, {plain(evidence.fact_value(against), 200)}"
            )
        if places:
            st.markdown(f"Used as: {plain('; '.join(places), 600)}.")
        st.caption(f"In commands: `vaultline facts {fact.id}`")


def record(desk: Desk) -> None:
    found = evidence.record(desk.answers.registry)
    panels.chart(desk, charts_network.gpus(found.gpus, dark=desk.dark))
    panels.chart(desk, charts_network.gpu_hours(found.prices, dark=desk.dark))
    capabilities, governance = st.columns(2)
    with capabilities:
        st.subheader("What is live", anchor=False)
        shown = found.capabilities.rename({"capability": "Capability", "status": "Status"})
        _table(desk, "capabilities", "What is live", found.capabilities, shown)
    with governance:
        st.subheader("How it is governed", anchor=False)
        shown = found.governance.rename({"item": "What", "statement": "What is known"})
        _table(desk, "governance", "How it is governed", found.governance, shown)
        scores = "; ".join(f"{r['aspect']} {r['score']} of {r['out_of']}" for r in found.scores.to_dicts())
        st.markdown(f"Review scores: {plain(scores, 300)}.")
        attack = found.attack
        st.markdown(f"{plain(attack.title)}: {plain(str(attack.value), 300)}.")
        citation = inputs.citation(attack.source, desk.answers.registry)
        st.caption(f"All of it from {citation}; what later reports contradict stands among the claims.")
    st.subheader("What to watch", anchor=False)
    st.caption(
        "Where each stands, and at which value the answer of the scenario above, shortfall or none, would "
        "change, all else as it is."
    )
    watched = desk.answers.watch(desk.scenario)
    heads = {"item": "What", "now": "Now", "tipping": "Where the answer changes"}
    panels.table(
        desk, watched, name="watch", title="What to watch", shown=watched.rename(heads), words=True,
        headed=False,
    )  # fmt: skip


def _table(desk: Desk, name: str, title: str, frame: pl.DataFrame, shown: pl.DataFrame) -> None:
    """A small table of what the facts say, whatever the scenario, under a heading that is there already."""
    panels.table(desk, frame, name=name, title=title, shown=shown, words=True, headed=False, stamp=ALL_FACTS)


ALL_FACTS = {"command": "vaultline facts --json"}
FACT_COLUMNS: dict[str, Any] = {
    "title": st.column_config.TextColumn("Fact", width=230),
    "value": st.column_config.TextColumn("Value and unit", width=150),
    "date": "Date",
    "kind": "Kind",
    "source": st.column_config.TextColumn("Source", width=140),
    "used": st.column_config.TextColumn("Used as", width=240),
    "confidence": "Confidence",
    "id": "Name in commands",
}
