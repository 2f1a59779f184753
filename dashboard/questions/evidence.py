"""What is known, by whom, and whether it is so: facts, claims and the network's record in readers' words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from data.fact import NOT_SET, Fact
from data.registry import Registry
from models.parameters import Scenario, field_info
from models.readers import network
from models.readers.claim_rules import Case, Claim, Verdict
from models.readers.claims import audit as judge
from models.readers.claims_engine import burn_implications


@dataclass(frozen=True)
class Audit:
    """The claims by id; `frame` has one row a claim: id, topic, statement, verdict, reason, result, said_by,
    publisher and date; `burn` is models.readers.claims_engine.burn_implications."""

    claims: Mapping[str, Claim]
    frame: pl.DataFrame
    burn: pl.DataFrame


@dataclass(frozen=True)
class Record:
    """The network's own record, each frame with its sources' names: GPUs counted, prices of a GPU-hour, what
    is live, how it is governed, how it was scored. `attack` is the fact on the Sybil attack."""

    gpus: pl.DataFrame
    prices: pl.DataFrame
    capabilities: pl.DataFrame
    governance: pl.DataFrame
    scores: pl.DataFrame
    attack: Fact


def audit(registry: Registry) -> Audit:
    case = Case(registry.facts, registry.protocol(), registry.baseline(), registry.alternatives)
    claims = judge(case)
    columns = ("id", "topic", "statement", "verdict", "reason", "result", "source", "date")
    frame = pl.DataFrame([{name: getattr(claim, name) for name in columns} for claim in claims])
    publishers = [registry.source(claim.source).publisher for claim in claims]
    return Audit(
        MappingProxyType({claim.id: claim for claim in claims}),
        _named(registry, frame).rename({"source": "said_by"}).with_columns(publisher=pl.Series(publishers)),
        burn_implications(case),
    )


def record(registry: Registry) -> Record:
    facts = registry.facts
    return Record(
        _named(registry, network.gpu_counts(facts)),
        _named(registry, network.gpu_hour_prices(facts)),
        network.table(facts["capability_status"]),
        network.table(facts["governance_record"]),
        network.table(facts["review_scores"]),
        facts["sybil_attack"],
    )


def watch(registry: Registry, scenario: Scenario) -> pl.DataFrame:
    """See models.readers.network.watch."""
    return network.watch(registry.facts, scenario, registry.protocol())


def _named(registry: Registry, frame: pl.DataFrame) -> pl.DataFrame:
    names = {id_: source.name for id_, source in registry.sources.items()}
    return frame.with_columns(pl.col("source").replace_strict(names))


def words(query: str | Sequence[str]) -> list[str]:
    """What a search looks for: single words, in lower case."""
    parts = [query] if isinstance(query, str) else query
    return [word.lower() for part in parts for word in part.split()]


def matching_claims(audited: Audit, query: str | Sequence[str], verdict: Verdict | None) -> list[Claim]:
    """Claims that contain all words, wherever in them, in their order."""
    wanted = words(query)
    return [
        claim
        for claim, said in zip(audited.claims.values(), audited.frame.iter_rows(), strict=True)
        if verdict in (None, claim.verdict)
        and _contains(" ".join((*said, *claim.arithmetic, *claim.facts)).lower(), wanted)
    ]


def matching_facts(registry: Registry, query: str | Sequence[str], kind: str | None) -> list[Fact]:
    """Facts that contain all words, wherever in them, in their order."""
    wanted = words(query)
    return [
        fact
        for fact in registry.facts.values()
        if kind in (None, fact.kind) and _contains(_fact_text(registry, fact), wanted)
    ]


def _fact_text(registry: Registry, fact: Fact) -> str:
    source = registry.source(fact.source)
    parts = [fact.id, fact.title, fact.feeds, fact.note, fact.date, fact.kind, source.name, source.publisher]
    figure = [fact.value, fact.unit, *fact.columns, *(cell for row in fact.rows for cell in row)]
    return " ".join(str(part) for part in [*parts, *figure] if part is not None).lower()


def _contains(text: str, wanted: Sequence[str]) -> bool:
    return all(word in text for word in wanted)


def fact_value(fact: Fact) -> str:
    """The figure with its unit on one line, for readers."""
    if fact.rows:
        return f"table of {len(fact.rows)} rows"
    if isinstance(fact.value, bool):
        return "on" if fact.value else "off"
    if isinstance(fact.value, int | float):
        return f"{fact.value:,.15g} {fact.unit}"
    return "not set" if fact.value == NOT_SET else str(fact.value)


def uses(registry: Registry, audited: Audit) -> dict[str, list[str]]:
    """Where each fact is used: the input whose default it is, presets, claims; or why it is here, or which
    calculations take it."""
    found: dict[str, list[str]] = {}
    for fact in registry.facts.values():
        places = [f"default of {field_info(fact.feeds).title} ({fact.feeds})"] if fact.feeds else []
        presets = [preset.title for preset in registry.presets().values() if fact.id in preset.facts]
        claims = [claim.id for claim in audited.claims.values() if fact.id in claim.facts]
        places += [f"preset {', '.join(presets)}"] if presets else []
        places += [f"claim {', '.join(claims)}"] if claims else []
        places += [fact.context] if fact.context else []
        found[fact.id] = places or ["not used yet" if fact.awaits else f"calculations on {fact.theme}"]
    return found
