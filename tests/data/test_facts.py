"""The facts themselves: recomputed, used, complete, and nowhere else."""

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.fact import Fact
from data.registry import load_facts
from data.sources.files import closes_by_month, read_price_csv
from models.parameters import Scenario
from models.projection import project
from models.schedules import month_start, scheduled_circulating

ROOT = Path(__file__).parents[2]
FACTS = load_facts().facts
SOURCES = load_facts().sources
CODE = sorted(path for package in ("models", "data", "dashboard") for path in (ROOT / package).rglob("*.py"))
# Where the project is built, the collected record and daily prices lie beside it; they are no part of it.
RECORD = [path for path in [ROOT.parent / "shared" / "FACTS.md"] if path.exists()]
DAILY = [path for path in [ROOT.parent / "shared" / "prices" / "IO.csv"] if path.exists()]


# Derived facts are what their derivation says


def names() -> dict[str, Any]:
    """What a derivation may name: values by id, tables with their columns, and a little arithmetic."""
    known: dict[str, Any] = {"__builtins__": {}, "prod": math.prod}
    known |= {f.__name__: f for f in (max, range, sum, zip)}
    for fact in FACTS.values():
        columns = {name: fact.column(name) for name in fact.columns}
        known[fact.id] = SimpleNamespace(**columns) if fact.rows else fact.value
    return known


def evaluated(derivation: str, **cells: Any) -> float:
    return float(eval(compile(derivation, "derivation", "eval"), names() | cells))


# These are stated in words; each has its own test below, or needs what the project does not carry.
IN_WORDS = {
    "emission_q",
    "circulating_scheduled",
    "circulating_ide_2026_09_io",
    "circulating_as_reported_2026_09_io",
    "insider_unlocks_end",
    "replay_price_error",
    # fits and their scores: models/calibration.py and hindcast.py over files that stay outside
    "shock_price",
    "shock_matrix",
    "jump_mean",
    "jump_spread",
    "shock_drift",
    "shock_price_pooled",
    "shock_matrix_pooled",
    "jump_mean_pooled",
    "jump_spread_pooled",
    "shock_fit_limits",
    "shock_fit_pooled_limits",
    "shock_fit_laws",
    "shock_fit_tests",
    "shock_fit_moments",
    "shock_fit_residuals",
    "hindcast_scores",
    "hindcast_intervals",
    "hindcast_pit",
}
ARITHMETIC = [f for f in FACTS.values() if f.derivation and f.id not in IN_WORDS]


@pytest.mark.parametrize("fact", ARITHMETIC, ids=lambda f: f.id)
def test_a_derived_fact_is_its_derivation_rounded(fact: Fact) -> None:
    assert fact.derivation is not None
    assert fact.rounded_to is not None
    # half a unit of the last place, and a little for binary fractions that lie on the edge
    tolerance = fact.rounded_to * 0.500001
    if not fact.rows:
        assert evaluated(fact.derivation) == pytest.approx(fact.number, abs=tolerance, rel=0)
    for row in fact.records():
        *_, result = row.values()
        assert evaluated(fact.derivation, **row) == pytest.approx(result, abs=tolerance, rel=0)


def test_the_exact_factor_is_the_root() -> None:
    def total(q: float) -> float:
        return math.fsum(500e6 * 0.08 / 12 * q**k for k in range(240))

    lo, hi = 0.98, 0.999
    while lo < (mid := (lo + hi) / 2) < hi:
        lo, hi = (mid, hi) if total(mid) < 300e6 else (lo, mid)
    assert FACTS["emission_q"].number == pytest.approx(lo, abs=FACTS["emission_q"].rounded_to, rel=0)
    assert total(FACTS["emission_q"].number) == pytest.approx(300e6, abs=0.02)


