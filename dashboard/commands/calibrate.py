"""`vaultline calibrate`: random shocks fitted to a price history, with errors, rivals and residuals."""

import argparse
import json
import shlex
import textwrap

from dashboard.answers import Answers
from dashboard.commands import histories
from dashboard.commands.output import say, say_json, say_table
from dashboard.questions.calibrations import Fitting
from dashboard.shock_settings import shock_words
from dashboard.words import calibration_words as words
from models.calibration import Calibration
from models.shocks import Shocks

WIDTH = 100


def run(args: argparse.Namespace) -> int:
    named = [args.history, *args.pool]
    out = histories.target(args.out, named)
    with Answers.open(args.store) as answers, histories.bar("searches") as shown:
        own, *pool = (histories.read(answers, text) for text in named)
        asked = Fitting(own, tuple(pool), args.regimes, args.seed)
        found = answers.calibration(asked, shown)
        base = answers.registry.shocks()
        marks = histories.marks(answers, _words(args))
    shocks = found.shocks(base)
    record = {
        "history": histories.about(own),
        "pool": [histories.about(series) for series in pool],
        "regimes": args.regimes,
        "seed": args.seed,
        "parameters": found.table.to_dicts(),
        "comparison": found.comparison.to_dicts(),
        "stability": found.stability.to_dicts(),
        "tests": found.tests.to_dicts(),
        "moments": found.moments.to_dicts(),
        "findings": list(found.notes),
        "shocks": json.loads(shocks.canonical_json()),
        "stress_command": stress_command(shocks),
        **marks,
    }
    if out is not None:
        made = {key: value for key, value in record.items() if key != "shocks"}
        histories.write(out, found.residuals, f"Residuals of the fit to {own.symbol}", made)
    if args.json:
        say_json(record)
    else:
        _tell(asked, found, shocks)
    return 0


def _words(args: argparse.Namespace) -> list[str]:
    pool = ["--pool", *args.pool] if args.pool else []
    return ["calibrate", args.history, *pool, "--regimes", str(args.regimes), "--seed", str(args.seed)]


def stress_command(shocks: Shocks) -> str:
    """The stress test that runs on these shocks."""
    return shlex.join(["vaultline", "stress", "--shock", *shock_words(shocks)])


def _tell(asked: Fitting, found: Calibration, shocks: Shocks) -> None:
    own = asked.history
    say(f"{own.symbol}, {found.days} daily returns from {found.first} to {found.last}. What to know first:\n")
    for text in found.notes:
        say(textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    "))
    say("\nParameters a year; an error holds given what lies at the edge of the search:\n")
    say_table(words.parameters(found.table), left=2)
    say("\nLaws fitted to the same returns; less AIC and BIC is better:\n")
    say_table(words.laws(found.comparison))
    best, starts = found.stability["behind"].to_list(), found.stability.height
    say(
        f"\n{found.stability['same'].sum()} of {starts} starts came to the same optimum; the worst ended "
        f"{max(best):.2f} lower in log likelihood.\n"
    )
    say_table(words.tests(found.tests))
    say("\nA low p tells against the fit; a high one proves nothing. What the fit makes of a history:\n")
    say_table(words.moments(found.moments))
    say("\nThe drift is left out of the shocks, and demand stays assumed. A stress test on them:\n")
    say(f"  {stress_command(shocks)}")
