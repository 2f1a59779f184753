"""The facts of data/facts, validated, and what the model takes from them: the one home of sourced figures."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType

from pydantic import ValidationError

from data.fact import NOT_SET, Fact, Facts, Source, digest, parse_entry
from data.presets import (
    Closes,
    Preset,
    alternatives,
    build_presets,
    replay_scenario,
)
from data.shock_sets import DEFAULT, ShockSet, build_shock_sets
from models.parameters import Contract, InputError, Protocol, Scenario, VestingBucket, sentence
from models.shocks import Shocks

__all__ = ["Preset", "Registry", "load_facts", "parse_facts"]

SOURCES = "sources.toml"
# What nobody has published and the answer hangs on: shown at every named alternative, not only the default.
UNPUBLISHED = ("V0_months", "H0", "order")


@dataclass(frozen=True)
class Registry:
    """All facts and sources by id. `source`, `fact_for`, `range_for` raise InputError for an unknown name."""

    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]

    def source(self, id_: str) -> Source:
        try:
            return self.sources[id_]
        except KeyError:
            raise InputError(f"{id_!r} is no source of the facts") from None

    @cached_property
    def version(self) -> str:
        """sha256 (hex) over the canonical content of all facts and sources."""
        return digest(self.facts, self.sources)

    def fact_for(self, field: str) -> Fact:
        """The fact that a Scenario field's default comes from."""
        try:
            return self._feeding[field]
        except KeyError:
            raise InputError(f"no fact feeds {field!r}") from None

    def range_for(self, field: str) -> tuple[float, float] | None:
        """Plausible low and high of a numeric field, in its unit; None for choices, switches, contracts."""
        return self.fact_for(field).range

    @cached_property
    def _feeding(self) -> dict[str, Fact]:
        return {fact.feeds: fact for fact in self.facts.values() if fact.feeds is not None}

    def protocol(self) -> Protocol:
        """Supply, emission and vesting as io.net publishes them."""
        return self._protocol

    @cached_property
    def _protocol(self) -> Protocol:
        facts = self.facts
        rows = [*facts["vesting_official"].records(), *facts["vesting_third_party"].records()]
        return Protocol(
            cap_io=facts["cap_io"].number,
            genesis_io=facts["genesis_io"].number,
            emission_total_io=facts["emission_total_io"].number,
            emission_annual_rate=facts["emission_annual_rate"].number,
            emission_months=int(facts["emission_months"].number),
            emission_q=facts["emission_q"].number,
            first_month=date.fromisoformat(facts["emission_first_month"].text),
            buckets=tuple(VestingBucket.model_validate(_without_zero_months(row)) for row in rows),
        )

    def baseline(self) -> Scenario:
        """Every field at the value of the fact that feeds it."""
        return self._baseline

    @cached_property
    def _baseline(self) -> Scenario:
        values = {field: _default(self.fact_for(field)) for field in Scenario.model_fields}
        try:
            return Scenario.model_validate(values)
        except ValidationError as error:
            fields = error.errors()[0]["loc"]
            place = f"{_place(self.fact_for(str(fields[0])))}: " if fields else ""
            raise InputError(place + sentence(error)) from None

    def presets(self) -> Mapping[str, Preset]:
        """By name, in the order in which they are offered."""
        return self._presets

    @cached_property
    def _presets(self) -> Mapping[str, Preset]:
        return MappingProxyType(build_presets(self.facts, self.baseline(), self.protocol()))

    def shocks(self) -> Shocks:
        """The default of `shock_sets`: fitted to IO's own price, without drift; demand is assumed."""
        return self._shock_sets[DEFAULT].shocks

    def shock_sets(self) -> Mapping[str, ShockSet]:
        """By name, the default first, with what each is not."""
        return self._shock_sets

    @cached_property
    def _shock_sets(self) -> Mapping[str, ShockSet]:
        return MappingProxyType(build_shock_sets(self.facts))

    def replay_scenario(
        self, first_month: date, closes_by_month: tuple[Closes, ...], months: int | None = None
    ) -> Scenario:
        """See data.presets.replay_scenario."""
        return replay_scenario(
            self.facts, self.baseline(), self.protocol(), first_month, closes_by_month, months
        )

    def alternatives(
        self, scenario: Scenario, fields: tuple[str, ...] = UNPUBLISHED
    ) -> list[tuple[str, Scenario]]:
        """The same run over every combination of the named alternatives of `fields`, each with a label."""
        return alternatives(self._feeding, self.protocol(), scenario, fields)


def _place(fact: Fact) -> str:
    return f"{fact.theme}.toml, {fact.id}"


def _default(fact: Fact) -> object:
    if fact.rows:
        return tuple(Contract.model_validate(row) for row in fact.records())
    return None if fact.value == NOT_SET else fact.value


def _without_zero_months(row: Mapping[str, object]) -> dict[str, object]:
    return {**row, "first_month": row["first_month"] or None, "last_month": row["last_month"] or None}


def parse_facts(texts: Mapping[str, str]) -> Registry:
    """The registry from the files' texts by file name. Raises InputError that names file and id."""
    facts = Facts()
    sources: dict[str, Source] = {}
    for file, text in sorted(texts.items()):
        for id_, entry in _tables(file, text).items():
            try:
                if file == SOURCES:
                    sources[id_] = parse_entry(Source, entry, id=id_)
                elif id_ in facts:
                    raise InputError(f"the id stands in {facts[id_].theme}.toml too")
                else:
                    facts[id_] = parse_entry(Fact, entry, id=id_, theme=file.removesuffix(".toml"))
            except InputError as error:
                raise InputError(f"{file}, {id_}: {error}") from None
    _check_references(facts, sources)
    registry = Registry(MappingProxyType(facts), MappingProxyType(sources))
    try:
        registry.presets()  # with them the baseline and the protocol
        registry.shocks()
    except ValidationError as error:
        raise InputError(f"the facts do not fit the model: {sentence(error)}") from None
    return registry


def _tables(file: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not valid TOML: {error}") from None


def _check_references(facts: Mapping[str, Fact], sources: Mapping[str, Source]) -> None:
    feeding: dict[str, str] = {}
    for id_, fact in facts.items():
        place = _place(fact)
        if dangling := fact.cited() - sources.keys():
            raise InputError(f"{place}: {min(dangling)!r} is not a source of {SOURCES}")
        if dangling := set(fact.conflicts) - (facts.keys() - {id_}):
            raise InputError(f"{place}: {min(dangling)!r} is not another fact to conflict with")
        if fact.feeds is not None and fact.feeds in feeding:
            raise InputError(f"{place}: {feeding[fact.feeds]} feeds {fact.feeds} already")
        if fact.feeds is not None:
            feeding[fact.feeds] = id_


@cache
def load_facts() -> Registry:
    """The facts that come with the package, read and validated once. Raises InputError."""
    folder = resources.files("data") / "facts"
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return parse_facts({file.name: file.read_text(encoding="utf-8") for file in files})
