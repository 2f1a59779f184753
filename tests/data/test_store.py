"""The store: what is recorded once is found again as it was, by many threads at once."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.records import PROJECTION, RunRecord, run_id
from data.registry import load_facts
from data.sources.files import PriceSeries, read_price_csv
from data.store import Store, StoreError
from models.parameters import InputError
from tests.data.runs import VERSIONS, run, scenario, table

TODAY = date(2026, 11, 23)
HOSTILE = [
    "'; DROP TABLE run; --",
    "x' OR '1'='1",
    "IO\0",
    "../../etc/passwd",
    "日本",
    "{}",
    "?",
    "$1",
    "%s",
    "\\",
]


def prices(days: int, symbol: str = "IO", close: float = 1.0) -> PriceSeries:
    rows = (f"{date(2024, 6, 11) + timedelta(days=i)},{close}" for i in range(days))
    data = ("date,close\n" + "\n".join(rows)).encode()
    return read_price_csv(data, today=TODAY, symbol=symbol)


# Runs


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rule": "legacy"},
        {"rule": "as_reported", "months": 1},
        {"H0": 0.0, "steps_per_month": 30, "months": 3},
        {"price_shock": -0.5, "demand_shock": -0.55, "eta": 1.5, "controller": True, "K0": 1e7, "impact": 0.5,
         "V0": 1e6, "release_cap": 1e5, "y2_cap_months": 1.0, "order": "vault_first", "months": 240},
    ],
)  # fmt: skip
def test_a_run_is_found_as_it_was_recorded(store: Store, changes: dict[str, Any]) -> None:
    made = run(**changes)
    assert store.find_run(made.id) is None
    assert store.record(made) is True
    found = store.find_run(made.id)
    assert found is not None
    assert found.frame.equals(made.frame)
    assert found.frame.schema == made.frame.schema
    for field in fields(RunRecord):
        assert field.name == "frame" or getattr(found, field.name) == getattr(made, field.name)
    assert json.dumps(found.summary) == json.dumps(made.summary)
    assert found.id == made.id == run_id(PROJECTION, scenario(**changes), **VERSIONS)


def test_a_run_recorded_twice_is_there_once(store: Store) -> None:
    assert store.record(run()) is True
    again = run()
    assert store.record(again) is False
    counts = (
        "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM run_step), (SELECT count(*) FROM scenario)"
    )
    assert table(store, counts) == [(1, again.frame.height, 1)]


def test_a_run_is_there_after_closing(path: Path) -> None:
    made = run()
    with Store.open(path) as store:
        store.record(made)
    with Store.open(path) as store:
        assert store.find_run(made.id) is not None


def test_all_that_decides_a_result_is_in_the_id() -> None:
    versions = [
        {"facts_version": "a", "model_version": "b"},
        {"facts_version": "ab", "model_version": ""},
        {"facts_version": "a", "model_version": "c"},
    ]
    ids = {
        run_id(kind, s, **v) for kind in ("p", "q") for s in (scenario(), scenario(P0=0.3)) for v in versions
    }
    ids |= {run_id("p", scenario(), **versions[0], parameters={"seed": seed}) for seed in (1, 2)}
    assert len(ids) == 14


def test_a_record_that_fails_leaves_nothing(store: Store) -> None:
    made = run()
    broken = made.frame.with_columns(pl.when(pl.col("step") != 36).then(pl.col("V")).alias("V"))
    with pytest.raises(StoreError):
        store.record(replace(made, frame=broken))
    with pytest.raises(ValueError, match="JSON"):
        store.record(replace(made, summary={"min_pay": float("nan")}))
    assert store.find_run(made.id) is None
    assert store.scenarios().is_empty()
    assert store.record(made) is True


def test_a_run_of_other_inputs_stays_readable(store: Store) -> None:
    old = replace(run(), scenario='{"an":"input","of":"another version"}')
    store.record(old)
    found = store.find_run(old.id)
    assert found is not None
    assert found.scenario == old.scenario


def test_runs_are_listed_newest_first_and_marked_stale(store: Store) -> None:
    early = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        replace(run(), created_at=early),
        replace(run(P0=0.3), created_at=early + timedelta(hours=1)),
        replace(run(), created_at=early + timedelta(hours=2), model_version="0.0.9"),
        replace(run(), created_at=early + timedelta(hours=3), facts_version="e" * 64),
    ]
    for record in made:
        store.record(record)
    listed = store.runs(**VERSIONS)
    assert listed["id"].to_list() == [record.id for record in reversed(made)]
    assert listed["stale"].to_list() == [True, True, False, False]
    assert store.runs(**VERSIONS, limit=1)["id"].to_list() == [made[-1].id]


def test_the_figures_of_a_summary_can_be_queried(store: Store) -> None:
    made = run(demand_shock=-0.55)
    store.record(made)
    figures = {name: value for _, name, value in table(store, "FROM run_summary")}
    flat = {k: v for k, v in made.summary.items() if k != "end"}
    assert figures == flat | {f"end.{k}": v for k, v in made.summary["end"].items()}


# Facts


def test_an_open_store_has_the_facts(store: Store) -> None:
    registry = load_facts()
    assert store.load_facts(registry) is False
    stored = table(
        store,
        "SELECT fact.id, value, low, high, feeds, fact.version, source.name "
        "FROM fact JOIN source ON source.id = fact.source",
    )
    assert len(stored) == len(registry.facts)
    for id_, value, low, high, feeds, version, source in stored:
        fact = registry.facts[id_]
        figure = json.loads(value)
        assert (figure["rows"] if fact.rows else figure) == ([list(r) for r in fact.rows] or fact.value)
        assert (low, high, feeds) == (*(fact.range or (None, None)), fact.feeds)
        assert (version, source) == (registry.version, registry.source(fact.source).name)


def test_facts_of_another_version_take_the_place_of_the_stored_ones(path: Path) -> None:
    registry = load_facts()
    kept = {id_: fact for id_, fact in registry.facts.items() if id_ != "cap_io"}
    kept["genesis_io"] = kept["genesis_io"].model_copy(update={"value": 1})
    other = replace(registry, facts=kept)
    query = "SELECT id, value, version FROM fact WHERE id IN ('cap_io', 'genesis_io')"
    with Store.open(path) as store:
        assert store.load_facts(other) is True
        assert store.load_facts(other) is False
        assert table(store, query) == [("genesis_io", "1", other.version)]
    with Store.open(path) as store:
        assert store.load_facts(registry) is False
        assert len(table(store, query)) == 2


# Prices


def test_prices_are_found_as_they_were_imported(store: Store) -> None:
    series = read_price_csv(
        b"date,open,close,volume_usd\n2024-06-12,1.1,1.3,\n2024-06-11,,1.2,0\n", today=TODAY, name="IO.csv"
    )
    assert store.import_prices(series) == ("IO", 2, date(2024, 6, 11), date(2024, 6, 12), 0)
    found = store.prices("IO")
    assert found.frame.equals(series.frame)
    assert found.frame.schema == series.frame.schema
    assert (found.symbol, found.sha256, found.first) == ("IO", series.sha256, date(2024, 6, 11))


def test_a_symbol_has_the_prices_of_its_last_file(store: Store) -> None:
    store.import_prices(prices(5))
    store.import_prices(prices(3, "AKT"))
    assert store.import_prices(prices(4, close=2.0)).replaced == 5
    assert store.prices("IO").frame["close"].to_list() == [2.0] * 4
    assert store.price_list().select("symbol", "days").rows() == [("AKT", 3), ("IO", 4)]


@pytest.mark.parametrize("symbol", [*HOSTILE, "", "io", "A" * 21, "-A", "IO\n"])
def test_what_is_no_symbol_is_refused(store: Store, symbol: str) -> None:
    store.import_prices(prices(2))
    with pytest.raises(InputError, match=r"the symbol .* is not allowed: 1 to 20 of") as refused:
        store.import_prices(replace(prices(2), symbol=symbol))
    assert "\n" not in str(refused.value)
    with pytest.raises(InputError, match=r"the store has no prices of .*; it has IO$"):
        store.prices(symbol)


# Threads


def test_eight_threads_read_and_write_at_once(store: Store) -> None:
    each = 8
    made = [[run(P0=0.1 + thread + i / 100) for i in range(each)] for thread in range(8)]

    def hammer(thread: int) -> None:
        chance = random.Random(thread)
        for i, record in enumerate(made[thread]):
            assert store.record(record) is True
            store.import_prices(prices(2 + i, f"T{thread}", close=1.0 + thread))
            other = chance.choice(made[chance.randrange(8)])
            for wanted in (record, other):
                found = store.find_run(wanted.id)
                assert found is not None or wanted is other
                assert found is None or found.frame.equals(wanted.frame)
            assert store.prices(f"T{thread}").frame["close"].to_list() == [1.0 + thread] * (2 + i)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(hammer, thread) for thread in range(8)]:
            done.result()
    assert store.runs(**VERSIONS).height == 8 * each


def test_one_of_many_recorders_of_a_run_is_told_that_it_was_first(store: Store) -> None:
    made = run()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.record(made), range(16)))
    assert sorted(answers) == [False] * 15 + [True]


def test_an_interrupt_within_a_query_is_one(tmp_path: Path) -> None:
    """DuckDB tells of a Ctrl-C in words of its own, which would otherwise be a fault of ours."""

    class Interrupted:
        def cursor(self) -> Any:
            return self

        def execute(self, *_: object) -> None:
            raise RuntimeError("Query interrupted")

        def close(self) -> None:
            pass

    stopped: Any = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path / "s.duckdb", stopped).rows("SELECT 1", [])


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"cannot be used: .*closed"):
        store.find_run("a" * 64)
