"""Scenarios kept under names, and scenarios as files: a dialog that every page's scenario bar opens."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import dialogs
from dashboard.words.formats import plain
from data.saved import Saved, Shelf
from data.scenario_file import MAX_BYTES, MAX_NAME, dump, load
from models.parameters import InputError

if TYPE_CHECKING:
    from dashboard.frame import Desk

TOLD, UNDO = "saved_told", "saved_undo"
DIALOG = "saved"


def shelf(desk: "Desk") -> Shelf:
    """Where this reader's scenarios are kept: in the store, or for this visit where there is none."""
    stored = desk.answers.shelf
    if stored is not None:
        return stored
    if "shelf" not in st.session_state:
        st.session_state["shelf"] = Shelf()
    own: Shelf = st.session_state["shelf"]
    return own


def button(desk: "Desk") -> None:
    """What opens the dialog."""
    st.button(
        "Saved", key=DIALOG, icon=":material/bookmark:", help="Save, open, import, export", on_click=_begin
    )  # fmt: skip
    if dialogs.is_open(DIALOG):
        dialog(desk)


def _begin() -> None:
    for name in (TOLD, UNDO):
        st.session_state.pop(name, None)
    dialogs.begin(DIALOG)


@st.dialog("Saved scenarios", width="medium", on_dismiss=dialogs.close)
def dialog(desk: "Desk") -> None:
    if not dialogs.is_open(DIALOG):
        st.rerun()  # a scenario was opened: the page behind is of another now
    kept = shelf(desk)
    if desk.answers.shelf is None:
        st.caption(
            "The store cannot be used: what is saved is kept for this visit alone. Export it to keep it."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name for the scenario at hand", key="saved_name", max_chars=MAX_NAME, width=340)
        st.button(
            "Save", key="saved_save", icon=":material/save:", on_click=_tried, args=(_save, kept, desk),
        )  # fmt: skip
    _told(kept)
    try:
        listed = kept.listed()
    except InputError as error:  # the store's file fails
        st.error(plain(f"{error}.", 400))
        return
    if listed:
        _one(desk, kept, {saved.id: saved for saved in listed})
    else:
        st.caption("Nothing is saved yet.")
    st.divider()
    st.file_uploader(
        "Import a scenario's file", type="json", key="saved_file", max_upload_size=1,
        on_change=_tried, args=(_import, kept, desk),
    )  # fmt: skip


def _told(kept: Shelf) -> None:
    """What the last thing done came to; a deletion can be undone here."""
    told: tuple[bool, str] | None = st.session_state.get(TOLD)
    if told is not None:
        (st.success if told[0] else st.warning)(plain(told[1], 400))
    gone: Saved | None = st.session_state.get(UNDO)
    if gone is not None:
        st.button(
            "Undo the deletion", key="saved_undo_delete", icon=":material/undo:",
            on_click=_tried, args=(_restore, kept, gone.id),
        )  # fmt: skip


def _one(desk: "Desk", kept: Shelf, listed: dict[str, Saved]) -> None:
    """One saved scenario, and what can be done with it."""
    if st.session_state.get("saved_chosen") not in listed:
        st.session_state.pop("saved_chosen", None)
    chosen = st.selectbox(
        f"{len(listed)} saved", [*listed], key="saved_chosen", format_func=lambda id_: listed[id_].name
    )
    saved = listed[str(chosen)]
    st.caption(f"Saved {saved.saved_at:%Y-%m-%d %H:%M} UTC.")
    with st.container(horizontal=True):
        _do("Open scenario", "folder_open", _open, desk, saved)
        _do("Duplicate", "content_copy", _duplicate, kept, saved)
        _do("Delete", "delete", _delete, kept, saved)
        try:
            text = dump(saved.name, saved.scenario())
        except InputError as error:
            st.warning(plain(f"{error}.", 300))
        else:
            st.download_button(
                "Export", text, f"vaultline-scenario-{saved.id[:8]}.json", "application/json",
                key="saved_export", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Another name for it", key="saved_new_name", max_chars=MAX_NAME, width=340, placeholder=saved.name
        )
        _do("Rename", "edit", _rename, kept, saved)


def _do(label: str, icon: str, act: Callable[..., str], *args: Any) -> None:
    key = f"saved_{label.split()[0].lower()}"
    st.button(label, key=key, icon=f":material/{icon}:", on_click=_tried, args=(act, *args))


def _tried(act: Callable[..., str], *args: Any) -> None:
    """Do it, and tell the reader what came of it in one sentence."""
    st.session_state.pop(UNDO, None)
    try:
        told = act(*args)
    except InputError as error:
        st.session_state[TOLD] = (False, f"{error}.")
        return
    if told:
        st.session_state[TOLD] = (True, told)


def _save(kept: Shelf, desk: "Desk") -> str:
    saved = kept.save(st.session_state["saved_name"], desk.session.scenario)
    st.session_state["saved_name"] = ""
    st.session_state["saved_chosen"] = saved.id
    return f"Saved as {saved.name}."


def _open(desk: "Desk", saved: Saved) -> str:
    desk.session.adopt(saved.scenario())
    dialogs.close()
    return f"Opened {saved.name}."


def _duplicate(kept: Shelf, saved: Saved) -> str:
    new = kept.duplicate(saved.id)
    st.session_state["saved_chosen"] = new.id
    return f"Duplicated as {new.name}."


def _rename(kept: Shelf, saved: Saved) -> str:
    new = kept.rename(saved.id, st.session_state["saved_new_name"])
    st.session_state["saved_new_name"] = ""
    return f"{saved.name} is called {new.name} now."


def _delete(kept: Shelf, saved: Saved) -> str:
    st.session_state[UNDO] = kept.delete(saved.id)
    return f"Deleted {saved.name}."


def _restore(kept: Shelf, id_: str) -> str:
    saved = kept.restore(id_)
    st.session_state["saved_chosen"] = saved.id
    return f"{saved.name} is back."


def _import(kept: Shelf, desk: "Desk") -> str:
    file = st.session_state["saved_file"]
    if file is None:  # it was taken away again
        return ""
    if file.size > MAX_BYTES:
        raise InputError(f"The file is too large ({file.size:,} bytes, at most {MAX_BYTES:,})")
    name, scenario = load(file.getvalue())
    desk.answers.run(scenario)  # raises InputError where it cannot start
    saved = kept.take_in(name, scenario)
    st.session_state["saved_chosen"] = saved.id
    return f"Imported as {saved.name}; open it above."
