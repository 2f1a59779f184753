"""How the numbers of a stress test read: chances with their errors, and quantities with their units."""

from typing import NamedTuple

from dashboard.words import formats
from dashboard.words.formats import NO_BREAK
from models.stress.counts import ALL_FANS


class Fan(NamedTuple):
    """A quantity that a stress test shows."""

    title: str
    unit: str


_IO = dict.fromkeys(
    ("U", "V", "L", "C", "K", "Q", "B", "burned", "retired", "emitted", "released", "circulating"), "IO"
)
_USD = dict.fromkeys(("F", "g", "shortfall_usd"), "USD")
_SHARE = dict.fromkeys(("coverage", "pay", "lowest_pay", "N", "k"), "share")
_TITLES = {
    "U": "Not yet emitted", "V": "Reward Vault", "L": "Locked", "C": "Liquid, circulating", "K": "Staked",
    "Q": "In cooldown", "B": "Burned and retired", "burned": "Burned so far", "retired": "Retired so far",
    "emitted": "Emitted into the vault so far", "released": "Released to suppliers so far",
    "circulating": "Circulating supply", "F": "Fee Vault", "g": "Monthly gap, smoothed",
    "shortfall_usd": "Short so far", "coverage": "Coverage, the month's lowest",
    "pay": "Pay, the month's lowest", "lowest_pay": "Lowest pay so far", "N": "Active supply",
    "k": "Payout target", "x": "Log price deviation", "y": "Log demand deviation", "price": "Price of IO",
    "demand": "Demand", "psi": "Revenue over the target, the month's lowest",
    "runway": "Runway, the month's shortest",
}  # fmt: skip
_UNITS = {**_IO, **_USD, **_SHARE, "price": "USD per IO", "runway": "months", "demand": "relative"}
FANS = {name: Fan(_TITLES[name], _UNITS.get(name, "")) for name in ALL_FANS}


def chance(share: float) -> str:
    """A probability as percent with as many digits as it takes to tell it from none: 12.3 %, 0.0012 %."""
    if share == 0:
        return f"0{NO_BREAK}%"
    if share < 0.001:
        return f"{share * 100:.2g}{NO_BREAK}%" if share >= 1e-6 else f"{share * 100:.1e}{NO_BREAK}%"
    return formats.percent(share)


def chance_with_error(share: float, low: float, high: float) -> str:
    """A probability with its 95 % interval; none and all with the bound that so many paths give."""
    if share == 0:
        return f"none (95{NO_BREAK}%: below {chance(high)})"
    if share == 1:
        return f"all (95{NO_BREAK}%: above {chance(low)})"
    return f"{chance(share)} (95{NO_BREAK}%: {interval(low, high)})"


def chance_or_bound(share: float, high: float) -> str:
    """A probability that stands without its interval; none as what so many paths exclude."""
    return f"under {chance(high)}" if share == 0 else chance(share)


def interval(low: float, high: float) -> str:
    """Two probabilities, to the digits that tell them apart."""
    decimals = 1
    while decimals < 6 and round(low * 100, decimals) == round(high * 100, decimals):
        decimals += 1
    if high < 0.001:
        return f"{chance(low)} to {chance(high)}"
    return f"{formats.percent(low, decimals)} to {formats.percent(high, decimals)}"


def quantity(name: str, value: float | None) -> str:
    """One value of a fan with its unit; no value, or infinity, is a runway without end."""
    unit = FANS[name].unit
    if value is None or value == float("inf"):
        return "no end"
    if unit == "IO":
        return formats.io(value)
    if unit.startswith("USD"):
        return formats.usd(value)
    if unit == "share":
        return formats.percent(value)
    return formats.months(value) if unit == "months" else f"{value:.4g}"
