"""The dashboard: which pages there are. Started by `vaultline dashboard`."""

from functools import partial

import streamlit as st
from streamlit.navigation.page import Page

from dashboard import frame
from dashboard.answers import Answers
from dashboard.pages import compare, engine, facts, overview, stress, suppliers, supply, workbench
from dashboard.words.formats import plain
from models.parameters import InputError


@st.cache_resource(show_spinner=False)
def answers() -> Answers:
    """One for the whole process."""
    return Answers.open(serving=True)


def main() -> None:
    st.set_page_config(page_title="vaultline", layout="wide")
    pages: dict[str, Page] = {}
    try:
        desk = frame.open_desk(answers(), pages)
    except InputError as error:  # facts that do not fit together; a store that fails is told on the page
        st.error(plain(str(error), 400))
        return
    for module in (overview, supply, engine, stress, suppliers, compare, facts, workbench):
        pages[module.TITLE] = st.Page(
            partial(frame.show, desk, module.page, module.FIELDS, getattr(module, "QUERY", None)),
            title=module.TITLE,
            url_path=module.TITLE.lower().replace(" ", "-"),
            default=module is overview,
        )
    st.navigation([*pages.values()], position="top").run()


if __name__ == "__main__":
    main()
