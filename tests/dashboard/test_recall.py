"""What was recorded: every run's command asks the same again, words find it, its tables say what it found."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard import recall
from dashboard.cli import main
from data import recorded
from data.registry import load_facts
from data.store import Store

Ask = Callable[..., dict[str, Any]]
Refused = Callable[..., str]
BOTH = ("--price-shock", "-0.5", "--demand-shock", "-0.55")
# One command a kind, each as small as it may be.
ASKED: dict[str, tuple[str, ...]] = {
    "projection": ("project", *BOTH),
    "stress": ("stress", "--months", "3", "--paths", "200", "--seed", "7", "--shock", "rho=0.1"),
    "frontier": ("frontier", "--points", "5", "--durations", "1,lasting"),
    "reserve": ("reserve", "--paths", "64", "--points", "5", "--horizons", "6", "--levels", "0.1"),
    "attribution": ("attribution", "--paths", "32", "--base-points", "16", "--inputs", "H0,order"),
    "supplier": ("suppliers", "--fleet", "H100:2:25000:700:0.12", "--paths", "64"),
    "rent": ("customers", "--hours", "H100:10"),
    "mechanisms": ("mechanisms",),
    "claims": ("claims",),
    "compare": ("compare", "--months", "6", "--with", "title=Cheap", "P0=0.1", "--paths", "256"),
    "policy": ("policy", "--policies", "20", "--paths", "64", "--set", "beta=0.7"),
    "issuance": ("investors", "--paths", "64", "--window", "12", "--contract-usd", "5e5"),
    "outlook": ("investors", "--paths", "64", "--window", "12", "--contract-usd", "5e5"),
}


def listed(ask: Ask, *words: str) -> list[dict[str, Any]]:
    return list(ask("runs", *words)["runs"])


@pytest.mark.parametrize("kind", ASKED)
def test_the_command_of_what_was_recorded_finds_it_again(ask: Ask, store_path: Path, kind: str) -> None:
    ask(*ASKED[kind])
    (own,) = [row for row in listed(ask) if row["kind"] == kind]
    with Store.open(store_path) as store:
        what = recorded.named(store, own["id"][:8])
        stamp = recall.stamp(what, load_facts())
    program, *words = shlex.split(stamp["command"])
    assert program == "vaultline"
    ask(*words)
    assert [row["id"] for row in listed(ask) if row["kind"] == kind] == [own["id"]]
    assert (own["stale"], stamp["run_id"]) == (False, own["id"])


def test_mechanisms_over_random_futures_are_told_from_those_without(ask: Ask, store_path: Path) -> None:
    for more in ([], ["--paths", "50"]):
        ask("mechanisms", *more)
    before = {row["id"] for row in listed(ask, "--find", "mechanisms")}
    for name in before:
        with Store.open(store_path) as store:
            command = recall.stamp(recorded.named(store, name), load_facts())["command"]
        ask(*shlex.split(command)[1:])
    assert {row["id"] for row in listed(ask, "--find", "mechanisms")} == before
    assert len(before) == 2


def test_words_find_runs(ask: Ask, store_path: Path) -> None:
    for kind in ("projection", "claims"):
        ask(*ASKED[kind])
    ask("project")
    assert len(listed(ask)) == 3
    for words, kinds in [
        ("projection", {"projection"}),
        ("PRICE_SHOCK=-0.5 demand", {"projection"}),
        ("claims", {"claims"}),
        ("stale", set()),
        ("nonsense", set()),
    ]:
        assert {row["kind"] for row in listed(ask, "--find", words)} == kinds
    assert [row["what"] for row in listed(ask, "--find", "price_shock")] == [
        "demand_shock=-0.55 price_shock=-0.5"
    ]


def test_a_run_of_another_model_is_read_and_marked(ask: Ask, store_path: Path) -> None:
    said = ask("stress", "--months", "3", "--paths", "100")
    with Store.open(store_path) as store:
        with store.transaction() as cursor:
            cursor.execute("UPDATE run SET model_version = '0.0.1', facts_version = 'older'")
            # a scenario of a version that had another input
            inputs = json.loads(store.rows("SELECT inputs FROM scenario", [])[0][0]) | {"older_input": 1}
            cursor.execute("UPDATE scenario SET inputs = ?", [json.dumps(inputs)])
        what = recorded.named(store, said["run_id"])
        stamp, found = recall.stamp(what, load_facts()), recorded.tables(store, what)
        row = recall.catalogue(store, load_facts()).row(0, named=True)
    assert (stamp["stale"], row["stale"], "older_input=1" in row["what"]) == (True, True, True)
    assert stamp["command"].startswith("none: its inputs are not those of this version")
    assert stamp["scenario"]["older_input"] == 1
    assert found["by_month"]["p_shortfall"].to_list() == [m["p_shortfall"] for m in said["by_month"]]


def test_tables_say_what_was_found(ask: Ask, store_path: Path) -> None:
    stress, project = ask(*ASKED["stress"]), ask(*ASKED["projection"])
    rent, mechanisms = ask(*ASKED["rent"]), ask(*ASKED["mechanisms"])
    with Store.open(store_path) as store:
        ids = recall.catalogue(store, load_facts()).select("kind", "what", "id").to_dicts()
        found = {
            row["kind"]: recorded.tables(store, recorded.named(store, row["id"]))
            for row in ids
            if row["kind"] != "projection" or row["what"] != "baseline"
        }
    figures = dict(found["stress"]["figures"].select("name", "value").iter_rows())
    assert figures["p_depletion"] == stress["p_depletion"]
    assert figures["loss_usd.mean"] == stress["loss_usd"]["mean"]
    quantiles = found["stress"]["quantiles"].filter(variable="V", quantile=0.5)
    assert quantiles["value"].to_list() == stress["quantiles"]["V"]["50"]
    assert found["projection"]["steps"].height == 36
    figures = dict(found["projection"]["figures"].select("name", "value").iter_rows())
    assert figures["end.V"] == project["end"]["V"]
    assert found["rent"]["prices"].height == len(rent["prices"])
    assert mechanisms["mechanisms"]
    assert all(table.height == 36 for name, table in found["mechanisms"].items() if name != "figures")
    assert len(found["mechanisms"]) > 2


def test_export_writes_tables_with_their_manifest(ask: Ask, store_path: Path, tmp_path: Path) -> None:
    said = ask(*ASKED["stress"])
    run, out = said["run_id"][:10], tmp_path / "run.parquet"
    made = ask("export", run, "--out", str(out))
    frame = pl.read_parquet(out)
    assert frame["p_shortfall"].to_list() == [month["p_shortfall"] for month in said["by_month"]]
    carried = json.loads(pl.read_parquet_metadata(out)["vaultline"])
    for key in ("command", "counts_sha256", "facts_version", "model_version", "seed", "paths", "run_id"):
        assert carried[key] == made[key] == said[key]
    assert (carried["scenario"], carried["shocks"]) == (said["scenario"], said["shocks"])

    ask("export", run, "--table", "quantiles", "--out", str(tmp_path / "q.csv"))
    assert pl.read_csv(tmp_path / "q.csv").height == 3 * 7 * len(said["quantiles"])
    assert json.loads((tmp_path / "q.manifest.json").read_text())["run_id"] == said["run_id"]
    made = ask("export", "fact", "--out", str(tmp_path / "fact.xlsx"))
    assert (tmp_path / "fact.xlsx").read_bytes()[:2] == b"PK"
    assert (made["rows"], made["scenario"]) == (len(load_facts().facts), None)


def test_a_browser_gets_no_more_than_it_can_show() -> None:
    frame = pl.DataFrame({"text": ["x" * 10_000, None, "y"] * 1000, "n": [1] * 3000})
    seen = recall.preview(frame)
    assert seen.height == recall.PREVIEW
    assert seen["text"].head(3).to_list() == ["x" * recall.LONGEST_CELL + "…", None, "y"]
    no_text = pl.DataFrame({"n": [1]})
    assert recall.preview(no_text).equals(no_text)


def test_sql_answers_and_writes(ask: Ask, store_path: Path, tmp_path: Path) -> None:
    said = ask("project", *BOTH)
    query = "SELECT run, min(month) AS first FROM run_step WHERE shortfall GROUP BY run"
    out = tmp_path / "rows.parquet"
    assert ask("sql", query, "--out", str(out)) == {
        "columns": ["run", "first"], "rows": [[said["run_id"], said["first_shortfall_month"]]],
    }  # fmt: skip
    assert json.loads(pl.read_parquet_metadata(out)["vaultline"])["query"] == query
    assert ask("sql", "SELECT 'nan'::DOUBLE AS x, DATE '2026-05-31' AS d")["rows"] == [["nan", "2026-05-31"]]


def test_bad_input_is_one_sentence_and_writes_nothing(
    ask: Ask, refused: Refused, store_path: Path, tmp_path: Path
) -> None:
    run, out = ask("project")["run_id"], str(tmp_path / "x.csv")
    assert "--out is missing" in refused("export", run)
    assert ".parquet, .csv or .xlsx" in refused("export", run, "--out", str(tmp_path / "x.txt"))
    assert "no run or answer whose id begins" in refused("export", "0" * 12, "--out", out)
    assert "the store's tables are run," in refused("export", "packed", "--out", out)
    assert "it has by_month, steps, figures" in refused("export", run, "--table", "sums", "--out", out)
    assert "is a table already" in refused("export", "run", "--table", "x", "--out", out)
    assert "no SQL that can be read" in refused("sql", "SELEC 1", "--out", out)
    assert "forbidden" in refused("sql", "SELECT * FROM read_csv('/etc/passwd')")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("words", [("runs",), ("export", "run", "--out", "x.csv"), ("sql", "SELECT 1")])
def test_a_store_in_use_is_refused(refused: Refused, held_store: int, words: tuple[str, ...]) -> None:
    assert f"is in use by process {held_store}" in refused(*words)


def test_an_empty_store_says_what_to_do(capsys: pytest.CaptureFixture[str], store_path: Path) -> None:
    assert main(["runs"]) == 0
    assert "vaultline project makes the first run" in capsys.readouterr().out
