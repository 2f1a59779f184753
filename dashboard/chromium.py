"""The browser that draws images and prints reports: which one is installed, and what it is asked to do.

One at a time, off the server's threads and their event loops, without a network and not for ever."""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from models.parameters import InputError

TIMEOUT_S = 30  # for each drawing
PRINT_TIMEOUT_S = 60
# Nothing that a page of ours needs is elsewhere, and Chromium's own services have no business on the network
NO_NETWORK = "http://127.0.0.1:9"
# Containers have no sandbox of Chromium's kind; what is printed is our own page, and that runs no script.
PRINT_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    f"--proxy-server={NO_NETWORK}", "--no-pdf-header-footer",
)  # fmt: skip
NEEDED = "Chromium or Chrome on this machine, and none was found"

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")


class ExportError(InputError):
    """No file could be made. Its text is one sentence for the reader."""


@cache
def installed() -> Path | None:
    """The Chromium, Chrome or kin that kaleido would use, or None. BROWSER_PATH names another."""
    # imported on first use: it takes a tenth of a second
    from choreographer.browsers.chromium import Chromium

    found = Chromium.find_browser(skip_local=False)
    return Path(found) if found and Path(found).is_file() and os.access(found, os.X_OK) else None


def draw(drawings: Sequence[dict[str, Any]], form: str) -> list[bytes]:
    """Figures (plotly's, as dictionaries) as "svg" or "png". Raises ExportError."""
    return _worker.submit(_draw, drawings, form).result()


def _draw(drawings: Sequence[dict[str, Any]], form: str) -> list[bytes]:
    """Blocking; runs in the worker's thread with an event loop of its own."""
    limit = TIMEOUT_S * len(drawings)
    try:
        return asyncio.run(asyncio.wait_for(_drawn(drawings, form), limit))
    except TimeoutError:
        raise ExportError(f"the image was not drawn within {limit} s; CSV and Parquet work") from None
    except ExportError:
        raise
    except Exception as error:
        detail = " ".join(str(error).split())[:200] or type(error).__name__
        raise ExportError(f"Chromium could not draw the image ({detail}); CSV and Parquet work") from error


async def _drawn(drawings: Sequence[dict[str, Any]], form: str) -> list[bytes]:
    # imported on first use: it brings a browser's whole protocol along
    import kaleido
    from choreographer.errors import ChromeNotFoundError

    try:
        browser = kaleido.Kaleido(n=1, timeout=TIMEOUT_S, mathjax=False, proxy_server=NO_NETWORK)
    except ChromeNotFoundError:
        raise ExportError(f"PNG and SVG need {NEEDED}; CSV and Parquet work") from None
    options = {"format": form, "scale": 1 if form == "svg" else 2}
    async with browser:
        return [await browser.calc_fig(drawing, opts=options) for drawing in drawings]


def print_pdf(page: bytes) -> bytes:
    """An HTML page that runs no script and needs nothing from elsewhere as PDF. Raises ExportError."""
    return _worker.submit(_print, page).result()


def _print(page: bytes) -> bytes:
    browser = installed()
    if browser is None:
        raise ExportError(f"PDF needs {NEEDED}; the HTML report prints from any browser")
    # a browser in a snap sees no folder of the system's for temporary files
    near = Path.home() if "snap" in browser.parts else None
    with tempfile.TemporaryDirectory(prefix="vaultline-", dir=near, ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_bytes(page)
        words = [
            str(browser), *PRINT_FLAGS, f"--user-data-dir={Path(folder, 'profile')}",
            f"--print-to-pdf={target}", source.as_uri(),
        ]  # fmt: skip
        _run(words)
        if not target.is_file():
            raise ExportError("Chromium printed nothing; the HTML report prints from any browser")
        return target.read_bytes()


def _run(words: Sequence[str]) -> None:
    """Runs Chromium to its end, or ends it and all that it started."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        process.wait(PRINT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise ExportError(f"the report was not printed within {PRINT_TIMEOUT_S} s; take the HTML") from None
    finally:
        if process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait(10)
