"""What is compared, and on which random futures: the controls of the Compare page."""

from collections.abc import Sequence

import streamlit as st

from dashboard import compared
from dashboard.frame import Desk
from dashboard.links import MAX_PATHS, MAX_SEED
from dashboard.questions.comparisons import MOST, Column
from dashboard.questions.stress import DEFAULT_PATHS, FIRST_PATHS
from dashboard.words.formats import listing, plain

PATHS = (FIRST_PATHS, DEFAULT_PATHS, MAX_PATHS)


def choose(desk: Desk) -> list[Column]:
    """The scenario at hand and those that it is compared with; a sentence for each that cannot be."""
    options = compared.choices(desk)
    keys = compared.selected(desk, options)
    if st.session_state.get(compared.CHOSEN) != keys:
        st.session_state[compared.CHOSEN] = keys
    st.multiselect(
        "Compared with", [*options], key=compared.CHOSEN, max_selections=MOST - 1, on_change=compared.keep,
        args=(compared.CHOSEN,), format_func=lambda key: options[key].title, placeholder="Choose up to three",
        help="Each is measured against the scenario at hand, the one in the bar above.",
    )  # fmt: skip
    _size(desk)
    chosen = compared.columns(desk, keys, options)
    for sentence in chosen.refused:
        st.warning(plain(f"{sentence}.", 400))
    longest = _within_reach(desk, keys, options)
    if chosen.refused and longest is not None:
        st.button(
            f"Run all over {longest} months", key="compare_months", on_click=desk.session.edit,
            kwargs={"months": longest},
        )  # fmt: skip
    if chosen.stretched:
        months, steps = desk.scenario.months, desk.scenario.steps_per_month
        each = f"{steps} step{'s' if steps > 1 else ''}"
        st.caption(
            f"Run here over {months} months of {each}, like the scenario at hand, since only then do all "
            f"meet the same shocks: {plain(listing(chosen.stretched), 300)}."
        )
    return chosen.columns


def _within_reach(desk: Desk, keys: Sequence[str], options: dict[str, Column]) -> int | None:
    """The months over which all that is chosen could be run."""
    histories = [
        len(h)
        for key in keys
        for h in (options[key].scenario.price_history, options[key].scenario.revenue_history)
        if h
    ]
    return min(histories, default=None) if histories and min(histories) < desk.scenario.months else None


def _size(desk: Desk) -> None:
    """What is compared on which futures."""
    paths, seed, _ = compared.size(desk)
    st.toggle(
        "Put each preset's change on top of the scenario at hand", value=bool(compared.kept(compared.ON_TOP)),
        key=compared.ON_TOP, on_change=compared.keep, args=(compared.ON_TOP,),
        help="Else a preset is compared as it is: the baseline with its change.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Futures", sorted({*PATHS, paths}), key=compared.PATHS, default=paths, required=True,
            format_func="{:,}".format, on_change=compared.keep, args=(compared.PATHS,),
        )  # fmt: skip
        st.number_input(
            "Seed", min_value=0, max_value=MAX_SEED, step=1, value=seed, key=compared.SEED, width=160,
            on_change=compared.keep, args=(compared.SEED,),
            help="The same seed meets the same futures, whatever the scenario",
        )  # fmt: skip
        sets, names = desk.answers.registry.shock_sets(), [*compared.shock_sets(desk)]
        st.selectbox(
            "Random shocks", names, index=names.index(compared.shock_set(desk)), key=compared.SHOCKS,
            width=340, on_change=compared.keep, args=(compared.SHOCKS,),
            format_func=lambda name: sets[name].title if name in sets else "Those of the link",
            help="What each of them is, and is not, stands in the Stress lab",
        )  # fmt: skip