def test_the_schedules_give_the_circulating_supply_that_is_stated() -> None:
    protocol = load_facts().protocol()
    table = FACTS["circulating_scheduled"]
    for ends, amounts in (("first_month", "low_io"), ("last_month", "high_io")):
        computed = [scheduled_circulating(protocol, int(m)) for m in table.numbers(ends)]
        assert computed == pytest.approx(table.numbers(amounts), abs=0.5e6)


@pytest.mark.parametrize(
    ("fact", "preset"),
    [("circulating_ide_2026_09_io", "baseline"), ("circulating_as_reported_2026_09_io", "as_reported")],
)
def test_the_two_histories_of_september_2026_are_as_stated(fact: str, preset: str) -> None:
    run = project(load_facts().presets()[preset].scenario, load_facts().protocol()).frame
    september = run.filter(run["month"] == 4)
    assert str(september["date"].item()) == FACTS[fact].date
    assert september["circulating"].item() == pytest.approx(FACTS[fact].number, abs=0.5e6)


def test_insider_unlocks_end_in_the_month_that_is_stated() -> None:
    last = max(FACTS["vesting_official"].numbers("last_month"))
    end = month_start(load_facts().protocol(), int(last))
    assert f"{end:%Y-%m}" == FACTS["insider_unlocks_end"].text


@pytest.mark.parametrize("path", DAILY)
def test_the_estimate_of_a_month_s_mean_price_is_as_good_as_stated(path: Path) -> None:
    protocol = load_facts().protocol()
    series = read_price_csv(path, today=month_start(protocol, 100))
    daily = closes_by_month(series, protocol.first_month)
    replay = load_facts().presets()["history_replay"].scenario.price_history
    assert replay is not None
    errors = [
        guess / (sum(closes) / len(closes)) - 1 for (guess,), closes in zip(replay, daily, strict=False)
    ]
    assert len(errors) == 16
    mean = sum(map(abs, errors)) / len(errors)
    assert mean == pytest.approx(FACTS["replay_price_error"].number, abs=0.0005)
    note = FACTS["replay_price_error"].note or ""
    assert f"{100 * sum(errors) / len(errors):.1f} % too high" in note
    assert f"{100 * max(errors, key=abs):.1f} % too high" in note


# Every fact has a place


