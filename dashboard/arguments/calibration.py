"""The flags of `vaultline calibrate` and `hindcast`."""

import argparse
from pathlib import Path

HISTORY = "FILE.csv|SYMBOL"


def add_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "history", metavar=HISTORY,
        help="daily closes: a file with columns date and close, or the symbol of imported prices",
    )  # fmt: skip
    parser.add_argument(
        "--pool", action="extend", nargs="+", default=[], metavar=HISTORY,
        help="fit these histories together with it, each on its own scale",
    )  # fmt: skip
    _add_common(parser, "the residual of every day")


def add_hindcast(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "histories", nargs="+", metavar=HISTORY,
        help="daily closes: files with columns date and close, or symbols of imported prices",
    )  # fmt: skip
    parser.add_argument(
        "--horizons", default="1,3,6", metavar="MONTHS", help="with commas between (default: 1,3,6)"
    )
    parser.add_argument(
        "--drift",
        action="store_true",
        help="let the fitted drift go on (default: no drift, as in the shocks)",
    )
    parser.add_argument(
        "--pooled", action="store_true",
        help="score beside them the law fitted to all these histories together, as known at each origin",
    )  # fmt: skip
    _add_common(parser, "every forecast with what came")


def _add_common(parser: argparse.ArgumentParser, rows: str) -> None:
    parser.add_argument(
        "--regimes", type=int, choices=(1, 2, 3), default=2, help="states of the market (default: 2)"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of the search (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"write {rows} to FILE.parquet or FILE.csv")


def _seed(text: str) -> int:
    if text.isdecimal() and text.isascii() and len(text) <= 18:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is no seed: a whole number from 0 on is needed")
