"""The flags of `vaultline stress`, `replay` and `validate` beside those of every scenario."""

import argparse
import re
from pathlib import Path

_COUNT = re.compile(r"[0-9]{1,30}|[0-9]{1,9}(\.[0-9]{1,9})?[eE]\+?[0-9]{1,2}", re.ASCII)


def add_stress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shocks", default="regimes", metavar="KIND",
        help="gbm, regimes (default) or bootstrap, which draws days of --prices or of --symbol",
    )  # fmt: skip
    add_shock_numbers(parser)
    parser.add_argument("--symbol", help="for the bootstrap: imported prices of this token")
    parser.add_argument(
        "--block-days", type=_whole, metavar="N",
        help="for the bootstrap: days that are drawn together (default: as the facts say)",
    )  # fmt: skip
    add_paths(parser, "100,000")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    parser.add_argument("--threads", type=_whole, metavar="N", help="default: one for each core")
    parser.add_argument(
        "--fans", default="all", metavar="NAMES",
        help="quantities to show the spread of, with commas between (default: all)",
    )  # fmt: skip


def add_compare(parser: argparse.ArgumentParser) -> None:
    _add_beside(parser, "second_contract, legacy")


def add_report(parser: argparse.ArgumentParser) -> None:
    _add_beside(parser, "none")


def _add_beside(parser: argparse.ArgumentParser, default: str) -> None:
    """Scenarios beside the first, and the random futures that they all meet."""
    parser.add_argument(
        "--with", action="append", nargs="+", dest="beside", metavar="SCENARIO",
        help="beside it, a preset or a scenario's file (.json), then changes to it as KEY=VALUE; changes "
        f"alone are to the first scenario; title=TEXT names it; up to three times (default: {default})",
    )  # fmt: skip
    add_shock_numbers(parser)
    add_paths(parser, "100,000")


def add_shock_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shock-set", default="fitted", metavar="NAME",
        help="the shocks' numbers: fitted (to IO, default), pooled, drift, joint_crash or provisional",
    )  # fmt: skip
    parser.add_argument(
        "--shock", action="extend", nargs="+", default=[], metavar="KEY=VALUE",
        help="change the shocks: rho=0.3, stress.sigma=2, transition=0.9:0.1,0.2:0.8, start=stationary; an "
        "unknown key lists all of them",
    )  # fmt: skip


def add_paths(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Without a default there are no random futures unless they are asked for."""
    parser.add_argument(
        "--paths", type=_whole, default=default and default.replace(",", ""), metavar="N",
        help=f"number of random futures (default: {default or 'none, one path without shocks'})",
    )  # fmt: skip
    parser.add_argument("--seed", type=_whole, default=1, metavar="S", help="which futures (default: 1)")


def add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or its first 8 characters at least")
    parser.add_argument("path", type=_whole, nargs="?", metavar="PATH", help="the path's number, from 0 on")
    parser.add_argument(
        "--nearest", metavar="NAME:PERCENT[:MONTH]",
        help="instead of PATH: the one nearest to a quantile, like V:5 or coverage:50:24 (default: the last "
        "month)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write every step to FILE.parquet or FILE.csv"
    )


def _whole(text: str) -> int:
    """1000000 and 1e6 alike."""
    if not _COUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 0 on")
    if text.isdecimal():
        return int(text)
    value = float(text)
    if not value.is_integer():
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 0 on")
    return int(value)
