"""Payout rules of other networks on IO's scale, paid from the same revenue at the same prices.

A rule is its parameters and one step, elementwise over paths: arrays hold one number a path. Prices do not
answer to a rule's issuance, nor do customers or suppliers, and the cap on the supply holds for every rule:
what it issues comes out of tokens not yet issued, or out of burned ones where the rule mints those again.
Each class says in its docstring what its network does and how that is translated here; readers are shown it.
"""

import math
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from models.compiler import compile_scenario
from models.economy import UNLIMITED, Flows, Inputs, step
from models.parameters import DAYS_PER_MONTH, Scenario, parse_scenario
from models.parameters import Protocol as Token

Array: TypeAlias = npt.NDArray[np.float64]
Memory: TypeAlias = tuple[Any, ...]
NONE = np.zeros(1)


class Start(NamedTuple):
    """What a run begins with."""

    scenario: Scenario
    token: Token
    unissued: float  # IO
    circulating: float  # IO
    schedule: float  # IO: IO's own emission in the first step
    months: float  # length of a step


class Market(NamedTuple):
    """What one step brings, the same for every rule."""

    price: Array  # USD per IO
    revenue: Array  # USD: what customers pay
    target: float  # USD: what suppliers are owed
    schedule: float  # IO: IO's own emission
    unlocked: float  # IO, in `circulating` already
    at: float  # months since the run's start, when the step begins
    months: float  # length of the step


class Supply(NamedTuple):
    """Where tokens are, in IO; locked ones aside, they sum to the same in every step."""

    unissued: Array
    circulating: Array
    burned: Array


class Payout(NamedTuple):
    """What a step pays suppliers in USD, their tokens at the step's price, and the tokens that it moves."""

    income: Array
    new: Array = NONE  # unissued -> circulating
    again: Array = NONE  # burned -> circulating
    burned: Array = NONE  # circulating -> burned
    taken_back: Array = NONE  # circulating -> unissued
    destroyed: Array = NONE  # unissued -> burned, by the burn
    retired: Array = NONE  # unissued -> burned, because it was not needed


def moved(s: Supply, p: Payout) -> Supply:
    """The supply after a payout."""
    return Supply(
        s.unissued - p.new + p.taken_back - p.destroyed - p.retired,
        s.circulating + p.new + p.again - p.burned - p.taken_back,
        s.burned - p.again + p.burned + p.destroyed + p.retired,
    )


class Rule(Protocol):
    """One network's way to pay its suppliers."""

    def begin(self, start: Start) -> Memory:
        """What the rule remembers before the first step."""

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        """One payout, and what the rule remembers after it. `s` holds this step's unlocks."""


class Ide:
    """io.net's Incentive Dynamic Engine as the scenario has it: revenue and the vaults pay a target in USD,
    a share of what is left over buys tokens and burns them. Supplier exit, customers who follow suppliers and
    price impact are off, so that every rule meets the same revenue at the same prices."""

    variant = "ide"

    def begin(self, start: Start) -> Memory:
        compiled = compile_scenario(parse_scenario({"rule": self.variant}, start.scenario), start.token)
        # without exit N stays 1, so that demand has nothing to follow
        params = compiled.params._replace(eta=0.0, impact=0.0, capacity=UNLIMITED)
        return params, [compiled.start]

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        params, states = memory
        states = states if len(states) == m.price.size else states * m.price.size
        inputs = zip(m.price.tolist(), m.revenue.tolist(), strict=True)
        steps = [
            step(state, params, Inputs(m.unlocked, m.schedule, price, 1.0, revenue))
            for state, (price, revenue) in zip(states, inputs, strict=True)
        ]
        f = Flows(*np.array([flows for _, flows in steps]).T)
        income = f.paid + f.fee_vault_draw + f.released * f.price
        burned = f.burned_market + f.overflow_burned
        destroyed = f.burned_vault + f.burned_unissued
        payout = Payout(
            np.asarray(income),
            new=np.asarray(f.released),
            burned=np.asarray(burned),
            taken_back=np.asarray(f.refilled),
            destroyed=np.asarray(destroyed),
            retired=np.asarray(f.retired),
        )
        return payout, (params, [state for state, _ in steps])


