"""Random scenarios over the whole allowed space, drawn from the Scenario's own declaration."""

import math
import types
import typing
from typing import Any

from hypothesis import strategies as st

from data.registry import load_facts
from models.parameters import InputError, Scenario, parse_scenario
from models.projection import Projection, project

REGISTRY = load_facts()
PROTOCOL = REGISTRY.protocol()
BASELINE = REGISTRY.baseline()

# Run lengths are kept short for time; histories get their own strategy below.
SHORT = {"months": st.integers(1, 18), "steps_per_month": st.sampled_from([1, 2, 7, 30])}
CONTRACTS = st.lists(
    st.fixed_dictionaries(
        {"first": st.integers(1, 20), "months": st.integers(1, 20), "usd": st.floats(0, 1e8)}
    ),
    max_size=3,
)


def _bounds(name: str) -> tuple[float, float]:
    lo, hi = -math.inf, math.inf
    for m in Scenario.model_fields[name].metadata:
        lo = max(lo, getattr(m, "ge", getattr(m, "gt", -math.inf)))
        hi = min(hi, getattr(m, "le", getattr(m, "lt", math.inf)))
    return lo, hi


def _values(name: str) -> st.SearchStrategy[Any]:
    """Values of one field: anywhere in its bounds, but half the time near the baseline's own value."""
    annotation = Scenario.model_fields[name].annotation
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return st.sampled_from(options)
    if annotation is bool:
        return st.booleans()
    optional = typing.get_origin(annotation) is types.UnionType
    kind = options[0] if optional else annotation
    lo, hi = _bounds(name)
    if kind is int:
        values: st.SearchStrategy[Any] = st.integers(int(lo), int(hi))
    else:
        default = getattr(BASELINE, name) or 1.0
        near = st.floats(0, 4).map(lambda f: min(max(default * f, lo), hi))
        values = near | st.floats(lo, hi, exclude_min=name == "price_shock")
    return st.none() | values if optional else values


def _histories(months: int) -> st.SearchStrategy[dict[str, Any]]:
    closes = st.lists(st.floats(1e-4, 1e3), min_size=1, max_size=31)
    return st.fixed_dictionaries(
        {},
        optional={
            "price_history": st.lists(closes, min_size=months, max_size=months),
            "revenue_history": st.lists(st.floats(0, 1e8), min_size=months, max_size=months),
        },
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any scenario that the declaration allows, short enough to run; a random few leave the baseline."""
    changes: dict[str, Any] = {name: draw(values) for name, values in SHORT.items()}
    plain = [n for n in Scenario.model_fields if n not in {*SHORT, "contracts", *HISTORIES}]
    for name in draw(st.lists(st.sampled_from(plain), max_size=len(plain), unique=True)):
        changes[name] = draw(_values(name))
    changes["contracts"] = draw(CONTRACTS)
    changes |= draw(_histories(changes["months"]))
    low, high = sorted((changes.get("r_min", BASELINE.r_min), changes.get("r_max", BASELINE.r_max)))
    return parse_scenario(changes | {"r_min": low, "r_max": high}, BASELINE)


HISTORIES = ("price_history", "revenue_history")


def run_if_possible(scenario: Scenario) -> Projection | None:
    """The run, or None where the start is impossible (more vault or stake than there is)."""
    try:
        return project(scenario, PROTOCOL)
    except InputError:
        return None


def run(**changes: Any) -> Projection:
    """The baseline with changes, run."""
    return project(parse_scenario(changes, BASELINE), PROTOCOL)
