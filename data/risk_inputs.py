"""What reverse stress and attribution take from the facts: shocks to mark, assumptions with their ranges."""

from collections.abc import Sequence
from typing import Literal, get_args, get_origin

from data.registry import Registry
from models.attribution import Input
from models.frontier import Mark
from models.likelihood import worst_falls
from models.parameters import InputError, Scenario, field_info

# Of the shocks, those that prices cannot tell, by the fact that holds their range.
SHOCK_FACTS = {
    "jump_mean": "jump_mean",
    "jump_sd": "jump_spread",
    "jump_demand": "jump_into_demand",
    "theta": "demand_reversion",
    "rho": "price_demand_correlation",
}
DEFAULT_INPUTS = (
    "V0_months", "H0", "R_base", "P0", "order", "F0", "kappa", "beta", "controller", "eta", "theta", "rho",
)  # fmt: skip
PUBLISHED = ("price_shock", "demand_shock", "both")


def input_for(registry: Registry, name: str) -> Input:
    """One assumption as attribution moves it. Raises InputError for a name without a range of its own."""
    if name in SHOCK_FACTS:
        fact = registry.facts[SHOCK_FACTS[name]]
        if fact.range is None:
            raise InputError(f"{fact.id} states no range to move it over")
        return Input(name, fact.title, *fact.range, of_shocks=True)
    info = field_info(name)
    title, kind = info.title or name, info.annotation
    if kind is bool:
        return Input(name, title, choices=(False, True))
    if get_origin(kind) is Literal:
        return Input(name, title, choices=get_args(kind))
    span = registry.range_for(name)
    if span is None or float not in (kind, *get_args(kind)):
        movable = [f for f in Scenario.model_fields if _moves(registry, f)]
        raise InputError(
            f"{name} has no range to move it over; those that do: {' '.join([*movable, *SHOCK_FACTS])}"
        )
    return Input(name, title, *span)


def _moves(registry: Registry, name: str) -> bool:
    kind = field_info(name).annotation
    ranged = float in (kind, *get_args(kind)) and registry.range_for(name) is not None
    return ranged or kind is bool or get_origin(kind) is Literal


def what_would_settle(registry: Registry, name: str) -> str:
    """What is known of an assumption and what publication would end it, in a reader's words."""
    shock = name in SHOCK_FACTS
    fact = registry.facts[SHOCK_FACTS[name]] if shock else registry.fact_for(name)
    unpublished = registry.facts["unpublished_items"]
    items = [
        i for i, f in zip(unpublished.texts("item"), unpublished.texts("field"), strict=True) if f == name
    ]
    if shock:
        need = "a record of IO's demand by the month, which prices cannot replace"
    elif items:
        need = f"if io.net published {' and '.join(items)}"
    elif fact.kind == "assumption":
        need = "if io.net published it"
    else:
        need = "a better source for it"
    return f"{need[:1].upper()}{need[1:]}." + (f" {fact.note}" if fact.note else "")


def shock_marks(registry: Registry, scenario: Scenario, durations: Sequence[int | None]) -> list[Mark]:
    """The published shocks, IO's own worst falls over as many months as each duration (revenue rose
    meanwhile, so demand counts as unchanged), and the scenario's own shock, where it is a fall."""
    named = [(p.title, p.scenario) for name, p in registry.presets().items() if name in PUBLISHED]
    marks = [Mark(f"Published: {title}", *_drops(s), s.shock_months) for title, s in named]
    closes = registry.facts["price_months"].numbers("close")
    falls = worst_falls(closes, [months for months in durations if months is not None])
    marks += [
        Mark(f"IO's own price, worst {months} month{'' if months == 1 else 's'}", fall, 0.0, months)
        for months, fall in falls.items()
    ]
    own = _drops(scenario)
    if max(own) > 0:
        marks.append(Mark("This scenario", *own, scenario.shock_months))
    return marks


def _drops(scenario: Scenario) -> tuple[float, float]:
    return max(-scenario.price_shock, 0.0), max(-scenario.demand_shock, 0.0)
