"""Claims on emission: the schedule in its published forms, its first year, and what was left of it."""

import math

from models.readers.claim_rules import (
    Case,
    Claim,
    Figure,
    io,
    judged,
    percent,
    rounds_to,
)
from models.schedules import (
    emitted_by,
    geometric,
    growing_base,
    month_end,
)

TOPIC = "Emission"
HOURS_PER_YEAR = 24 * 365


def emission_total(case: Case) -> Claim:
    said, p = case.figures["emission_annual_rate"], case.protocol
    genesis, years = case.figures["genesis_io"].number, case.figures["emission_years"].number
    stated, q = case.figures["emission_total_io"].number, case.figures["emission_q"].number
    first = genesis * said.number / 12
    found = math.fsum(geometric(first, q, p.emission_months))
    return Claim(
        "emission_total",
        TOPIC,
        f"{io(stated)} are emitted over {years:g} years, from {percent(said.number)} of genesis a year on",
        said.source,
        said.date,
        *judged(
            rounds_to(stated, found, 1),
            f"the schedule gives {found:,.0f} IO",
            "with the monthly factor that is solved for; the factor as published does not",
        ),
        f"{found:,.0f} IO",
        "1 IO",
        (
            f"month 1: {io(genesis)} x {said.number:g} / 12 = {first:,.2f} IO",
            f"{first:,.2f} x (1 + q + .. + q^{p.emission_months - 1}), q = {q!r}: {found:,.2f} IO",
        ),
    )


def emission_hourly(case: Case) -> Claim:
    said, epochs = case.figures["emission_hourly_decline"], case.figures["emission_hourly_epochs"].number
    stated, rate = case.figures["emission_total_io"].number, case.figures["emission_annual_rate"].number
    genesis = case.figures["genesis_io"].number
    first = genesis * rate / HOURS_PER_YEAR
    found = math.fsum(geometric(first, 1 - said.number, int(epochs)))
    return Claim(
        "emission_hourly",
        TOPIC,
        f"The hourly form sums to {io(stated)} in {epochs:,.0f} epochs",
        said.source,
        said.date,
        *judged(rounds_to(stated, found, 1), f"the epochs sum to {found:,.2f} IO", "to the token"),
        f"{found:,.2f} IO",
        "1 IO",
        (
            f"hour 1: {io(genesis)} x {rate:g} / {HOURS_PER_YEAR:,} = {first:,.4f} IO",
            f"{first:,.4f} x (1 - (1 - d)^{epochs:,.0f}) / d, d = {said.number!r}: {found:,.2f} IO",
        ),
    )


def emission_published_factor(case: Case) -> Claim:
    said = case.figures["emission_q_published"]
    return _rounded(case, "emission_published_factor", said, f"factor {said.number!r}", said.number)


def emission_headline_rate(case: Case) -> Claim:
    said = case.figures["emission_decline_headline"]
    words = f"decline of {percent(said.number)} a month"
    return _rounded(case, "emission_headline_rate", said, words, 1 - said.number)


def _rounded(case: Case, id_: str, said: Figure, named: str, factor: float) -> Claim:
    p, stated = case.protocol, case.figures["emission_total_io"].number
    first = p.genesis_io * p.emission_annual_rate / 12
    found = math.fsum(geometric(first, factor, p.emission_months))
    off = f"{abs(found - stated):,.0f} IO too {'many' if found > stated else 'few'}"
    return Claim(
        id_,
        TOPIC,
        f"The published {named} gives the {io(stated)}",
        said.source,
        said.date,
        *judged(rounds_to(stated, found, 1), off),
        f"{found:,.0f} IO",
        "1 IO",
        (f"{first:,.2f} x (1 - {factor!r}^{p.emission_months}) / (1 - {factor!r}) = {found:,.0f} IO",),
    )


def emission_formula(case: Case) -> Claim:
    said, p = case.figures["cap_io"], case.protocol
    q = case.figures["emission_q"].number
    found = growing_base(p.genesis_io, p.emission_annual_rate, q, p.emission_months)
    return Claim(
        "emission_formula",
        TOPIC,
        f"Emission by the written formula, a share of current supply, ends at the cap of {io(said.number)}",
        said.source,
        said.date,
        *judged(
            rounds_to(said.number, found, 1),
            f"taken literally it ends {io(found - said.number)} off; the base has to be genesis supply",
        ),
        io(found),
        "1 IO",
        (f"{io(p.genesis_io)}, each month times 1 + {p.emission_annual_rate:g}/12 x q^(m-1): {io(found)}",),
    )


def emission_year1(case: Case) -> Claim:
    said = case.figures["emission_year1_claim_io"]
    genesis, rate = case.figures["genesis_io"].number, case.figures["emission_annual_rate"].number
    found = emitted_by(case.protocol, 12)
    return Claim(
        "emission_year1",
        TOPIC,
        f"The first year emits {percent(rate)} of {io(genesis)}, {io(said.number)}",
        said.source,
        said.date,
        *judged(
            rounds_to(said.number, found, 1e5),
            f"the schedule falls from the first month on: {io(said.number - found)} less in its first year",
        ),
        io(round(found, -4)),
        "the last digit stated, 0.1M",
        (
            f"{io(genesis)} x {rate:g} = {io(genesis * rate)} without the fall",
            f"months 1 to 12 of the schedule: {found:,.0f} IO",
        ),
    )


def unemitted(case: Case) -> Claim:
    said, total = case.figures["burn_goal_unemitted_io"], case.figures["emission_total_io"].number
    m0 = case.baseline.m0
    gone = emitted_by(case.protocol, m0)
    found = total - gone
    return Claim(
        "unemitted",
        TOPIC,
        f"{io(said.number)} were not yet emitted when the engine went live",
        said.source,
        said.date,
        *judged(
            rounds_to(said.number, found, 1e6),
            f"the schedule leaves {io(found)} after month {m0}",
            f"at the end of {month_end(case.protocol, m0):%Y-%m}, month {m0} of the schedule",
        ),
        io(round(found, -4)),
        "the last digit stated, 1M",
        (f"{io(total)} - {gone:,.0f} IO of months 1 to {m0} = {found:,.0f} IO",),
    )


CLAIMS = (
    emission_total, emission_hourly, emission_published_factor, emission_headline_rate, emission_formula,
    emission_year1, unemitted,
)  # fmt: skip
