"""`vaultline stress`, `replay` and `validate`: the same numbers every time, a sentence for what is wrong."""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.cli import main
from dashboard.shock_settings import shock_words, shocks_from
from data.registry import load_facts
from data.shock_choices import choose, one_market
from data.store import Store
from models.shocks import parse_shocks
from tests.dashboard.conftest import holding

Ask = Callable[..., dict[str, Any]]
Refused = Callable[..., str]
BOTH = ("stress", "--preset", "both", "--months", "12")
TRANSITION = {"transition": [[0.9, 0.1], [0.4, 0.6]]}


def test_one_object_says_all(ask: Ask, store_path: Path) -> None:
    said = ask(*BOTH, "--paths", "2000", "--seed", "5")
    p, n = said["p_depletion"], 2000
    assert said["paths"] == n
    assert said["seed"] == 5
    assert said["standard_error"] == pytest.approx(math.sqrt(p * (1 - p) / n), rel=1e-12)
    assert said["interval"][0] < p < said["interval"][1]
    assert said["by_month"][-1]["p_shortfall"] == p
    assert len(said["by_month"]) == len(said["quantiles"]["V"]["50"]) == 12
    assert (said["device"], said["provisional"], said["recorded"], said["found"]) == (
        "cpu",
        True,
        True,
        False,
    )
    assert said["range"]["low"] <= p <= said["range"]["high"]
    assert said["range"]["alternatives"] == 22
    assert len(said["counts_sha256"]) == 64
    assert said["path_steps_per_second"] > 0


def test_a_run_asked_twice_is_found(ask: Ask, store_path: Path) -> None:
    first, second = ask(*BOTH, "--paths", "1500"), ask(*BOTH, "--paths", "1500")
    assert (first["found"], second["found"]) == (False, True)
    for key in ("run_id", "counts_sha256", "p_depletion", "by_month", "quantiles", "loss_usd", "device"):
        assert first[key] == second[key]


def test_more_paths_extend_a_run_to_what_all_at_once_would_be(ask: Ask, tmp_path: Path) -> None:
    one, other = (("--store", str(tmp_path / name)) for name in ("one.duckdb", "other.duckdb"))
    ask(*BOTH, "--paths", "1100", *one)
    extended, whole = (ask(*BOTH, "--paths", "5000", *store) for store in (one, other))
    assert extended["counts_sha256"] == whole["counts_sha256"]
    assert extended["run_id"] == whole["run_id"]


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads_change_nothing(ask: Ask, tmp_path: Path, threads: str) -> None:
    stores = [("--store", str(tmp_path / f"{name}.duckdb")) for name in "ab"]
    own = ask(*BOTH, "--paths", "3000", "--threads", threads, *stores[0])
    assert own["counts_sha256"] == ask(*BOTH, "--paths", "3000", *stores[1])["counts_sha256"]


def test_the_command_of_a_run_gives_it_again(ask: Ask, store_path: Path, price_file: Path) -> None:
    shocks = ("--shocks", "bootstrap", "--prices", str(price_file), "--block-days", "9", "--shock", "rho=0.2")
    said = ask(*BOTH, "--paths", "300", *shocks)
    assert len(said["shocks"]["history"]) == 113
    assert said["shocks"]["block_days"] == 9
    program, *words = shlex.split(said["command"])
    again = ask(*words)
    assert program == "vaultline"
    assert (again["run_id"], again["found"]) == (said["run_id"], True)


def test_a_bootstrap_draws_from_imported_prices(ask: Ask, store_path: Path, price_file: Path) -> None:
    ask("prices", "import", str(price_file), "--symbol", "io")
    said = ask(*BOTH[:3], "--months", "3", "--paths", "200", "--shocks", "bootstrap", "--symbol", "io")
    assert len(said["shocks"]["history"]) == 113
    assert said["shocks"]["block_days"] == 20
    assert "history of 113 daily closes" in said["notes"][-1]


