"""The real dashboard as a process: the installed command, a store of its own, a home with nothing in it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VAULTLINE = Path(sys.executable).with_name("vaultline")
START_S = 60


@dataclass(frozen=True)
class Server:
    """A dashboard that answers. `home` is the user's home directory as it sees it."""

    url: str
    store: Path
    home: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """SIGKILL to it and to all that it started, such as the Chromium that draws its images."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


@contextmanager
def serving(
    folder: Path, store: Path | None = None, more: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A dashboard on a free port until the end of the block. `folder` takes its home, its log and, where none
    is given, its store; `more` stands in its environment."""
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    store = store or folder / "store.duckdb"
    port = _free_port()
    log = folder / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [VAULTLINE, "dashboard", "--no-browser", "--port", str(port), "--store", store],
            env=environment(home) | dict(more or {}), cwd=folder, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", store, home, process)
    try:
        _await_health(server, log)
        yield server
    finally:
        if process.poll() is None:
            server.kill()


def environment(home: Path) -> dict[str, str]:
    """No setting of whoever runs the tests reaches what they start."""
    return {
        "PATH": f"{VAULTLINE.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_health(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the dashboard did not start:\n{log.read_text('utf-8', 'replace')}")
