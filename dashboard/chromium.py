"""The browser that draws images and prints reports: which one is installed, and pages printed by it."""

import os
from functools import cache
from pathlib import Path

# Nothing that a page of ours needs is elsewhere, and Chromium's own services have no business on the network
NO_NETWORK = "http://127.0.0.1:9"


@cache
def installed() -> Path | None:
    """The Chromium, Chrome or kin that kaleido would use, or None. BROWSER_PATH names another."""
    # imported on first use: it takes a tenth of a second
    from choreographer.browsers.chromium import Chromium

    found = Chromium.find_browser(skip_local=False)
    return Path(found) if found and Path(found).is_file() and os.access(found, os.X_OK) else None
