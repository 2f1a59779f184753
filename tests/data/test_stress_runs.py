"""Stress runs as they are kept: nothing is lost in packing, and a longer run is made from a shorter one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data import database, stress_store
from data.store import Store, StoreError
from data.stress_runs import StressRecord, pack, unpack
from models.parameters import InputError, parse_scenario
from models.stress import report
from models.stress.engine import StressResult, run
from models.stress.plan import replay
from tests.data.runs import table
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

SCENARIO = parse_scenario({"months": 4, "price_shock": -0.5, "demand_shock": -0.55}, BASELINE)
FANS = ("V", "coverage", "runway")


def result(paths: int = 500, **changes: Any) -> StressResult:
    scenario = parse_scenario(changes, SCENARIO)
    return run(scenario, PROTOCOL, REGISTRY.shocks(), paths=paths, seed=7, fans=FANS, device="cpu")


def record(made: StressResult, **changes: Any) -> StressRecord:
    parameters = {"paths": made.paths, "seed": made.seed, "fans": [*FANS], "kernel": made.kernel}
    values = {
        "scenario": made.scenario.canonical_json(), "facts_version": "f", "model_version": "1",
        "parameters": parameters, "summary": report.report(made.counts),
        "quantiles": report.quantiles(made.counts), "packed": pack(made.plan, made.counts),
        "counts_sha256": made.counts_sha256, "device": "cpu", "seconds": 0.5,
        "created_at": datetime(2026, 11, 23, 12, tzinfo=UTC),
    }  # fmt: skip
    return StressRecord(**{**values, **changes})


@pytest.mark.parametrize("changes", [{}, {"steps_per_month": 30, "months": 2}, {"rule": "legacy"}])
def test_packing_keeps_every_number(changes: dict[str, Any]) -> None:
    made = result(**changes)
    plan, counts = unpack(pack(made.plan, made.counts))
    assert counts.sha256() == made.counts_sha256
    assert report.report(counts) == report.report(made.counts)
    assert plan.digest() == made.plan.digest()
    assert replay(plan, 7, 3) == replay(made.plan, 7, 3)


def test_a_bootstrap_packs_its_history() -> None:
    history = REGISTRY.shocks().model_copy(
        update={"history": tuple(1.0 + 0.1 * (k % 7) for k in range(60)), "block_days": 5}
    )
    made = run(SCENARIO, PROTOCOL, history, paths=64, seed=1, fans=(), device="cpu")
    plan, counts = unpack(pack(made.plan, made.counts))
    assert (plan.digest(), counts.sha256()) == (made.plan.digest(), made.counts_sha256)


def test_what_is_no_packed_run_is_refused() -> None:
    whole = pack(result().plan, result().counts)
    for broken in (b"", b"nonsense", whole[:-20], whole[:4] + whole[5:]):
        with pytest.raises(InputError, match="cannot be read"):
            unpack(broken)


def test_a_run_is_found_with_its_counts(tmp_path: Path) -> None:
    made = record(result())
    with Store.open(tmp_path / "s.duckdb") as store:
        assert stress_store.find(store, made.id) is None
        assert stress_store.record(store, made) is True
        assert stress_store.record(store, made) is False
        for found in (stress_store.find(store, made.id), stress_store.named(store, made.id[:8].upper())):
            assert found is not None
            assert found.packed == made.packed
            assert (found.id, found.family, found.summary) == (made.id, made.family, made.summary)
            assert (found.seconds, found.created_at, found.device) == (0.5, made.created_at, "cpu")
        assert store.scenarios()["digest"].to_list() == [SCENARIO.digest()]
        listed = store.runs(facts_version="f", model_version="1")
        assert listed.select("kind", "stale").row(0) == ("stress", False)
        counted = "SELECT variable, count(*), max(month) FROM run_quantile GROUP BY ALL ORDER BY ALL"
        assert table(store, counted) == [("V", 28, 4), ("coverage", 28, 4), ("runway", 28, 4)]


def test_the_longest_shorter_run_is_found_for_an_extension(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        runs = [record(result(paths)) for paths in (100, 300, 900)]
        for made in [*runs, record(result(400, P0=0.2))]:
            stress_store.record(store, made)
        family = runs[0].family
        assert {made.family for made in runs} == {family}
        found = [stress_store.longest(store, family, paths) for paths in (99, 100, 899, 900, 10**9)]
        assert [f and f.paths for f in found] == [None, 100, 300, 900, 900]


def test_a_record_that_fails_leaves_nothing(tmp_path: Path) -> None:
    made = result()
    with Store.open(tmp_path / "s.duckdb") as store:
        broken = record(made, quantiles=report.quantiles(made.counts).drop("value"))
        with pytest.raises(StoreError):
            stress_store.record(store, broken)
        assert stress_store.find(store, broken.id) is None
        assert store.scenarios().is_empty()


@pytest.mark.parametrize("start", ["", "abc", "x" * 10, "' OR 1=1 --"])
def test_a_run_has_to_be_named_by_its_id(tmp_path: Path, start: str) -> None:
    with Store.open(tmp_path / "s.duckdb") as store, pytest.raises(InputError, match="is no run"):
        stress_store.named(store, start)


def test_a_store_of_the_first_schema_is_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, all_of_them = tmp_path / "s.duckdb", database._migrations()
    with monkeypatch.context() as patch:
        patch.setattr(database, "_migrations", lambda: {1: all_of_them[1]})
        database.open_database(path).close()
    with Store.open(path) as store:
        assert store.schema_version() == max(all_of_them) > 1
        run = record(result())
        assert stress_store.record(store, run)
        assert stress_store.find(store, run.id) is not None
