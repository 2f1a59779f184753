"""The scenario that a command's flags ask for: a preset or a replay of a price file, then what was set."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

from dashboard.settings import parse_setting
from data.fact import first_day
from data.registry import Preset, Registry
from data.sources.files import PriceSeries, closes_by_month, read_price_csv
from models.compiler import compile_scenario
from models.parameters import InputError, Scenario, parse_scenario

# What a replay takes from the file's months and from what was observed in them.
REPLAYED = ("m0", "months", "price_history", "revenue_history", "contracts")


def asked(args: argparse.Namespace, registry: Registry) -> tuple[Scenario, list[str]]:
    """The scenario of --preset, --prices, --from, --set and the shock flags, and notes for the reader on what
    is not as it may seem. Of two values for one input the later counts. Raises InputError."""
    changes = dict(map(parse_setting, args.settings))
    notes: list[str] = []
    base = preset(registry, args.preset).scenario
    if args.prices is not None:
        base, notes = _replay(registry, base, args.prices, args.start)
    elif args.start is not None:
        raise InputError("--from is the first month of --prices FILE.csv, which is not given")
    if "R_base" in changes and base.revenue_history is not None:
        changes.setdefault("revenue_history", None)
    scenario = parse_scenario(changes, base)
    compile_scenario(scenario, registry.protocol())  # raises InputError where the start is impossible
    if "P0" in changes and "price_history" not in changes and scenario.price_history is not None:
        notes.append("P0 has no effect: the prices come from the price history")
    shocked = scenario.price_shock or scenario.demand_shock
    if shocked and scenario.shock_month > scenario.months:
        notes.append(
            f"the shock of month {scenario.shock_month} comes after the run's {scenario.months} months"
        )
    return scenario, notes


def preset(registry: Registry, name: str) -> Preset:
    """Raises InputError that lists the presets there are."""
    try:
        return registry.presets()[name.strip().lower().replace("-", "_")]
    except KeyError:
        raise InputError(f"there is no preset {name!r}; there are {', '.join(registry.presets())}") from None


def today() -> date:
    """The day by UTC, as the price files count them."""
    return datetime.now(UTC).date()


def _replay(registry: Registry, base: Scenario, file: Path, start: str | None) -> tuple[Scenario, list[str]]:
    series = read_price_csv(file, today=today())
    first = _first_month(series, registry.protocol().first_month) if start is None else day(start)
    month = first.replace(day=1)
    notes = [f"a run has whole months, so it starts on {month}"] if first != month else []
    replay = registry.replay_scenario(month, closes_by_month(series, month))
    notes.append("the revenue of the replayed months is interpolated between a few observed quarters")
    return parse_scenario({name: getattr(replay, name) for name in REPLAYED}, base), notes


def _first_month(series: PriceSeries, earliest: date) -> date:
    """The first day of the first month, from `earliest` on, whose start the file has."""
    first = series.first
    if first.day != 1:
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return max(first, earliest)


def day(text: str) -> date:
    try:
        return first_day(text.strip())
    except InputError as error:
        raise InputError(f"--from: {error}") from None