def test_a_path_is_replayed_as_it_ran(ask: Ask, store_path: Path) -> None:
    said = ask(*BOTH, "--paths", "1")
    path = ask("replay", said["run_id"][:10], "0")
    assert path["run_id"] == said["run_id"]
    assert [step["step"] for step in path["steps"]] == [*range(1, 13)]
    # with one path every quantile is that path's own number
    for name in ("V", "price", "coverage"):
        assert [step[name] for step in path["steps"]] == said["quantiles"][name]["50"]
    assert path["first_shortfall"] == said["months_to"]["shortfall"]["50"]


def test_the_path_nearest_to_a_quantile_is_found(ask: Ask, store_path: Path) -> None:
    """Of 9 paths the median is the fifth; a histogram's middle is within 0.2 % of it, so by brute force."""
    run = ask(*BOTH, "--paths", "9")["run_id"]
    everyone = [ask("replay", run, str(path))["steps"] for path in range(9)]
    for name, month in (("price", 12), ("price", 7)):
        ends = sorted((steps[month - 1][name], path) for path, steps in enumerate(everyone))
        found = ask("replay", run, "--nearest", f"{name}:50:{month}")
        assert found["path"] == ends[4][1]
        assert found["steps"] == everyone[found["path"]]
    assert (
        ask("replay", run, "--nearest", "price:50")["path"]
        == ask("replay", run, "--nearest", "price:50:12")["path"]
    )


def test_a_file_carries_months_and_manifest(ask: Ask, store_path: Path, tmp_path: Path) -> None:
    said = ask(*BOTH, "--paths", "400", "--out", str(tmp_path / "s.parquet"))
    frame = pl.read_parquet(tmp_path / "s.parquet")
    assert frame["month"].to_list() == [*range(1, 13)]
    assert frame["V_p50"].to_list() == said["quantiles"]["V"]["50"]
    made = json.loads(pl.read_parquet_metadata(tmp_path / "s.parquet")["vaultline"])
    assert (made["counts_sha256"], made["seed"], made["paths"]) == (said["counts_sha256"], 1, 400)


def test_words_say_seed_paths_and_range(capsys: pytest.CaptureFixture[str], store_path: Path) -> None:
    assert main([*BOTH, "--paths", "500", "--seed", "9"]) == 0
    printed = capsys.readouterr()
    assert "Seed 9, 500 paths" in printed.out
    assert "22 named alternatives" in printed.out
    assert "provisional" in printed.err


def test_all_that_the_specification_names_is_reported(ask: Ask, store_path: Path) -> None:
    """SPEC section 6: every state, each month's lowest, the lowest pay, the totals, all three events."""
    said = ask(*BOTH[:3], "--months", "4", "--paths", "300")
    states = {"U", "V", "L", "C", "K", "Q", "B", "F", "N", "k", "g", "x", "y"}
    totals = {"burned", "retired", "emitted", "released", "circulating", "shortfall_usd"}
    assert states | totals | {"coverage", "pay", "psi", "runway", "lowest_pay"} <= said["quantiles"].keys()
    assert {"1", "5", "25", "50", "75", "95", "99"} == said["quantiles"]["lowest_pay"].keys()
    assert {"p_empty", "p_underpaid", "months_to"} <= said.keys()
    assert {"mean", "cvar5", "mean_error", "cvar5_error"} <= said["loss_usd"].keys()
    hazards = [row["shortfall_hazard"] for row in said["by_month"]]
    assert len(hazards) == 4
    assert all(0 <= h <= 1 for h in hazards)


def test_a_repaired_matrix_says_how_far_it_was_moved(ask: Ask, store_path: Path) -> None:
    rows = "transition=0.9:0.1:0,0.1:0.8:0.1,0:0.1:0.9"
    shocks = ("--shock", "regimes=calm,stress,boom", rows, "repair_root=on")
    said = ask("stress", "--months", "2", "--steps-per-month", "3", "--paths", "50", *shocks)
    (note,) = [n for n in said["notes"] if "repaired" in n]
    moved = float(note.rsplit(" ", 1)[1])
    # exp of the repaired rates, by hand in tests/stress/test_shocks.py: off by less than 0.02
    assert 0 < moved < 0.02


