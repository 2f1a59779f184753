"""Compare: what does this change buy?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from dashboard import compared
from dashboard.charts import compare as charts_compare
from dashboard.charts.figures import Table
from dashboard.compare_table import table
from dashboard.exports import drawn
from dashboard.frame import Desk, drawer
from dashboard.jobs import Job
from dashboard.panels import compare as panels_compare
from dashboard.panels import futures as panels_futures
from dashboard.panels import parts as panels
from dashboard.panels import policy as panels_policy
from dashboard.panels import report as panels_report
from dashboard.questions import comparisons, stress
from dashboard.questions.comparisons import TABLE_UNITS, Column, Compared, Question
from dashboard.questions.stress import FANS, Stressed
from dashboard.waiting import REFRESH, until
from dashboard.words import compare_words
from dashboard.words.formats import listing, plain
from dashboard.words.stress_words import FANS as FAN_WORDS
from models.parameters import InputError
from models.schedules import month_end

TITLE = "Compare"
FIELDS = ("price_shock", "demand_shock", "shock_month", "V0_months", "H0", "months")
QUERY = compared.query


class Asked(NamedTuple):
    """What one reader waits for: the comparison, and the fans of each scenario."""

    question: Question
    job: Job | None  # None: found in the store
    found: Compared | None
    fans: tuple[tuple[Job | None, Stressed | None], ...]

    @property
    def jobs(self) -> list[Job]:
        return [job for job in (self.job, *(job for job, _ in self.fans)) if job]


def page(desk: Desk) -> None:
    try:
        scenarios(desk)
    except InputError as error:  # shocks that these steps cannot take, too many that wait
        st.error(plain(f"{error}.", 400))
    panels_policy.policy(desk)
    panels_policy.mechanisms(desk)


def scenarios(desk: Desk) -> None:
    """The scenario at hand beside others, on the same futures."""
    head = st.container(key="answer")
    columns = panels_compare.choose(desk)
    if len(columns) < 2:
        head.title("**What is this scenario to be compared with?** Choose one below.", anchor=False)
        return
    paths, seed, shocks = compared.size(desk)
    question = Question(tuple(columns), shocks, paths, seed)
    asked = ask(desk, question)
    settled = partial(_settled, asked)
    with head:
        until(settled, partial(answer, desk, asked))
    what_differs(desk, columns)
    until(settled, partial(results, desk, asked), 2 * REFRESH)
    drawer("A report of this comparison", "compare_report", partial(report, desk, question))


def report(desk: Desk, question: Question) -> None:
    panels_report.offer(desk, question, "comparison")


def ask(desk: Desk, question: Question) -> Asked:
    """The reader's comparison: what is there already, else jobs, in the place of what was asked before."""
    before: Asked | None = st.session_state.get("compare")
    if before is not None and before.question == question:
        return before
    comparisons.check(desk.answers.protocol, question)
    if before is not None:
        _leave(desk, before)
    answers = desk.answers
    found, job = comparisons.find(answers, question), None
    if found is None:
        done: Callable[[Any], Any] = partial(comparisons.keep, answers, question)
        key = ("compare", comparisons.asked(answers, question).id)
        job = answers.jobs.submit(key, comparisons.request(answers, question), done)
    asked = Asked(question, job, found, tuple(_fan(desk, question, c) for c in question.columns))
    st.session_state["compare"] = asked
    return asked


def _fan(desk: Desk, question: Question, column: Column) -> tuple[Job | None, Stressed | None]:
    """The column's own stress run, the same as the Stress lab's, for its fans."""
    own = stress.Question(column.scenario, question.shocks, question.paths, question.seed)
    found = stress.aside(desk.answers, own)
    return (None, found) if isinstance(found, Stressed) else (found, None)


def _leave(desk: Desk, asked: Asked) -> None:
    for job in asked.jobs:
        desk.answers.jobs.leave(job)


def _settled(asked: Asked) -> bool:
    return all(job.finished for job in asked.jobs)


def _so_far(desk: Desk, asked: Asked) -> Compared | None:
    if asked.job is None:
        return asked.found
    result = asked.job.result
    if result is None:
        return None
    return Compared(replace(asked.question, paths=result.paths), result, False, desk.answers.notice)


