"""Random shocks as text: the `key=value` of `--shock`, and the words that give the same shocks again."""

from collections.abc import Iterable
from typing import Any

from dashboard.settings import number, value_to_text, whole
from models.parameters import InputError
from models.shocks import Shocks, parse_shocks

RATES = ("mu", "sigma", "jump_rate", "g", "nu")
NUMBERS = ("jump_mean", "jump_sd", "jump_demand", "rho", "theta")
SWITCHES = ("repair_root", "demean")
KEYS = (
    "regimes", *(f"[regime.]{rate}" for rate in RATES), "transition", "start", *NUMBERS, *SWITCHES,
    "block_days", "history",
)  # fmt: skip


def shocks_from(texts: Iterable[str], base: Shocks) -> Shocks:
    """`base` with what the texts set. `sigma=1` sets every regime's, `stress.sigma=2` one's;
    `regimes=calm,stress,boom` names them, a new one beginning as the last; matrix rows are parted by commas
    and their entries by colons. Of two values for one key the later counts. Raises InputError."""
    values = base.model_dump()
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError(f"{text[:60]!r} is not a shock setting: write key=value, like rho=0.3")
        _set(values, key, value)
    return parse_shocks(values)


def shock_words(shocks: Shocks) -> list[str]:
    """Every number of the shocks, as `shocks_from` reads them back whatever they are set upon."""
    words = [f"regimes={','.join(r.name for r in shocks.regimes)}"]
    words += [f"{r.name}.{rate}={value_to_text(getattr(r, rate))}" for r in shocks.regimes for rate in RATES]
    words += [f"{name}={value_to_text(getattr(shocks, name))}" for name in ("transition", "start", *NUMBERS)]
    words += [f"{name}={value_to_text(getattr(shocks, name))}" for name in SWITCHES]
    if shocks.history is not None:
        words += [f"block_days={shocks.block_days}", f"history={value_to_text(shocks.history)}"]
    return words


def _set(values: dict[str, Any], key: str, value: str) -> None:
    regime, dot, rate = key.rpartition(".")
    if rate in RATES:
        _set_rate(values, regime if dot else None, rate, number(key, value))
    elif key == "regimes":
        values["regimes"] = _renamed(values["regimes"], value)
    elif key == "transition":
        values["transition"] = [[number(key, p) for p in row.split(":")] for row in value.split(",")]
    elif key == "history":
        values["history"] = [number(key, close) for close in value.split(",")]
    elif key == "block_days":
        values["block_days"] = whole(key, value)
    elif key in SWITCHES:
        if value not in ("on", "off"):
            raise InputError(f"{key} = {value[:40]!r} is not a switch: write on or off")
        values[key] = value == "on"
    elif key in NUMBERS:
        values[key] = number(key, value)
    elif key == "start":
        values[key] = value
    else:
        raise InputError(f"the shocks have no {key[:40]!r}; there are {' '.join(KEYS)}")


def _set_rate(values: dict[str, Any], regime: str | None, rate: str, value: float) -> None:
    chosen = [r for r in values["regimes"] if regime in (None, r["name"])]
    if not chosen:
        names = ", ".join(r["name"] for r in values["regimes"])
        raise InputError(f"there is no regime {regime!r}; there are {names}")
    for r in chosen:
        r[rate] = value


def _renamed(regimes: list[dict[str, Any]], names: str) -> list[dict[str, Any]]:
    known = {r["name"]: r for r in regimes}
    new = [name.strip() for name in names.split(",")]
    return [{**known.get(name, regimes[-1]), "name": name} for name in new]