class Legacy(Ide):
    """io.net's old schedule: suppliers get all revenue and the whole emission, whatever it is worth; nothing
    is burned. Supplier exit, customers who follow suppliers and price impact are off here too."""

    variant = "legacy"


class Akash(NamedTuple):
    """Customers top up dollar credits, which burns tokens at that day's price; as credits are used, tokens
    worth the same dollars are minted for suppliers at the new price: burned ones first, new ones when the
    price has fallen too far. The spread is taken from the top-up. Nothing needs scaling. Assumptions: every
    customer keeps the days of credits that the proposal takes as typical, and nobody has any at the start."""

    spread: float  # share of a top-up
    runway_days: float

    def begin(self, start: Start) -> Memory:
        return (NONE,)

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        (credits,) = memory
        used = m.revenue * (1 - self.spread)
        runway = used * self.runway_days / (DAYS_PER_MONTH * m.months)
        top_up = np.maximum(used + runway - credits, 0.0) / (1 - self.spread)
        burned = np.minimum(top_up / m.price, s.circulating)
        credits = credits + burned * m.price * (1 - self.spread)
        settled = np.minimum(used, credits)
        owed = settled / m.price
        again = np.minimum(owed, s.burned + burned)
        new = np.minimum(owed - again, s.unissued)
        return Payout((again + new) * m.price, new=new, again=again, burned=burned), (credits - settled,)


