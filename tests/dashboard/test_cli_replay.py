"""`vaultline project --prices`: the engine over a price history, and the files that runs are written to."""

import calendar
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.cli import main
from dashboard.commands import project
from tests.scenarios import BASELINE

pytestmark = pytest.mark.usefixtures("store_path")


def test_replay(ask: Callable[..., dict[str, Any]], price_file: Path, closes: dict[date, float]) -> None:
    found = ask("project", "--prices", str(price_file), "--from", "2024-07-01")
    scenario = found["scenario"]
    by_month: dict[int, list[float]] = {}
    for day, close in closes.items():
        by_month.setdefault(day.month, []).append(close)
    assert (scenario["m0"], scenario["months"], scenario["contracts"]) == (0, 3, [])
    assert scenario["price_history"] == [by_month[7], by_month[8], by_month[9]]
    assert len(scenario["revenue_history"]) == 3
    assert any("interpolated" in text for text in found["notes"])
    nine = found["alternatives"]
    H0 = BASELINE.H0
    assert {(row["H0"], row["V0_months"]) for row in nine} == {
        (H0 * share, months) for share in (0.5, 1, 2) for months in (3, 12, 240)
    }
    assert len(nine) == 9
    shown = {"label", "first_shortfall_month", "min_coverage", "min_pay", "burn_year1", "release_year1"}
    assert all(shown <= row.keys() for row in nine)
    same = next(row for row in nine if (row["H0"], row["V0_months"]) == (H0, BASELINE.V0_months))
    assert same["burn_year1"] == found["burn_year1"]


def test_each_step_takes_the_mean_of_its_days(
    price_file: Path, tmp_path: Path, closes: dict[date, float]
) -> None:
    out = tmp_path / "steps.parquet"
    words = ["--prices", str(price_file), "--from", "2024-08-01", "--steps-per-month", "2", "--out", str(out)]
    assert main(["project", *words]) == 0
    august = [close for day, close in closes.items() if day.month == 8]
    prices = pl.read_parquet(out)["price"].to_list()
    assert prices[:2] == pytest.approx([sum(august[:15]) / 15, sum(august[15:]) / 16])
    assert len(prices) == 4


def test_replay_starts_with_the_first_full_month(
    ask: Callable[..., dict[str, Any]], price_file: Path
) -> None:
    one, other = (
        ask("project", "--prices", str(price_file), *more) for more in ([], ["--from", "2024-07-01"])
    )
    assert one["scenario_sha256"] == other["scenario_sha256"]


def test_replay_from_within_a_month_takes_the_month(
    ask: Callable[..., dict[str, Any]], price_file: Path
) -> None:
    found = ask("project", "--prices", str(price_file), "--from", "2024-08-15")
    assert (found["scenario"]["m0"], found["scenario"]["months"]) == (1, 2)
    assert any("2024-08-01" in text for text in found["notes"])


def test_what_is_set_wins_over_the_replay(ask: Callable[..., dict[str, Any]], price_file: Path) -> None:
    replay = ["project", "--prices", str(price_file)]
    revenue = ask(*replay, "--set", "R_base=1e6")["scenario"]
    assert (revenue["revenue_history"], revenue["R_base"], revenue["contracts"]) == (None, 1e6, [])
    contract = ask(*replay, "--set", "contracts=1:2:5e5", "m0=5", "--months", "2")["scenario"]
    assert contract["revenue_history"] is not None
    assert (len(contract["contracts"]), contract["m0"], contract["months"]) == (1, 5, 2)
    assert any("P0" in text for text in ask(*replay, "--set", "P0=3")["notes"])


def test_replay_of_the_month_table_needs_no_file(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("project", "--preset", "history_replay")
    assert found["scenario"]["m0"] == 0
    assert len(found["alternatives"]) == 9


@pytest.mark.parametrize(
    "start", ["2024-06-01", "2024-10-01", "2031-01-01", "soon", "2024-13-01", "2024-W27-1", ""]
)
def test_a_replay_cannot_start_outside_its_file(
    refused: Callable[..., str], price_file: Path, start: str
) -> None:
    refused("project", "--prices", str(price_file), "--from", start)


def test_a_run_is_not_longer_than_its_file(refused: Callable[..., str], price_file: Path) -> None:
    assert "covers 3" in refused("project", "--prices", str(price_file), "--months", "4")


def test_bad_price_files_change_nothing(
    refused: Callable[..., str], price_file: Path, store_path: Path
) -> None:
    lines = price_file.read_text().splitlines()
    for bad in (
        lines[:9] + lines[10:], [*lines, lines[-1]], ["day,close", *lines[1:]],
        [*lines[:-1], "2024-10-10,1,5"], [*lines[:-1], "2024-10-10,abc"], [*lines, "2999-01-01,1"],
        lines[:1], [],
    ):  # fmt: skip
        price_file.write_text("\n".join(bad))
        refused("project", "--prices", str(price_file))
        refused("prices", "import", str(price_file))
    assert not store_path.exists()


def test_months_of_the_price_file_are_what_the_calendar_says(price_file: Path) -> None:
    """Guards the fixture: a wrong number of days would make the replay tests say nothing."""
    days = sum(1 for line in price_file.read_text().splitlines() if line.startswith("2024-08"))
    assert days == calendar.monthrange(2024, 8)[1]


# Files


def test_parquet_carries_its_manifest(ask: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "run.parquet"
    out.write_text("in the way")
    found = ask("project", "--preset", "both", "--out", str(out))
    frame = pl.read_parquet(out)
    assert frame.height == 36
    assert frame["burned"].head(12).sum() == pytest.approx(found["burn_year1"])
    manifest = json.loads(pl.read_parquet_metadata(out)["vaultline"])
    assert manifest["scenario_digest"] == found["scenario_sha256"]
    assert manifest["facts_version"] == found["facts_version"]
    assert {c["name"]: c["unit"] for c in manifest["columns"]}["V"] == "IO"
    assert set(project.UNITS) <= set(frame.columns)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["run.parquet"]


def test_csv_has_its_manifest_beside_it(ask: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    found = ask("project", "--months", "2", "--steps-per-month", "30", "--out", str(tmp_path / "run.csv"))
    frame = pl.read_csv(tmp_path / "run.csv")
    assert frame.height == 60
    assert frame["V"][-1] == found["end"]["V"]
    manifest = json.loads((tmp_path / "run.manifest.json").read_text())
    assert manifest["run_id"] == found["run_id"]


def test_the_price_file_is_not_overwritten(refused: Callable[..., str], price_file: Path) -> None:
    before = price_file.read_bytes()
    assert "another" in refused("project", "--prices", str(price_file), "--out", str(price_file))
    assert price_file.read_bytes() == before
