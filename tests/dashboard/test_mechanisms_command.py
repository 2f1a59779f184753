"""`vaultline mechanisms` and the answer behind it: the scenario's own numbers, one set in every form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.answers import Answers
from dashboard.cli import main
from models.parameters import parse_scenario
from tests.scenarios import BASELINE, REGISTRY

JOINT = REGISTRY.presets()["both"].scenario


@pytest.mark.usefixtures("store_path")
def test_the_ide_earns_what_the_projection_pays(ask: Callable[..., dict[str, Any]]) -> None:
    found = ask("mechanisms", "--preset", "both")
    by_name = {m["name"]: m for m in found["mechanisms"]}
    assert list(by_name)[:2] == ["ide", "legacy"]
    with Answers.open() as answers:
        frame = answers.project(JOINT).frame
        assert answers.mechanisms(JOINT) is answers.mechanisms(JOINT)
    assert by_name["ide"]["income_usd"] == pytest.approx((frame["target"] - frame["short"]).sum())
    assert by_name["ide"]["circulating"] == pytest.approx(frame["circulating"][-1])
    assert by_name["legacy"]["income_usd_less_ide"] == pytest.approx(
        by_name["legacy"]["income_usd"] - by_name["ide"]["income_usd"]
    )
    assert found["scenario_sha256"] == JOINT.digest()
    assert by_name["helium"]["sources"] == ["HIP-20, HIP-77 and HIP-149", "This project"]


@pytest.mark.usefixtures("store_path")
def test_the_file_holds_every_mechanism_and_month_with_its_units(tmp_path: Path) -> None:
    out = tmp_path / "mechanisms.csv"
    assert main(["mechanisms", "--months", "4", "--out", str(out)]) == 0
    rows = pl.read_csv(out)
    assert rows.height == 4 * rows["mechanism"].n_unique()
    made = json.loads(out.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    units = {column["name"]: column["unit"] for column in made["columns"]}
    assert (units["income_usd_less_ide"], units["net"], units["dilution"]) == ("USD", "IO", "")
    assert made["command"].startswith("vaultline mechanisms ")
    assert made["scenario"] == json.loads(parse_scenario({"months": 4}, BASELINE).canonical_json())


@pytest.mark.usefixtures("store_path")
def test_the_text_says_the_range_and_every_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mechanisms"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Under these assumptions suppliers earn $48.60M over 36 months under the IDE")
    assert printed.count("Assumptions:") == 6


@pytest.mark.usefixtures("store_path")
def test_an_impossible_start_is_refused_in_a_sentence(refused: Callable[..., str]) -> None:
    assert "K0" in refused("mechanisms", "--set", "K0=1e12")
