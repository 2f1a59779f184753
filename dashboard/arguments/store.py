"""The flags of `vaultline runs`, `export` and `sql`."""

import argparse
from pathlib import Path


def add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--find", default="", metavar="TEXT", help='only what contains all of these words, like "stress gpu"'
    )


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="RUN|TABLE", help="a run's id (its first 8 characters at least), or a table's name"
    )
    parser.add_argument(
        "--table", metavar="NAME", help="which of the run's tables (default: the one that says most)"
    )
    _add_out(parser, "where to write it")


def add_sql(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help='one statement that reads, like "SELECT * FROM run"')
    _add_out(parser, "write the rows")


def _add_out(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help=f"{what}: FILE.parquet, FILE.csv or FILE.xlsx (an existing file is replaced)",
    )  # fmt: skip
