"""The dashboard as the command starts it: from any directory, on an address to be had, until interrupted."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.launch import FIRST_PORT, _free_port, run
from models.parameters import InputError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        yield busy.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    "host", [None, "192.0.2.1", "no.such.host.invalid"], ids=["taken", "foreign", "unknown"]
)
def test_an_address_that_cannot_be_had_is_said(
    refused: Callable[..., str], taken: int, host: str | None
) -> None:
    words = ["dashboard", "--no-browser", "--port", str(taken)]
    assert "not available" in refused(*words, *(["--host", host] if host else []))


def test_without_a_port_the_first_free_one_is_taken() -> None:
    first = _free_port("127.0.0.1")
    assert first >= FIRST_PORT
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", first))
        busy.listen()
        assert _free_port("127.0.0.1") > first


def test_no_free_port_is_said() -> None:
    with pytest.raises(InputError, match="--port"):
        run(host="192.0.2.1", open_browser=False)


def test_it_serves_from_any_directory_this_machine_alone_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    words = ["dashboard", "--no-browser", "--port", str(port), "--store", str(tmp_path / "s.duckdb")]
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(f"vaultline is at http://127.0.0.1:{port}")
        assert "127.0.0.1" in server.stdout.readline()  # it listens now
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=20) as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert "Traceback" not in server.stdout.read()


def test_the_first_page_waits_for_no_compiler_and_no_scipy() -> None:
    """They take a second to load, and the pages' first answers do without."""
    probe = "import sys, dashboard.app; sys.exit(str({'numba', 'scipy'} & {*sys.modules} or 0))"
    found = subprocess.run([sys.executable, "-P", "-c", probe], capture_output=True, text=True)
    assert found.stderr.strip() == "0"
