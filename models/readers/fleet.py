"""A supplier's machines: what they are, what the network asks of them, what they stake and what they draw."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import polars as pl
from pydantic import Field, ValidationError

from models.parameters import DAYS_PER_MONTH, InputError, Strict

HOURS_PER_DAY = 24
# Apple's chips stand in the multiplier table, though the requirement names NVIDIA alone.
APPLE = re.compile(r"M\d")


class Machine(Strict):
    """GPUs of one model under one roof; every figure is for one GPU, with its share of the machine around
    it."""

    model: str = Field(title="Model")
    count: int = Field(title="GPUs", ge=1, le=1_000_000)
    price_usd: float = Field(title="Price paid", json_schema_extra={"unit": "USD"}, gt=0, le=1e7)
    watts: float = Field(title="Power at the wall", json_schema_extra={"unit": "W"}, gt=0, le=1e5)
    usd_per_kwh: float = Field(title="Tariff", json_schema_extra={"unit": "USD per kWh"}, ge=0, le=100)
    uptime_hours: float = Field(title="Uptime", json_schema_extra={"unit": "hours a day"}, gt=0, le=24)
    hired: float = Field(title="Share hired", json_schema_extra={"unit": "fraction of uptime"}, ge=0, le=1)

    @property
    def capital_usd(self) -> float:
        return self.count * self.price_usd

    @property
    def electricity_usd(self) -> float:
        """USD a month."""
        hours = self.uptime_hours * DAYS_PER_MONTH
        return self.count * self.watts / 1000 * hours * self.usd_per_kwh


class Site(Strict):
    """What only the supplier knows; None: not said."""

    memory_gb: float | None = Field(default=None, ge=0, le=1e6)
    down_mbps: float | None = Field(default=None, ge=0, le=1e9)
    up_mbps: float | None = Field(default=None, ge=0, le=1e9)


@dataclass(frozen=True)
class Terms:
    """What the network asks of a supplier, from the facts. Shares are fractions."""

    multipliers: Mapping[str, float]
    min_memory_gb: float
    min_down_mbps: float
    min_up_mbps: float
    min_uptime_hours: float
    first_test_hours: float
    proofs: str
    stake_per_gpu_io: float
    unstaking_days: float
    costaker_wait_days: float
    costake_max_share: float
    slashing: str
    fee_reservation: float
    fee_usdc: float
    fee_io: float
    enterprise_share: float  # of block rewards
    score: str
    active_gpus: float


@dataclass(frozen=True)
class Fleet:
    """Machines of known models. Weights are GPUs times multiplier times the share of the day that they are
    up, the unit in which the network's pay is shared; machines up too little have none."""

    machines: tuple[Machine, ...]
    terms: Terms

    def multiplier(self, machine: Machine) -> float:
        return self.terms.multipliers[machine.model]

    def weight_of(self, machine: Machine) -> float:
        if machine.uptime_hours < self.terms.min_uptime_hours:
            return 0.0
        return machine.count * self.multiplier(machine) * machine.uptime_hours / HOURS_PER_DAY

    @cached_property
    def weight(self) -> float:
        return sum(map(self.weight_of, self.machines))

    @cached_property
    def hired_weight(self) -> float:
        return sum(self.weight_of(m) * m.hired for m in self.machines)

    @cached_property
    def capital_usd(self) -> float:
        return sum(m.capital_usd for m in self.machines)

    @cached_property
    def paid_capital_usd(self) -> float:
        """Capital of the machines that are paid, times the share of the day that they are up."""
        paid = (m for m in self.machines if self.weight_of(m) > 0)
        return sum(m.capital_usd * m.uptime_hours / HOURS_PER_DAY for m in paid)

    @cached_property
    def paid_electricity_usd(self) -> float:
        """USD a month of the machines that are paid."""
        return sum(m.electricity_usd for m in self.machines if self.weight_of(m) > 0)

    @cached_property
    def electricity_usd(self) -> float:
        """USD a month."""
        return sum(m.electricity_usd for m in self.machines)

    @cached_property
    def stake_io(self) -> float:
        """200 IO x max(1, multiplier) x GPUs, with the stake per GPU that the facts give."""
        return sum(
            self.terms.stake_per_gpu_io * max(1.0, self.multiplier(m)) * m.count for m in self.machines
        )

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a line of the fleet: model, count, multiplier, weight, capital_usd, electricity_usd (a
        month), stake_io."""
        each = self.terms.stake_per_gpu_io
        return pl.DataFrame(
            [
                {
                    "model": m.model,
                    "count": m.count,
                    "multiplier": self.multiplier(m),
                    "weight": self.weight_of(m),
                    "capital_usd": m.capital_usd,
                    "electricity_usd": m.electricity_usd,
                    "stake_io": each * max(1.0, self.multiplier(m)) * m.count,
                }
                for m in self.machines
            ]
        )


def parse_fleet(rows: Sequence[Mapping[str, Any]], terms: Terms) -> Fleet:
    """A Fleet from untrusted rows with the fields of Machine. Raises InputError: one sentence for the first
    fault, with the line it stands in."""
    if not rows:
        raise InputError("the fleet has no GPU: give at least one line with a model and a count of 1 or more")
    return Fleet(tuple(_machine(row, number, terms) for number, row in enumerate(rows, 1)), terms)


def parse_site(values: Mapping[str, Any]) -> Site:
    """Raises InputError: one sentence for the first fault."""
    try:
        return Site.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InputError(
            f"{fault['loc'][0]} = {fault['input']!r:.40} is not allowed: it must be a number, 0 or more"
        ) from None


def _machine(row: Mapping[str, Any], line: int, terms: Terms) -> Machine:
    try:
        machine = Machine.model_validate(dict(row))
    except ValidationError as error:
        raise InputError(f"line {line} of the fleet: {_sentence(error)}") from None
    return machine.model_copy(update={"model": _known(machine.model, line, terms)})


def _known(model: str, line: int, terms: Terms) -> str:
    """The model as the multiplier table writes it, whatever its case and spaces."""
    names = {_plain(name): name for name in terms.multipliers}
    if _plain(model) in names:
        return names[_plain(model)]
    near = difflib.get_close_matches(_plain(model), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(names[n] for n in near)}? " if near else ""
    raise InputError(
        f"line {line} of the fleet: {model!r:.40} is not in the network's multiplier table: {hint}"
        f"It has {', '.join(terms.multipliers)}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most"}


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0])
    field = Machine.model_fields.get(name)
    if field is None:
        return f"{name!r:.40} is not a figure of a machine: they are {', '.join(Machine.model_fields)}"
    if fault["type"] == "missing" or fault["input"] is None:
        return f"{name} is missing ({field.title})"
    given = fault["input"]
    shown = f"{field.title} ({name}) = {format(given, 'g') if type(given) is float else repr(given)[:40]}"
    if name == "model":
        return f"{shown} is not a model's name"
    bounds = [
        f"{words} {getattr(bound, key):,.10g}"
        for key, words in _LIMITS.items()
        for bound in field.metadata
        if hasattr(bound, key)
    ]
    extra = field.json_schema_extra
    unit = f" {extra['unit']}" if isinstance(extra, dict) else ""
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{shown} is not allowed: it must be {kind}, {' and '.join(bounds)}{unit}"


State = Literal["met", "missing", "unknown"]


class Condition(NamedTuple):
    """One line of the checklist."""

    condition: str
    needed: str
    yours: str
    state: State


def eligibility(fleet: Fleet, site: Site) -> list[Condition]:
    """What the network asks: met, missing, or what nobody can know before the machine has run there."""
    terms = fleet.terms
    apple = sorted({m.model for m in fleet.machines if APPLE.match(m.model)})
    least = min(fleet.machines, key=lambda m: m.uptime_hours)
    measured = "the network measures it"
    return [
        Condition(
            "GPU",
            "NVIDIA, with a multiplier",
            f"{', '.join(apple)}: in the table, though not NVIDIA" if apple else "all in the table",
            "unknown" if apple else "met",
        ),
        _at_least("GPU memory", terms.min_memory_gb, site.memory_gb, "GB"),
        _at_least("Download", terms.min_down_mbps, site.down_mbps, "Mbps"),
        _at_least("Upload", terms.min_up_mbps, site.up_mbps, "Mbps"),
        _at_least(f"Uptime ({least.model})", terms.min_uptime_hours, least.uptime_hours, "hours a day"),
        Condition("First stress test", f"{terms.first_test_hours:g} hours", measured, "unknown"),
        *(Condition(proof, "to be passed", measured, "unknown") for proof in _proofs(terms)),
        Condition("Stake", f"{fleet.stake_io:,.0f} IO", "to be bought and locked", "unknown"),
    ]


def _proofs(terms: Terms) -> list[str]:
    parts = (part.strip() for part in terms.proofs.split(";"))
    return [part[:1].upper() + part[1:] for part in parts]


def _at_least(condition: str, needed: float, yours: float | None, unit: str) -> Condition:
    state: State = "unknown" if yours is None else "met" if yours >= needed else "missing"
    return Condition(
        condition,
        f"at least {needed:g} {unit}",
        "not said" if yours is None else f"{yours:g} {unit}",
        state,
    )
