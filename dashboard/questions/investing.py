"""An investor's question and its answer: what comes to market and at which revenue the burn covers it, what a
second contract would change, and the engine beside the old schedule."""

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard import settings
from data.registry import Registry
from data.volumes import volumes
from models.parameters import InputError, Scenario
from models.projection import Projection, project
from models.readers import break_even as solved
from models.readers.break_even import BreakEven
from models.readers.outlook import Ahead, Outlook, Prospect, parse_prospect
from models.readers.pressure import YEAR, Balance, balance, sell_pressure
from models.stress.plan import check_seed

if TYPE_CHECKING:
    from dashboard.answers import Answers

PATHS = 10_000
SEED = 1


@dataclass(frozen=True)
class Question:
    """What an investor asks besides the scenario. `window`: the first run months over which issuance and burn
    are weighed up."""

    prospect: Prospect
    window: int
    paths: int = PATHS
    seed: int = SEED

    @property
    def ahead(self) -> dict[str, Any]:
        """What decides the random part."""
        return {"contract": self.prospect.model_dump(), "paths": self.paths, "seed": self.seed}

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self.ahead, "window": self.window}


@dataclass(frozen=True)
class Issuance:
    """Without random shocks. `burn` and `circulating`: break-even by either measure over the window;
    `by_month`: each month alone: month, date, own_usd, servable_usd and by either measure (`burn_`,
    `circulating_`) revenue_usd, contracts, reason; `pressure`: see models.readers.pressure; `volumes`: name,
    usd_a_day, usd, days, until, source; `alternatives` of what nobody has published: label, is_scenario,
    revenue_usd, contracts, reason, by burn; `contract_usd`: the first contract, a month."""

    balance: Balance
    burn: BreakEven
    circulating: BreakEven
    by_month: pl.DataFrame
    pressure: pl.DataFrame
    volumes: pl.DataFrame
    alternatives: pl.DataFrame
    contract_usd: float


def question(
    registry: Registry,
    scenario: Scenario,
    contract: Mapping[str, Any] | None = None,
    *,
    window: int | None = None,
    paths: int = PATHS,
    seed: int = SEED,
) -> Question:
    """From untrusted values; `contract` changes what the facts assume of the second one (fields of Prospect).
    Raises InputError: one sentence for the first fault."""
    months = scenario.months
    window = min(YEAR, months) if window is None else window
    if not 1 <= window <= months:
        raise InputError(
            f"window = {window} is not allowed: the run has {months} months, so 1 to {months} are"
        )
    if paths < 1:
        raise InputError(f"paths = {paths} is not allowed: it must be at least 1")
    prospect = parse_prospect({**assumed(registry, months), **(contract or {})}, months)
    return Question(prospect, window, paths, check_seed(seed))


def assumed(registry: Registry, run_months: int) -> dict[str, Any]:
    """The second contract as the facts assume it, as fields of Prospect; within the run, however short."""
    (row,) = registry.facts["second_contract"].records()
    return {
        "probability": registry.facts["second_contract_probability"].number,
        "usd": float(row["usd"]),
        "first": min(int(row["first"]), run_months),
        "months": int(row["months"]),
    }


def reckon(registry: Registry, run: Projection, named: list[tuple[str, Scenario]], window: int) -> Issuance:
    """What comes to market and what the burn covers of it. `named` are the alternatives of what nobody has
    published, each with its label."""
    usd = registry.baseline().contracts[0].usd
    burn, by_burn = solved.break_even(run, window, usd, "burn"), solved.by_month(run, usd, "burn")
    circulating, by_circulating = burn._replace(measure="circulating"), by_burn
    if not solved.measures_agree(run):
        circulating = solved.break_even(run, window, usd, "circulating")
        by_circulating = solved.by_month(run, usd, "circulating")
    shared = ("month", "date", "own_usd", "servable_usd")
    by_month = by_burn.select(
        *shared,
        *(pl.col(name).alias(f"burn_{name}") for name in SOLVED),
        *(by_circulating[name].alias(f"circulating_{name}") for name in SOLVED),
    )
    traded = volumes(registry.facts)
    return Issuance(
        balance(run, window),
        burn,
        circulating,
        by_month,
        sell_pressure(run, {v.name: v.usd_a_day for v in traded}),
        pl.DataFrame(
            {
                "name": [v.name for v in traded],
                "usd_a_day": [v.usd_a_day for v in traded],
                "usd": [float(v.usd) for v in traded],
                "days": [v.days for v in traded],
                "until": [v.until for v in traded],
                "source": [_cited(registry, registry.facts[v.fact].source) for v in traded],
            }
        ),
        _alternatives(registry, run, named, window, usd),
        usd,
    )


def _cited(registry: Registry, source: str) -> str:
    found = registry.source(source)
    return f"{found.publisher} ({found.name})"


# The fields of a break-even that differ between the measures.
SOLVED = ("revenue_usd", "contracts", "reason")


def _alternatives(
    registry: Registry, run: Projection, named: list[tuple[str, Scenario]], window: int, usd: float
) -> pl.DataFrame:
    rows = []
    for label, other in named:
        short = other.model_copy(update={"months": window})
        found = solved.break_even(project(short, registry.protocol()), window, usd, "burn")
        rows.append((label, other == run.scenario, found.revenue_usd, found.contracts, found.reason))
    kinds = {"label": pl.String, "is_scenario": pl.Boolean, "revenue_usd": pl.Float64,
             "contracts": pl.Float64, "reason": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=kinds, orient="row")


def request(registry: Registry, scenario: Scenario, asked: Question) -> Ahead:
    """The random part, for this process or for the engine's."""
    named = registry.alternatives(scenario) if scenario.rule == "ide" else []
    protocol, shocks = registry.protocol(), registry.shocks()
    return Ahead(scenario, asked.prospect, protocol, shocks, asked.seed, asked.paths, tuple(named))


def aside(answers: "Answers", scenario: Scenario, asked: Question) -> tuple[Ahead, Callable[[Outlook], None]]:
    """The random part for the engine's process, and what records its result."""
    key, begun = answers.asked_outlook(scenario, asked), time.perf_counter()

    def keep(made: Outlook) -> None:
        answers.keep(key, made, time.perf_counter() - begun)

    return request(answers.registry, scenario, asked), keep


def command(scenario: Scenario, asked: Question) -> str:
    """The whole command, quoted for a shell, that asks exactly this."""
    p = asked.prospect
    given = {
        "window": asked.window, "probability": p.probability, "contract_usd": p.usd,
        "contract_first": p.first, "contract_months": p.months, "paths": asked.paths, "seed": asked.seed,
    }  # fmt: skip
    words = [
        part for name, value in given.items() for part in (settings.flag(name), settings.value_to_text(value))
    ]
    return f"{settings.command(scenario, 'investors')} {shlex.join(words)}"
