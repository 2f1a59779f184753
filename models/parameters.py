"""Every input of the model, declared once: name, unit, mathematical bounds and meaning (SPEC sections 1-4).

No sourced figure stands here: values and plausible ranges come from the facts (data/registry.py).
The bounds below are what the mathematics allows, not what is likely.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

DAYS_PER_MONTH = 30.4375
MAX_MONTHS = 600
MAX_STEPS_PER_MONTH = 100
MAX_CONTRACTS = 20


class InputError(ValueError):
    """Bad input. Its text is one sentence for the reader: what, where, what is allowed."""


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class VestingBucket(Strict):
    """One genesis allocation. `at_tge` is the share liquid at the token's launch; the rest is released
    evenly over protocol months `first_month`..`last_month`: `linear` by the step, `tranche` at month ends."""

    name: str
    total_io: float = Field(ge=0)
    at_tge: float = Field(ge=0, le=1)
    kind: Literal["linear", "tranche", "none"]
    first_month: int | None = Field(default=None, ge=1)
    last_month: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _months_fit_the_kind(self) -> Self:
        dated = self.first_month is not None and self.last_month is not None
        if self.kind == "none" and (dated or self.at_tge != 1):
            raise ValueError(f"bucket {self.name!r} has no vesting, so all of it must be liquid at launch")
        if self.kind != "none" and (not dated or (self.first_month or 0) > (self.last_month or 0)):
            raise ValueError(f"bucket {self.name!r} needs first_month <= last_month")
        return self


class Protocol(Strict):
    """What the token's contract and documents fix: supply, emission and vesting (SPEC section 2).

    Amounts in IO; month 1 is the calendar month that starts on `first_month`."""

    cap_io: float = Field(gt=0)
    genesis_io: float = Field(gt=0)
    emission_total_io: float = Field(gt=0)
    emission_annual_rate: float = Field(gt=0, lt=1)
    emission_months: int = Field(ge=1, le=MAX_MONTHS)
    emission_q: float = Field(gt=0, lt=1)
    first_month: date
    buckets: tuple[VestingBucket, ...]

    @model_validator(mode="after")
    def _sums(self) -> Self:
        if abs(self.genesis_io + self.emission_total_io - self.cap_io) > 1:
            raise ValueError("genesis and emission must sum to the cap")
        if abs(sum(b.total_io for b in self.buckets) - self.genesis_io) > 1:
            raise ValueError("vesting buckets must sum to the genesis supply")
        return self


class Contract(Strict):
    """Extra revenue of `usd` a month in the run's months `first` .. `first + months - 1`."""

    first: int = Field(ge=1, le=MAX_MONTHS)
    months: int = Field(ge=1, le=MAX_MONTHS)
    usd: float = Field(ge=0, le=1e12)


def _field(title: str, unit: str, group: str, *, symbol: str | None = None, **bounds: Any) -> Any:
    """A Scenario field: every control, column head and error message is made from this declaration."""
    extra: dict[str, Any] = {"unit": unit, "group": group, **({"symbol": symbol} if symbol else {})}
    return Field(title=title, json_schema_extra=extra, **bounds)


# The lowest price keeps every division finite.
Price = Annotated[float, Field(ge=1e-9, le=1e6)]
Closes = Annotated[tuple[Price, ...], Field(min_length=1, max_length=31)]
Usd = Annotated[float, Field(ge=0, le=1e12)]


