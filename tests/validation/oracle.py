"""A second implementation of SPEC sections 2-4, written from the words alone, in 50-digit decimal arithmetic.

It shares no code with models/ and was finished before models/ was read. One function a rule, in the SPEC's
order. There are no random shocks: x moves by price impact only and y is 0. Where the SPEC is silent:

- a contract (first, months, usd) runs in the run's months first .. first + months - 1; a shock does likewise;
- the scenario's multipliers are 1 + shock;
- a part of a month of V0_months is that part of its emission;
- the vesting by month m0 includes the tranche at its end;
- a burn from the vault needs no seller: what V and U cannot give is not burned, and loses no USD;
- tokens for the burn leave C before those bought with what overflows the Fee Vault;
- V P + F is taken at this step's price, and for the runway after items 7 and 8;
- the cooldown frees its fraction of a Q that already holds this step's cut.
"""

from decimal import Decimal, localcontext
from functools import cache

CAP, GENESIS, EMISSION = Decimal(800_000_000), Decimal(500_000_000), Decimal(300_000_000)
DAYS_A_MONTH = Decimal("30.4375")
q = Decimal("0.98984895296283")
TINY = Decimal("1e-9")
ENDLESS = Decimal("Infinity")
DIGITS = 50

with localcontext(prec=DIGITS):
    E_1 = GENESIS * Decimal("0.08") / 12

SPEC_DEFAULTS = {
    "m0": 23, "P0": 0.17, "R_base": 1.04e6, "contracts": [(1, 12, 0.65e6)], "beta": 0.5, "H0": 1.35e6,
    "V0_months": 12, "V0": None, "burn_base": "all", "burn_source": "market", "order": "revenue_first",
    "F0": 0, "kappa": 1, "chi": 0, "release_cap": None, "y2_cap_months": None, "overflow": "refill",
    "s_io": 0.2, "phi": 0, "cooldown_days": 14, "controller": False, "a": 0.5, "r_min": 3, "r_max": 12,
    "g_down": 0.05, "g_up": 0.02, "k_min": 0.6, "eta": 0, "omega": 0.25, "u0": 0.4, "u_max": 0.85, "K0": 0,
    "impact": 0, "depth": 95e6 * 30.4375, "sell_payout": 0.7, "sell_unlock": 0.3, "p_star": 0.9, "months": 36,
    "steps_per_month": 1, "price_shock": 0, "demand_shock": 0, "shock_month": 3, "shock_months": None,
}  # fmt: skip

# Millions of IO, share liquid at launch, first and last month of the release.
LINEAR = {"research": ("128", "0.3", 7, 41), "community": ("80", "0.45", 1, 41)}
TRANCHES = {"seed": ("100", "0", 13, 36), "series A": ("81.6", "0", 13, 36), "core": ("90.4", "0", 13, 48)}


def power(base: Decimal, exponent: Decimal) -> Decimal:
    return base**exponent if base else Decimal(exponent == 0)


@cache
def emission(month: int) -> Decimal:
    """E_m; q is rounded, so that month 240 would pass the total by 0.01 IO and is clamped."""
    left = EMISSION - sum(map(emission, range(1, 240))) if month == 240 else EMISSION
    return min(E_1 * q ** (month - 1), left) if 1 <= month <= 240 else Decimal(0)


def vesting(buckets: dict, month: int) -> Decimal:
    """IO that the buckets release in one protocol month."""
    released = Decimal(0)
    for millions, at_launch, first, last in buckets.values():
        if first <= month <= last:
            released += Decimal(millions) * 10**6 * (1 - Decimal(at_launch)) / (last - first + 1)
    return released


