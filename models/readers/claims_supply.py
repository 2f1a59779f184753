"""Claims on the supply: who was given what, when it unlocks, and what was in circulation when."""

import calendar
import math
from datetime import date

from models.parameters import Protocol
from models.projection import project
from models.readers.claim_rules import (
    Case,
    Claim,
    amount,
    io,
    judged,
    percent,
    rounds_to,
    signed,
    within,
)
from models.schedules import (
    full_months_until,
    locked_after,
    month_end,
    monthly_emission,
    monthly_vesting,
    scheduled_circulating,
)

TOPIC = "Allocation and circulation"
# How closely the schedules are said to follow what was observed.
FIT = 0.03


def insider_share(case: Case) -> Claim:
    said, genesis = case.figures["insider_share_claim"], case.figures["genesis_io"].number
    cap = case.figures["cap_io"].number
    buckets = {str(r["name"]): float(r["total_io"]) for r in case.figures["vesting_official"].records()}
    insiders = math.fsum(buckets.values())
    found = insiders / genesis
    return Claim(
        "insider_share",
        TOPIC,
        f"Insiders hold {percent(said.number)} of the genesis {io(genesis)}",
        said.source,
        said.date,
        *judged(
            rounds_to(said.number, found, 0.01),
            f"{io(insiders)} are {percent(found)} of genesis; they are {percent(insiders / cap)} of the cap",
        ),
        percent(found),
        "the last digit stated, 1 %",
        (
            f"{' + '.join(f'{name} {amount(v)}' for name, v in buckets.items())} = {io(insiders)}",
            f"{amount(insiders)} / {amount(genesis)} = {percent(found)} of genesis",
            f"{amount(insiders)} / {amount(cap)} = {percent(insiders / cap)} of the cap",
        ),
    )


def _at_launch(case: Case) -> tuple[float, str]:
    """IO liquid at the launch and the sum that gives it."""
    tables = ("vesting_official", "vesting_third_party")
    rows = [r for t in tables for r in case.figures[t].records() if float(r["at_tge"]) > 0]
    parts = [f"{amount(float(r['total_io']))} x {float(r['at_tge']):g} ({r['name']})" for r in rows]
    total = math.fsum(float(r["total_io"]) * float(r["at_tge"]) for r in rows)
    return total, f"{' + '.join(parts)} = {io(total)}"


def released_at_launch(case: Case) -> Claim:
    said = case.figures["released_at_tge_claim_io"]
    found, arithmetic = _at_launch(case)
    return Claim(
        "released_at_launch",
        TOPIC,
        f"{io(said.number)} were released at the token's launch",
        said.source,
        said.date,
        *judged(
            within(said.number, found, 0.01),
            f"{io(found)} were liquid; the rest of genesis, {percent(1 - found / said.number)}, was locked",
        ),
        io(found),
        "1 %",
        (arithmetic, f"{amount(found)} / {amount(said.number)} = {percent(found / said.number)}"),
    )


def float_at_launch(case: Case) -> Claim:
    said = case.figures["float_at_tge_published_io"]
    found, arithmetic = _at_launch(case)
    return Claim(
        "float_at_launch",
        TOPIC,
        f"{io(said.number)} were in circulation at the token's launch",
        said.source,
        said.date,
        *judged(within(said.number, found, 0.01), *[f"off by {percent(abs(found / said.number - 1))}"] * 2),
        io(found),
        "1 %: published rounded",
        (arithmetic,),
    )