class Render(NamedTuple):
    """A fixed share of what customers pay buys tokens and burns them, the network keeps the rest, and
    suppliers get newly minted tokens by a schedule that does not look at the burn. Assumptions: the schedule
    is scaled by the tokens that exist (IO's at the run's start to Render's before its schedule), its first
    year is the run's first, after the published years each is the damping times the last one, and all of it
    goes to suppliers, where Render gives them a part."""

    burn_share: float  # of revenue
    yearly: tuple[float, ...]  # RENDER, the published years
    damping: float  # of each later year
    supply: float  # RENDER

    def begin(self, start: Start) -> Memory:
        return ((start.token.cap_io - start.unissued) / self.supply,)

    def minted(self, months: float) -> float:
        """RENDER minted in the first `months` months."""
        years = int(months // 12)
        whole = math.fsum(self.minted_in(year) for year in range(years))
        return whole + self.minted_in(years) * (months / 12 - years)

    def minted_in(self, year: int) -> float:
        later = year - len(self.yearly) + 1
        return self.yearly[year] if later <= 0 else self.yearly[-1] * self.damping**later

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        (scale,) = memory
        burned = np.minimum(self.burn_share * m.revenue / m.price, s.circulating)
        scheduled = scale * (self.minted(m.at + m.months) - self.minted(m.at))
        new = np.minimum(scheduled, s.unissued)
        return Payout(new * m.price, new=new, burned=burned), memory


class Helium(NamedTuple):
    """Customers burn tokens worth what they pay. Suppliers get the scheduled emission and, minted again, what
    was burned on average over some days, up to a cap; if that is worth less than the floor, a share of what
    customers pay, more burned tokens are minted again, never above the recent burn; what is worth more than
    the ceiling goes to stakers. Assumptions: the schedule is IO's own, the cap is Helium's share of the
    start of it, and all of the emission reaches suppliers (alpha), as it does on IO. A step longer than the
    days counts as them."""

    epochs: float  # over which the burn is averaged
    epoch_days: float
    cap_share: float  # of the schedule at the start
    floor: float  # share of revenue
    ceiling: float  # multiple of revenue
    alpha: float  # share of the emission that reaches suppliers

    def begin(self, start: Start) -> Memory:
        return (), self.cap_share * start.schedule

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        recent, cap = memory
        burned = np.minimum(m.revenue / m.price, s.circulating)
        steps = max(1, round(self.epochs * self.epoch_days / (DAYS_PER_MONTH * m.months)))
        recent = (*recent, burned)[-steps:]
        mean = sum(recent) / len(recent)
        at_hand = s.burned + burned
        new = np.minimum(m.schedule, s.unissued)
        net = np.minimum(np.minimum(mean, cap), at_hand)
        missing = np.maximum(self.floor * m.revenue / m.price - self.alpha * (new + net), 0.0) / self.alpha
        top_up = np.minimum(np.minimum(np.maximum(mean - cap, 0.0), missing), at_hand - net)
        earned = self.alpha * (new + net + top_up) * m.price
        income = np.minimum(earned, self.ceiling * m.revenue)
        return Payout(income, new=new, again=net + top_up, burned=burned), (recent, cap)


class Filecoin(NamedTuple):
    """Suppliers keep what customers pay and get newly minted tokens: a part by time alone, with a half-life,
    and the rest by a time that runs only as fast as the network meets its baseline. Assumptions: the tokens
    to mint are IO's not yet issued at the run's start, the network's size is its revenue and the baseline
    the payout target, which does not grow, so that a month with half the target's revenue counts as half."""

    simple_share: float
    half_life_years: float

    def begin(self, start: Start) -> Memory:
        return NONE, start.unissued

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        before, pool = memory
        met = np.minimum(m.revenue / m.target, 1.0) if m.target > 0 else 1.0
        after = before + m.months * met
        by_time = self.minted(m.at + m.months) - self.minted(m.at)
        by_baseline = self.minted(after) - self.minted(before)
        shares = self.simple_share * by_time + (1 - self.simple_share) * by_baseline
        new = np.minimum(pool * shares, s.unissued)
        return Payout(m.revenue + new * m.price, new=new), (after, pool)

    def minted(self, months: Any) -> Any:
        """Share of a part that is minted after `months` of its time."""
        return -np.expm1(-math.log(2) / (12 * self.half_life_years) * months)


class Livepeer(NamedTuple):
    """Suppliers keep what customers pay and get inflation on the circulating tokens. Inflation rises by a
    fixed step each round while less than a target share of tokens is bonded, and falls by it while more is.
    Assumptions: how much is bonded follows how well suppliers were paid, being at the target when the last
    step's income was the payout target and in proportion to it otherwise; inflation starts where IO's own
    schedule is and moves once a step, by all the step's rounds."""

    change: float  # of the inflation a round, each round
    target: float  # bonded share
    rounds_per_year: float

    def begin(self, start: Start) -> Memory:
        return start.schedule / (start.circulating * self.rounds(start.months)), self.target

    def rounds(self, months: float) -> float:
        return self.rounds_per_year / 12 * months

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        inflation, bonded = memory
        rounds = self.rounds(m.months)
        inflation = np.maximum(inflation + np.sign(self.target - bonded) * self.change * rounds, 0.0)
        new = np.minimum(inflation * rounds * s.circulating, s.unissued)
        income = m.revenue + new * m.price
        bonded = np.minimum(self.target * income / m.target, 1.0) if m.target > 0 else self.target
        return Payout(income, new=new), (inflation, bonded)


class Fixed(NamedTuple):
    """Suppliers keep what customers pay and get a fixed share of the whole supply, evenly over some years,
    whatever happens; nothing is burned. Assumptions: the share is of IO's cap and the years begin
    with the run; as IO has issued part of its supply already, the tokens run out before the years do."""

    share: float  # of the cap
    years: float

    def begin(self, start: Start) -> Memory:
        return (self.share * start.token.cap_io / (12 * self.years),)

    def step(self, s: Supply, memory: Memory, m: Market) -> tuple[Payout, Memory]:
        (a_month,) = memory
        months = max(min(m.at + m.months, 12 * self.years) - m.at, 0.0)
        new = np.minimum(a_month * months, s.unissued)
        return Payout(m.revenue + new * m.price, new=new), memory
