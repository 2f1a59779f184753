"""The answers layer: computed once, recorded, found again, and explained with this run's own numbers."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dashboard import answers as layer
from dashboard import versions
from dashboard.answers import Answers
from dashboard.explain.path import FIGURES
from dashboard.questions import evidence, fleets, rents
from data import inbox
from data.plain import pack
from data.store import Store, StoreError
from data.suppliers import example_fleet
from models.parameters import InputError, Scenario, parse_scenario
from tests.dashboard.conftest import holding
from tests.scenarios import BASELINE, REGISTRY

JOINT = REGISTRY.presets()["both"].scenario


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def test_a_projection_asked_for_twice_is_computed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Answers.open(path) as answers:
        first = answers.project(JOINT)
        assert not first.found
        assert answers.project(JOINT) is first

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(layer, "project", never)
    with Answers.open(path) as answers:
        again = answers.project(JOINT)
    assert again.found
    assert again.summary == first.summary
    assert again.frame.equals(first.frame)


def test_an_edit_of_the_model_is_not_answered_from_the_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Answers.open(path) as answers:
        before = answers.project(BASELINE).run_id
    monkeypatch.setattr(layer, "model_version", lambda: "edited")
    with Answers.open(path) as answers:
        after = answers.project(BASELINE)
    assert after.run_id != before
    assert not after.found


def test_a_server_records_in_the_background_and_has_recorded_when_closed(path: Path) -> None:
    with Answers.open(path, serving=True) as answers:
        run_id = answers.project(JOINT).run_id
    with Store.open(path) as store:
        assert store.find_run(run_id) is not None


WORK = rents.workload(REGISTRY, rents.Asked("H100:1000"))
FLEET = fleets.question(REGISTRY, example_fleet(REGISTRY.facts), paths=50)
# What is reckoned for a reader: the module and the function that reckons, and how it is asked for.
READERS: dict[str, tuple[ModuleType, str, Callable[[Answers], Any]]] = {
    "claims": (evidence, "audit", lambda answers: answers.claims()),
    "mechanisms": (layer, "compare", lambda answers: answers.mechanisms(JOINT)),
    "rent": (rents, "reckon", lambda answers: answers.rent(JOINT, WORK)),
    "supplier": (fleets, "reckon", lambda answers: answers.supplier(JOINT, FLEET)),
}


def _tables(answer: Any) -> dict[str, pl.DataFrame]:
    named = {name: getattr(answer, name) for name in dir(answer) if not name.startswith("_")}
    return {name: value for name, value in named.items() if isinstance(value, pl.DataFrame)}


@pytest.mark.parametrize("serving", [False, True])
@pytest.mark.parametrize("kind", READERS)
def test_a_readers_answer_is_computed_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, serving: bool
) -> None:
    module, function, ask = READERS[kind]
    with Answers.open(path, serving=serving) as answers:
        first = ask(answers)
        assert ask(answers) is first

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(module, function, never)
    with Answers.open(path) as answers:
        again = ask(answers)
    tables = _tables(first)
    assert tables
    for name, table in _tables(again).items():
        assert_frame_equal(table, tables[name], check_exact=True)
    if kind == "mechanisms":  # whose rules are made from the facts again
        first, again = first.outcomes, again.outcomes
    assert pack(again) == pack(first)
    monkeypatch.setattr(layer, "code_version", lambda: "edited")
    with Answers.open(path) as answers, pytest.raises(AssertionError, match="computed again"):
        ask(answers)


def test_a_row_that_is_no_answer_is_not_shown(path: Path) -> None:
    with Answers.open(path) as answers:
        first = answers.rent(JOINT, WORK)
    with Store.open(path) as store, store.transaction() as cursor:
        cursor.execute('UPDATE answer SET result = \'{"prices": "free"}\'')
    with Answers.open(path) as answers:
        assert pack(answers.rent(JOINT, WORK)) == pack(first)
    with Store.open(path) as store:
        assert "free" not in store.rows("SELECT result FROM answer WHERE kind = 'rent'", [])[0][0]


def test_an_edit_of_any_model_or_fact_reader_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    whole = Path.read_bytes

    def watched(self: Path) -> bytes:
        read.append(self)
        return whole(self)

    monkeypatch.setattr(Path, "read_bytes", watched)
    version = versions.code_version.__wrapped__()
    root = versions.HERE.parent
    names = {path.relative_to(root).as_posix() for path in read}
    assert {"models/readers/fleet_income.py", "models/stress/path.py", "data/suppliers.py"} <= names
    assert {"dashboard/answers.py", "dashboard/questions/rents.py"} <= names
    monkeypatch.setattr(Path, "read_bytes", lambda self: whole(self) + b"#" * (self.name == "price_fit.py"))
    assert versions.code_version.__wrapped__() != version


def test_a_command_beside_a_running_dashboard_answers_and_leaves_its_record(path: Path) -> None:
    with holding(path) as pid, Answers.open(path) as answers:
        projected = answers.project(JOINT)
    assert projected.note == f"not recorded yet: the store is in use by process {pid}"
    assert projected.summary["first_shortfall_month"] == 11
    assert inbox.waiting(path)
    with Store.open(path) as store:
        assert store.find_run(projected.run_id) is not None
    assert not inbox.waiting(path)


def test_a_damaged_store_stops_a_command_but_not_a_server(path: Path) -> None:
    path.write_bytes(b"not a store" * 1000)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="cannot be used"):
        Answers.open(path)
    with Answers.open(path, serving=True) as answers:
        assert answers.notice
        assert answers.project(JOINT).summary["first_shortfall_month"] == 11
    assert path.read_bytes() == before


def test_alternatives_span_what_nobody_has_published(path: Path) -> None:
    with Answers.open(path) as answers:
        frame = answers.alternatives(JOINT)
    assert frame["is_scenario"].sum() == 1
    at = frame.filter((pl.col("H0") == JOINT.H0) & (pl.col("order") == "revenue_first"))
    # DESIGN section 5: 3, 12 or all months of schedule in the vault: month 6, 11 or 28
    assert dict(at.select("V0_months", "first_shortfall_month").iter_rows()) == {3.0: 6, 12.0: 11, 240.0: 28}
    assert set(frame["order"]) == {"revenue_first", "vault_first"}


def test_the_readers_own_value_is_among_the_alternatives(path: Path) -> None:
    own = parse_scenario({"V0_months": 7.5}, JOINT)
    with Answers.open(path) as answers:
        frame = answers.alternatives(own)
        assert frame.filter("is_scenario")["V0_months"].to_list() == [7.5]
        assert answers.alternatives(REGISTRY.presets()["legacy"].scenario).height == 1


def test_reality_followed_the_schedule_as_reported(path: Path) -> None:
    with Answers.open(path) as answers:
        supply = answers.supply(BASELINE)
    last = supply.observed.sort("date").row(-1, named=True)
    assert last["observed_io"] == 410.4e6
    # FACTS section 4: about 407M as reported, 393M in full operation
    assert last["as_reported_io"] / 1e6 == pytest.approx(407, abs=0.5)
    assert last["ide_io"] / 1e6 == pytest.approx(393, abs=0.5)
    assert abs(last["as_reported_gap"]) < 0.01 < abs(last["ide_gap"])
    assert supply.observed.height == 7
    assert supply.unlocks["m"].min() == 24


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", ["baseline", "both", "history_replay", "legacy"])
def test_every_headline_figure_is_explained(path: Path, figure: str, name: str) -> None:
    scenario = REGISTRY.presets()[name].scenario
    with Answers.open(path, serving=True) as answers:
        what = answers.explain(scenario, figure)
    assert what.arithmetic
    assert not what.path.is_empty()
    assert what.command.startswith("vaultline project ")


def test_the_explanation_carries_the_runs_own_arithmetic(path: Path) -> None:
    with Answers.open(path, serving=True) as answers:
        what = answers.explain(JOINT, "min_coverage")
        coverage = answers.project(JOINT).summary["min_coverage"]
    assert f"= {coverage:.4f}" in what.arithmetic[0]
    rows = {row["symbol"]: row for row in what.inputs.iter_rows(named=True)}
    assert rows["H_0"]["kind"] == "assumption"
    assert rows["P0"]["source"]
    # the shock is the reader's, not a fact
    assert rows["price_shock"]["kind"] == "this scenario"


def test_an_unknown_figure_and_an_impossible_start_are_refused(path: Path) -> None:
    with Answers.open(path, serving=True) as answers:
        with pytest.raises(InputError, match="unknown figure 'luck'"):
            answers.explain(BASELINE, "luck")
        with pytest.raises(InputError, match="not yet emitted"):
            answers.project(_with(V0=2.9e8))


def _with(**changes: object) -> Scenario:
    return parse_scenario(changes, BASELINE)
