"""A supplier's question and its answer: the fleet as text, what it is asked against, and the two futures."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from dashboard import settings
from data.registry import Registry
from data.suppliers import judged_otherwise, judgement, supplier_terms
from models.parameters import InputError, Scenario
from models.readers.fleet import Fleet, Machine, Site, parse_fleet, parse_site
from models.readers.fleet_income import Judgement
from models.readers.suppliers import Answer
from models.stress.incomes import Incomes
from models.stress.plan import check_seed

PATHS = 10_000
SEED = 1
# Whole paths are held in memory: about a gigabyte for both rules.
MOST_PATH_MONTHS = 6_000_000
FORM = "MODEL:COUNT:PRICE:WATTS:USD_PER_KWH[:UPTIME[:HIRED]]"
# What an answer rests on besides the scenario
FACTS = (
    "gpu_multipliers", "gpu_counts", "fee_reservation", "fee_usdc", "fee_io", "stake_per_gpu_io",
    "unstaking_days", "block_reward_pools", "supplier_mean_multiplier", "supplier_roi_target",
    "supplier_discount_rate",
)  # fmt: skip
FIELDS = tuple(Machine.model_fields)
NEEDED = 5
# Of what a line leaves out: all day, and nothing hired.
LEFT_OUT = {"uptime_hours": 24.0, "hired": 0.0}


@dataclass(frozen=True)
class Question:
    """What a supplier asks besides the scenario."""

    fleet: Fleet
    site: Site
    judged: Judgement
    paths: int = PATHS
    seed: int = SEED

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All of it as JSON would have it."""
        return {
            "fleet": [m.model_dump() for m in self.fleet.machines],
            "site": self.site.model_dump(),
            "judgement": self.judged.model_dump(),
            "paths": self.paths,
            "seed": self.seed,
        }


def question(
    registry: Registry,
    rows: Sequence[Mapping[str, Any]],
    *,
    site: Mapping[str, Any] | None = None,
    judged: Mapping[str, Any] | None = None,
    paths: int = PATHS,
    seed: int = SEED,
) -> Question:
    """From untrusted values: rows with the fields of Machine, changes of Site and Judgement. Raises
    InputError: one sentence for the first fault."""
    fleet = parse_fleet(rows, supplier_terms(registry.facts))
    if paths < 1:
        raise InputError(f"paths = {paths} is not allowed: it must be at least 1")
    check_seed(seed)
    return Question(
        fleet, parse_site(site or {}), _judged(judgement(registry.facts), judged or {}), paths, seed
    )


def _judged(assumed: Judgement, changes: Mapping[str, Any]) -> Judgement:
    try:
        return Judgement.model_validate({**assumed.model_dump(), **changes})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        message = fault["msg"][0].lower() + fault["msg"][1:]
        raise InputError(f"{fault['loc'][0]} = {fault['input']!r:.40} is not allowed: {message}") from None


def request(registry: Registry, scenario: Scenario, asked: Question) -> Incomes:
    """What decides the answer, on random paths with the shocks of the facts. Raises InputError."""
    if asked.paths * scenario.months > MOST_PATH_MONTHS:
        most = MOST_PATH_MONTHS // scenario.months
        raise InputError(
            f"paths = {asked.paths:,} is not allowed over {scenario.months} months: at most {most:,} are"
        )
    return Incomes(
        scenario, registry.protocol(), registry.shocks(), asked.fleet, asked.judged,
        judged_otherwise(registry.facts), asked.paths, asked.seed,
    )  # fmt: skip


def reckon(registry: Registry, scenario: Scenario, asked: Question) -> Answer:
    """The whole answer. Raises InputError."""
    return request(registry, scenario, asked).answer(lambda: False)


def rows_from_text(text: str) -> list[dict[str, Any]]:
    """`H100:8:25000:900:0.12:24:0.4,RTX 4090:40:2000:500:0.12` as rows for parse_fleet. Raises InputError
    where the form is wrong; whether the values can be is for parse_fleet to say."""
    lines = [line for line in text.split(",") if line.strip()]
    return [_row(line.strip(), at) for at, line in enumerate(lines, 1)]


def _row(line: str, at: int) -> dict[str, Any]:
    parts = [part.strip() for part in line.split(":")]
    if not NEEDED <= len(parts) <= len(FIELDS):
        raise InputError(
            f"line {at} of the fleet, {line!r:.60}: write {FORM}, with a comma between lines and decimals "
            "with a dot"
        )
    place = f"line {at} of the fleet: "
    row: dict[str, Any] = {"model": parts[0], "count": settings.whole(f"{place}count", parts[1])}
    rest = dict(zip(FIELDS[2:], parts[2:], strict=False))
    return row | LEFT_OUT | {name: settings.number(place + name, part) for name, part in rest.items()}


def fleet_to_text(fleet: Fleet) -> str:
    """The text that `rows_from_text` reads back as the same fleet."""
    return ",".join(
        ":".join(settings.value_to_text(getattr(machine, name)) for name in FIELDS)
        for machine in fleet.machines
    )


def command(scenario: Scenario, asked: Question) -> str:
    """The whole command, quoted for a shell, that asks exactly this."""
    words = [settings.command(scenario, "suppliers"), "--fleet", shlex.quote(fleet_to_text(asked.fleet))]
    given = asked.judged.model_dump() | asked.site.model_dump() | {"paths": asked.paths, "seed": asked.seed}
    for name, value in given.items():
        if value is not None:
            words += [settings.flag(name), settings.value_to_text(value)]
    return " ".join(words)
