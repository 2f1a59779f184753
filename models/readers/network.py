"""The network's own record as frames, and what to watch: where it stands, where the answer would change."""

from collections.abc import Callable

import polars as pl

from models.compiler import vault_at_start
from models.parameters import Contract, Protocol, Scenario
from models.readers.claim_rules import Figure, Figures, amount, io, percent, row, usd
from models.readers.claims_network import counted_as
from models.readers.claims_stress import first_shortfall
from models.schedules import emitted_by

# How many steps the search for a tipping point takes over its range, before it is narrowed down.
GRID, NARROWED = 24, 24


def gpu_counts(figures: Figures) -> pl.DataFrame:
    """Counts of GPUs by date: date, counted (claimed, registered, verified ..), gpus, what, kind, source."""
    frame = pl.DataFrame(figures["gpu_counts"].records())
    counted = [counted_as(what) for what in frame["what"]]
    return (
        frame.with_columns(pl.Series("counted", counted))
        .select("date", "counted", "gpus", "what", "kind", "source")
        .sort("date")
    )


def gpu_hour_prices(figures: Figures) -> pl.DataFrame:
    """Lowest and highest price of a GPU-hour, USD: model, provider, low, high, date, kind, source, remark."""
    frame = pl.DataFrame(figures["gpu_hour_prices"].records())
    return frame.select("model", "provider", "low", "high", "date", "kind", "source", "remark")


def table(figure: Figure) -> pl.DataFrame:
    """A table of the facts as it stands there."""
    return pl.DataFrame(figure.records())


def watch(figures: Figures, scenario: Scenario, protocol: Protocol) -> pl.DataFrame:
    """What to watch: item, now, tipping (where the scenario's answer, whether there is a shortfall, would
    change; nothing else of it changed). By the month, whatever the scenario's step."""
    scenario = scenario.model_copy(update={"steps_per_month": 1})
    rows = []
    for record in figures["watch_list"].records():
        item = str(record["item"])
        about = next((answer for word, answer in WATCHED.items() if word in item), None)
        now, tipping = about(figures, scenario, protocol) if about else ("no figure", NO_INPUT)
        rows.append({"item": item, "now": now, "tipping": tipping})
    return pl.DataFrame(rows)


NO_INPUT = "not an input of the model"


def _contract(figures: Figures, scenario: Scenario, protocol: Protocol) -> tuple[str, str]:
    said = figures["second_contract_expected"]
    first = int(figures["second_contract"].records()[0]["first"])
    now = f"{said.text} ({said.date})"
    if first_shortfall(scenario, protocol) is None:
        return now, "none is needed: there is no shortfall"
    if first > scenario.months:
        return now, f"none: it would start in month {first}, after the run"

    def with_contract(size: float) -> Scenario:
        contract = Contract(first=first, months=scenario.months - first + 1, usd=size)
        return scenario.model_copy(update={"contracts": (*scenario.contracts, contract)})

    size = tipping_point(with_contract, 10 * scenario.H0, protocol)
    if size is None:
        return now, f"none: no contract from month {first} on is large enough"
    return now, f"{usd(round(size, -3))} a month, from month {first} to the end, and there is no shortfall"


def _reserves(figures: Figures, scenario: Scenario, protocol: Protocol) -> tuple[str, str]:
    start = vault_at_start(scenario, protocol)
    now = f"start vault {io(round(start, -4))}, an assumption: balances are unpublished"
    if scenario.rule != "ide":
        return now, "none: this rule has no vault"
    left = protocol.emission_total_io - emitted_by(protocol, scenario.m0)

    def with_vault(V0: float) -> Scenario:
        return scenario.model_copy(update={"V0": min(V0, left)})

    enough = tipping_point(with_vault, left, protocol)
    if enough is None:
        return now, f"none: even {io(round(left, -4))}, all that is not yet emitted, runs short"
    if enough == 0:
        return now, "none: there is no shortfall even from an empty vault"
    return now, f"{io(round(enough, -4))}: with less there is a shortfall, with more none"


def _share(figures: Figures, scenario: Scenario, protocol: Protocol) -> tuple[str, str]:
    week = 7 * figures["tokens_per_day"].number
    peer = figures["openrouter_tokens_per_week"]
    now = (
        f"{percent(week / peer.number)} ({amount(week)} of {amount(peer.number)} tokens a week, {peer.date})"
    )
    if scenario.revenue_history is not None:
        return now, f"{NO_INPUT}; revenue is, and here it comes from a history"
    lead = f"{NO_INPUT}; revenue is: "

    def with_revenue(R_base: float) -> Scenario:
        return scenario.model_copy(update={"R_base": R_base})

    enough = tipping_point(with_revenue, 10 * max(scenario.H0, scenario.R_base), protocol)
    if enough is None:
        return now, f"{lead}no base revenue is large enough"
    if enough == 0:
        return now, f"{lead}there is no shortfall even without base revenue"
    times = f", {enough / scenario.R_base:.2f} times the scenario's" if scenario.R_base else ""
    return now, f"{lead}{usd(round(enough, -3))} a month of base revenue{times}"


def _governance(figures: Figures, scenario: Scenario, protocol: Protocol) -> tuple[str, str]:
    status = figures["capability_status"]
    parts = [f"{name} {row(status, capability=name)['status']}" for name in ("DAO", "token voting")]
    return f"{', '.join(parts)} ({status.date})", NO_INPUT


WATCHED: dict[str, Callable[[Figures, Scenario, Protocol], tuple[str, str]]] = {
    "contract": _contract,
    "reserves": _reserves,
    "OpenRouter": _share,
    "governance": _governance,
}


def tipping_point(scenario_at: Callable[[float], Scenario], high: float, protocol: Protocol) -> float | None:
    """The smallest value in [0, high] from which on there is no shortfall: a grid, so that a failure above a
    passing value counts, then halving. None where even `high` runs short."""

    def holds(value: float) -> bool:
        return first_shortfall(scenario_at(value), protocol) is None

    failing = [step for step in range(GRID + 1) if not holds(high * step / GRID)]
    if not failing:
        return 0.0
    if failing[-1] == GRID:
        return None
    low, enough = high * failing[-1] / GRID, high * (failing[-1] + 1) / GRID
    for _ in range(NARROWED):
        middle = (low + enough) / 2
        low, enough = (low, middle) if holds(middle) else (middle, enough)
    return enough
