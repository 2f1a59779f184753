"""Claims on the engine's money: the guided burn, the contract behind it, and revenue."""

import math

import polars as pl

from models.parameters import Contract, Protocol, Scenario
from models.projection import project
from models.readers.claim_rules import (
    Case,
    Claim,
    amount,
    io,
    judged,
    listed,
    missing,
    percent,
    rounds_to,
    row,
    signed,
    usd,
)

BURN, REVENUE = "Burn", "Revenue and contracts"
YEAR = 12


def payout_target(scenario: Scenario, protocol: Protocol, burn_io: float) -> float | None:
    """The payout target (USD a month) at which the run's first 12 months burn `burn_io`: more leaves less to
    burn. None where not even a target of nothing leaves enough."""
    year = scenario.model_copy(update={"months": YEAR})

    def short_of(H0: float) -> float:
        burned = project(year.model_copy(update={"H0": H0}), protocol).summary["burn_year1"]
        return float(burned) - burn_io

    if short_of(0.0) < 0:
        return None
    high = 1.0 + year.R_base + math.fsum(contract.usd for contract in year.contracts)
    while short_of(high) >= 0:
        high *= 2
    # Here, because every start of the dashboard would pay 0.3 s for it
    from scipy.optimize import brentq

    return float(brentq(short_of, 0.0, high, xtol=1e-6, rtol=1e-12))


