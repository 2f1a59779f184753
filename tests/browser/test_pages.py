"""Every page at three widths in both themes: readable at once, whole, accessible, and quiet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import HEIGHTS, Visit, new_reader
from tests.browser.layout import cut_texts, overflow, overlapping_texts
from tests.browser.reader import PAGES, UNDRAWN, Reader
from tests.browser.server import Server


class Look(NamedTuple):
    """One page in one window, as it first comes up."""

    name: str
    reader: Reader


CHARTS_BEHIND_A_TAB = {"Facts and claims": "The network's record"}
LOOKS = [(name, width, theme) for width in HEIGHTS for theme in ("light", "dark") for name in PAGES]


@pytest.fixture(scope="module", params=LOOKS, ids=lambda look: "-".join(map(str, look)))
def look(request: pytest.FixtureRequest, chromium: Browser, server: Server, pictures: Path) -> Iterator[Look]:
    name, width, theme = request.param
    reader = new_reader(chromium, server.url, width, theme)
    reader.go(PAGES[name])
    stem = f"{name.lower().replace(' ', '-')}-{width}-{theme}"
    reader.page.screenshot(path=pictures / f"{stem}.png")
    yield Look(name, reader)
    # Streamlit scrolls inside the window, so the whole page needs a window as tall as itself.
    tall = reader.page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    reader.page.set_viewport_size({"width": width, "height": tall})
    reader.settle()
    reader.page.screenshot(path=pictures / f"{stem}-whole.png")
    reader.page.context.close()


def test_the_answer_is_seen_without_scrolling(look: Look) -> None:
    reader = look.reader
    expect(reader.answer).to_be_visible()
    box, window = reader.answer.bounding_box(), reader.page.viewport_size
    assert box
    assert window
    assert box["y"] > 0
    assert box["y"] + box["height"] <= window["height"]


def test_every_chart_is_drawn(look: Look) -> None:
    assert look.reader.charts.count() > 0 or look.name in CHARTS_BEHIND_A_TAB
    assert look.reader.page.evaluate(UNDRAWN) == 0


def test_nothing_is_scrolled_sideways(look: Look) -> None:
    found = overflow(look.reader.page)
    assert not found, "\n".join(found)


def test_no_text_is_cut_off_or_written_over(look: Look) -> None:
    found = cut_texts(look.reader.page) + overlapping_texts(look.reader.page)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious(look: Look) -> None:
    violations: list[dict[str, Any]] = Axe().run(look.reader.page).response["violations"]
    found = [
        f"{v['impact']}: {v['help']}: {node['html'][:200]} {node['failureSummary']}"
        for v in violations
        for node in v["nodes"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not found, "\n".join(found)


def test_no_error_and_no_request_elsewhere(look: Look) -> None:
    assert not look.reader.faults, "\n".join(look.reader.faults)


def test_every_page_of_the_navigation_is_looked_at(visit: Visit) -> None:
    links = visit().page.get_by_role("navigation", name="App pages").get_by_role("link").all()
    assert {link.inner_text(): urlsplit(str(link.get_attribute("href"))).path for link in links} == PAGES


@pytest.mark.parametrize(("name", "tab"), CHARTS_BEHIND_A_TAB.items())
def test_charts_behind_a_tab_are_drawn_when_it_opens(visit: Visit, name: str, tab: str) -> None:
    reader = visit(PAGES[name])
    reader.page.get_by_role("tab", name=tab).click()
    expect(reader.charts.first).to_be_visible()
    reader.settle()
