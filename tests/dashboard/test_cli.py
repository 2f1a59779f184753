"""`vaultline project`: what scripts rely on, and one sentence with exit code 2 for what cannot be."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dashboard.cli import main
from dashboard.settings import FLAGS, command
from models.parameters import Scenario
from tests.scenarios import BASELINE, run_if_possible, scenarios

pytestmark = pytest.mark.usefixtures("store_path")

# The keys of `--set` that scripts rely on.
KEYS = [
    "m0", "P0", "R_base", "contracts", "H0", "beta", "burn_base", "burn_source", "order", "V0_months", "V0",
    "F0", "kappa", "chi", "release_cap", "y2_cap_months", "overflow", "s_io", "controller", "a", "r_min",
    "r_max", "g_down", "g_up", "k_min", "eta", "omega", "u0", "u_max", "K0", "cooldown_days", "impact",
    "depth", "sell_payout", "sell_unlock", "phi",
]  # fmt: skip


# The known answers of SPEC section 4


@pytest.mark.parametrize(
    ("words", "min_coverage", "first", "burn", "release", "vault", "liquid"),
    [
        ("", 1.0, None, 12.0, 0.0, 65.990, 600.449),
        ("--price-shock -0.5", 1.0, None, 22.0, 0.0, 22.225, 634.214),
        ("--demand-shock -0.55", 0.5789, 22, 2.0, 34.676, 0.0, 676.439),
        ("--price-shock -5e-1 --demand-shock -.55", 0.4628, 11, 2.0, 59.851, 0.0, 676.439),
        ("--preset both", 0.4628, 11, 2.0, 59.851, 0.0, 676.439),
        ("--preset both --set eta=1.5", 0.5552, 11, 2.0, 59.851, 0.0, 676.439),
        ("--preset price_shock --demand-shock=-0.55 --set eta=1.5", 0.5552, 11, 2.0, 59.851, 0.0, 676.439),
    ],
)
def test_known_answers(
    ask: Callable[..., dict[str, Any]],
    words: str,
    min_coverage: float,
    first: int | None,
    burn: float,
    release: float,
    vault: float,
    liquid: float,
) -> None:
    found = ask("project", *words.split())
    assert found["first_shortfall_month"] == first
    assert found["min_coverage"] == pytest.approx(min_coverage, abs=1e-4)
    figures = [found["burn_year1"], found["release_year1"], found["end"]["V"], found["end"]["C"]]
    assert [f / 1e6 for f in figures] == pytest.approx([burn, release, vault, liquid], abs=1e-3)
    assert found["max_residual"] < 1e-3
    assert found["min_pay"] <= found["min_coverage"]


def test_json_is_the_contract(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("project")
    contract = {
        "first_shortfall_month",
        "min_coverage",
        "min_pay",
        "burn_year1",
        "release_year1",
        "max_residual",
    }
    assert contract <= found.keys()
    assert set(found["end"]) == set("UVLCKQBFNk")
    assert found["scenario"] == json.loads(BASELINE.canonical_json())
    assert found["scenario_sha256"] == BASELINE.digest()
    assert found["recorded"] is True
    assert {"facts_version", "version", "run_id", "notes"} <= found.keys()
    assert "alternatives" not in found


def test_every_key_of_the_contract_can_be_set(ask: Callable[..., dict[str, Any]]) -> None:
    values = {name: getattr(BASELINE, name) for name in KEYS}
    texts = [f"{k}={'none' if v is None else v}" for k, v in values.items() if k != "contracts"]
    found = ask("project", "--set", *texts, "--set", "contracts=1:12:650000")
    assert found["scenario_sha256"] == BASELINE.digest()


def test_settings_in_one_flag_or_many(ask: Callable[..., dict[str, Any]]) -> None:
    one = ask("project", "--set", "beta=0.7", "eta=1.5", "contracts=")
    many = ask("project", "--set", "beta=0.7", "--set", "eta=1.5", "--set", "contracts=none")
    assert one["scenario_sha256"] == many["scenario_sha256"]
    assert one["scenario"]["contracts"] == []


def test_the_later_of_two_values_counts(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("project", "--months", "12", "--set", "beta=0.6", "months=6", "beta=0.8", "--months", "9")
    assert (found["scenario"]["beta"], found["scenario"]["months"]) == (0.8, 9)


@given(scenarios())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_copied_command_is_the_same_scenario(
    ask: Callable[..., dict[str, Any]], scenario: Scenario
) -> None:
    if run_if_possible(scenario) is None:
        return
    assert ask(*shlex.split(command(scenario))[1:])["scenario_sha256"] == scenario.digest()


def test_a_copied_command_can_be_varied(ask: Callable[..., dict[str, Any]]) -> None:
    words = shlex.split(command(BASELINE))[1:]
    assert ask(*words, "--set", "beta=0.9", "--months", "3")["scenario"]["beta"] == 0.9


def test_text_answer_says_when_and_how_far(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "--preset", "both"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("Under these assumptions the vaults run short in Apr 2027 (month 11)")
    assert "46.3 %" in first


def test_text_answer_does_not_hide_a_lowered_target(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--preset both --set controller=on r_min=6 k_min=0.2 g_down=0.2 V0=150e6"
    assert main(["project", *words.split()]) == 0
    assert "only because it is lowered" in capsys.readouterr().out.splitlines()[0]


def test_a_shock_after_the_end_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "--preset", "both", "--shock-month", "40"]) == 0
    assert "month 40" in capsys.readouterr().err


def test_help_names_every_flag_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("preset", "set", *(f.replace("_", "-") for f in FLAGS), "prices", "from", "out", "json"):
        assert f"--{name}" in shown


# Bad input


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--set beta=0.3", "at least 0.5"),
        ("--set bta=1", "unknown input 'bta'"),
        ("--set beta=nan", "not a number"),
        ("--set beta=1e999", "too large"),
        ("--set beta=0,6", "decimals take a dot"),
        ("--set beta", "key=value"),
        ("--set", "expected at least one argument"),
        ("--set order=sideways", "order"),
        ("--set contracts=1:12", "first:months:usd"),
        ("--set V0=4e8", "not yet emitted"),
        ("--set K0=9e8", "circulate"),
        ("--set r_min=20", "r_max"),
        ("--months 0", "at least 1"),
        ("--months 1.5", "whole number"),
        ("--months 99999999999999999999", "whole number"),
        ("--price-shock -1", "more than -1"),
        ("--price-shock", "expected one argument"),
        ("--price-shock -inf", "expected one argument"),
        ("--demand-shock -1.01", "at least -1"),
        ("--shock-month 0", "at least 1"),
        ("--preset nope", "baseline"),
        ("--pre both", "unrecognized"),
        ("--nope", "unrecognized"),
        ("more", "unrecognized"),
        ("--from 2024-07-01", "--prices"),
        ("--prices nowhere.csv", "nowhere.csv"),
        ("--out run.txt", ".parquet, .csv or .xlsx"),
        ("--out nowhere/run.csv", "no directory"),
        ("--preset history_replay --months 400", "history"),
    ],
)
def test_bad_input_is_one_sentence(
    refused: Callable[..., str], store_path: Path, words: str, says: str
) -> None:
    assert says in refused("project", *words.split())
    assert not store_path.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["nope"], ["project", "--set=-0.5"], ["prices"], ["prices", "import"], ["facts", "--kind", "rumour"],
        ["dashboard", "--port", "0"], ["dashboard", "--port", "٣"], ["doctor", "now"],
    ],
)  # fmt: skip
def test_nonsense_is_one_sentence(refused: Callable[..., str], words: list[str]) -> None:
    refused(*words)


# As a process of its own


def process(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-m", "dashboard.cli", *words], **pipes | options)


def test_exit_code_and_streams_of_the_process() -> None:
    with process("project", "--set", "beta=0.1") as run:
        out, err = run.communicate(timeout=60)
    assert run.returncode == 2
    assert out == b""
    assert err.startswith(b"vaultline: beta = 0.1")


def test_a_terminal_without_unicode_gets_an_answer() -> None:
    with process("facts", "burn", env={**os.environ, "PYTHONIOENCODING": "ascii"}) as run:
        out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (0, b"")
    assert b"burn" in out


@pytest.mark.skipif(os.name != "posix", reason="pipes close otherwise on Windows")
def test_a_reader_that_leaves_is_no_error() -> None:
    with process("facts", "a") as run:
        assert run.stdout is not None
        run.stdout.close()
        assert run.stderr is not None
        err = run.stderr.read()
        run.wait(60)
    assert (run.returncode, err) == (141, b"")


@pytest.mark.skipif(os.name != "posix", reason="no SIGINT to one process on Windows")
def test_interrupted_is_130(tmp_path: Path) -> None:
    waiting = (
        "import dashboard.commands.facts as f, time, sys\n"
        "from dashboard.cli import main\n"
        "f.run = lambda args: (print('now', flush=True), time.sleep(60))\n"
        "sys.exit(main(['facts']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", waiting], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (130, b"vaultline: interrupted\n")
