"""`vaultline validate`: the engine against the exact laws of its shocks."""

import argparse

import polars as pl

from dashboard import validation
from dashboard.commands.output import say, say_json, say_table, working
from data.registry import load_facts
from models.stress.checks import LARGEST_Z
from models.stress.engine import check_request


def run(args: argparse.Namespace) -> int:
    check_request(args.paths, args.seed)
    cases = validation.cases(load_facts(), args.paths, args.seed)
    with working("checking"):
        rows = validation.frame(cases, [case.laws.answer(lambda: False) for case in cases])
    failed = rows.filter(verdict=validation.OFF).height
    if args.json:
        say_json({"ok": not failed, "paths": args.paths, "seed": args.seed, "rows": rows.to_dicts()})
    else:
        _tell(rows, failed, args.paths, args.seed)
    return int(failed > 0)


def _tell(rows: pl.DataFrame, failed: int, paths: int, seed: int) -> None:
    say(
        f"{rows.height - failed} of {rows.height} exact laws hold within {LARGEST_Z:g} standard errors "
        f"({paths:,} paths, seed {seed}, {validation.YEAR} months)."
    )
    say("")
    say_table(
        [("shocks", "steps", "law", "expected", "ours", "std. error", "verdict")]
        + [
            (
                r["shocks"], r["steps"], r["law"], f"{r['expected']:.6g}", f"{r['ours']:.6g}",
                f"{r['standard_error']:.2g}",
                r["verdict"] if r["verdict"] != validation.OFF else f"off by {r['z']:.1f}",
            )
            for r in rows.iter_rows(named=True)
        ],
        left=3,
    )  # fmt: skip
