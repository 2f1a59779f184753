"""Claims on the published stress tests, run by the model."""

from collections.abc import Mapping

from models.parameters import Protocol, Scenario
from models.projection import project
from models.readers.claim_rules import Case, Claim, Figure, judged, missing, percent, usd

TOPIC = "Stress tests"


def stress_price(case: Case) -> Claim:
    shock = {"price_shock": case.figures["stress_price_shock"].number}
    words = (
        f"Supplier income holds when the price falls by {percent(-shock['price_shock'])}, demand as before"
    )
    return _held(case, "stress_price", case.figures["stress_price_shock"], words, shock)


def stress_demand(case: Case) -> Claim:
    shock = {"demand_shock": case.figures["stress_demand_shock"].number}
    words = f"Supplier income holds when demand falls by {percent(-shock['demand_shock'])}, price as before"
    return _held(case, "stress_demand", case.figures["stress_demand_shock"], words, shock)


def stress_both(case: Case) -> Claim:
    shocks = {
        "price_shock": case.figures["stress_price_shock"].number,
        "demand_shock": case.figures["stress_demand_shock"].number,
    }
    words = (
        "Both shocks together run the reserves down: the failure mode, for which no figures were published"
    )
    return _held(case, "stress_both", case.figures["stress_joint"], words, shocks, holds=False)


def _held(
    case: Case, id_: str, said: Figure, words: str, shocks: Mapping[str, float], *, holds: bool = True
) -> Claim:
    """Run the shock, lasting, for every named start vault at the payout target that the guided burn implies;
    a claim that comes out at some start vaults and not at others hangs on what nobody has published."""
    shocked = case.baseline.model_copy(update=shocks)
    runs = [
        (label, other, first_shortfall(other, case.protocol)) for label, other in case.alternatives(shocked)
    ]
    vaults = [r for r in runs if r[1].H0 == shocked.H0 and r[1].order == shocked.order]
    as_said = [(month is None) is holds for *_, month in vaults]
    target, vault = case.figures["payout_target"], case.figures["vault_start_months"]
    lines = [
        f"payout target {usd(target.number)} a month, which the guided burn implies; start vault "
        f"{vault.number:g} months of schedule in the baseline: both assumptions",
        *(f"{_vault(other, case.protocol)}: {_outcome(other, month)}" for _, other, month in vaults),
        f"over all {len(runs)} named alternatives of vault, payout target and order: no shortfall in "
        f"{sum(month is None for *_, month in runs)}",
    ]
    if holds and not all(as_said):
        lines += [_endurance(other, case.protocol) for _, other, _ in vaults]
    span = (
        f"at every named start vault over {shocked.months} months, lasting from month {shocked.shock_month}"
    )
    mixed = missing("how long the shock lasted and how full the vault was: the answer hangs on both")
    return Claim(
        id_,
        TOPIC,
        words,
        said.source,
        said.date,
        *(judged(all(as_said), f"not {span}", span) if len(set(as_said)) == 1 else mixed),
        f"baseline: {_outcome(shocked, first_shortfall(shocked, case.protocol))}",
        "none, a shortfall in any month counts",
        tuple(lines),
    )


def first_shortfall(scenario: Scenario, protocol: Protocol) -> int | None:
    """The run month of the first shortfall; None when there is none."""
    month: int | None = project(scenario, protocol).summary["first_shortfall_month"]
    return month


def _outcome(scenario: Scenario, month: int | None) -> str:
    return (
        f"no shortfall in {scenario.months} months" if month is None else f"first shortfall in month {month}"
    )


def _vault(scenario: Scenario, protocol: Protocol) -> str:
    everything = scenario.V0_months >= protocol.emission_months - scenario.m0
    return f"start vault {'all that is left' if everything else f'{scenario.V0_months:g} months of schedule'}"


def _endurance(scenario: Scenario, protocol: Protocol) -> str:
    """How long the shock may last before there is a shortfall within the run."""
    longest = scenario.months - scenario.shock_month + 1
    for months in range(1, longest + 1):
        other = scenario.model_copy(update={"shock_months": months})
        if first_shortfall(other, protocol) is not None:
            return f"{_vault(scenario, protocol)}: holds while the shock lasts at most {months - 1} months"
    return f"{_vault(scenario, protocol)}: holds however long the shock lasts"


CLAIMS = (stress_price, stress_demand, stress_both)