def constants(path: Path) -> Iterator[object]:
    """Every literal, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield node.value


LITERALS = {path: list(constants(path)) for path in CODE}
WORDS = {value for literals in LITERALS.values() for value in literals if isinstance(value, str)}


def used() -> set[str]:
    """Facts that feed a field or that code names, and what those are derived from."""
    ids = {f.id for f in FACTS.values() if f.feeds} | (WORDS & FACTS.keys())
    while True:
        behind = {
            name
            for id_ in ids & {f.id for f in ARITHMETIC}
            for name in re.findall(r"[a-z]\w+", FACTS[id_].derivation or "")
        }
        if behind & FACTS.keys() <= ids:
            return ids
        ids |= behind & FACTS.keys()


def test_every_fact_is_used_or_says_why_it_is_here() -> None:
    unused = FACTS.keys() - used()
    assert {id_ for id_ in unused if not (FACTS[id_].context or FACTS[id_].awaits)} == set()


def test_no_fact_that_code_names_is_still_marked_as_unused() -> None:
    marked = {f.id for f in FACTS.values() if f.context or f.awaits}
    assert marked & WORDS == set()


def test_what_awaits_a_module_is_used_once_the_module_is_there() -> None:
    late = {f.id: f.awaits for f in FACTS.values() if f.awaits and (ROOT / f.awaits).exists()}
    assert late == {}


def test_no_figure_of_the_specification_is_mere_context() -> None:
    # every default, the supply, the emission, the guided burn, the shocks published and random
    named = {f.id for f in FACTS.values() if f.feeds} | {
        "cap_io", "genesis_io", "emission_total_io", "emission_annual_rate", "emission_months", "emission_q",
        "emission_first_month", "vesting_official", "vesting_third_party", "guided_burn_io", "volume_24h_usd",
        "stress_price_shock", "stress_demand_shock", "second_contract", "circulating_observed",
        "shock_price", "shock_assumed", "shock_matrix", "shock_start", "jump_mean", "jump_spread",
        "jump_into_demand", "demand_reversion", "price_demand_correlation",
    }  # fmt: skip
    assert {FACTS[id_].feeds for id_ in named} >= set(Scenario.model_fields)
    assert named <= used()
    assert {id_ for id_ in named if FACTS[id_].context or FACTS[id_].awaits} == set()


def test_every_source_is_cited() -> None:
    assert set().union(*(fact.cited() for fact in FACTS.values())) == SOURCES.keys()


# No sourced figure stands anywhere else


def figures(fact: Fact) -> Iterator[float]:
    cells = [fact.value, *(cell for row in fact.rows for cell in row)]
    yield from (float(c) for c in cells if isinstance(c, int | float) and not isinstance(c, bool))


def telling(number: float) -> bool:
    """Whether a number can be told from chance: three significant digits, or large; no power of ten."""
    digits = f"{abs(number):.15e}".partition("e")[0].replace(".", "").rstrip("0")
    return len(digits) >= 3 or (abs(number) > 1e5 and digits != "1")


SOURCED = {n for fact in FACTS.values() for n in figures(fact) if n and telling(n)}
# Equal by chance, or arithmetic that everyone knows.
OTHER_MEANING = {
    ("models/readers/investors.py", 8760): "365 days of 24 hours",
    ("data/sources/files.py", 20_000_000): "the most bytes that a price file may have",
    ("data/stress_runs.py", 2_000_000_000): "the most bytes that a recorded run may unpack to",
    ("models/policy.py", 8_000_000): "numbers that the policy lab holds in memory",
    ("models/stress/engine.py", 500_000_000): "path-steps that a GPU runs between two looks at a cancel",
}


def test_no_sourced_figure_stands_in_the_code() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), value)
        for path, literals in LITERALS.items()
        for value in literals
        if isinstance(value, int | float) and not isinstance(value, bool) and float(value) in SOURCED
    }
    assert found - OTHER_MEANING.keys() == set()


def test_no_address_of_a_live_source_stands_in_the_code() -> None:
    told = {
        cell for f in FACTS.values() if f.theme == "live" for row in ((f.value,), *f.rows) for cell in row
    }
    addresses = {a for a in told if isinstance(a, str) and re.fullmatch(r"https://\S+|/\S+|\w{32,}", a)}
    assert len(addresses) == 11
    assert {word for word in WORDS for address in addresses if address in word} == set()


# The collected record, where it lies beside the project


NUMBER = re.compile(
    r"(?<![\w.])(\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?)(?:\s?(M|B|k|%|billion|trillion|bps)(?!\w))?"
)
SCALES = {"%": 0.01, "M": 1e6, "B": 1e9, "k": 1e3, "billion": 1e9, "trillion": 1e12, "bps": 1e-4}


def numbers(text: str) -> Iterator[tuple[str, set[float]]]:
    """Every number of a text with what it may stand for: 8 % is 8 or 0.08, 1.5M is 1.5 or 1,500,000."""
    for match in NUMBER.finditer(text):
        plain = float(match[1].replace(",", ""))
        yield match[0], {plain, plain * SCALES.get(match[2], 1.0)}


def strings(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, tuple):
        for part in entry:
            yield from strings(part)


@pytest.mark.parametrize("path", RECORD)
def test_every_number_of_the_collected_record_is_here(path: Path) -> None:
    known = [n for fact in FACTS.values() for n in figures(fact)]
    for entry in (*FACTS.values(), *SOURCES.values()):
        for text in (t for _, value in entry for t in strings(value)):
            known += [n for _, may_be in numbers(text) for n in may_be]
    missing = {
        text
        for text, may_be in numbers(path.read_text(encoding="utf-8"))
        if not any(math.isclose(abs(k), n, rel_tol=1e-12) for k in known for n in may_be)
    }
    assert missing == set()