def test_a_range_that_ends_in_none_says_what_so_many_paths_exclude(
    capsys: pytest.CaptureFixture[str], store_path: Path
) -> None:
    assert main(["stress", "--set", "H0=1", "--months", "2", "--paths", "300"]) == 0
    # three of the 10,000 paths that an alternative has
    assert "in under 0.03 % to" in capsys.readouterr().out.replace("\u00a0", " ")


def test_no_shortfall_at_all_is_bounded_by_the_rule_of_three(ask: Ask, store_path: Path) -> None:
    said = ask("stress", "--set", "H0=1", "--months", "2", "--paths", "300")
    assert (said["p_depletion"], said["interval"]) == (0.0, [0.0, 0.01])
    assert said["interval_is"] == "rule of three, 95 %"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--shock", "rho=1.2"], "rho = 1.2"),
        (["--shock", "transition=0.9:0.2,0.3:0.7"], "transition from calm sums to 1.1"),
        (["--shock", "transition=0.1:0.9,0.9:0.1", "--steps-per-month", "30"], "no real root"),
        (["--shock", "transition=0.9:0.1"], "2 by 2 matrix"),
        (["--shock", "sigma=90", "--steps-per-month", "30"], "lower the volatility"),
        (["--shock", "sigma=1,5"], "decimals take a dot"),
        (["--shock", "boom.sigma=1"], "there is no regime 'boom'"),
        (["--shock", "vol=1"], "the shocks have no 'vol'"),
        (["--shock", "rho"], "write key=value"),
        (["--paths", "0"], "paths = 0"),
        (["--paths", "1e15"], "paths = 1000000000000000"),
        (["--paths", "1.5"], "not a whole number"),
        (["--seed", "1" * 25], "seed ="),
        (["--threads", "0"], "threads = 0"),
        (["--device", "abacus"], "invalid choice"),
        (["--fans", "V,W"], "no fan of 'W'"),
        (["--shocks", "levy"], "there are no shocks 'levy'"),
        (["--shock-set", "made_up"], "no set of shocks"),
        (["--shocks", "bootstrap"], "--prices FILE.csv"),
        (["--symbol", "IO"], "bootstrap alone"),
        (["--out", "x.txt"], ".parquet, .csv or .xlsx"),
        (["--months", "0"], "months = 0"),
    ],
)
def test_bad_input_is_one_sentence_and_records_nothing(
    refused: Refused, store_path: Path, words: list[str], sentence: str
) -> None:
    assert sentence in refused("stress", *words)
    assert not store_path.exists()


def test_a_history_with_a_zero_price_is_refused(refused: Refused, store_path: Path, tmp_path: Path) -> None:
    (tmp_path / "zero.csv").write_text("date,close\n2025-01-01,1\n2025-01-02,0\n2025-01-03,2\n")
    words = ("stress", "--shocks", "bootstrap", "--prices", str(tmp_path / "zero.csv"))
    assert "line 3: close is '0'" in refused(*words)
    assert "day 2 is 0" in refused("stress", "--shock", "block_days=1", "history=1,0,2")


def test_what_cannot_be_replayed_is_said(refused: Refused, ask: Ask, store_path: Path) -> None:
    run = ask(*BOTH, "--paths", "10")["run_id"]
    assert "is no run" in refused("replay", "zz", "1")
    assert "no stress run" in refused("replay", "0" * 12, "1")
    assert "paths are numbered" in refused("replay", run, str(2**63))
    assert "which path?" in refused("replay", run)
    assert "not both" in refused("replay", run, "1", "--nearest", "V:5")
    assert "like V:5:24" in refused("replay", run, "--nearest", "V")
    assert "from 0 to 100" in refused("replay", run, "--nearest", "V:101")
    assert "no fan of 'W'" in refused("replay", run, "--nearest", "W:5")
    assert "months 1 to 12" in refused("replay", run, "--nearest", "V:5:13")


