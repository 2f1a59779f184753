"""From an input to a widget: `slider` over the plausible range, for exploring, and `box` over all that the
mathematics allows, for typing. Both show the session's scenario and hand an edit back to it.
"""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import inputs
from dashboard.session import Session
from dashboard.settings import contracts_from_text, value_to_text
from data.registry import Registry
from models.parameters import InputError


def slider(session: Session, registry: Registry, name: str, place: str = "side") -> None:
    """A widget over the plausible range of one input, widened to hold the value that it has."""
    value = getattr(session.scenario, name)
    bounds = None if name in inputs.HISTORIES else registry.range_for(name)
    if bounds is None or inputs.none_allowed(name):
        box(session, registry, name, place)
        return
    whole = int in inputs.kinds(name)
    number: Callable[[float], float] = int if whole else float
    low, high = number(min(bounds[0], value)), number(max(bounds[1], value))
    key = _prepare(place, name, number(value))
    st.slider(
        inputs.label(name, registry),
        low,
        high,
        step=max(1, round(_step(high - low))) if whole else _step(high - low),
        format=_slider_format(name, high),
        key=key,
        help=inputs.source_text(name, registry),
        on_change=_hand_over,
        args=(session, key, name, number if whole else _clean),
    )


def box(session: Session, registry: Registry, name: str, place: str = "all") -> None:
    """A widget that takes every value that the mathematics allows for one input."""
    value = getattr(session.scenario, name)
    if name in inputs.HISTORIES:
        _history(session, name, place)
        return
    about: dict[str, Any] = {
        "label": inputs.label(name, registry),
        "help": inputs.source_text(name, registry),
        "on_change": _hand_over,
    }
    if name == "contracts":
        key = _prepare(place, name, value_to_text(value))
        about |= {"key": key, "args": (session, key, name, contracts_from_text)}
        st.text_input(placeholder="none; write first:months:usd", **about)
    elif bool in inputs.kinds(name):
        key = _prepare(place, name, value)
        st.toggle(key=key, args=(session, key, name, bool), **about)
    elif options := inputs.choices(name):
        key = _prepare(place, name, value)
        about |= {"key": key, "args": (session, key, name, str)}
        st.selectbox(options=options, format_func=inputs.WORDS.__getitem__, **about)
    else:
        _number(session, name, place, value, about)


def _number(session: Session, name: str, place: str, value: float | None, about: dict[str, Any]) -> None:
    """The browser holds a number to its bounds, so the session refuses only what no bound can say."""
    whole = int in inputs.kinds(name)
    scale = 100.0 if inputs.is_share(name) else 1.0
    number: Callable[[float], float] = int if whole else float
    low, high = (None if bound is None else number(bound * scale) for bound in inputs.limits(name))
    key = _prepare(place, name, None if value is None else number(_clean(value * scale)))

    def read(entered: float | None) -> float | None:
        if entered is None and inputs.none_allowed(name):
            return None
        if entered is None:
            raise InputError(f"{inputs.title(name)} needs a number")
        return int(entered) if whole else _clean(entered / scale)

    st.number_input(
        min_value=low,
        max_value=high,
        value=None,
        step=1 if whole else _step(10 * (abs(value or 0) or 1) * scale),
        format="%d" if whole else "%.12g",
        key=key,
        placeholder=inputs.NO_LIMIT.get(name, ""),
        args=(session, key, name, read),
        **about,
    )


def _history(session: Session, name: str, place: str) -> None:
    """A history comes with a preset, a link or a file; a page can only drop it."""
    value = getattr(session.scenario, name)
    st.markdown(f"{inputs.title(name)}: {inputs.shown(name, value)}")
    if value is not None:
        words = f"Drop the {inputs.title(name).lower()}"
        st.button(words, key=f"{place}_{name}", on_click=session.edit, kwargs={name: None})


def _hand_over(session: Session, key: str, name: str, read: Callable[[Any], Any]) -> None:
    """The reader moved a widget: try it. After a refusal the scenario, and so the widget, is as it was."""
    try:
        value = read(st.session_state[key])
    except InputError as error:
        session.message = str(error)
        return
    session.edit(**{name: value})


def _prepare(place: str, name: str, value: Any) -> str:
    """The widget's key, with the scenario's value behind it: a preset or an undo moves the widget too."""
    key = f"{place}_{name}"
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def _step(span: float) -> float:
    """About a hundredth of a span, of the form 1, 2 or 5 times a power of ten."""
    raw = span / 100 or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return _clean(next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999))


def _slider_format(name: str, high: float) -> str:
    if inputs.is_share(name):
        return "percent"
    return "%,d" if high >= 1000 or int in inputs.kinds(name) else "%.4g"


def _clean(value: float) -> float:
    """Without the digits that scaling and sliding leave behind: 0.15, not 0.15000000000000002."""
    return float(f"{value:.12g}")
