"""The reader's shell beside the dashboard."""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.browser.server import environment


class Told(NamedTuple):
    """One JSON object from stdout, and what stderr said."""

    answer: dict[str, Any]
    notes: str


def ask(line: str, home: Path) -> Told:
    """Run a line that prints JSON, in `home` and with a store of its own there unless the line names one."""
    result = subprocess.run(
        line, shell=True, env=environment(home), cwd=home, capture_output=True, text=True, encoding="utf-8",
        timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return Told(json.loads(result.stdout), result.stderr)