def test_an_interrupt_keeps_what_is_done(ask: Ask, store_path: Path) -> None:
    words = [sys.executable, "-m", "dashboard.cli", *BOTH, "--paths", "2e9", "--threads", "1"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=os.environ) as running:
        time.sleep(8)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said.strip().endswith("they are recorded, and the same command goes on from there")
    done = int(said.split(" after ")[1].split(" of ")[0].replace(",", ""))
    with Store.open(store_path) as store:
        assert store.rows("SELECT kind, count(*) FROM run GROUP BY ALL", []) == [("stress", 1)]
    again = ask(*BOTH, "--paths", str(done))
    assert (again["found"], again["paths"]) == (True, done)


def test_beside_a_dashboard_the_run_is_left_for_it(ask: Ask, store_path: Path) -> None:
    with holding(store_path) as pid:
        said = ask(*BOTH, "--paths", "200")
        assert said["recorded"] is False
        assert said["notes"][-1] == f"not recorded yet: the store is in use by process {pid}"
        assert (store_path.parent / "inbox" / f"{said['run_id']}.json").exists()
        for more in (["frontier", "--points", "5", "--durations", "lasting"], ["claims"]):
            ask(*more)
    listed = ask("runs")["runs"]
    assert {row["kind"] for row in listed} >= {"stress", "frontier", "claims"}
    again = ask(*BOTH, "--paths", "200")
    assert (again["found"], again["counts_sha256"]) == (True, said["counts_sha256"])
    assert again["by_month"] == said["by_month"]


def test_the_laws_hold(ask: Ask) -> None:
    said = ask("validate")
    assert said["ok"] is True
    laws = {(row["shocks"], row["steps"], row["law"]) for row in said["rows"]}
    assert len(laws) == len(said["rows"]) == 30
    assert {"variance of log demand", "correlation of a step's price and demand"} <= {law for *_, law in laws}
    assert {s for _, s, law in laws if "at or below 0.5" in law} == {"monthly", "daily"}
    for row in said["rows"]:
        assert abs(row["ours"] - row["expected"]) <= 4 * row["standard_error"] + 1e-9


# Shocks as text


@pytest.mark.parametrize("choice", ["gbm", "regimes"])
def test_shocks_are_read_back_as_they_were(choice: str) -> None:
    shocks = parse_shocks(TRANSITION if choice == "regimes" else {}, choose(load_facts(), choice))
    for base in ("gbm", "regimes"):
        assert shocks_from(shock_words(shocks), choose(load_facts(), base)) == shocks


def test_a_third_regime_begins_as_the_last() -> None:
    texts = ["regimes=calm,stress,boom", "boom.mu=1", "transition=0.9:0.05:0.05,0.2:0.8:0,0.3:0:0.7"]
    shocks = shocks_from(texts, load_facts().shocks())
    stress, boom = shocks.regimes[1:]
    assert boom == stress.model_copy(update={"name": "boom", "mu": 1.0})


def test_one_market_varies_as_much_as_the_regimes_do() -> None:
    market = one_market(load_facts().shock_sets()["provisional"].shocks).regimes[0]
    # calm 0.25/0.33, stress 0.08/0.33 of the time; a jump adds 0.15^2 + 0.10^2 each
    calm, stress, jump = 0.25 / 0.33, 0.08 / 0.33, 0.0325
    assert market.sigma == pytest.approx(
        math.sqrt(calm * (0.81 + 2 * jump) + stress * (3.24 + 12 * jump)), rel=1e-9
    )
    assert market.nu == pytest.approx(math.sqrt(calm * 0.35**2 + stress * 0.7**2), rel=1e-9)
    assert (market.mu, market.g, market.jump_rate) == (0.0, 0.0, 0.0)
