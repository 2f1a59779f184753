"""A Scenario compiled into what the step takes: Params, start State and one Inputs per step (SPEC 1-4)."""

import math
from typing import NamedTuple

from models.economy import UNLIMITED, Inputs, Params, State
from models.parameters import DAYS_PER_MONTH, InputError, Protocol, Scenario
from models.schedules import emitted_by, locked_after, monthly_emission, monthly_vesting


class Compiled(NamedTuple):
    params: Params
    start: State
    inputs: list[Inputs]  # one per step, months x steps_per_month of them


def compile_scenario(scenario: Scenario, protocol: Protocol) -> Compiled:
    """Raises InputError where the start is impossible (a vault larger than what is left to emit, a stake
    larger than what circulates)."""
    return Compiled(_params(scenario), _start(scenario, protocol), _inputs(scenario, protocol))


def _params(s: Scenario) -> Params:
    d = 1 / s.steps_per_month
    ide = s.rule == "ide"
    return Params(
        H0=s.H0 * d,
        H0_month=s.H0,
        per_month=float(s.steps_per_month),
        by_schedule=float(not ide),
        all_revenue=float(s.rule == "legacy"),
        vault_first=float(ide and s.order == "vault_first"),
        burn_share=s.beta * (s.s_io if s.burn_base == "io_receipts" else 1.0),
        burn_vault=float(s.burn_source == "vault" or s.rule == "as_reported"),
        fee_cap=UNLIMITED if s.y2_cap_months is None else s.y2_cap_months * s.H0,
        overflow_burn=float(s.overflow == "burn"),
        chi=s.chi,
        release_cap=UNLIMITED if s.release_cap is None else s.release_cap * d,
        smooth=1 - (1 - s.a) ** d,
        controller=float(s.controller),
        r_min=s.r_min,
        r_max=s.r_max,
        down=(1 - s.g_down) ** d,
        up=(1 + s.g_up) ** d,
        k_min=s.k_min,
        eta=s.eta,
        adjust=1 - (1 - s.omega) ** d,
        phi=s.phi,
        capacity=s.u_max / s.u0,
        K0=s.K0,
        cooled=-math.expm1(-DAYS_PER_MONTH * d / s.cooldown_days),
        impact=s.impact / (s.depth * d),
        sell_payout=s.sell_payout,
        sell_unlock=s.sell_unlock,
    )


def vault_at_start(s: Scenario, protocol: Protocol) -> float:
    """IO in the Reward Vault at the start. The old schedule has no vault."""
    if s.rule != "ide":
        return 0.0
    left = protocol.emission_total_io - emitted_by(protocol, s.m0)
    if s.V0 is not None:
        if s.V0 > left:
            raise InputError(
                f"V0 = {s.V0:,.0f} IO is not allowed: only {left:,.0f} IO are not yet emitted "
                f"at the end of month {s.m0}"
            )
        return s.V0
    schedule = monthly_emission(protocol)[s.m0 :]
    whole = int(s.V0_months)
    part = (s.V0_months - whole) * schedule[whole] if whole < len(schedule) else 0.0
    return min(math.fsum(schedule[:whole]) + part, left)


def _start(s: Scenario, protocol: Protocol) -> State:
    V = vault_at_start(s, protocol)
    U = max(protocol.emission_total_io - emitted_by(protocol, s.m0) - V, 0.0)
    L = locked_after(protocol, s.m0)
    liquid = protocol.cap_io - U - V - L
    if s.K0 > liquid:
        raise InputError(
            f"K0 = {s.K0:,.0f} IO is not allowed: only {liquid:,.0f} IO circulate at the end of month {s.m0}"
        )
    return State(
        U=U,
        V=V,
        L=L,
        C=liquid - s.K0,
        K=s.K0,
        Q=0.0,
        B=0.0,
        F=s.F0,
        N=1.0,
        k=1.0,
        g=0.0,
        x=0.0,
        y=0.0,
    )


def _inputs(s: Scenario, protocol: Protocol) -> list[Inputs]:
    n = s.steps_per_month
    schedule = monthly_emission(protocol)[s.m0 : s.m0 + s.months]
    schedule += [0.0] * (s.months - len(schedule))
    linear, tranche = monthly_vesting(protocol, s.m0 + 1, s.months)
    end = s.months if s.shock_months is None else s.shock_month + s.shock_months - 1
    inputs = []
    for month in range(1, s.months + 1):
        shocked = s.shock_month <= month <= end
        price = 1 + s.price_shock if shocked else 1.0
        demand = 1 + s.demand_shock if shocked else 1.0
        base = s.R_base if s.revenue_history is None else s.revenue_history[month - 1]
        base += sum(c.usd for c in s.contracts if c.first <= month < c.first + c.months)
        levels = (s.P0,) * n if s.price_history is None else step_means(s.price_history[month - 1], n)
        for j, level in enumerate(levels, 1):
            unlock = linear[month - 1] / n + (tranche[month - 1] if j == n else 0.0)
            emission = s.kappa * schedule[month - 1] / n
            inputs.append(Inputs(unlock, emission, level * price, demand, base / n))
    return inputs


def step_means(closes: tuple[float, ...], n: int) -> list[float]:
    """Mean close of each of n nearly equal consecutive parts of a month's days.

    With more steps than days, a step inside one day takes that day's close."""
    days = len(closes)
    means = []
    for j in range(n):
        lo = j * days // n
        part = closes[lo : max((j + 1) * days // n, lo + 1)]
        means.append(math.fsum(part) / len(part))
    return means
