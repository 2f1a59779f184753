"""`vaultline bench`: the engine's speed beside what a user could take instead."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dashboard import bench, bench_gpu
from dashboard.commands.output import say, say_json, say_table
from data.registry import load_facts
from models.stress.engine import DEFAULT_FANS

STEPS_PER_MONTH = (1, 30)


def run(args: argparse.Namespace) -> int:
    registry = load_facts()
    before = bench.machine()
    with _progress() as progress:
        tasks = [bench.make_task(registry, n) for n in STEPS_PER_MONTH]
        tables = [bench.race(task, gpu=args.gpu, say=progress) for task in tasks]
        waits = bench.waits(tasks[0], progress)
    bounds = [bench_gpu.bound(len(DEFAULT_FANS), n) for n in STEPS_PER_MONTH] if args.gpu else []
    made = before | {"load": [before["load"], bench.machine()["load"]]}
    if args.json:
        shown = [table._asdict() | {"rows": [row._asdict() for row in table.rows]} for table in tables]
        more = {"gpu_bounds": [limit._asdict() for limit in bounds]} if args.gpu else {}
        say_json({"machine": made, "tables": shown, "waits": [wait._asdict() for wait in waits], **more})
        return 0
    for table in tables:
        _tell(table)
    for limit in bounds:
        _tell_bound(limit)
    say("What an answer takes, in milliseconds:")
    say_table(
        [("", "median", "least", "most")]
        + [(w.name, *(f"{1000 * s:,.0f}" for s in (w.median, w.low, w.high))) for w in waits]
    )
    say("\n" + ", ".join(f"{name} {value}" for name, value in made.items()))
    return 0


def _tell(table: bench.Table) -> None:
    steps = "monthly steps" if table.steps_per_month == 1 else f"{table.steps_per_month} steps a month"
    say(
        f"{table.months} months in {steps}; million path-steps a second, how many times ours, and "
        "nanoseconds of a core a path-step:"
    )
    rows = [["", "median", "least", "most", "ratio", "core ns", ""]]
    for row in table.rows:
        rates = [_figure(rate / 1e6) for rate in (row.median, row.low, row.high)]
        rows.append([row.name, *rates, _figure(row.ratio), _figure(row.core_ns), row.note])
    width = max(len(row[-1]) for row in rows)
    say_table([[*row[:-1], row[-1].ljust(width)] for row in rows])
    for name, why in table.skipped.items():
        say(f"  skipped: {name}: {why}")
    say("")


def _tell_bound(limit: bench_gpu.Bound) -> None:
    compute, memory = (f"{rate / 1e6:,.0f} million a second" for rate in (limit.compute, limit.memory))
    say(
        f"{limit.device}, {limit.steps_per_month} steps a month: a path-step takes {limit.instructions} "
        f"instructions, {limit.fp64_instructions} in double precision; they allow {compute}, with the fan "
        f"its memory {memory}.\n"
    )


def _figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


@contextmanager
def _progress() -> Iterator[bench.Say]:
    """What goes on, on one line of a terminal's stderr."""
    terminal = sys.stderr.isatty()

    def tell(text: str) -> None:
        if terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        tell("")