class Path:
    """One path: its balances in a dictionary, its other states as attributes, and what each step did."""

    def __init__(self, scenario: dict) -> None:
        self.s = s = dict(scenario)
        self.contracts = [tuple(map(Decimal, contract)) for contract in s.pop("contracts")]
        for name, value in s.items():
            if type(value) in (int, float):
                s[name] = Decimal(str(value))
            elif value is None and name != "V0":
                s[name] = ENDLESS
        self.m0, self.n = int(s["m0"]), int(s["steps_per_month"])
        self.d = 1 / Decimal(self.n)
        left = EMISSION - sum(map(emission, range(1, self.m0 + 1)))
        whole = int(s["V0_months"])
        schedule = sum(emission(self.m0 + month) for month in range(1, whole + 1))
        schedule += (s["V0_months"] - whole) * emission(self.m0 + whole + 1)
        V = min(schedule, left) if s["V0"] is None else s["V0"]
        L = sum(vesting(LINEAR, month) + vesting(TRANCHES, month) for month in range(self.m0 + 1, 49))
        self.held = {"U": left - V, "V": V, "L": Decimal(L), "K": s["K0"], "Q": Decimal(0), "B": Decimal(0)}
        self.held["C"] = CAP - sum(self.held.values())
        self.F, self.N, self.k, self.g, self.x = s["F0"], Decimal(1), Decimal(1), Decimal(0), Decimal(0)
        self.records: list[dict] = []

    def move(self, source: str, target: str, amount: Decimal) -> Decimal:
        """IO moved: the amount, clipped to the balance that it leaves."""
        moved = max(Decimal(0), min(amount, self.held[source]))
        self.held[source] -= moved
        self.held[target] += moved
        return moved

    def buy(self, target: str, usd: Decimal) -> Decimal:
        """IO bought out of C; USD that finds none leaves the model."""
        tokens = self.move("C", target, usd / self.P)
        self.bought += tokens
        self.lost_usd += max(Decimal(0), usd - tokens * self.P)
        return tokens

    def step(self, t: int) -> None:
        self.month, self.ends_month = -(-t // self.n), t % self.n == 0
        self.unlock()
        self.prices_and_demand()
        self.emit()
        self.earn()
        self.target = self.s["H0"] * self.d * self.k * self.N
        self.pay_out()
        self.use_surplus()
        self.retired = self.move("V", "B", self.s["chi"] * max(Decimal(0), self.emitted - self.released))
        k_of_target = self.k
        self.control()
        self.pay = self.coverage * k_of_target
        self.exit_or_return()
        self.stake()
        self.move_price()
        assert min(self.held.values()) >= 0
        assert abs(sum(self.held.values()) - CAP) < Decimal("1e-30")
        names = "month F N k g x coverage pay short released burned retired lost_usd fee_vault_draw revenue"
        record = {name: getattr(self, name) for name in f"{names} target runway governance".split()}
        self.records.append(self.held | record | {"worth": self.held["V"] * self.P + self.F})

    def unlock(self) -> None:
        month = self.m0 + self.month
        tranche = vesting(TRANCHES, month) if self.ends_month else 0
        self.unlocked = self.move("L", "C", vesting(LINEAR, month) / self.n + tranche)

    def prices_and_demand(self) -> None:
        s = self.s
        shocked = s["shock_month"] <= self.month < s["shock_month"] + s["shock_months"]
        self.P = s["P0"] * (1 + s["price_shock"] * shocked) * self.x.exp()
        self.D = (1 + s["demand_shock"] * shocked) * power(min(Decimal(1), self.N), s["phi"])

    def emit(self) -> None:
        self.emitted = self.move("U", "V", self.s["kappa"] * emission(self.m0 + self.month) * self.d)

    def earn(self) -> None:
        running = sum(usd for first, months, usd in self.contracts if first <= self.month < first + months)
        base = self.s["R_base"] + running
        self.revenue = base * self.d * min(self.D, self.N * self.s["u_max"] / self.s["u0"])

    def pay_out(self) -> None:
        R, H, cap = self.revenue, self.target, self.s["release_cap"] * self.d
        self.gap = H - min(R, H)
        first = self.s["order"] == "vault_first"
        asked = H if first else self.gap
        self.released = self.move("V", "C", min(asked / self.P, cap))
        rest = asked - self.released * self.P
        self.fee_vault_draw = min(rest, self.F)
        self.F -= self.fee_vault_draw
        rest -= self.fee_vault_draw
        self.paid = min(R, rest) if first else min(R, H)
        self.short = max(Decimal(0), rest - self.paid if first else rest)
        self.coverage = 1 - self.short / H if H else Decimal(1)

    def use_surplus(self) -> None:
        s, S = self.s, self.revenue - self.paid
        worth = s["beta"] * S * (s["s_io"] if s["burn_base"] == "io_receipts" else 1)
        self.bought = self.lost_usd = Decimal(0)
        if s["burn_source"] == "market":
            self.burned = self.buy("B", worth)
            S -= worth
        else:
            self.burned = self.move("V", "B", worth / self.P)
            self.burned += self.move("U", "B", worth / self.P - self.burned)
        cap = ENDLESS if s["y2_cap_months"] == ENDLESS else s["y2_cap_months"] * s["H0"]
        filled = min(S, max(Decimal(0), cap - self.F))
        self.F += filled
        if s["overflow"] == "burn":
            self.burned += self.buy("B", S - filled)
        else:
            self.buy("V", S - filled)

    def control(self) -> None:
        s, before = self.s, self.k
        self.g += (1 - power(1 - s["a"], self.d)) * (self.gap / self.d - self.g)
        endless = self.g <= TINY * s["H0"]
        self.runway = ENDLESS if endless else (self.held["V"] * self.P + self.F) / self.g
        if s["controller"] and self.runway < s["r_min"]:
            self.k = max(s["k_min"], self.k * power(1 - s["g_down"], self.d))
        if s["controller"] and self.runway > s["r_max"]:
            self.k = min(Decimal(1), self.k * power(1 + s["g_up"], self.d))
        self.governance = self.k < before

    def exit_or_return(self) -> None:
        s = self.s
        if s["eta"]:
            self.N += (1 - power(1 - s["omega"], self.d)) * (power(self.pay, s["eta"]) - self.N)

    def stake(self) -> None:
        wanted = self.s["K0"] * self.N
        self.move("K", "Q", self.held["K"] - wanted)
        self.move("C", "K", wanted - self.held["K"])
        self.move("Q", "C", self.held["Q"] * (1 - (-DAYS_A_MONTH * self.d / self.s["cooldown_days"]).exp()))

    def move_price(self) -> None:
        s = self.s
        sells = (s["sell_payout"] * self.released + s["sell_unlock"] * self.unlocked) * self.P
        self.x += s["impact"] * (self.bought * self.P - sells) / (s["depth"] * self.d)


def run(scenario: dict) -> tuple[list[dict], dict]:
    """(one record a step, summary) of a scenario that gives every key of SPEC_DEFAULTS."""
    with localcontext(prec=DIGITS):
        path = Path(scenario)
        for t in range(1, int(path.s["months"]) * path.n + 1):
            path.step(t)
    records, year = path.records, path.records[: 12 * path.n]
    short = [record["month"] for record in records if record["short"] > TINY * record["target"]]
    return records, {
        "first_shortfall_month": short[0] if short else None,
        "min_coverage": min(record["coverage"] for record in records),
        "min_pay": min(record["pay"] for record in records),
        "burn_year1": sum(record["burned"] for record in year),
        "release_year1": sum(record["released"] for record in year),
    }