def answer(desk: Desk, asked: Asked) -> None:
    """The sentence, and how far the futures are."""
    for job in asked.jobs:
        job.look()
    found = _so_far(desk, asked)
    if found is not None:
        words = compare_words.verdict(found)
    else:
        columns = asked.question.columns
        words = compare_words.first_answer(columns, comparisons.first_shortfalls(desk.answers, columns))
    st.title(words, anchor=False)
    done, made = (found.result.paths, compare_words.made_by(found)) if found else (0, None)
    panels_futures.progress(
        "compare", asked.job, done, asked.question.paths, made, partial(_leave, desk, asked)
    )  # fmt: skip


def what_differs(desk: Desk, columns: Sequence[Column]) -> None:
    """The inputs that are not the same in all columns."""
    st.header("What differs in the inputs", anchor=False)
    differing = comparisons.differing(desk.answers.registry, columns)
    if differing.is_empty():
        st.caption("Nothing: every input is the same.")
        return
    rows = compare_words.inputs_rows(differing)
    st.html(table([c.title for c in columns], rows, "Inputs that differ, by scenario"))


def results(desk: Desk, asked: Asked) -> None:
    found = _so_far(desk, asked)
    st.header("What differs in the outcome", anchor=False)
    if found is None:
        st.caption("Figures and charts appear with the first answer.")
        return
    columns = found.question.columns
    firsts = comparisons.first_shortfalls(desk.answers, columns)
    rows = [compare_words.still_row(columns, firsts), *compare_words.outputs(found)]
    st.html(table([c.title for c in columns], rows, "Outcomes by scenario"))
    st.caption(
        f"Means over {found.result.paths:,} futures ± one standard error; below them what is more or less "
        f"than under {plain(columns[0].title)}, taken path by path. {compare_words.about_rules(columns)}"
    )
    stamp = _stamp(found)
    panels.export(desk, Table("compared", "Outcomes by scenario", found.table, TABLE_UNITS), stamp)
    days = _days(desk)
    panels.chart(desk, charts_compare.chance_by_month(found, days, dark=desk.dark), stamp)
    fans(desk, asked, days)
    drawer("The command that gives this comparison", "compare_command", partial(_command, found))


def _stamp(found: Compared) -> dict[str, Any]:
    return {
        "command": found.question.command,
        "compared_with": [
            {"title": c.title, "scenario_digest": c.scenario.digest()} for c in found.question.columns[1:]
        ],
        **drawn(found.question.shocks, found.question.seed, found.result.paths),
    }


def _command(found: Compared) -> None:
    st.code(found.question.command, language="bash", wrap_lines=True)


def _days(desk: Desk) -> list[date]:
    m0 = desk.scenario.m0
    return [month_end(desk.answers.protocol, m0 + k) for k in range(1, desk.scenario.months + 1)]


def fans(desk: Desk, asked: Asked, days: Sequence[date]) -> None:
    """The same fan of every scenario, at one scale."""
    st.header("The spread of one quantity, at one scale", anchor=False)
    name = st.segmented_control(
        "The spread of", FANS, key="compare_fan", default="coverage", required=True,
        format_func=lambda fan: FAN_WORDS[fan].title.partition(",")[0],
    )  # fmt: skip
    name = str(name)
    shown, missing = [], []
    for column, (job, kept) in zip(asked.question.columns, asked.fans, strict=True):
        if not charts_compare.has_fan(name, column.scenario.rule):
            missing.append(column.title)
            continue
        run = kept or (job.result if job else None)
        if run is not None and run.result.paths:
            shown.append((column.title, run))
    if missing:
        what = FAN_WORDS[name].title.lower()
        st.caption(f"None for {plain(listing(missing), 300)}: without the engine there is no {what}.")
    if not shown:
        st.caption("The spread appears with the first answer.")
        return
    made = charts_compare.fans(name, [(title, run.quantiles) for title, run in shown], days, dark=desk.dark)
    sides = [side for _ in made[::2] for side in st.columns(2, gap="small")]
    for side, chart, (_, run) in zip(sides, made, shown, strict=False):
        with side:
            panels.chart(desk, chart, _fan_stamp(run))


def _fan_stamp(run: Stressed) -> dict[str, Any]:
    from dashboard.words.cards_stress import stamp

    scenario = run.question.scenario
    return {**stamp(run), "scenario_digest": scenario.digest(), "scenario": scenario.model_dump(mode="json")}
