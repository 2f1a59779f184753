"""`vaultline validate`: the engine against the exact laws of its shocks."""

import argparse
from typing import Any, NamedTuple

from dashboard.commands.output import say, say_json, say_table, working
from data.registry import load_facts
from data.shock_choices import one_market
from models.parameters import Scenario, parse_scenario
from models.stress.checks import LARGEST_Z, Check, check_laws
from models.stress.engine import check_request

YEAR = 12
DAILY = 30


class Row(NamedTuple):
    """One law under one choice of shocks and step length."""

    shocks: str
    steps: str
    check: Check


def run(args: argparse.Namespace) -> int:
    check_request(args.paths, args.seed)
    registry = load_facts()
    rows = []
    with working("checking"):
        for name, shocks in (("gbm", one_market(registry.shocks())), ("regimes", registry.shocks())):
            for steps in (1, DAILY):
                scenario = _year(registry.baseline(), steps)
                found = check_laws(scenario, registry.protocol(), shocks, args.paths, args.seed)
                rows += [Row(name, "monthly" if steps == 1 else "daily", check) for check in found]
    failed = sum(not row.check.holds for row in rows)
    if args.json:
        say_json({"ok": not failed, "paths": args.paths, "seed": args.seed, "rows": [_row(r) for r in rows]})
    else:
        _tell(rows, failed, args.paths, args.seed)
    return int(failed > 0)


def _year(baseline: Scenario, steps: int) -> Scenario:
    return parse_scenario({"months": YEAR, "steps_per_month": steps}, baseline)


def _row(row: Row) -> dict[str, Any]:
    c = row.check
    numbers = {name: float(getattr(c, name)) for name in ("expected", "ours", "standard_error", "z")}
    return {
        "shocks": row.shocks, "steps": row.steps, "law": c.law, **numbers,
        "verdict": "holds" if c.holds else "off",
    }  # fmt: skip


def _tell(rows: list[Row], failed: int, paths: int, seed: int) -> None:
    say(
        f"{len(rows) - failed} of {len(rows)} exact laws hold within {LARGEST_Z:g} standard errors "
        f"({paths:,} paths, seed {seed}, {YEAR} months)."
    )
    say("")
    say_table(
        [("shocks", "steps", "law", "expected", "ours", "std. error", "verdict")]
        + [
            (
                r.shocks, r.steps, r.check.law, f"{r.check.expected:.6g}", f"{r.check.ours:.6g}",
                f"{r.check.standard_error:.2g}", "holds" if r.check.holds else f"off by {r.check.z:.1f}",
            )
            for r in rows
        ],
        left=3,
    )  # fmt: skip
