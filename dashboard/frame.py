"""What every page shares: the scenario bar above, the controls beside, the stamp below."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import streamlit as st
from streamlit.navigation.page import Page

from dashboard import controls, dialogs, inputs, links, marks
from dashboard.answers import Answers
from dashboard.panels import report as panels_report
from dashboard.panels import saved as panels_saved
from dashboard.questions.comparisons import Column, Question
from dashboard.session import YOURS, Session
from dashboard.settings import command
from dashboard.versions import model_version
from dashboard.words.formats import plain
from models.parameters import InputError, Scenario

# The answer starts near the top, reads as a sentence and is never cut off; on a large screen the scenario bar
# stays in sight.
STYLE = """
.stMainBlockContainer { padding-top: 3.75rem; }
.stMainBlockContainer h1 { font-size: 1.9rem; }
.st-key-answer h1 { font-size: 1.4rem; font-weight: 400; line-height: 1.4; padding-top: 0; }
.stMainBlockContainer h2 { font-size: 1.4rem; }
[class*="st-key-panel_"] h2 { font-size: 1.05rem; padding: 0.5rem 0 0; }
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8; }
.stSidebar [data-testid="stMarkdownContainer"] p { font-size: 0.875rem; }
[data-testid="stTopNav"] { overflow: visible; }  /* its own sum of the links' widths is a few pixels short */
[data-testid="stMetricValue"] { font-size: 1.6rem; }
[data-testid="stMetricValue"] *, [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
/* Streamlit's own CSV is neither full nor safe for a spreadsheet, and carries no manifest: Export has it. */
[data-testid="stElementToolbarButton"]:has(button[aria-label^="Download as CSV"]) { display: none; }
.stMultiSelect [data-tag] { color: light-dark(#ffffff, #171614); }
.stColumn { min-width: min(100%, 13rem); }
.stColumn:has(.stPlotlyChart) { min-width: min(100%, 24rem); }
@media (max-width: 640px) { .st-key-bar button { padding-inline: 0.6rem; } }
/* Heard, not seen; it takes no place, so that nothing moves when it goes. */
.stElementContainer:has(.coming) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
/* Streamlit's own sentence when the server is gone asks after the internet, which is no matter here. */
body:has([data-testid="stApp"]:not([data-test-connection-state="CONNECTED"]))
  section[role="dialog"]:not([data-testid]) > div > div { font-size: 0; }
body:has([data-testid="stApp"]:not([data-test-connection-state="CONNECTED"]))
  section[role="dialog"]:not([data-testid]) > div > div::after { font-size: 1rem; content:
  "vaultline does not answer: it was stopped, or this tab cannot reach it. What you see stands as it was. "
  "Start it again with vaultline dashboard; this page then starts anew by itself."; }
@media (min-width: 800px) and (min-height: 600px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-bar) {
    position: sticky; top: 3rem; z-index: 50; padding: 0.5rem 0;
    background: light-dark(#ffffff, #171614);
  }
}
"""
LOG = logging.getLogger("vaultline.dashboard")
UNEXPECTED = (
    "Something went wrong here, and that is a fault of vaultline, not of your input. The details are in the "
    "terminal that runs the dashboard; undo or reset above brings you back to where it worked."
)


@dataclass(frozen=True)
class Desk:
    """What a page works with."""

    answers: Answers
    session: Session
    dark: bool
    pages: dict[str, Page]

    @property
    def scenario(self) -> Scenario:
        return self.session.scenario


def open_desk(answers: Answers, pages: dict[str, Page]) -> Desk:
    """The reader's desk. The first visit takes the scenario that the address carries, if it carries one."""
    if "session" not in st.session_state:
        session = Session(answers.registry.presets(), answers.run, "baseline")
        try:
            query = st.query_params.to_dict()
            linked, beside = links.scenario_from_query(query), links.comparison_from_query(query)
            if linked is not None:
                session.adopt(linked)
                st.session_state["compared_linked"] = beside
        except InputError as error:
            session.message = f"{error}. What you see is the baseline."
        st.session_state["session"] = session
    return Desk(answers, st.session_state["session"], st.context.theme.type == "dark", pages)


Query = Callable[["Desk"], Mapping[str, str]]


def show(desk: Desk, page: Callable[[Desk], None], fields: Sequence[str], query: Query | None = None) -> None:
    """One whole page: bar, controls of `fields`, the page itself, stamp. `query` is what a link to the page
    carries besides the scenario. Every fault shows as a sentence."""
    if st.session_state.get("page") != page.__module__:
        controls.forget()
        dialogs.close()
        st.session_state["page"] = page.__module__
    st.html(f"<style>{STYLE}</style>")
    for part in (partial(scenario_bar, query=query), lambda d: sidebar(d, fields), page, stamp):
        try:
            part(desk)
        except InputError as error:
            dialogs.close()  # or the next run of the page would fail in it again
            st.error(plain(str(error), 400))
        except Exception:
            dialogs.close()
            LOG.exception("the page failed on scenario %s", desk.scenario.canonical_json())
            st.error(UNEXPECTED)


def scenario_bar(desk: Desk, query: Query | None = None) -> None:
    """Which scenario this is, what differs from its preset, and the ways to share it and to go back."""
    session = desk.session
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="bar"):
        _picker(desk)
        st.button(
            "Undo", key="undo", icon=":material/undo:", on_click=session.undo, disabled=not session.can_undo
        )
        st.button(
            "Reset", key="reset", icon=":material/restart_alt:", on_click=session.reset,
            disabled=not session.changed, help="Put every input back to the preset's value",
        )  # fmt: skip
        with st.popover("Share", icon=":material/link:"):
            _share(desk, query)
        panels_saved.button(desk)
        report = st.popover("Report", icon=":material/description:", key="report", on_change="rerun")
        if report.open:
            with report:
                panels_report.offer(desk, _of_it(desk))
    _differences(session)
    if session.message:
        st.warning(plain(session.message, 500), icon=":material/block:")
    if desk.answers.notice:
        st.caption(plain(desk.answers.notice, 300))


def _of_it(desk: Desk) -> Question:
    """What the report of the scenario at hand is asked."""
    title = desk.session.preset.title
    column = Column(f"{title}, changed" if desk.session.changed else title, desk.scenario)
    return Question((column,), desk.answers.registry.shocks())


def _picker(desk: Desk) -> None:
    session = desk.session
    names = [*session.presets]
    if session.yours is not None:
        names.append(YOURS)
    if st.session_state.get("preset") != session.choice:
        st.session_state["preset"] = session.choice

    def choose() -> None:
        session.choose(st.session_state["preset"])

    st.selectbox(
        "Scenario",
        names,
        format_func=lambda name: "Yours" if name == YOURS else session.presets[name].title,
        key="preset",
        on_change=choose,
        width=280,
        help=_about(desk),
    )


def _about(desk: Desk) -> str:
    """What the preset is and whom it goes back to, as Markdown."""
    preset, registry = desk.session.preset, desk.answers.registry
    approximate = " Approximate." if preset.approximate else ""
    sources = "; ".join(inputs.citation(name, registry) for name in preset.sources)
    return f"**{plain(preset.title)}.** {plain(preset.description, 600)}{approximate}\n\nSources: {sources}."


def _share(desk: Desk, query: Query | None) -> None:
    beside = " and what it is compared with" if query else ""
    st.markdown(f"This link opens this page with exactly this scenario{beside}, inputs and all.")
    try:
        more = query(desk) if query else None
        st.code(links.address(st.context.url or "", desk.scenario, more), language=None, wrap_lines=True)
    except InputError as error:
        st.warning(plain(str(error), 300))


def _differences(session: Session) -> None:
    """What differs from the preset, each a button that puts it back. The line is always there, so that
    nothing below it jumps at the first change."""
    mine, theirs = session.scenario, session.preset.scenario
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="differences"):
        if not session.changed:
            st.caption("Every input is as the preset has it.", width="content")
            return
        st.caption(f"Differs from {plain(session.preset.title)}:", width="content")
        for name in session.changed:
            was, now = (inputs.shown(name, getattr(s, name)) for s in (theirs, mine))
            st.button(
                f"{inputs.title(name)}: {plain(now)}", key=f"back_{name}", icon=":material/undo:",
                type="tertiary", help=f"Back to {plain(was)}", on_click=session.reset, args=(name,),
            )  # fmt: skip


def sidebar(desk: Desk, fields: Sequence[str]) -> None:
    """The few controls that matter most for a page, and every assumption one step away."""
    with st.sidebar:
        st.caption(marks.legend())
        for name in fields:
            controls.slider(desk.session, desk.answers.registry, name)
        st.divider()
        st.markdown("**All assumptions**")
        for group, heading in inputs.GROUPS.items():
            drawer(heading, f"group_{group}", partial(_group, desk, group))


def _group(desk: Desk, group: str) -> None:
    for name in inputs.fields_of(group):
        controls.box(desk.session, desk.answers.registry, name)


def drawer(label: str, key: str, fill: Callable[[], None]) -> None:
    """A part that is filled when the reader opens it: what nobody sees would cost every answer its time."""
    with st.expander(label, key=key, on_change="rerun") as drawn:
        if drawn.open:
            fill()


def stamp(desk: Desk) -> None:
    """What it takes to get these numbers again."""
    scenario, now = desk.scenario, datetime.now(UTC)
    run = desk.answers.project(scenario)
    st.divider()
    st.caption(
        f"Scenario `{scenario.digest()[:12]}` · run `{run.run_id[:12]}` (one path, no random shocks) · "
        f"model `{model_version()}` · facts `{desk.answers.registry.version[:12]}` · "
        f"{now:%Y-%m-%d %H:%M} UTC"
    )
    drawer("The command that gives these numbers", "command", partial(_command, scenario))


def _command(scenario: Scenario) -> None:
    st.code(command(scenario), language="bash", wrap_lines=True)
