"""One step of the economy (SPEC section 3), the only place where tokens move.

Written in a restricted Python (arithmetic, comparisons, conditional expressions, min and max, tuples of
floats), so that the same source runs as the reference, on CPU lanes and on GPUs with the same bits. Switches
are floats, 0 or 1. Every move is a pair: what leaves one balance enters another, and no balance is ever the
cap less the rest.
"""

from typing import NamedTuple

from models.stress.elementary import SMALLEST, exp, power

# Stands for "no limit": finite, so that every device computes the same with it.
UNLIMITED = 1e300
# Bound on |x|: keeps every product and quotient of the step a finite double.
LOG_LIMIT = 600.0
# Below this fraction of the target a shortfall or a balance is rounding, not an event.
NEGLIGIBLE = 1e-9


class Params(NamedTuple):
    """A scenario compiled for one step length d (models/compiler.py); rates are per step."""

    H0: float  # payout target at the start, USD per step
    H0_month: float  # the same a month
    per_month: float  # steps per month
    by_schedule: float  # 1: all emission goes to suppliers (legacy and as_reported)
    all_revenue: float  # 1: suppliers get all revenue (legacy)
    vault_first: float  # 1: payout order vault_first
    burn_share: float  # of the surplus: beta, times s_io when only IO receipts are burned
    burn_vault: float  # 1: burned tokens come from V, then U
    fee_cap: float  # USD the Fee Vault takes at most
    overflow_burn: float  # 1: overflow is burned, 0: it refills V
    chi: float
    release_cap: float  # IO per step
    smooth: float  # 1 - (1-a)^d
    controller: float
    r_min: float  # months
    r_max: float  # months
    down: float  # (1-g_down)^d
    up: float  # (1+g_up)^d
    k_min: float
    eta: float
    adjust: float  # 1 - (1-omega)^d
    phi: float
    capacity: float  # u_max / u_0
    K0: float  # IO
    cooled: float  # 1 - exp(-days per step / cooldown_days)
    impact: float  # log price per USD of net buying: impact / (depth d)
    sell_payout: float
    sell_unlock: float


class Inputs(NamedTuple):
    """What the calendar and the scenario's shapes give one step."""

    unlock: float  # IO
    emission: float  # IO: kappa E_m d
    price: float  # USD per IO: P0 sP(t)
    demand: float  # sD(t)
    base: float  # USD at demand 1: base(t) d


class State(NamedTuple):
    """One path between two steps: IO, except F (USD), g (USD a month), N, k, x, y (no unit)."""

    U: float  # not yet emitted
    V: float  # Reward Vault
    L: float  # locked genesis tokens
    C: float  # liquid circulating
    K: float  # staked by suppliers
    Q: float  # in unstaking cooldown
    B: float  # burned
    F: float  # Fee Vault, USD
    N: float  # active supply, relative
    k: float  # payout target, relative
    g: float  # smoothed monthly payout gap, USD a month
    x: float  # log price deviation
    y: float  # log demand deviation


class Flows(NamedTuple):
    """What happened in one step."""

    price: float  # USD per IO
    demand: float  # relative
    revenue: float  # USD
    unserved: float  # USD of demand beyond capacity
    target: float  # USD: H
    psi: float  # revenue / target; UNLIMITED at target 0
    paid: float  # USD of revenue paid to suppliers
    fee_vault_draw: float  # USD
    short: float  # USD
    coverage: float
    pay: float  # coverage times the k that set this step's target
    surplus: float  # USD
    burn_usd: float  # USD of surplus that bought tokens to burn
    fee_vault_in: float  # USD
    lost_usd: float  # USD that found no IO to buy
    unlocked: float  # IO, L -> C
    emitted: float  # IO, U -> V
    released: float  # IO, V -> C
    burned_market: float  # IO, C -> B
    burned_vault: float  # IO, V -> B
    burned_unissued: float  # IO, U -> B
    refilled: float  # IO, C -> V
    overflow_burned: float  # IO, C -> B
    retired: float  # IO, V -> B
    staked: float  # IO, C -> K
    unstaked: float  # IO, K -> Q
    cooled: float  # IO, Q -> C
    runway: float  # months; UNLIMITED while there is no gap to speak of
    k_lowered: float  # 1: the controller lowered the target (governance action)


