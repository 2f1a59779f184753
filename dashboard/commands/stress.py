"""`vaultline stress`: one scenario over many random paths of price and demand."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import polars as pl
from tqdm import tqdm

from dashboard.answers import Answers
from dashboard.commands.output import checked_target, note, say, say_json, say_table, write_frame
from dashboard.commands.scenario import asked, day, today
from dashboard.questions.stress import Question, Stressed, ask, spread
from dashboard.shock_settings import shocks_from
from dashboard.versions import VERSION, model_version
from dashboard.words import formats
from dashboard.words.stress_words import chance, chance_or_bound, chance_with_error, interval, quantity
from data.registry import Registry, load_facts
from data.shock_choices import choose, provisional, repaired
from data.sources.files import PriceSeries, read_price_csv
from data.store import Store
from models.parameters import InputError
from models.shocks import Shocks
from models.stress.counts import ALL_FANS
from models.stress.engine import check_request
from models.stress.plan import make_plan

INTERRUPTED = 130
SHOWN_MONTHS = (12, 24, 36, 60, 120, 240)


def run(args: argparse.Namespace) -> int:
    out = checked_target(args.out, args.prices) if args.out is not None else None
    # Before anything is computed or recorded: bad input changes nothing.
    registry = load_facts()
    check_request(args.paths, args.seed, args.threads)
    shocks = _shocks(args, registry)
    scenario, notes = asked(_without_history(args), registry)
    question = Question(scenario, shocks, args.paths, args.seed, _fans(args.fans))
    make_plan(scenario, registry.protocol(), shocks)
    with Answers.open(args.store) as answers, stoppable() as stop, progress(args.paths) as shown:
        stressed = ask(
            answers, question, device=args.device, threads=args.threads, progress=shown,
            cancelled=lambda: bool(stop),
        )  # fmt: skip
        if stressed.result.complete:
            named = spread(answers, question)
    if not stressed.result.complete:
        return _interrupted(stressed)
    notes += [provisional(registry, shocks)]
    notes += [repaired(shocks, scenario.steps_per_month)] if shocks.repair_root else []
    notes += [stressed.note] if stressed.note else []
    for text in notes:
        note(text)
    marks = _marks(registry, stressed)
    if out is not None:
        _write(out, stressed, marks)
    if args.json:
        say_json(
            {
                **stressed.report,
                "range": _range(named),
                **marks,
                "recorded": not stressed.note,
                "notes": notes,
            }
        )
    else:
        _tell(stressed, named)
    return 0


def _shocks(args: argparse.Namespace, registry: Registry) -> Shocks:
    series = _history(args)
    if args.shocks == "bootstrap" and series is None:
        raise InputError(
            "--shocks bootstrap draws from a history of daily prices: give --prices FILE.csv, or --symbol "
            "with prices imported before"
        )
    closes = None
    if series is not None:
        first = series.first if args.start is None else day(args.start)
        closes = series.frame.filter(pl.col("date") >= first)["close"].to_list()
    return shocks_from(args.shock, choose(registry, args.shocks, closes, args.block_days, args.shock_set))


def _history(args: argparse.Namespace) -> PriceSeries | None:
    if args.shocks != "bootstrap":
        for name in ("symbol", "block_days"):
            if getattr(args, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} is of --shocks bootstrap alone")
        return None
    if args.prices is not None:
        return read_price_csv(args.prices, today=today())
    if args.symbol is not None:
        with Store.open(args.store) as store:
            return store.prices(args.symbol.upper())
    return None


def _without_history(args: argparse.Namespace) -> argparse.Namespace:
    """What is left for the scenario: a bootstrap draws from the prices, and does not replay them."""
    if args.shocks != "bootstrap":
        return args
    return argparse.Namespace(**{**vars(args), "prices": None, "start": None})


def _fans(text: str) -> tuple[str, ...]:
    if text == "all":
        return ALL_FANS
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in ALL_FANS]
    if unknown:
        raise InputError(f"there is no fan of {unknown[0]!r}; there are all, or of {' '.join(ALL_FANS)}")
    return tuple(dict.fromkeys(names))


@contextmanager
def stoppable() -> Iterator[list[bool]]:
    """While this lasts, the first Ctrl-C is noted in the list, and the second one interrupts."""
    stop: list[bool] = []

    def noted(*_: object) -> None:
        stop.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, noted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(paths: int) -> Iterator[Any]:
    """A bar on stderr, from the second second on and where a terminal shows it."""
    with tqdm(total=paths, unit=" paths", unit_scale=True, delay=1, leave=False, disable=None) as bar:

        def shown(done: int, _: int) -> None:
            bar.update(done - bar.n)

        yield shown


def _interrupted(stressed: Stressed) -> int:
    done, asked_for = stressed.result.paths, stressed.result.asked
    kept = "none is kept"
    if done and stressed.note:
        kept = f"they are {stressed.note}"
    elif done:
        kept = "they are recorded, and the same command goes on from there"
    print(f"vaultline: interrupted after {done:,} of {asked_for:,} paths; {kept}", file=sys.stderr)
    return INTERRUPTED


def _marks(registry: Registry, stressed: Stressed) -> dict[str, Any]:
    question = stressed.question
    return {
        "months": question.scenario.months,
        "steps_per_month": question.scenario.steps_per_month,
        "shocks": json.loads(question.shocks.canonical_json()),
        "provisional": True,
        "scenario": question.scenario.model_dump(mode="json"),
        "scenario_sha256": question.scenario.digest(),
        "facts_version": registry.version,
        "version": VERSION,
        "model_version": model_version(),
        "kernel": stressed.result.kernel,
        "draw_layout": stressed.result.draw_layout,
        "run_id": stressed.run_id,
        "found": stressed.found,
        "command": question.command,
    }


def _range(named: pl.DataFrame) -> dict[str, Any]:
    """The chance over the named alternatives at the run's end, from a first answer's paths each."""
    last = named.filter(pl.col("month") == pl.col("month").max()).sort("p_shortfall")
    return {
        "low": last.item(0, "p_shortfall"),
        "low_for": last.item(0, "label"),
        "high": last.item(-1, "p_shortfall"),
        "high_for": last.item(-1, "label"),
        "alternatives": last.height,
        "largest_error": last["shortfall_error"].max(),
        "largest_none": last.filter(pl.col("p_shortfall") == 0)["shortfall_high"].max() or 0.0,
    }


def table(stressed: Stressed) -> pl.DataFrame:
    """One row a month: chances with errors and intervals, and the quantiles of every fan (V_p5, ..)."""
    wide = stressed.quantiles.with_columns(
        (pl.col("variable") + "_p" + (pl.col("quantile") * 100).round().cast(pl.Int64).cast(pl.String)).alias(
            "column"
        )
    )
    if wide.is_empty():
        return stressed.by_month
    return stressed.by_month.join(wide.pivot("column", index="month", values="value"), on="month")


def _write(out: Any, stressed: Stressed, marks: dict[str, Any]) -> None:
    from dashboard import exports

    frame, replaced = table(stressed), out.exists()
    made = exports.manifest(
        kind="table",
        title="Chances and quantiles by month over random paths",
        frame=frame,
        units={"month": "run month"},
        scenario=stressed.question.scenario,
        facts_version=marks["facts_version"],
        model_version=marks["model_version"],
        command=marks["command"],
        time=datetime.now(UTC),
    )
    kept = ("paths", "seed", "device", "counts_sha256")
    question = stressed.question
    made |= exports.drawn(question.shocks, question.seed, question.paths)
    made |= {key: stressed.report[key] for key in kept} | {"run_id": stressed.run_id}
    for path in write_frame(out, frame, made):
        note(f"{path} {'replaced' if replaced else 'written'}")


def _tell(stressed: Stressed, named: pl.DataFrame) -> None:
    r, scenario = stressed.report, stressed.question.scenario
    low, high = r["interval"]
    across = _range(named)
    say(
        f"Under these assumptions the vaults run short within {formats.months(scenario.months)} in "
        f"{chance_with_error(r['p_depletion'], low, high)} of {r['paths']:,} random futures; over "
        f"{across['alternatives']} named alternatives of what nobody has published, in "
        f"{chance_or_bound(across['low'], across['largest_none'])} to "
        f"{chance_or_bound(across['high'], across['largest_none'])}."
    )
    say("")
    say_table(_months_table(stressed, named))
    loss = r["loss_usd"]
    say("")
    say_table(
        [
            ("Short in total, mean", formats.usd(loss["mean"]), f"± {formats.usd(loss['mean_error'])}"),
            ("Worst 5 %, mean", formats.usd(loss["cvar5"]), f"± {formats.usd(loss['cvar5_error'])}"),
            *(
                (words, chance(r[event]["value"]), interval(*r[event]["interval"]))
                for words, event in (("Both vaults empty", "p_empty"), ("Suppliers underpaid", "p_underpaid"))
            ),
        ]
    )
    say(f"\nAt the end of month {scenario.months}, by share of the paths:")
    say_table(_fan_table(stressed))
    how = "found in the store, computed" if stressed.found else "computed"
    rate = formats.millions(r["path_steps_per_second"])
    say(
        f"\nSeed {r['seed']}, {r['paths']:,} paths, {how} in {r['seconds']:.2f} s on the {r['device']} "
        f"({r['device_reason']}), {rate} path-steps/s."
    )
    say(f"Run {stressed.run_id[:12]}, counts {r['counts_sha256'][:12]}; "
        f"vaultline replay {stressed.run_id[:12]} PATH shows one of its paths.")  # fmt: skip


def _months_table(stressed: Stressed, named: pl.DataFrame) -> list[tuple[str, ...]]:
    months = stressed.question.scenario.months
    rows: list[tuple[str, ...]] = [
        ("by month", "shortfall", "95 % interval", "over alternatives", "underpaid")
    ]
    for month in sorted({m for m in SHOWN_MONTHS if m < months} | {months}):
        row = stressed.by_month.row(month - 1, named=True)
        at = named.filter(pl.col("month") == month).sort("p_shortfall")
        ends = (at.row(0, named=True), at.row(-1, named=True))
        rows.append(
            (
                str(month),
                chance(row["p_shortfall"]),
                interval(row["shortfall_low"], row["shortfall_high"]),
                " to ".join(chance_or_bound(e["p_shortfall"], e["shortfall_high"]) for e in ends),
                chance(row["p_underpaid"]),
            )
        )
    return rows


def _fan_table(stressed: Stressed) -> list[tuple[str, ...]]:
    last = stressed.quantiles.filter(pl.col("month") == stressed.question.scenario.months)
    levels = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")
    rows: list[tuple[str, ...]] = [("", *(f"{float(level) * 100:g} %" for level in levels))]
    for (name,), part in last.group_by("variable", maintain_order=True):
        rows.append((str(name), *(quantity(str(name), v) for v in part["value"].to_list())))
    return rows
