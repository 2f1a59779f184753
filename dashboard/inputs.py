"""How an input reads: its name, unit, value and source in words, made from its declaration and its fact."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from dashboard.settings import value_to_text
from dashboard.words.formats import MINUS, NO_BREAK, plain
from data.registry import Registry
from models.parameters import Scenario, field_info

# The reader's words for the scenario's.
WORDS = {
    "ide": "Engine as published",
    "legacy": "Old schedule",
    "as_reported": "As reported",
    "revenue_first": "Revenue first",
    "vault_first": "Reward Vault first",
    "all": "All surplus",
    "io_receipts": "Payments made in IO",
    "market": "Bought on the market",
    "vault": "Taken out of the vault",
    "refill": "Refills the Reward Vault",
    "burn": "Is burned",
}
# What None means.
NO_LIMIT = {
    "shock_months": "to the end",
    "V0": "by months of emission",
    "release_cap": "no cap",
    "y2_cap_months": "no cap",
}
HISTORIES = ("price_history", "revenue_history")
# In the order of the pages: what moves the answer most comes first.
GROUPS = {
    "price": "Price",
    "demand": "Demand and revenue",
    "vaults": "Vaults",
    "engine": "Payouts",
    "surplus": "Surplus and burn",
    "controller": "Controller",
    "suppliers": "Suppliers",
    "market": "Market",
    "run": "Run",
}


def fields_of(group: str) -> list[str]:
    """The inputs of one group, in the order of their declaration."""
    return [name for name in Scenario.model_fields if _extra(name)["group"] == group]


def title(name: str) -> str:
    return str(field_info(name).title)


def symbol(name: str) -> str:
    """The input's symbol in the model's description, else its name."""
    return str(_extra(name).get("symbol", name))


def is_share(name: str) -> bool:
    """Whether an input is a fraction, which readers see as percent."""
    return str(_extra(name)["unit"]).startswith("fraction")


def unit(name: str) -> str:
    """The unit as a reader sees it: `fraction of surplus` is `% of surplus`."""
    text = str(_extra(name)["unit"]).replace("H0", "the target at the start")
    return "%" + text.removeprefix("fraction") if is_share(name) else text


def shown(name: str, value: Any) -> str:
    """A value of an input in the reader's words, unit included."""
    if value is None:
        return NO_LIMIT.get(name, "none")
    if name in HISTORIES:
        return f"{len(value)} months"
    match value:
        case bool():
            return "on" if value else "off"
        case str():
            return WORDS[value]
        case tuple():
            return value_to_text(value) or "none"
    if is_share(name):
        return f"{_digits(value * 100)}{NO_BREAK}{unit(name)}"
    return f"{_digits(value)} {unit(name)}"


def heading(name: str, registry: Registry, marked: bool = False) -> str:
    """Title, unit and, as a badge, what kind of figure the value rests on, as Markdown. `marked`: it is one
    of those that matter most."""
    text = title(name) if unit(name) in ("", "%") else f"{title(name)}, {unit(name)}"
    text = f"◆ {text}" if marked else text
    if name in HISTORIES:
        return text
    kind = registry.fact_for(name).kind
    colour = "orange" if kind == "assumption" else "blue"
    return f"{text} :{colour}-badge[{kind.replace('_', ' ')}]"


def source_text(name: str, registry: Registry) -> str:
    """What an input means, what is plausible for it, and where its value comes from, as Markdown. Made once
    for each version of the facts: every page shows it at every move."""
    key = (name, registry.version)
    if key not in _SOURCE_TEXTS:
        _SOURCE_TEXTS[key] = _source_text(name, registry)
    return _SOURCE_TEXTS[key]


_SOURCE_TEXTS: dict[tuple[str, str], str] = {}


def _source_text(name: str, registry: Registry) -> str:
    info = field_info(name)
    lines = [plain(str(info.description), 400)]
    if name not in HISTORIES:
        fact, bounds = registry.fact_for(name), registry.range_for(name)
        if bounds is not None:
            low, high = (shown(name, bound) for bound in bounds)
            lines.append(f"Plausible: {plain(low)} to {plain(high)}.")
        lines.append(f"Source, {fact.kind.replace('_', ' ')}: {citation(fact.source, registry)}.")
        if fact.note:
            lines.append(plain(fact.note, 600))
    lines.append(f"In commands: `{name}`")
    return "\n\n".join(lines)


def citation(source_id: str, registry: Registry) -> str:
    """A source's name with its address or document, as Markdown."""
    source = registry.source(source_id)
    if source.address is not None:
        return f"[{plain(source.name, 200)}](<{source.address}>)"
    return f"{plain(source.name, 200)} ({plain(str(source.document), 200)})"


def kinds(name: str) -> set[Any]:
    """The types that an input takes; empty for a choice."""
    annotation = field_info(name).annotation
    if get_origin(annotation) is Literal:
        return set()
    return set(get_args(annotation)) or {annotation}


def choices(name: str) -> tuple[str, ...]:
    """What can be chosen; empty for an input that is no choice."""
    annotation = field_info(name).annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def none_allowed(name: str) -> bool:
    return NoneType in kinds(name)


def _extra(name: str) -> dict[str, Any]:
    extra = field_info(name).json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _digits(value: float) -> str:
    text = f"{abs(value):,.6f}" if abs(value) < 1 else f"{abs(value):,.4f}"
    text = text.rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text
