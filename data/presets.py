"""Named scenarios out of the facts, and the replay of a price history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np

from data.fact import Fact, Value, first_day
from models.parameters import Contract, InputError, Protocol, Scenario, parse_scenario
from models.schedules import full_months_until, month_start

Facts = Mapping[str, Fact]
# A run month's daily closes, or one mean, in USD per IO.
Closes = tuple[float, ...]


@dataclass(frozen=True)
class Preset:
    """A named scenario. `facts` are the ids of what it rests on beyond the baseline, `sources` the sources of
    those; `approximate` marks one whose inputs are estimates of something that was measured elsewhere."""

    name: str
    title: str
    description: str
    scenario: Scenario
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    approximate: bool = False


def build_presets(facts: Facts, baseline: Scenario, protocol: Protocol) -> dict[str, Preset]:
    """All presets by name, in the order in which they are offered."""

    def preset(
        name: str,
        title: str,
        description: str,
        rests_on: tuple[str, ...],
        changes: Mapping[str, object] | Scenario,
        approximate: bool = False,
    ) -> Preset:
        try:
            scenario = changes if isinstance(changes, Scenario) else parse_scenario(changes, baseline)
        except InputError as error:
            raise InputError(f"preset {name}, made of {' and '.join(rests_on)}: {error}") from None
        sources = tuple(dict.fromkeys(facts[id_].source for id_ in rests_on))
        return Preset(name, title, description, scenario, rests_on, sources, approximate)

    price, demand = facts["stress_price_shock"].number, facts["stress_demand_shock"].number
    shock = f"from month {baseline.shock_month} on, lasting"
    second = _contract(facts["second_contract"])
    vaultless = {"V0_months": 0.0}
    presets = (
        preset(
            "baseline",
            "Baseline",
            "The engine as published, on the lowest claim of 2026 revenue and the first enterprise contract.",
            ("revenue_base", "contracts", "guided_burn_io"),
            {},
        ),
        preset(
            "price_shock",
            f"Price {100 * price:.0f} %",
            f"The published price crash alone, {shock}.",
            ("stress_price_shock",),
            {"price_shock": price},
        ),
        preset(
            "demand_shock",
            f"Demand {100 * demand:.0f} %",
            f"The published demand drop alone, {shock}.",
            ("stress_demand_shock",),
            {"demand_shock": demand},
        ),
        preset(
            "both",
            "Both",
            f"Both published shocks together, {shock}: no figures were published for this.",
            ("stress_price_shock", "stress_demand_shock", "stress_joint"),
            {"price_shock": price, "demand_shock": demand},
        ),
        preset(
            "history_replay",
            "IO's own fall",
            "The engine as if live since July 2024, over IO's own price: one approximate mean a month "
            f"(off by {100 * facts['replay_price_error'].number:.0f} % on average) and observed revenue, "
            "interpolated between its few dates.",
            ("price_months", "replay_price_estimator", "replay_price_error", "revenue_quarters"),
            _month_table_replay(facts, baseline, protocol),
            approximate=True,
        ),
        preset(
            "second_contract",
            "Second contract",
            "A second enterprise contract like the first, from the quarter in which it was expected.",
            ("second_contract_expected", "second_contract"),
            {"contracts": (*baseline.contracts, second)},
        ),
        preset(
            "as_reported",
            "As reported",
            "The old schedule in full and the burn taken out of what is not yet emitted, as described in "
            "October 2026.",
            ("ide_as_reported",),
            {"rule": "as_reported", "burn_source": "vault", **vaultless},
        ),
        preset(
            "legacy",
            "Legacy schedule",
            "The schedule before the engine: suppliers get all emission and all revenue, nothing is burned.",
            ("emission_total_io",),
            {"rule": "legacy", **vaultless},
        ),
    )
    return {p.name: p for p in presets}


def _contract(fact: Fact) -> Contract:
    (row,) = fact.records()
    return Contract.model_validate(row)


def replay_scenario(
    facts: Facts,
    baseline: Scenario,
    protocol: Protocol,
    first_month: date,
    closes_by_month: tuple[Closes, ...],
    months: int | None = None,
) -> Scenario:
    """The engine over a price history whose first month holds `first_month`.

    `closes_by_month` has one tuple of closes (USD per IO) per run month; `months` defaults to all of them.
    Revenue is the observed one, interpolated and so an estimate; there is no contract. Raises InputError for
    a start before the protocol's first month and for a run longer than its history."""
    m0 = full_months_until(protocol, first_month)
    if m0 < 0:
        raise InputError(
            f"a replay cannot start on {first_month}: the token's schedules begin on {protocol.first_month}"
        )
    months = len(closes_by_month) if months is None else months
    changes = {
        "m0": m0,
        "months": months,
        "price_history": closes_by_month[:months],
        "revenue_history": _observed_revenue(facts, protocol, m0, len(closes_by_month[:months])),
        "contracts": (),
    }
    return parse_scenario(changes, baseline)


def _observed_revenue(facts: Facts, protocol: Protocol, m0: int, months: int) -> tuple[float, ...]:
    """USD of protocol months m0 + 1 .. m0 + months: linear between the middle months of the observed quarters
    and the 2026 claim, level before the first and after the last."""
    quarters = facts["revenue_quarters"]
    middles = [*quarters.texts("middle"), facts["replay_revenue_month"].text]
    known = [full_months_until(protocol, first_day(middle)) + 1 for middle in middles]
    monthly = [usd / 3 for usd in quarters.numbers("usd")] + [facts["revenue_claim_low_usd"].number / 12]
    wanted = range(m0 + 1, m0 + months + 1)
    return tuple(float(usd) for usd in np.interp(wanted, known, monthly))


def _month_table_replay(facts: Facts, baseline: Scenario, protocol: Protocol) -> Scenario:
    """The replay without a file: one mean a month, estimated as replay_price_estimator says."""
    table = facts["price_months"]
    estimates = [
        (first_day(month), (high + low + close) / 3)
        for month, high, low, close in zip(
            table.texts("month"), *map(table.numbers, ("high", "low", "close")), strict=True
        )
    ]
    closes = tuple((mean,) for month, mean in estimates if month >= protocol.first_month)
    return replay_scenario(facts, baseline, protocol, month_start(protocol, 1), closes)


def alternatives(
    feeding: Mapping[str, Fact], protocol: Protocol, scenario: Scenario, fields: tuple[str, ...]
) -> list[tuple[str, Scenario]]:
    """The same run over every combination of the named alternatives of `fields`, each with a label for the
    reader. `feeding` are the facts by the field that they feed."""
    clear: dict[str, object] = {"V0": None} if "V0_months" in fields else {}
    return [
        (
            ", ".join(_words(f, v, feeding[f], protocol) for f, v in zip(fields, values, strict=True)),
            parse_scenario(dict(zip(fields, values, strict=True)) | clear, scenario),
        )
        for values in product(*(feeding[field].alternatives for field in fields))
    ]


def _words(field: str, value: Value, fact: Fact, protocol: Protocol) -> str:
    if field == "V0_months":
        everything = float(value) >= protocol.emission_months
        return "vault all that is left" if everything else f"vault {value:g} months"
    if field == "H0":
        return f"payout target x {float(value) / fact.number:g}"
    return str(value).replace("_", " ")
