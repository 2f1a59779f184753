"""Which random shocks come on top of a scenario: a set of the facts, a history, the reader's own numbers."""

import json
from contextlib import suppress
from functools import partial

import polars as pl
import streamlit as st

from dashboard.frame import Desk, drawer
from dashboard.panels import parts as panels
from dashboard.shock_settings import KEYS, shocks_from
from dashboard.words.formats import plain
from data.shock_choices import one_market, provisional, repaired
from models.parameters import InputError
from models.shocks import Shocks, parse_shocks

GBM = "gbm"
HISTORY = "history "


def choice(desk: Desk) -> Shocks:
    """Which random shocks come on top, from where, and with which numbers."""
    registry = desk.answers.registry
    sets = registry.shock_sets()
    store = desk.answers.store
    symbols = store.price_list()["symbol"].to_list() if store else []
    options = [*sets, GBM, *(HISTORY + symbol for symbol in symbols)]
    st.subheader("Random shocks on top", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Where they come from", options, key="shocks", width=340, format_func=partial(_shock_title, desk)
        )
        text = st.text_input(
            "Change their numbers", key="shock_settings", width=340, placeholder="rho=0.3 stress.sigma=2",
            help=f"key=value with spaces between; the keys are {plain(' '.join(KEYS), 400)}",
        )  # fmt: skip
    base = _chosen(desk, str(chosen))
    try:
        shocks = shocks_from(text.split(), base)
    except InputError as error:
        st.warning(plain(f"{error}. The shocks are as chosen.", 400))
        shocks = base
    st.badge("provisional", color="orange")
    about = provisional(registry, shocks).removeprefix("provisional: ")
    st.caption(plain(f"{about[0].upper()}{about[1:]}.", 700))
    if shocks.repair_root:
        with suppress(InputError):  # a matrix that cannot be repaired is the run's to refuse
            said = repaired(shocks, desk.scenario.steps_per_month)
            st.caption(f"{said[0].upper()}{said[1:]}.")
    drawer("The numbers of these shocks", "shock_numbers", partial(_numbers, desk, shocks))
    return shocks


def _chosen(desk: Desk, chosen: str) -> Shocks:
    sets = desk.answers.registry.shock_sets()
    if chosen in sets:
        return sets[chosen].shocks
    default = desk.answers.registry.shocks()
    if chosen == GBM or desk.answers.store is None:
        return one_market(default)
    closes = desk.answers.store.prices(chosen.removeprefix(HISTORY)).frame["close"].to_list()
    days = int(desk.answers.registry.facts["bootstrap_block_days"].number)
    return parse_shocks({"history": closes, "block_days": days}, default)


def _shock_title(desk: Desk, name: str) -> str:
    if name == GBM:
        return "One market, no regimes (GBM)"
    if name.startswith(HISTORY):
        return f"Days of {name.removeprefix(HISTORY)}'s imported history"
    return desk.answers.registry.shock_sets()[name].title


def _numbers(desk: Desk, shocks: Shocks) -> None:
    rows = [
        {**r.model_dump(), **{f"to {other.name}": p for other, p in zip(shocks.regimes, row, strict=True)}}
        for r, row in zip(shocks.regimes, shocks.transition, strict=True)
    ]
    panels.table(
        desk, pl.DataFrame(rows), name="shock-numbers", title="The random shocks, regime by regime",
        headed=False, stamp={"shocks": json.loads(shocks.canonical_json())},
    )  # fmt: skip
    st.caption(
        "Per year, but the chances to change regime, which are per month. "
        f"Jumps: mean {shocks.jump_mean:g}, spread {shocks.jump_sd:g} of the log price; demand feels "
        f"{shocks.jump_demand:g} of a jump, reverts at {shocks.theta:g} a year, and goes with the price at a "
        f"correlation of {shocks.rho:g}. Paths start in {shocks.start}."
    )
