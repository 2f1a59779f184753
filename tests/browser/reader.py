"""One reader's tab: what is on it, and everything that goes wrong in it."""

import importlib
import re
from pkgutil import iter_modules
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, TimeoutError, WebSocket, expect

from dashboard import pages

# Every page of the dashboard, as the folder has them: its name in the navigation and its path.
PAGES = {
    module.TITLE: "/" if module.TITLE == "Overview" else f"/{module.TITLE.lower().replace(' ', '-')}"
    for module in (
        importlib.import_module(f"{pages.__name__}.{found.name}") for found in iter_modules(pages.__path__)
    )
}

# Streamlit's browser side asks first whether the page's own address is the server's base, and takes the 404
# for "no" (streamlit/streamlit#7074, open since 2023). No setting spares a visit that starts at a page them.
DEEP_LINK_PROBE = re.compile(
    rf"({'|'.join(p for p in PAGES.values() if p != '/')})/_stcore/(health|host-config)"
)

IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app?.dataset.testConnectionState === 'CONNECTED' && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector(
      '[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stProgress"], .coming'
    );
}"""
# A chart is drawn when it has a size and something of its data is on it.
UNDRAWN = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].filter(chart => {
  const drawn = chart.querySelector('.main-svg')?.getBoundingClientRect();
  return !drawn || drawn.width < 100 || drawn.height < 50
    || !chart.querySelector('.cartesianlayer .trace path[d], .cartesianlayer .point path[d], .sankey-link');
}).length"""


SLIDERS = """() => [...document.querySelectorAll('[data-testid="stSidebar"] [data-testid="stSlider"] input')]
  .map(e => [e.getAttribute('aria-label'), e.value])"""


class Reader:
    """A tab on a dashboard. `faults`: a sentence for each error of the page and each request elsewhere."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._request)
        page.on("websocket", self._websocket)

    def go(self, address: str = "/") -> None:
        """Open a page of the dashboard, by its path or by a whole address, and wait until it is drawn."""
        self.page.goto(address if "://" in address else self.url + address)
        self.settle()

    def settle(self) -> None:
        """Wait until the whole page is there, nothing runs and every chart is drawn."""
        expect(self.stamp).to_be_visible(timeout=30_000)
        # the first random futures of a server wait for their engine to be compiled
        self.page.wait_for_function(f"() => ({IDLE})() && ({UNDRAWN})() === 0", timeout=120_000)

    def turn_to(self, name: str) -> None:
        """Go to another page through the navigation, and wait until it is drawn."""
        before = self.answer.inner_text()
        self.page.get_by_role("link", name=name, exact=True).first.click()
        # the address moves before the server has answered; the sentence comes with its answer
        expect(self.answer).not_to_have_text(before)
        self.settle()

    def sliders(self) -> dict[str, str]:
        """What the sidebar's sliders stand at, by title, read in one moment."""
        return dict(self.page.evaluate(SLIDERS))

    @property
    def charts(self) -> Locator:
        return self.page.get_by_test_id("stPlotlyChart")

    @property
    def answer(self) -> Locator:
        """The sentence or question that the page starts with."""
        return self.page.get_by_test_id("stMain").get_by_role("heading").first

    @property
    def stamp(self) -> Locator:
        """The line at the foot of the page."""
        return self.page.get_by_test_id("stMain").get_by_text(re.compile(r"^Scenario \w{12} · "))

    @property
    def preset(self) -> Locator:
        return self.page.get_by_role("combobox", name="Scenario")

    def digest(self) -> str:
        """The start of the scenario's sha256, from the stamp."""
        return self.stamp.inner_text().split()[1]

    def choose(self, preset: str) -> None:
        """Take a preset, and wait for its answer."""
        before = self.digest()
        self.preset.click()
        self.page.get_by_role("option", name=preset, exact=True).click()
        expect(self.stamp).not_to_contain_text(before)
        self.settle()

    def card(self, label: str) -> Locator:
        """The value of a headline figure."""
        return self.page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")

    def button(self, name: str) -> Locator:
        return self.page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)

    def copied(self, block: Locator) -> str:
        """What the copy button of a block of code puts on the clipboard."""
        button = block.get_by_role("button", name="Copy to clipboard")
        # The button is there only under the mouse, from which a page that still fills moves it away.
        for patience in (*[2_000] * 10, 30_000):
            block.hover()
            try:
                button.click(timeout=patience)
                break
            except TimeoutError:
                if patience > 2_000:
                    raise
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def shared_link(self) -> str:
        self.button("Share").click()
        link = self.copied(self.page.get_by_role("dialog", name="Share").get_by_test_id("stCode"))
        self.page.keyboard.press("Escape")
        return link

    def _console(self, message: ConsoleMessage) -> None:
        address = urlsplit(str(message.location.get("url", "")))
        if message.type == "error" and not (
            "status of 404" in message.text and DEEP_LINK_PROBE.fullmatch(address.path)
        ):
            self.faults.append(f"console error: {message.text} at {address.geturl()}")

    def _request(self, request: Request) -> None:
        self._leaving(request.url)

    def _websocket(self, socket: WebSocket) -> None:
        self._leaving(socket.url)

    def _leaving(self, url: str) -> None:
        parts: Any = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in ("127.0.0.1", "localhost"):
            self.faults.append(f"request that leaves the machine: {url}")
