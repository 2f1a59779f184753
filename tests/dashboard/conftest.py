"""What tests of the command line share: a store of their own, and commands run in this process."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main


@pytest.fixture
def store_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "store.duckdb"
    monkeypatch.setenv("VAULTLINE_STORE", str(path))
    return path


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Runs a command with --json that must succeed, and gives its one object."""

    def run(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0
        value = json.loads(capsys.readouterr().out)
        assert isinstance(value, dict)
        return value

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must end with exit code 2 and one sentence on stderr alone; gives the sentence."""

    def run(*words: str) -> str:
        assert main(words) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("vaultline: ")
        assert printed.err.count("\n") == 1
        assert "Traceback" not in printed.err
        return printed.err

    return run


@pytest.fixture(scope="session")
def closes() -> dict[date, float]:
    """20 June to 10 October 2024: full months July, August, September."""
    return {date(2024, 6, 20) + timedelta(days=k): 1.0 + 0.001 * k for k in range(113)}


@pytest.fixture
def price_file(tmp_path: Path, closes: dict[date, float]) -> Path:
    path = tmp_path / "IO.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "close"])
        writer.writerows(closes.items())
    return path


@pytest.fixture
def held_store(store_path: Path) -> Iterator[int]:
    """Another process that has the store open, as the dashboard would; gives its number."""
    with holding(store_path) as pid:
        yield pid


@contextmanager
def holding(path: Path) -> Iterator[int]:
    """The store open in another process until the end of the block; gives the process's number."""
    code = (
        "import pathlib, sys; from data.store import Store\n"
        "store = Store.open(pathlib.Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"open"
        yield holder.pid
        assert holder.stdin is not None
        holder.stdin.close()
        assert holder.wait(20) == 0
