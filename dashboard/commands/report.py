"""`vaultline report`: one scenario, or several beside each other, as a page to print."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tqdm import tqdm

from dashboard.answers import Answers
from dashboard.commands.compare import columns_of
from dashboard.commands.output import checked_report, note, say_json, write_report
from dashboard.commands.project import stamp
from dashboard.commands.scenario import asked
from dashboard.questions.comparisons import Question, check
from dashboard.report import scenarios as report
from dashboard.report.runs import AtOnce, Progress
from dashboard.shock_settings import shocks_from
from data.registry import load_facts
from data.shock_choices import choose, provisional
from models.parameters import InputError
from models.stress.engine import check_request


def run(args: argparse.Namespace) -> int:
    if args.out is None:
        raise InputError("--out is missing: name the file to write, like report.html or report.pdf")
    out = checked_report(args.out, args.prices)
    # Before anything is computed or recorded: bad input changes nothing.
    registry = load_facts()
    check_request(args.paths, args.seed, None)
    shocks = shocks_from(args.shock, choose(registry, "regimes", named=args.shock_set))
    scenario, notes = asked(args, registry)
    question = Question(
        columns_of(registry, scenario, args.preset, args.beside or ()), shocks, args.paths, args.seed
    )
    if len(question.columns) > 1:
        check(registry.protocol(), question)
    with Answers.open(args.store) as answers, _bar() as shown:
        page = report.make(answers, question, AtOnce(answers), shown, datetime.now(UTC))
        marks = stamp(answers, answers.project(scenario))
    for text in [*notes, provisional(registry, shocks)]:
        note(text)
    size = write_report(out, page)
    if args.json:
        say_json({"file": str(out), "bytes": size, "command": report.command(question), **marks})
    return 0


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on stderr, from the second second on and where a terminal shows it."""
    with tqdm(delay=1, leave=False, disable=None, bar_format="{desc} {bar}| {elapsed}") as shown:

        def told(what: str, done: int, out_of: int) -> None:
            shown.total = out_of
            shown.set_description_str(what, refresh=False)
            shown.update(done - shown.n)

        yield told