def insider_unlocks(case: Case) -> Claim:
    said = case.figures["insider_unlocks_end_claim"]
    buckets = case.figures["vesting_official"].records()
    last = max(buckets, key=lambda r: int(r["last_month"]))
    end = month_end(case.protocol, int(last["last_month"]))
    year = int(said.text)
    after = full_months_until(case.protocol, date(year + 1, 1, 1))
    insiders = tuple(b for b in case.protocol.buckets if b.name in {r["name"] for r in buckets})
    left = locked_after(case.protocol.model_copy(update={"buckets": insiders}), after)
    return Claim(
        "insider_unlocks",
        TOPIC,
        f"Insider unlocks run through {year}",
        said.source,
        said.date,
        *judged(
            end.year == year,
            f"{last['name']} end in month {last['last_month']}, {end:%Y-%m}; {io(left)} unlock after {year}",
        ),
        f"{end:%Y-%m}",
        "the year stated",
        (
            f"month {last['last_month']}, month 1 being {case.protocol.first_month:%Y-%m}, is {end:%Y-%m}",
            f"still locked at the end of {year} (month {after}): {left:,.0f} IO",
        ),
    )


def circulating_on(protocol: Protocol, day: date) -> float:
    """IO in circulation on a day by the schedules alone: linear parts by the day, tranches at month ends."""
    month = full_months_until(protocol, day) + 1
    before = scheduled_circulating(protocol, month - 1)
    if month < 1:  # the launch and the rest of its month
        return scheduled_circulating(protocol, 0)
    days = calendar.monthrange(day.year, day.month)[1]
    (linear,), (tranche,) = monthly_vesting(protocol, month, 1)
    emission = (*monthly_emission(protocol), 0.0)[min(month - 1, protocol.emission_months)]
    return before + (linear + emission) * day.day / days + (tranche if day.day == days else 0.0)


def schedules_fit(case: Case) -> Claim:
    said, observed = case.figures["vesting_third_party"], case.figures["circulating_observed"].records()
    lines, gaps = [], []
    for r in observed:
        day, seen = date.fromisoformat(str(r["day"])), float(r["io"])
        found = circulating_on(case.protocol, day)
        gaps.append(found / seen - 1)
        lines.append(f"{day}: {io(round(found, -5))} by schedule, {io(seen)} observed: {signed(gaps[-1])}")
    worst = max(gaps, key=abs)
    return Claim(
        "schedules_fit",
        TOPIC,
        f"Unlock schedules and emission give the observed circulating supply within {percent(FIT)}",
        said.source,
        said.date,
        *judged(
            abs(worst) <= FIT,
            f"off by {signed(worst)} at worst",
            f"at {len(gaps)} observations; where only the month is known the day is our choice",
        ),
        f"{signed(worst)} at worst",
        percent(FIT),
        tuple(lines),
    )


def as_reported(case: Case) -> Claim:
    said, observed = case.figures["ide_as_reported"], case.figures["circulating_observed"].records()
    last = max(observed, key=lambda r: str(r["day"]))
    day, seen = date.fromisoformat(str(last["day"])), float(last["io"])
    m = full_months_until(case.protocol, day)
    run = {"months": m - case.baseline.m0}
    schedule = {"rule": "as_reported", "burn_source": "vault", "V0_months": 0.0}
    found = {}
    for name, changes in (("as reported", run | schedule), ("in full operation", run)):
        end = project(case.baseline.model_copy(update=changes), case.protocol).states[-1]
        found[name] = end.C + end.K + end.Q
    gaps = {name: value / seen - 1 for name, value in found.items()}
    nearer = min(gaps, key=lambda name: abs(gaps[name]))
    return Claim(
        "as_reported",
        TOPIC,
        said.text,
        said.source,
        said.date,
        *judged(
            nearer == "as reported" and abs(gaps[nearer]) <= FIT,
            f"the observed supply is nearest to the engine {nearer}",
            "the observed supply is far nearer to it than to the engine in full operation",
        ),
        f"{signed(gaps['as reported'])} as reported, {signed(gaps['in full operation'])} in full operation",
        f"{percent(FIT)}, and nearer than the other reading",
        (
            f"observed on {day}: {io(seen)}",
            *(
                f"{name}, end of {month_end(case.protocol, m):%Y-%m}: {io(round(value, -5))}, "
                f"{signed(gaps[name])}"
                for name, value in found.items()
            ),
        ),
    )


CLAIMS = (
    insider_share, released_at_launch, float_at_launch, insider_unlocks, schedules_fit, as_reported
)  # fmt: skip
