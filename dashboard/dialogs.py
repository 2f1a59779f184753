"""Which dialog the reader has open. Streamlit closes every dialog that a run of the whole page does not open
again, and a page runs again for more than its reader's own doing."""

import streamlit as st

OPEN = "dialog_open"


def begin(key: str) -> None:
    """Open the dialog of this name with the run that follows; for a button's `on_click`."""
    st.session_state[OPEN] = key


def is_open(key: str) -> bool:
    """Whether the page has to draw the dialog of this name."""
    return bool(st.session_state.get(OPEN) == key)


def any_open() -> bool:
    """Whether the reader is in a dialog."""
    return OPEN in st.session_state


def close() -> None:
    """Leave every dialog; for a dialog's `on_dismiss`."""
    st.session_state.pop(OPEN, None)