class Scenario(Strict):
    """One complete set of inputs. Field names are the SPEC's symbols and the keys of `--set`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rule: Literal["ide", "legacy", "as_reported"] = _field("Payout rule", "", "engine")
    """ide: the Incentive Dynamic Engine as published; legacy: the old schedule, all emission and all
    revenue to suppliers, no burn; as_reported: the schedule in full and the burn taken out of what is
    not yet emitted (October 2026). The last two have no Reward Vault."""
    order: Literal["revenue_first", "vault_first"] = _field("Payout order", "", "engine")
    """Which money pays suppliers first: revenue, or the Reward Vault (the published draw order taken
    literally)."""
    m0: int = _field("Run starts after month", "protocol month", "run", ge=0, le=MAX_MONTHS)
    """The run starts at the end of this protocol month; month 1 is July 2024."""
    months: int = _field("Length of the run", "months", "run", symbol="T", ge=1, le=MAX_MONTHS)
    """How many months the run lasts."""
    steps_per_month: int = _field("Steps per month", "steps", "run", symbol="n", ge=1, le=MAX_STEPS_PER_MONTH)
    """1 is monthly, 30 is daily."""
    P0: float = _field("Price at the start", "USD per IO", "price", ge=1e-9, le=1e6)
    """Token price before any shock."""
    price_shock: float = _field("Price shock", "fraction", "price", gt=-1, le=100)
    """Change of the price while the shock lasts: -0.5 halves it."""
    demand_shock: float = _field("Demand shock", "fraction", "demand", ge=-1, le=100)
    """Change of demand while the shock lasts: -0.55 leaves 45 %."""
    shock_month: int = _field("Shock starts in", "run month", "price", ge=1, le=MAX_MONTHS)
    """First month of the shock, counted from 1 at the run's first month."""
    shock_months: int | None = _field("Shock lasts", "months", "price", default=None, ge=1, le=MAX_MONTHS)
    """How long the shock lasts; none means to the end."""
    R_base: float = _field("Base revenue", "USD a month", "demand", ge=0, le=1e12)
    """Revenue a month at demand 1, without contracts."""
    contracts: tuple[Contract, ...] = _field(
        "Contracts", "first:months:usd", "demand", max_length=MAX_CONTRACTS
    )
    """Extra revenue for some months of the run."""
    phi: float = _field("Demand follows supply", "exponent", "demand", ge=0, le=10)
    """Demand is multiplied by min(1, N) to this power: customers leave when supply does."""
    u0: float = _field("Utilisation at the start", "fraction", "demand", symbol="u_0", ge=0.001, le=1)
    """Share of the active supply that is hired at the start."""
    u_max: float = _field("Highest utilisation", "fraction", "demand", ge=0.001, le=1)
    """Share of the active supply that can be hired at most."""
    H0: float = _field("Payout target", "USD a month", "engine", symbol="H_0", ge=0, le=1e12)
    """What all suppliers are owed a month at the start."""
    beta: float = _field("Burn share", "fraction of surplus", "surplus", ge=0.5, le=1)
    """Share of the revenue left after payouts that is burned; the published minimum is one half."""
    burn_base: Literal["all", "io_receipts"] = _field("Burn applies to", "", "surplus")
    """All surplus revenue, or only the share that was paid in IO."""
    burn_source: Literal["market", "vault"] = _field("Burned tokens come from", "", "surplus")
    """Bought on the market, or taken out of the Reward Vault and then out of what is not yet emitted."""
    s_io: float = _field("Share of payments in IO", "fraction", "surplus", ge=0, le=1)
    """Used when only IO receipts are burned."""
    y2_cap_months: float | None = _field(
        "Fee Vault cap", "months of payout target", "surplus", default=None, ge=0, le=1200
    )
    """The Fee Vault takes surplus up to this many months of the payout target; none means no cap."""
    overflow: Literal["refill", "burn"] = _field("What overflows the Fee Vault", "", "surplus")
    """Buys IO that refills the Reward Vault, or IO that is burned."""
    V0_months: float = _field("Reward Vault at the start", "months of emission", "vaults", ge=0, le=240)
    """The next months of the emission schedule, put into the vault at the start; 240 means all that is
    left."""
    V0: float | None = _field(
        "Reward Vault at the start, as an amount", "IO", "vaults", symbol="V_0", default=None, ge=0, le=1e12
    )
    """Overrides the months of emission when given."""
    F0: float = _field("Fee Vault at the start", "USD", "vaults", symbol="F_0", ge=0, le=1e12)
    """Money in the Fee Vault at the start."""
    kappa: float = _field("Emission factor", "multiple of schedule", "vaults", ge=0, le=100)
    """Emission into the Reward Vault as a multiple of the schedule."""
    chi: float = _field("Retirement", "fraction", "vaults", ge=0, le=1)
    """Share of the month's emission not released that is burned for good."""
    release_cap: float | None = _field("Release cap", "IO a month", "vaults", default=None, ge=0, le=1e12)
    """Most IO that the Reward Vault may release in a month; none means no cap."""
    controller: bool = _field("Controller", "", "controller")
    """Lowers the payout target when the runway is short and raises it again when it is long."""
    a: float = _field("Smoothing of the payout gap", "per month", "controller", ge=0, le=1)
    """Weight of the newest month in the smoothed payout gap that the runway is measured with."""
    r_min: float = _field("Runway that cuts the target", "months", "controller", ge=0, le=1200)
    """Below this runway the controller lowers the target."""
    r_max: float = _field("Runway that raises the target", "months", "controller", ge=0, le=1200)
    """Above this runway the controller raises the target."""
    g_down: float = _field("Cut of the target", "fraction a month", "controller", ge=0, le=1)
    """How fast the controller lowers the target."""
    g_up: float = _field("Rise of the target", "fraction a month", "controller", ge=0, le=10)
    """How fast the controller raises the target."""
    k_min: float = _field("Lowest payout target", "fraction of H0", "controller", ge=0, le=1)
    """The controller never goes below this."""
    eta: float = _field("Supplier exit", "exponent", "suppliers", ge=0, le=10)
    """How strongly suppliers leave when they are paid less: they settle at pay to this power; 0 is off."""
    omega: float = _field("Speed of exit and return", "fraction a month", "suppliers", ge=0, le=1)
    """How fast supply moves to where pay sends it."""
    K0: float = _field("Staked by suppliers", "IO", "suppliers", symbol="K_0", ge=0, le=1e12)
    """IO staked at the start; follows the active supply."""
    cooldown_days: float = _field("Unstaking cooldown", "days", "suppliers", ge=0.01, le=3650)
    """Mean time from unstaking to the market."""
    impact: float = _field("Price impact", "log price per month of volume", "market", ge=0, le=10)
    """How far buys and sells of one month's volume move the log price; 0 is off."""
    depth: float = _field("Market volume", "USD a month", "market", ge=1, le=1e15)
    """Traded value a month, against which impact is measured."""
    sell_payout: float = _field("Share of payouts sold", "fraction", "market", ge=0, le=1)
    """Share of released IO that suppliers sell."""
    sell_unlock: float = _field("Share of unlocks sold", "fraction", "market", ge=0, le=1)
    """Share of unlocked IO that holders sell."""
    p_star: float = _field("Underpaid below", "fraction of H0", "engine", symbol="p*", ge=0, le=1)
    """Pay below this counts as underpaid."""
    price_history: tuple[Closes, ...] | None = _field(
        "Price history", "USD per IO", "price", default=None, min_length=1, max_length=MAX_MONTHS
    )
    """Daily closes of each run month (or one mean a month), in place of P0."""
    revenue_history: tuple[Usd, ...] | None = _field(
        "Revenue history", "USD a month", "demand", default=None, min_length=1, max_length=MAX_MONTHS
    )
    """Revenue of each run month, in place of R_base."""

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.r_min > self.r_max:
            raise ValueError(f"r_min ({self.r_min:g}) must not exceed r_max ({self.r_max:g})")
        for name in ("price_history", "revenue_history"):
            history = getattr(self, name)
            if history is not None and len(history) < self.months:
                raise ValueError(
                    f"months is {self.months} but {name} covers {len(history)}: "
                    "a run cannot be longer than its history"
                )
        return self

    def canonical_json(self) -> str:
        """The one text form: sorted keys, shortest round-trip numbers, no spaces."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def digest(self) -> str:
        """sha256 (hex) of the canonical JSON: the scenario's name in the store and on every export."""
        return self._digest


