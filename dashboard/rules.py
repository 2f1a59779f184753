"""The twelve rules of one month in words: what each did in this run, its formula and what it rests on.

Formulas carry the SPEC's symbols; a month of several steps shows its sums, and states at its end.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.words.formats import io, months, percent, usd
from models.economy import NEGLIGIBLE, UNLIMITED, Flows, State
from models.parameters import Scenario
from models.projection import BURNS, Projection


@dataclass(frozen=True)
class Month:
    """One month of a run: its steps, and the states before and after them."""

    scenario: Scenario
    flows: list[Flows]
    before: State
    after: State

    def sum(self, *names: str) -> float:
        return math.fsum(getattr(flow, name) for flow in self.flows for name in names)

    @property
    def price(self) -> float:
        """The mean over the steps, USD per IO."""
        return self.sum("price") / len(self.flows)

    @property
    def released_usd(self) -> float:
        return math.fsum(flow.released * flow.price for flow in self.flows)

    @property
    def is_ide(self) -> bool:
        return self.scenario.rule == "ide"


class Rule(NamedTuple):
    """`fields` are the inputs it takes, `facts` what it was published as, `says` what it did in a month."""

    title: str
    formula: str
    fields: tuple[str, ...]
    facts: tuple[str, ...]
    says: Callable[[Month], str]


def month_of(run: Projection, run_month: int) -> Month:
    n = run.scenario.steps_per_month
    first, last = (run_month - 1) * n, run_month * n
    return Month(run.scenario, run.flows[first:last], run.states[first], run.states[last])


def _unlock(m: Month) -> str:
    return f"{io(m.sum('unlocked'))} leave their vesting; {io(m.after.L)} stay locked."


def _prices(m: Month) -> str:
    return f"IO costs {usd(m.price)}; customers want {percent(m.flows[-1].demand)} of the start's compute."


def _emission(m: Month) -> str:
    where = "to the Reward Vault" if m.is_ide else "to suppliers"
    return f"{io(m.sum('emitted'))} of the schedule go {where}; {io(m.after.U)} are not yet emitted."


def _revenue(m: Month) -> str:
    unserved = m.sum("unserved")
    more = f"; {usd(unserved)} more is asked for than suppliers can serve" if unserved > 0 else ""
    return f"Customers pay {usd(m.sum('revenue'))}{more}."


def _target(m: Month) -> str:
    target = m.sum("target")
    if target <= 0:
        return "Suppliers are owed nothing."
    return f"Suppliers are owed {usd(target)}; revenue is {m.sum('revenue') / target:.2f} times that."


def _payout(m: Month) -> str:
    vault = "the Reward Vault" if m.is_ide else "the schedule"
    parts = [f"Revenue pays {usd(m.sum('paid'))}"]
    if m.sum("released") > 0:
        parts.append(f"{vault} {usd(m.released_usd)} ({io(m.sum('released'))})")
    if m.sum("fee_vault_draw") > 0:
        parts.append(f"the Fee Vault {usd(m.sum('fee_vault_draw'))}")
    short = m.sum("short")
    left = "nothing stays unpaid" if short <= NEGLIGIBLE * m.sum("target") else f"{usd(short)} stays unpaid"
    lowest = percent(min(flow.coverage for flow in m.flows))
    return f"{', '.join(parts)}; {left}: coverage {lowest}."


def _surplus(m: Month) -> str:
    surplus, burned = m.sum("surplus"), m.sum(*BURNS)
    if surplus <= 0:
        return "No revenue is left after payouts, so nothing is burned."
    parts = [f"{usd(surplus)} is left; {io(burned)} are burned"]
    if m.sum("fee_vault_in") > 0:
        parts.append(f"{usd(m.sum('fee_vault_in'))} goes to the Fee Vault")
    if m.sum("refilled") > 0:
        parts.append(f"{io(m.sum('refilled'))} are bought for the Reward Vault")
    if m.sum("lost_usd") > 0:
        parts.append(f"{usd(m.sum('lost_usd'))} finds no IO to buy")
    return f"{', '.join(parts)}."


def _retirement(m: Month) -> str:
    if m.scenario.chi == 0:
        return "Off: emission that is not released stays in the vault."
    return f"{io(m.sum('retired'))} that were emitted and not released are burned."


def _controller(m: Month) -> str:
    runway = m.flows[-1].runway
    lasts = f"The runway is {months(runway)}" if runway < UNLIMITED else "The runway has no end in sight"
    if not m.scenario.controller:
        return f"Off. {lasts}."
    moved = "as it was"
    if m.after.k != m.before.k:
        moved = "lowered" if m.after.k < m.before.k else "raised"
    return f"{lasts}; the target is {moved}, at {percent(m.after.k)} of the start's."


def _exit(m: Month) -> str:
    pay = percent(min(flow.pay for flow in m.flows))
    if m.scenario.eta == 0:
        return f"Off: suppliers stay, whatever they are paid (now {pay})."
    return f"At a pay of {pay} active supply goes to {percent(m.after.N)} of the start's."


def _stake(m: Month) -> str:
    if m.scenario.K0 == 0:
        return "Nothing is staked."
    moved = f"{io(m.sum('staked'))} are newly staked, {io(m.sum('unstaked'))} are unstaked"
    return f"{moved}, {io(m.sum('cooled'))} come out of cooldown; {io(m.after.K)} stay staked."


def _impact(m: Month) -> str:
    if m.scenario.impact == 0:
        return "Off: buying and selling do not move the price."
    shift = math.exp(m.after.x) - 1
    return f"All buying and selling so far leaves the price {percent(shift)} off the scenario's."


RULES = (
    Rule(
        "Unlock", "L → C: this step's vesting", ("m0",), ("vesting_official", "vesting_third_party"), _unlock
    ),
    Rule(
        "Prices and demand", "P = P0 sP exp(x);  D = sD exp(y) min(1, N)^phi",
        ("P0", "price_shock", "demand_shock", "shock_month", "shock_months", "phi"),
        ("stress_price_shock", "stress_demand_shock"), _prices,
    ),
    Rule(
        "Emission", "e = min(U, kappa E_m d), E_m = E_1 q^(m-1);  U → V", ("kappa", "m0"),
        ("emission_annual_rate", "emission_q"), _emission,
    ),
    Rule(
        "Revenue", "R = base(t) d min(D, N u_max/u_0)", ("R_base", "contracts", "u0", "u_max"),
        ("revenue_base", "contracts"), _revenue,
    ),
    Rule("Payout target", "H = H_0 d k N;  psi = R/H", ("H0",), ("ide_payout_target",), _target),
    Rule(
        "Payout",
        "revenue_first: paid = min(R, H);  x1 = min((H - paid)/P, V, cap d);  d2 = min(H - paid - x1 P, F)\n"
        "vault_first: x1 = min(H/P, V, cap d);  d2 = min(H - x1 P, F);  paid = min(R, H - x1 P - d2)\n"
        "x1: V → C;  short = H - paid - x1 P - d2;  cov = 1 - short/H",
        ("order", "V0_months", "V0", "F0", "release_cap"), ("ide_draw_order", "ide_epoch"), _payout,
    ),
    Rule(
        "Surplus and burn",
        "S = R - paid;  burn beta S (IO receipts: beta s_io S) at price P;  the rest fills F, then buys IO",
        ("beta", "burn_base", "s_io", "burn_source", "y2_cap_months", "overflow"),
        ("ide_sustainability_ratio", "burn_share"), _surplus,
    ),
    Rule("Retirement", "chi max(0, e - x1): V → B", ("chi",), ("burn_goal",), _retirement),
    Rule(
        "Controller",
        "g += (1-(1-a)^d)(gap/d - g);  runway = (V P + F)/g\n"
        "runway < r_min: k = max(k_min, k (1-g_down)^d);  runway > r_max: k = min(1, k (1+g_up)^d)",
        ("controller", "a", "r_min", "r_max", "g_down", "g_up", "k_min"), ("ide_draw_order",), _controller,
    ),
    Rule(
        "Supplier exit and return", "pay = cov k;  N += (1-(1-omega)^d)(pay^eta - N)", ("eta", "omega"),
        ("ide_risks",), _exit,
    ),
    Rule(
        "Stake", "wanted K = K_0 N;  a cut goes K → Q;  Q → C: 1 - exp(-30.4375 d/cooldown_days)",
        ("K0", "cooldown_days"), (), _stake,
    ),
    Rule(
        "Price impact", "x += impact (buys - sells)/(depth d)",
        ("impact", "depth", "sell_payout", "sell_unlock"), ("volume_24h_usd",), _impact,
    ),
)  # fmt: skip