def step(s: State, p: Params, i: Inputs) -> tuple[State, Flows]:
    """The twelve rules in order. `s.x` and `s.y` already hold this step's random shocks, if any."""
    U, V, L, C, K, Q, B = s.U, s.V, s.L, s.C, s.K, s.Q, s.B

    # 1 Unlock
    unlocked = min(i.unlock, L)
    L = L - unlocked
    C = C + unlocked

    # 2 Prices and demand
    P = i.price * exp(s.x)
    per_usd = 1.0 / P  # IO: one division instead of three, which take long in vectors
    D = i.demand * exp(s.y) * power(min(1.0, s.N), p.phi)

    # 3 Emission
    emitted = min(U, i.emission)
    U = U - emitted
    V = V + emitted

    # 4 Revenue: capacity caps what can be sold
    served = min(D, s.N * p.capacity)
    revenue = i.base * served
    unserved = i.base * (D - served)

    # 5 Target
    H = p.H0 * s.k * s.N
    owed = H > SMALLEST
    per_target = 1.0 / H if owed else 0.0
    psi = revenue * per_target if owed else UNLIMITED

    # 6 Payout: what is asked of the vaults, in which order, and what is left unpaid
    met = min(revenue, H)
    need = H if p.vault_first > 0.5 else H - met
    wanted = need * per_usd
    drawn = min(wanted, V, p.release_cap)
    after_vault = max(need - drawn * P, 0.0) if drawn < wanted else 0.0
    fee_vault_draw = 0.0 if p.by_schedule > 0.5 else min(after_vault, s.F)
    after_fees = after_vault - fee_vault_draw
    released = min(emitted, V) if p.by_schedule > 0.5 else drawn
    V = V - released
    C = C + released
    paid = min(revenue, after_fees) if p.vault_first > 0.5 else met
    left = after_fees - paid if p.vault_first > 0.5 else after_fees
    # The old schedule owes nothing: its shortfall is what revenue and emission leave of the same target
    paid = revenue if p.all_revenue > 0.5 else paid
    short = max(H - paid - released * P, 0.0) if p.by_schedule > 0.5 else left
    gap = H - met
    # Short of all of it is coverage 0 exactly, whatever H * (1 / H) rounds to
    coverage = 1.0 - short * per_target if short < H else 0.0 if owed else 1.0
    F = s.F - fee_vault_draw

    # 7 Surplus: burn, fill the Fee Vault, and what overflows buys IO
    surplus = revenue - paid
    burn_budget = p.burn_share * surplus
    burn_wanted = burn_budget * per_usd
    burned_market = 0.0 if p.burn_vault > 0.5 else min(burn_wanted, C)
    burned_vault = min(burn_wanted, V) if p.burn_vault > 0.5 else 0.0
    burned_unissued = min(burn_wanted - burned_vault, U) if p.burn_vault > 0.5 else 0.0
    burn_usd = 0.0 if p.burn_vault > 0.5 else burn_budget
    lost_burn = max(burn_usd - burned_market * P, 0.0) if burned_market < burn_wanted else 0.0
    C = C - burned_market
    B = B + burned_market
    V = V - burned_vault
    B = B + burned_vault
    U = U - burned_unissued
    B = B + burned_unissued
    onward = surplus - burn_usd
    fee_vault_in = min(onward, max(p.fee_cap - F, 0.0))
    F = F + fee_vault_in
    excess = onward - fee_vault_in
    bought_wanted = excess * per_usd
    bought = min(bought_wanted, C)
    lost_usd = lost_burn + (max(excess - bought * P, 0.0) if bought < bought_wanted else 0.0)
    overflow_burned = bought if p.overflow_burn > 0.5 else 0.0
    refilled = 0.0 if p.overflow_burn > 0.5 else bought
    C = C - overflow_burned
    B = B + overflow_burned
    C = C - refilled
    V = V + refilled

    # 8 Retirement of emission that was not released
    retired = min(p.chi * max(emitted - released, 0.0), V)
    V = V - retired
    B = B + retired

    # 9 Controller
    g = s.g + p.smooth * (gap * p.per_month - s.g)
    runway = (V * P + F) / g if g > NEGLIGIBLE * p.H0_month else UNLIMITED
    cut = p.controller > 0.5 and runway < p.r_min
    lift = p.controller > 0.5 and runway > p.r_max
    k = max(p.k_min, s.k * p.down) if cut else (min(1.0, s.k * p.up) if lift else s.k)
    k_lowered = 1.0 if k < s.k else 0.0

    # 10 Supplier exit and return
    pay = coverage * s.k
    N = s.N + p.adjust * (power(pay, p.eta) - s.N) if p.eta > 0.0 else s.N

    # 11 Stake follows supply
    stake = p.K0 * N
    unstaked = max(K - stake, 0.0)
    staked = min(max(stake - K, 0.0), C)
    K = K - unstaked
    Q = Q + unstaked
    C = C - staked
    K = K + staked
    cooled = p.cooled * Q
    Q = Q - cooled
    C = C + cooled

    # 12 Price impact, felt from the next step on
    buys = (burned_market + bought) * P
    sells = (p.sell_payout * released + p.sell_unlock * unlocked) * P
    x = s.x + p.impact * (buys - sells)
    x = min(max(x, -LOG_LIMIT), LOG_LIMIT)

    return State(U, V, L, C, K, Q, B, F, N, k, g, x, s.y), Flows(
        P,
        D,
        revenue,
        unserved,
        H,
        psi,
        paid,
        fee_vault_draw,
        short,
        coverage,
        pay,
        surplus,
        burn_usd,
        fee_vault_in,
        lost_usd,
        unlocked,
        emitted,
        released,
        burned_market,
        burned_vault,
        burned_unissued,
        refilled,
        overflow_burned,
        retired,
        staked,
        unstaked,
        cooled,
        runway,
        k_lowered,
    )


def is_short(f: Flows) -> bool:
    """Shortfall: the vaults cannot cover the target."""
    return f.short > NEGLIGIBLE * f.target


def is_empty(s: State, f: Flows, p: Params) -> bool:
    """Both vaults are empty at the step's end."""
    return s.V * f.price + s.F < NEGLIGIBLE * p.H0_month