def field_info(name: str) -> FieldInfo:
    """The declaration of one Scenario field. Raises InputError for an unknown name."""
    try:
        return Scenario.model_fields[name]
    except KeyError:
        known = " ".join(Scenario.model_fields)
        raise InputError(f"unknown input {_shown(name)}; allowed are: {known}") from None


def parse_scenario(changes: Mapping[str, Any], base: Scenario | None = None) -> Scenario:
    """A Scenario from untrusted values over `base`. Raises InputError: one sentence for the first fault."""
    for name in changes:
        field_info(name)
    values: dict[str, Any] = {} if base is None else {n: getattr(base, n) for n in Scenario.model_fields}
    values.update(changes)
    try:
        return Scenario.model_validate(values | {n: _as_tuples(v) for n, v in changes.items()})
    except ValidationError as error:
        raise InputError(sentence(error)) from None


def _as_tuples(value: Any) -> Any:
    # strict pydantic takes tuples only; JSON knows lists only
    return tuple(_as_tuples(v) for v in value) if isinstance(value, list) else value


def sentence(error: ValidationError) -> str:
    """The first fault of a pydantic error as one sentence that names the field, the value and the bounds."""
    fault = error.errors(include_url=False, include_context=True)[0]
    place = ", ".join(f"entry {part + 1}" if isinstance(part, int) else str(part) for part in fault["loc"])
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    if fault["type"] == "missing":
        return f"{place} is missing"
    if fault["type"] == "extra_forbidden":
        return f"{place} is not a known input"
    allowed = _allowed(place) or fault["msg"][0].lower() + fault["msg"][1:]
    return f"{place} = {_shown(fault['input'])} is not allowed: {allowed}"


def _allowed(name: str) -> str:
    """The bounds of a numeric field in words; nothing for other fields."""
    info = Scenario.model_fields.get(name)
    if info is None:
        return ""
    words = {"Ge": "at least", "Gt": "more than", "Le": "at most", "Lt": "less than"}
    bounds = [(type(m).__name__, m) for m in info.metadata if type(m).__name__ in words]
    if not bounds or "tuple" in str(info.annotation):
        return ""
    kind = "a whole number" if "int" in str(info.annotation) else "a number"
    limits = " and ".join(f"{words[kind]} {getattr(m, kind.lower()):g}" for kind, m in bounds)
    extra = info.json_schema_extra
    unit = f" ({extra['unit']})" if isinstance(extra, dict) and extra.get("unit") else ""
    return f"it must be {kind}, {limits}{unit}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
