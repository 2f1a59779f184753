"""The claims audit: every claim of the record, recomputed from the sourced figures (SPEC section 7).

Nothing is written in advance: statements, arithmetic and verdicts are made of the figures that are handed in,
so that a mended fact changes the verdict with it."""

from collections.abc import Callable
from dataclasses import replace

from models.readers import (
    claims_emission,
    claims_engine,
    claims_market,
    claims_network,
    claims_record,
    claims_stress,
    claims_supply,
)
from models.readers.claim_rules import Case, Claim, Noted

MODULES = (
    claims_engine, claims_stress, claims_emission, claims_supply, claims_market, claims_network, claims_record
)  # fmt: skip


def audit(case: Case) -> list[Claim]:
    """Every claim with its verdict, by topic. Raises InputError or LookupError where a figure is missing."""
    claims = [_noting_facts(claim, case) for module in MODULES for claim in module.CLAIMS]
    topics = list(dict.fromkeys(claim.topic for claim in claims))
    return sorted(claims, key=lambda claim: topics.index(claim.topic))


def _noting_facts(claim: Callable[[Case], Claim], case: Case) -> Claim:
    figures = Noted(case.figures)
    return replace(claim(replace(case, figures=figures)), facts=tuple(figures.asked))
