"""facts, prices, doctor and dashboard, and every command's dealings with the store."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard import launch
from dashboard.cli import main
from data.store import Store

pytestmark = pytest.mark.usefixtures("store_path")


def test_a_run_is_recorded_once(ask: Callable[..., dict[str, Any]], store_path: Path) -> None:
    assert ask("project")["run_id"] == ask("project")["run_id"]
    with Store.open(store_path) as store:
        assert store.runs(facts_version="", model_version="").height == 1


def test_store_flag_wins_over_the_environment(store_path: Path, tmp_path: Path) -> None:
    assert main(["project", "--store", str(tmp_path / "other.duckdb")]) == 0
    assert (tmp_path / "other.duckdb").exists()
    assert not store_path.exists()


def test_with_the_store_in_use_projects_answer_and_the_rest_waits(
    held_store: int, store_path: Path, price_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["project", "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["recorded"] is False
    assert f"not recorded yet: the store is in use by process {held_store}" in printed.err
    assert (store_path.parent / "inbox" / f"{found['run_id']}.json").exists()
    assert main(["prices", "import", str(price_file)]) == 2
    assert str(held_store) in capsys.readouterr().err
    assert main(["doctor"]) == 0


def test_prices_go_into_the_store(
    ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], price_file: Path
) -> None:
    assert main(["prices", "list"]) == 0
    assert "no prices yet" in capsys.readouterr().out
    stored = {"symbol": "AKT", "days": 113, "first": "2024-06-20", "last": "2024-10-10"}
    assert stored.items() <= ask("prices", "import", str(price_file), "--symbol", "AKT").items()
    assert ask("prices", "import", str(price_file), "--symbol", "AKT")["replaced"] == 113
    (listed,) = ask("prices", "list")["prices"]
    assert stored.items() <= listed.items()


def test_a_corrupt_store_is_one_sentence_and_stays_as_it_is(
    refused: Callable[..., str], store_path: Path
) -> None:
    store_path.parent.mkdir()
    store_path.write_bytes(b"not a store" * 1000)
    assert str(store_path) in refused("project")
    assert store_path.read_bytes() == b"not a store" * 1000
    assert main(["doctor"]) == 1


# The commands


def test_facts_are_searched(ask: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    everything = ask("facts")["facts"]
    found = ask("facts", "contract", "second")["facts"]
    assert {"second_contract", "second_contract_expected"} <= {fact["id"] for fact in found}
    assert len(found) < len(everything)
    assert {fact["kind"] for fact in ask("facts", "--kind", "third party")["facts"]} == {"third_party"}
    assert ask("facts", "no such words anywhere")["facts"] == []
    assert main(["facts", "payout target"]) == 0
    shown = capsys.readouterr().out
    assert "default of the input H0" in shown
    assert "assumption" in shown
    assert main(["facts"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(everything) + 2


def test_doctor_of_a_sound_installation(ask: Callable[..., dict[str, Any]], store_path: Path) -> None:
    found = ask("doctor")
    assert found["ok"] is True
    assert not store_path.exists()
    assert {"vaultline", "facts", "model", "store", "GPU"} <= {check["name"] for check in found["checks"]}


def test_dashboard_is_started_as_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(launch, "run", lambda **given: asked.append(given))
    sys.modules.pop("dashboard.commands.dashboard", None)
    store = tmp_path / "x.duckdb"
    assert main(["dashboard", "--port", "9000", "--no-browser", "--store", str(store)]) == 0
    assert asked == [{"host": None, "port": 9000, "open_browser": False, "store": store}]


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], [], ["project", "--help"], ["prices", "import", "--help"]]
)
def test_help_and_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert "vaultline" in capsys.readouterr().out


def test_unexpected_errors_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("dashboard.commands.facts.run", fail)
    assert main(["facts"]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "RuntimeError: two lines" in printed.err
