"""What browser tests share: one dashboard, one Chromium, and visits that must end without a fault."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.reader import Reader
from tests.browser.server import Server, serving

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's own services have no business on the network, and containers no sandbox of its kind.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# A busy machine may take its time; what never comes fails all the same.
expect.set_options(timeout=30_000)
HEIGHTS = {390: 844, 820: 1180, 1280: 800}

Visit = Callable[..., Reader]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path, f"none of {', '.join(CHROMIUM)} is on PATH: the browser tests need one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visit]:
    """Opens the dashboard in a browser that has never been there: `visit(address="/", width=1280)`."""
    readers: list[Reader] = []

    def open_tab(address: str = "/", width: int = 1280) -> Reader:
        readers.append(new_reader(chromium, server.url, width, "light"))
        readers[-1].go(address)
        return readers[-1]

    yield open_tab
    for reader in readers:
        reader.page.context.close()
    assert [fault for reader in readers for fault in reader.faults] == []


def new_reader(chromium: Browser, url: str, width: int, theme: str) -> Reader:
    """A tab in a browser profile of its own."""
    return Reader(new_profile(chromium, width, theme).new_page(), url)


def new_profile(chromium: Browser, width: int, theme: str) -> BrowserContext:
    return chromium.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
    )


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where pictures of the pages are kept, to be looked at after the run."""
    folder = Path(__file__).parents[2] / "build" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
