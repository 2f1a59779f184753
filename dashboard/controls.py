"""From an input to a widget: `slider` over the plausible range, for exploring, and `box` over all that the
mathematics allows, for typing. Both show the session's scenario and hand an edit back to it.
"""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import inputs, marks
from dashboard.session import Session
from dashboard.settings import contracts_from_text, value_to_text
from data.registry import Registry
from models.parameters import InputError

# Where a control can stand: the first part of its key.
PLACES = ("side", "all", "decider", "design")


def forget() -> None:
    """Let every control start anew from the scenario. On another page a widget of the same key is a new one,
    and Streamlit would show its lowest value while the session still knows the key."""
    for key in list(st.session_state):
        if str(key).startswith(tuple(f"{place}_" for place in PLACES)) or key == "preset":
            del st.session_state[key]


def slider(session: Session, registry: Registry, name: str, place: str = "side") -> None:
    """A widget over the plausible range of one input, widened to hold the value that it has."""
    value = getattr(session.scenario, name)
    bounds = None if name in inputs.HISTORIES else registry.range_for(name)
    if bounds is None or inputs.none_allowed(name):
        box(session, registry, name, place)
        return
    whole = int in inputs.kinds(name)
    number: Callable[[float], float] = int if whole else float
    step = step_for(*bounds, getattr(registry.baseline(), name))
    key = _prepare(place, name, number(value))
    with _headed(registry, name):
        st.slider(
            inputs.title(name),
            number(min(bounds[0], value)),
            number(max(bounds[1], value)),
            step=max(1, round(step)) if whole else step,
            format=_slider_format(name, bounds[1]),
            key=key,
            on_change=_hand_over,
            args=(session, key, name, number if whole else _clean),
            label_visibility="collapsed",
        )


def box(session: Session, registry: Registry, name: str, place: str = "all") -> None:
    """A widget that takes every value that the mathematics allows for one input."""
    value = getattr(session.scenario, name)
    about: dict[str, Any] = {
        "label": inputs.title(name),
        "label_visibility": "collapsed",
        "on_change": _hand_over,
    }
    with _headed(registry, name):
        if name in inputs.HISTORIES:
            _history(session, name, place)
        elif name == "contracts":
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


def _headed(registry: Registry, name: str) -> Any:
    """A container that begins with the input's name, badge and help. The widget's own label is the bare name:
    a screen reader would read a badge's markup letter by letter."""
    whole = st.container(gap="xxsmall")
    whole.markdown(
        inputs.heading(name, registry, marks.is_marked(name)), help=inputs.source_text(name, registry)
    )
    return whole


def _number(session: Session, name: str, place: str, value: float | None, about: dict[str, Any]) -> None:
    """Without bounds of its own: the browser would leave a refused number standing and say so in its words,
    where the session says one sentence and puts the scenario's value back."""
    whole = int in inputs.kinds(name)
    scale = 100.0 if inputs.is_share(name) else 1.0
    number: Callable[[float], float] = int if whole else float
    key = _prepare(place, name, None if value is None else number(_clean(value * scale)))

    def read(entered: float | None) -> float | None:
        if entered is None and inputs.none_allowed(name):
            return None
        if entered is None:
            raise InputError(f"{inputs.title(name)} needs a number")
        return int(entered) if whole else _clean(entered / scale)

    st.number_input(
        value=None,
        step=1 if whole else _nice(abs(value or 1) * scale / 10),
        format="%d" if whole else "%.12g",
        key=key,
        placeholder=inputs.NO_LIMIT.get(name, ""),
        args=(session, key, name, read),
        **about,
    )


def _history(session: Session, name: str, place: str) -> None:
    """A history comes with a preset, a link or a file; a page can only drop it."""
    value = getattr(session.scenario, name)
    st.markdown(inputs.shown(name, value))
    if value is not None:
        words = f"Drop the {inputs.title(name).lower()}"
        st.button(words, key=f"{place}_{name}", on_click=session.edit, kwargs={name: None})


def _hand_over(session: Session, key: str, name: str, read: Callable[[Any], Any]) -> None:
    """The reader moved a widget: try it. After a refusal the scenario, and so the widget, is as it was. A
    move that comes when its page has been left is none."""
    if key not in st.session_state:
        return
    try:
        value = read(st.session_state[key])
    except InputError as error:
        session.refuse(error)
        return
    session.edit(**{name: value})


def _prepare(place: str, name: str, value: Any) -> str:
    """The widget's key, with the scenario's value behind it: a preset or an undo moves the widget too."""
    key = f"{place}_{name}"
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def step_for(low: float, high: float, anchor: float) -> float:
    """A slider's step: the widest round one, 40 to 1000 of them in the range, that can rest on `anchor`."""
    step = _nice((high - low) / 40)
    while step * 1000 >= high - low:
        steps = (anchor - low) / step
        if abs(steps - round(steps)) < 1e-9 * max(1.0, steps):
            return step
        step = _nice(step * 0.999)
    return _nice((high - low) / 100)


def _nice(size: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is at most `size`."""
    power = 10.0 ** math.floor(math.log10(size))
    return _clean(max(m for m in (1, 2, 5) if m * power <= size * (1 + 1e-12)) * power)


def _slider_format(name: str, high: float) -> str:
    if inputs.is_share(name):
        return "percent"
    return "%,d" if high >= 1000 or int in inputs.kinds(name) else "%.4g"


def _clean(value: float) -> float:
    """Without the digits that scaling and sliding leave behind: 0.15, not 0.15000000000000002."""
    return float(f"{value:.12g}")