def burn_implications(case: Case) -> pl.DataFrame:
    """What the guided burn implies, at every claim on revenue: the payout target that it leaves room for and
    the share of revenue left after payouts. USD a month.

    Columns: revenue (which claim), beta (share of the surplus burned), R_base, contract_usd, H0 (null: the
    burn cannot be reached), left_share (of revenue), left_usd."""
    burn, contract = case.figures["guided_burn_io"].number, _contract(case)
    rows = []
    for name, R_base in _revenue_readings(case, contract.usd).items():
        for beta in (case.figures["burn_share"].number, 1.0):
            changes = {"R_base": R_base, "contracts": (contract,), "beta": beta}
            H0 = payout_target(case.baseline.model_copy(update=changes), case.protocol, burn)
            revenue = R_base + contract.usd
            left = None if H0 is None else revenue - H0
            rows.append(
                {
                    "revenue": name,
                    "beta": beta,
                    "R_base": R_base,
                    "contract_usd": contract.usd,
                    "H0": H0,
                    "left_share": None if left is None else left / revenue,
                    "left_usd": left,
                }
            )
    numbers = dict.fromkeys(("H0", "left_share", "left_usd"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=numbers, infer_schema_length=None)


def _revenue_readings(case: Case, contract_usd: float) -> dict[str, float]:
    """Base revenue, USD a month, under every reading of what was claimed."""
    readings = {"the contract alone": 0.0}
    for rank in ("low", "mid", "high"):
        a_year = case.figures[f"revenue_claim_{rank}_usd"].number
        readings[f"{usd(a_year)} a year and the contract"] = a_year / YEAR
        readings[f"{usd(a_year)} a year, contract in it"] = max(a_year / YEAR - contract_usd, 0.0)
    return readings


def _contract(case: Case) -> Contract:
    terms = case.figures["contracts"].records()[0]
    return Contract(first=int(terms["first"]), months=int(terms["months"]), usd=float(terms["usd"]))


def guided_burn(case: Case) -> Claim:
    said, contract = case.figures["guided_burn_io"], _contract(case)
    beta, price = case.figures["burn_share"].number, case.figures["price_at_start"].number
    need = said.number * price / beta
    paid_in = contract.usd * contract.months
    readings = burn_implications(case).filter(pl.col("beta") == beta)
    low = usd(case.figures["revenue_claim_low_usd"].number)
    base = readings.filter(pl.col("revenue") == f"{low} a year and the contract").row(0, named=True)
    known = readings.drop_nulls("H0")
    if known.is_empty():
        backwards = "run backwards, the model never burns it, even with nothing paid to suppliers"
    else:
        targets, shares = sorted(known["H0"]), sorted(known["left_share"])
        backwards = (
            f"run backwards, the model burns it if suppliers are owed {usd(targets[0])} to "
            f"{usd(targets[-1])} a month, as revenue turns out; {percent(shares[0])} to "
            f"{percent(shares[-1])} of it is left"
        )
    return Claim(
        "guided_burn",
        BURN,
        f"At least {io(said.number)} are burned in {contract.months} months, backed by the contract",
        said.source,
        said.date,
        *missing("the payout target; what the burn implies for it depends on which claim on revenue holds"),
        f"needs {usd(need)} a year left after payouts" if base["H0"] is None else
        f"{usd(base['H0'])} a month to suppliers, {percent(base['left_share'])} of revenue left",
        "none, solved for",
        (
            f"{io(said.number)} x ${price:g} / {beta:g} = {usd(need)} a year must be left after payouts",
            f"the contract: {contract.months} x {usd(contract.usd)} = {usd(paid_in)}, of which that is "
            f"{percent(need / paid_in)}",
            backwards,
        ),
    )  # fmt: skip


def burn_of_supply(case: Case) -> Claim:
    said, burn = case.figures["burn_of_circulating_claim"], case.figures["guided_burn_io"].number
    circulating = float(row(case.figures["circulating_observed"], date=said.date)["io"])
    found, cap = burn / circulating, case.figures["cap_io"].number
    return Claim(
        "burn_of_supply",
        BURN,
        f"{io(burn)} burned are {percent(said.number)} of the {io(circulating)} in circulation",
        said.source,
        said.date,
        *judged(rounds_to(said.number, found, 0.001), *[f"of the cap it is {percent(burn / cap)}"] * 2),
        percent(found),
        "the last digit stated, 0.1 %",
        (f"{amount(burn)} / {amount(circulating)} = {percent(found)}",),
    )


def burn_goal(case: Case) -> Claim:
    said, of = case.figures["burn_goal_io"], case.figures["burn_goal_unemitted_io"].number
    share, guided = case.figures["burn_share"].number, case.figures["guided_burn_io"].number
    whole = case.baseline.model_copy(update={"months": case.protocol.emission_months - case.baseline.m0})
    frame = project(whole, case.protocol).frame
    burned = float(frame["burned"].sum())
    last = max(frame.filter(pl.col("burned") > 0)["month"].to_list(), default=0)
    found = share * of
    return Claim(
        "burn_goal",
        BURN,
        f"Half of what was not yet emitted, at least {io(said.number)} of {io(of)}, is to be retired",
        said.source,
        said.date,
        *judged(
            math.floor(found / 1e6) * 1e6 == said.number,
            f"half of it is {io(found)}",
            f"as arithmetic: the goal has no date. It reads: {case.figures['burn_goal'].text}",
        ),
        io(found),
        "rounded down to 1M, as \"at least\" allows",
        (
            f"{share:g} x {io(of)} = {io(found)}",
            f"at the guided {io(guided)} a year: {said.number / guided:.1f} years",
            f"in the baseline, to the end of the emission: {io(burned)}, the last of it in month {last}; "
            f"without a contract revenue is {usd(whole.R_base)} a month, the payout target {usd(whole.H0)}",
        ),
    )  # fmt: skip


def contract_size(case: Case) -> Claim:
    said, contract = case.figures["contract_total_usd"], _contract(case)
    found = said.number / contract.months
    return Claim(
        "contract_size",
        REVENUE,
        f"The contract is worth {usd(said.number)}, about {usd(contract.usd)} a month",
        said.source,
        said.date,
        *judged(
            rounds_to(contract.usd, found, 1e4),
            f"{usd(said.number)} over {contract.months} months is {usd(found)} a month; at "
            f"{usd(contract.usd)} it takes {said.number / contract.usd:.1f} months, or fees take the rest",
        ),
        f"{usd(found)} a month",
        "the last digit stated, $10,000",
        (f"{usd(said.number)} / {contract.months} = {usd(found)}, {signed(found / contract.usd - 1)}",),
    )


def revenue(case: Case) -> Claim:
    said = case.figures["revenue_claim_low_usd"]
    claims = [said.number] + [case.figures[f"revenue_claim_{r}_usd"].number for r in ("mid", "high")]
    contract = _contract(case)
    with_contract = said.number + YEAR * contract.usd
    quarter = case.figures["revenue_quarters"].records()[-1]
    before = 4 * float(quarter["usd"])
    return Claim(
        "revenue",
        REVENUE,
        f"Revenue of 2026, annualised: {listed([usd(c) for c in claims[:-1]])}, or over {usd(claims[-1])}",
        said.source,
        said.date,
        *judged(
            rounds_to(claims[0], claims[-1], 1e5),
            f"the claims are {claims[-1] / claims[0]:.1f} times apart; the lowest and the contract together "
            f"give {usd(with_contract)}, so the highest may count what the lowest leaves out",
        ),
        f"{claims[-1] / claims[0]:.1f} times apart",
        "the last digit stated, $0.1M",
        (
            f"{usd(said.number)} + {YEAR} x {usd(contract.usd)} = {usd(with_contract)}",
            f"for comparison, {quarter['quarter']}: 4 x {usd(float(quarter['usd']))} = {usd(before)} a year",
        ),
    )


CLAIMS = (guided_burn, burn_of_supply, burn_goal, contract_size, revenue)
