"""Every page at three widths in both themes: readable at once, whole, accessible, and quiet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import HEIGHTS, Visit, new_profile
from tests.browser.layout import cut_texts, overflow, overlapping_texts
from tests.browser.reader import PAGES, UNDRAWN, Reader
from tests.browser.server import Server


class Window(NamedTuple):
    """A browser of one size and theme."""

    name: str
    profile: BrowserContext


class Look(NamedTuple):
    """One page in one window, as it first comes up."""

    name: str
    reader: Reader


CHARTS_BEHIND_A_TAB = {"Facts and claims": "The network's record"}
WINDOWS = [(width, theme) for width in HEIGHTS for theme in ("light", "dark")]


@pytest.fixture(scope="module", params=WINDOWS, ids=lambda window: "-".join(map(str, window)))
def window(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Window]:
    width, theme = request.param
    profile = new_profile(chromium, width, theme)
    yield Window(f"{width}-{theme}", profile)
    profile.close()


@pytest.fixture(scope="module", params=PAGES)
def look(request: pytest.FixtureRequest, window: Window, server: Server, pictures: Path) -> Iterator[Look]:
    reader = Reader(window.profile.new_page(), server.url)
    reader.go(PAGES[request.param])
    stem = f"{request.param.lower().replace(' ', '-')}-{window.name}"
    reader.page.screenshot(path=pictures / f"{stem}.png")
    yield Look(request.param, reader)
    # Streamlit scrolls inside the window, so the whole page needs a window as tall as itself.
    tall = reader.page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    size = reader.page.viewport_size
    assert size
    reader.page.set_viewport_size({"width": size["width"], "height": tall})
    reader.settle()
    reader.page.screenshot(path=pictures / f"{stem}-whole.png")
    reader.page.close()


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
