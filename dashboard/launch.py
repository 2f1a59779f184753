"""Start the dashboard in this process: from any directory, from a checkout or an installed wheel."""

import importlib
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from data.database import PATH_VARIABLE
from models.parameters import InputError

# Compiles the engine's kernels, unless they are cached, while the reader finds the way to what needs it; what
# the reader waits for comes first.
WARM_UP = """
import os
if hasattr(os, "nice"):
    os.nice(15)
from data.registry import load_facts
from models.frontier import Mark, frontier
from models.stress.engine import run
facts = load_facts()
run(facts.baseline(), facts.protocol(), facts.shocks(), paths=1, seed=0, device="cpu")
frontier(facts.baseline(), facts.protocol(), durations=[12], points=2, marks=[Mark("", 0.5, 0.5, 12)])
"""
APP = Path(__file__).with_name("app.py")
FIRST_PORT = 8501


def run(
    host: str | None = None, port: int | None = None, open_browser: bool = True, store: Path | None = None
) -> None:
    """Serve until interrupted. No `host` means the configured one (this machine alone), no `port` the first
    free one from 8501. Raises InputError when the address cannot be had."""
    # Loaded late: every other command does without it.
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    address = host or os.environ.get("STREAMLIT_SERVER_ADDRESS") or "127.0.0.1"
    chosen = _free_port(address) if port is None else port
    if port is not None and not _is_free(address, port):
        raise InputError(
            f"{address}:{port} is not available: another program uses it, or it is not of this machine"
        )
    if store is not None:
        # app.py is run as a script and takes no arguments.
        os.environ[PATH_VARIABLE] = str(store)
    # Until the first page has run, Streamlit takes the folder pages/ for one of scripts to run by
    # themselves, and a visit that starts at /supply would show nothing.
    PagesManager.uses_pages_directory = False
    flags = [f"--server.port={chosen}", f"--server.headless={'false' if open_browser else 'true'}"]
    if host is not None:
        flags += [f"--server.address={host}"]
    if not _is_loopback(address):
        # The reader asked for other machines to reach it, by names that are theirs to know.
        flags += ["--server.allowedHosts=*"]
    # Threads of readers who come at once would see it half made.
    importlib.import_module("pandas")
    subprocess.Popen([sys.executable, "-P", "-c", WARM_UP], stdin=subprocess.DEVNULL)
    ended = threading.Event()
    threading.Thread(target=_prepare, args=(address, chosen, ended)).start()
    print(f"vaultline is at {_url(address, chosen)} (Ctrl+C stops it)", flush=True)
    try:
        cli.main(["run", str(APP), *flags], prog_name="vaultline dashboard", standalone_mode=False)
    finally:
        ended.set()


def _prepare(address: str, port: int, ended: threading.Event) -> None:
    """Load the pages and the facts while the reader's browser starts: whoever asks first finds them there.
    Not before the server answers, whose own start it would hold up."""
    while not ended.wait(0.02):
        with suppress(OSError):
            socket.create_connection((address, port), 1.0).close()
            importlib.import_module("dashboard.app")
            importlib.import_module("data.registry").load_facts()
            return


def _is_loopback(address: str) -> bool:
    return address in {"localhost", "::1"} or address.startswith("127.")


def _url(address: str, port: int) -> str:
    name = "localhost" if address in {"0.0.0.0", "::"} else address
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _free_port(address: str) -> int:
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if _is_free(address, port):
            return port
    raise InputError(
        f"No port from {FIRST_PORT} to {FIRST_PORT + 99} is free at {address}: name one with --port"
    )


def _is_free(address: str, port: int) -> bool:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # As the server itself binds: a port whose last connections still linger counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except (OSError, OverflowError):
        return False
    return True
