"""The `vaultline` command: arguments in, exit code out. Answers go to stdout, everything else to stderr.

Exit codes: 0 answered, 1 something is broken, 2 the input cannot be used (one sentence on stderr),
130 interrupted. What a command does stands in `dashboard/commands`, imported when it is asked for, so that
the first word comes soon.
"""

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Never

from dashboard.arguments import calibration as calibration_arguments
from dashboard.arguments import reader as reader_arguments
from dashboard.arguments import risk as risk_arguments
from dashboard.arguments import store as store_arguments
from dashboard.arguments import stress as stress_arguments
from dashboard.settings import FLAGS, flag
from models.parameters import InputError, field_info

OK, BROKEN, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141

_NEGATIVE = re.compile(r"-[.0-9].*", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` is without the program's name. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a question mark, and no traceback.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")
    try:
        words = sys.argv[1:] if argv is None else argv
        args = _parser().parse_args(_negative_values_joined(words or ["--help"]))
        command = importlib.import_module(f"dashboard.commands.{args.module}")
        code: int = command.run(args)
        print(end="", flush=True)
        return code
    except InputError as error:
        return _complain(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has left. Python flushes stdout once more at exit: give it nowhere to fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE
    except SystemExit as done:  # argparse, after --help and --version
        return int(done.code or OK)
    except Exception as error:
        if os.environ.get("VAULTLINE_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}".replace("\n", " ")
        return _complain(
            f"unexpected error, please report it ({what}); VAULTLINE_DEBUG=1 shows where", BROKEN
        )


def _complain(sentence: str, code: int) -> int:
    print(f"vaultline: {sentence}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        # No abbreviations: what a script says must not change its meaning when a flag is added.
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> Never:
        raise InputError(f"{message} (see {self.prog} --help)")


class _Setting(argparse.Action):
    """Collects `--months 12` and `--set beta=0.6 eta=1` alike as key=value texts, in the order given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        texts = values if isinstance(values, list) else [f"{self.const}={values}"]
        namespace.settings = [*namespace.settings, *texts]


def _negative_values_joined(argv: Sequence[str]) -> list[str]:
    """`--price-shock -5e-1` -> `--price-shock=-5e-1`: argparse takes some negative numbers for flags."""
    joined: list[str] = []
    for word in argv:
        before = joined[-1] if joined else ""
        if _NEGATIVE.fullmatch(word) and before.startswith("--") and len(before) > 2 and "=" not in before:
            joined[-1] = f"{before}={word}"
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument(
        "--store",
        type=Path,
        metavar="PATH",
        help="the store file to use (else VAULTLINE_STORE, else your data directory)",
    )
    parser = _Parser(prog="vaultline", description="Can io.net's token economy keep paying its suppliers?")
    parser.add_argument("--version", action="version", version=f"vaultline {version('vaultline')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    project = commands.add_parser(
        "project",
        parents=[common],
        help="run one scenario month by month",
        description="Run one scenario and say whether the vaults can keep paying.",
        epilog="Decimals take a dot. Of two values for one input the later counts.",
    )
    _add_scenario(project, "every step")

    mechanisms = commands.add_parser(
        "mechanisms",
        parents=[common],
        help="compare with other networks' payout rules",
        description="Pay suppliers from the scenario's revenue, at its prices, by io.net's rules and by "
        "those of other networks, and compare income, issuance, burn and dilution.",
        epilog="Decimals take a dot. Of two values for one input the later counts.",
    )
    risk_arguments.add_mechanisms(mechanisms)
    _add_scenario(mechanisms, "every mechanism and month")

    suppliers = commands.add_parser(
        "suppliers",
        parents=[common],
        help="reckon what a fleet of GPUs would earn",
        description="Income, break-even and risk of a fleet of GPUs under the engine and under the old "
        "schedule, on the same random paths of the scenario.",
        epilog="Decimals take a dot. Without --fleet an example is reckoned.",
    )
    reader_arguments.add_supplier(suppliers)
    _add_scenario(
        suppliers,
        "every way of reckoning and month",
        "FILE.parquet, FILE.csv or FILE.xlsx, or a report to FILE.html or FILE.pdf",
    )

    investors = commands.add_parser(
        "investors",
        parents=[common],
        help="weigh the burn against release and unlocks",
        description="At which revenue, and with how many contracts, the burn covers release and unlocks, "
        "what it yields, what comes to market, what a second contract would change, and the engine against "
        "the old schedule on the same random paths.",
        epilog="Decimals take a dot. A second contract is assumed unless it is described.",
    )
    reader_arguments.add_investor(investors)
    _add_scenario(investors, "break-even and sell pressure of every month")

    customers = commands.add_parser(
        "customers",
        parents=[common],
        help="compare what a workload costs to rent",
        description="What a workload costs at io.net, hyperscalers and peers by every stated price, and the "
        "demand that goes unserved under the scenario.",
        epilog="Decimals take a dot.",
    )
    reader_arguments.add_customer(customers)
    _add_scenario(customers, "every stated price")

    stress = commands.add_parser(
        "stress",
        parents=[common],
        help="run one scenario over many random futures",
        description="The chance that the vaults run short, and how badly, over random paths of price and "
        "demand. Ctrl-C keeps what is done; the same command goes on from there.",
        epilog="Decimals take a dot. Runs are recorded and found again; more paths extend them.",
    )
    stress_arguments.add_stress(stress)
    _add_scenario(stress, "every month's chances and quantiles")

    compare = commands.add_parser(
        "compare",
        parents=[common],
        help="put scenarios side by side on the same futures",
        description="What a change buys: up to four scenarios over the same random futures, each difference "
        "from the first taken path by path, with its error.",
        epilog="Decimals take a dot. All run over the first scenario's months and steps.",
    )
    stress_arguments.add_compare(compare)
    _add_scenario(compare, "every figure of every scenario")

    replay = commands.add_parser(
        "replay",
        parents=[common],
        help="show one path of a recorded stress run",
        description="One path of a recorded stress run, step by step, by the plain-Python reference.",
    )
    stress_arguments.add_replay(replay)
    _add_json(replay)

    validate = commands.add_parser(
        "validate",
        parents=[common],
        help="check the engine against exact laws",
        description="The random paths against the exact laws of their shocks.",
    )
    stress_arguments.add_paths(validate, "100,000")
    _add_json(validate)

    calibrate = commands.add_parser(
        "calibrate",
        parents=[common],
        help="fit the random shocks to a price history",
        description="Regimes and jumps fitted to daily closes, with errors, rivals and residuals.",
        epilog="The default shocks are such a fit, to IO's own history; prices say nothing of demand.",
    )
    calibration_arguments.add_calibrate(calibrate)
    _add_json(calibrate)

    hindcast = commands.add_parser(
        "hindcast",
        parents=[common],
        help="score such fits on what came after them",
        description="What fits of the past would have foretold of a price, scored on what came.",
        epilog="Only the price is scored: demand and payouts are not validated by it.",
    )
    calibration_arguments.add_hindcast(hindcast)
    _add_json(hindcast)

    reserve = commands.add_parser(
        "reserve",
        parents=[common],
        help="find the reserve that a chosen safety takes",
        description="How much the Reward Vault, or the Fee Vault, must hold at the start for the chance of a "
        "shortfall to stay within chosen levels, on the same random futures.",
        epilog="Decimals take a dot. Every case in which more reserve does harm is reported.",
    )
    risk_arguments.add_reserve(reserve)
    _add_scenario(reserve, "the Reward Vault by horizon and level")

    frontier = commands.add_parser(
        "frontier",
        parents=[common],
        help="find the shocks that break the reserve",
        description="Which price drop, demand drop and duration together trigger a shortfall, and which of "
        "them is the likeliest. The shocks start in run month 3 and take the place of the scenario's own.",
        epilog="Decimals take a dot. No random paths here: each shock is one projection.",
    )
    risk_arguments.add_frontier(frontier)
    _add_scenario(frontier, "the frontier")

    attribution = commands.add_parser(
        "attribution",
        parents=[common],
        help="find the assumptions that the answer hangs on",
        description="What each assumption moves alone (tornado) and how much of the uncertainty it makes "
        "(Sobol's indices), on the same random futures.",
        epilog="Decimals take a dot. Ranges are those of the facts.",
    )
    risk_arguments.add_attribution(attribution)
    _add_scenario(attribution, "every index")

    policy = commands.add_parser(
        "policy",
        parents=[common],
        help="find which settings burn most for the safety they leave",
        description="Burn against solvency over the settings that io.net could choose, on the same random "
        "futures: what another beats is marked, today's placed among them.",
        epilog="Decimals take a dot. Ranges and today's settings are those of the facts.",
    )
    risk_arguments.add_policy(policy)
    _add_scenario(policy, "every policy")

    report = commands.add_parser(
        "report",
        parents=[common],
        help="write a report to read and to print",
        description="The answer with its ranges and errors, charts, every assumption with its source, and "
        "what gives it all again, as one file.",
        epilog="A PDF takes an installed Chromium or Chrome; the HTML needs nothing.",
    )
    stress_arguments.add_report(report)
    _add_scenario(report, "the report", "FILE.html or FILE.pdf")

    facts = commands.add_parser(
        "facts",
        parents=[common],
        help="list the sourced facts",
        description="List the sourced facts, or search them.",
    )
    facts.add_argument(
        "query", nargs="*", metavar="WORD", help="show the facts that contain all of these words"
    )
    facts.add_argument(
        "--kind", help="only one kind: official, litepaper, research, third_party, derived, assumption"
    )
    _add_json(facts)

    claims = commands.add_parser(
        "claims",
        parents=[common],
        help="recompute what was claimed",
        description="List what was claimed, each with its verdict, or search it and see the arithmetic.",
    )
    claims.add_argument(
        "query", nargs="*", metavar="WORD", help="show the claims that contain all of these words"
    )
    claims.add_argument("--verdict", help="only one verdict: reproduces, conflicts, cannot-be-verified")
    _add_json(claims)

    runs = commands.add_parser(
        "runs",
        parents=[common],
        help="list what was recorded",
        description="Every recorded run and answer, newest first, with what it takes to get it again.",
    )
    store_arguments.add_runs(runs)
    _add_json(runs)

    export = commands.add_parser(
        "export",
        parents=[common],
        help="take a run or a table out as a file",
        description="A recorded run's table, or one of the store's own, as a file with its manifest.",
    )
    store_arguments.add_export(export)
    _add_json(export)

    sql = commands.add_parser(
        "sql",
        parents=[common],
        help="ask the store in SQL",
        description="One query that reads, on a copy of the store: at most 5 seconds and 100,000 rows.",
    )
    store_arguments.add_sql(sql)
    _add_json(sql)

    prices = commands.add_parser(
        "prices", help="daily prices in the store", description="Daily prices in the store."
    )
    actions = prices.add_subparsers(dest="action", metavar="ACTION", required=True)
    imported = actions.add_parser(
        "import", parents=[common], help="take a CSV file of daily prices into the store"
    )
    imported.add_argument(
        "file", type=Path, metavar="FILE.csv", help="columns date and close, one row a day, without gaps"
    )
    imported.add_argument("--symbol", help="the token's symbol (default: the file's name)")
    listed = actions.add_parser("list", parents=[common], help="list the prices in the store")
    for action in (imported, listed):
        _add_json(action)

    dashboard = commands.add_parser(
        "dashboard",
        parents=[common],
        help="open the dashboard",
        description="Serve the dashboard and open it in the browser.",
    )
    dashboard.add_argument(
        "--port", type=_port, help="port to serve on (default: the first free one from 8501 on)"
    )
    dashboard.add_argument("--host", help="address to serve on (default: this machine alone)")
    dashboard.add_argument("--no-browser", action="store_true", help="do not open a browser")

    doctor = commands.add_parser(
        "doctor",
        parents=[common],
        help="check the installation",
        description="Check the installation and say what to do.",
    )
    _add_json(doctor)

    bench = commands.add_parser(
        "bench",
        help="measure the engine's speed",
        description="Measure the stress engine beside plain Python, numpy, JAX, C and radCAD, in turns, for "
        "about a minute.",
    )
    bench.add_argument("--gpu", action="store_true", help="measure the GPU too; there must be one")
    _add_json(bench)

    for name, command in commands.choices.items():
        command.set_defaults(module=name)
    return parser


def _add_scenario(
    parser: argparse.ArgumentParser, rows: str, files: str = "FILE.parquet, FILE.csv or FILE.xlsx"
) -> None:
    """The flags of a command on one scenario, whose --out writes `rows` to one of `files`."""
    parser.set_defaults(settings=[])
    parser.add_argument(
        "--preset", default="baseline", metavar="NAME", help="the scenario to start from (default: baseline)"
    )
    parser.add_argument(
        "--set",
        action=_Setting,
        nargs="+",
        dest="settings",
        metavar="KEY=VALUE",
        help="change inputs: beta=0.6, order=vault_first, V0=none, controller=on, "
        "contracts=first:months:usd,... (empty for none); an unknown key lists all of them",
    )
    for field in FLAGS:
        info = field_info(field)
        parser.add_argument(
            flag(field),
            action=_Setting,
            dest="settings",
            const=field,
            metavar="X",
            help=_help(info.description or ""),
        )
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE.csv",
        help="replay the engine over these daily closes (columns date and close)",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        help="first month of the replay, like 2024-07-01 (default: the file's first)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"write {rows} to {files} (an existing file is replaced)",
    )
    _add_json(parser)


def _help(description: str) -> str:
    return (description[:1].lower() + description[1:]).rstrip(".").replace("%", "%%")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, at full precision")


def _port(text: str) -> int:
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to 65535 are allowed")


if __name__ == "__main__":
    sys.exit(main())
