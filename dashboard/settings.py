"""A scenario as text: the `key=value` of `--set`, and the whole command that gives the same scenario again.

Text is dot-decimal, whatever the reader's locale, and every input has a text form, histories included, so
that a copied command carries all of its inputs.
"""

import re
import shlex
from collections.abc import Iterable
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from models.parameters import Contract, InputError, Scenario, field_info

# These have a flag of their own (`--price-shock`); everything else is given by `--set`.
FLAGS = ("price_shock", "demand_shock", "shock_month", "shock_months", "months", "steps_per_month")

NONE_WORDS = frozenset({"none", "null"})
SWITCH_WORDS = {
    "on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False,
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def flag(field: str) -> str:
    """`price_shock` -> `--price-shock`."""
    return "--" + field.replace("_", "-")


def parse_setting(text: str) -> tuple[str, Any]:
    """`beta=0.6` -> ("beta", 0.6). Raises InputError on an unknown key or a value of the wrong form; whether
    the value is in bounds is for `models.parameters.parse_scenario` to say."""
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{_shown(text)} is not a setting: write key=value, like beta=0.6")
    key = key.strip()
    return key, value_from_text(key, value)


def value_from_text(field: str, text: str) -> Any:
    """The value that `text` stands for in `field`: a number, word, switch, None, contracts or a history."""
    annotation = field_info(field).annotation
    text = text.strip()
    kinds = set(get_args(annotation)) if get_origin(annotation) is not Literal else set()
    if NoneType in kinds and text.lower() in NONE_WORDS:
        return None
    kinds = kinds - {NoneType} or {annotation}
    if field == "contracts":
        return contracts_from_text(text)
    if field == "price_history":
        return tuple(tuple(_numbers(field, month, ":")) for month in _items(field, text))
    if field == "revenue_history":
        return tuple(_numbers(field, text, ","))
    if bool in kinds:
        return _switch(field, text)
    if int in kinds:
        return whole(field, text)
    if float in kinds:
        return number(field, text)
    return text


def contracts_from_text(text: str) -> tuple[dict[str, Any], ...]:
    """`1:12:650000,13:24:5e5` -> two contracts, as the fields of `models.parameters.Contract`. Empty text or
    none: no contract."""
    if not text.strip() or text.strip().lower() in NONE_WORDS:
        return ()
    contracts = []
    for item in text.split(","):
        parts = item.split(":")
        if len(parts) != 3:
            raise InputError(
                f"contracts: {_shown(item.strip())} is not a contract: write first:months:usd, "
                "like 1:12:650000, with a comma between contracts"
            )
        first, months, usd = (part.strip() for part in parts)
        contracts.append(
            {
                "first": whole("contracts: first month", first),
                "months": whole("contracts: months", months),
                "usd": number("contracts: usd", usd),
            }
        )
    return tuple(contracts)


def value_to_text(value: Any) -> str:
    """The text that `value_from_text` reads back as exactly `value`."""
    match value:
        case None:
            return "none"
        case bool():
            return "on" if value else "off"
        case float():
            return repr(value).removesuffix(".0")
        case Contract():
            return f"{value.first}:{value.months}:{value_to_text(value.usd)}"
        case tuple():
            return ",".join(
                ":".join(map(value_to_text, item)) if isinstance(item, tuple) else value_to_text(item)
                for item in value
            )
        case _:
            return str(value)


def command(scenario: Scenario, name: str = "project") -> str:
    """The whole command, quoted for a shell, that runs exactly this scenario (`name` is what to do with it),
    whatever the presets say by then: every input is in it, price and revenue histories too."""
    words = ["vaultline", name]
    for field in FLAGS:
        value = getattr(scenario, field)
        words += [flag(field), value_to_text(value)]
    others = (f for f in Scenario.model_fields if f not in FLAGS)
    words += ["--set", *(f"{f}={value_to_text(getattr(scenario, f))}" for f in others)]
    return shlex.join(words)


def _items(field: str, text: str) -> Iterable[str]:
    if not text:
        raise InputError(f"{field} is empty: write numbers with commas between the run's months")
    return text.split(",")


def _numbers(field: str, text: str, separator: str) -> list[float]:
    items = _items(field, text) if separator == "," else text.split(separator)
    return [number(field, item.strip()) for item in items]


def _switch(field: str, text: str) -> bool:
    try:
        return SWITCH_WORDS[text.lower()]
    except KeyError:
        raise InputError(f"{field} = {_shown(text)} is not a switch: write on or off") from None


def whole(field: str, text: str) -> int:
    """A whole number. `field` is what the InputError says it is for."""
    if not _WHOLE.fullmatch(text):
        raise InputError(f"{field} = {_shown(text)} is not a whole number")
    return int(text)


def number(field: str, text: str) -> float:
    """A finite dot-decimal number. `field` is what the InputError says it is for."""
    if not _NUMBER.fullmatch(text):
        hint = ": decimals take a dot, like 1.5, and thousands no separator" if "," in text else ""
        raise InputError(f"{field} = {_shown(text)} is not a number{hint}")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InputError(f"{field} = {_shown(text)} is too large a number")
    return value


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 60 else repr(text[:57] + "...")
