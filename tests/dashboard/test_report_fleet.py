"""The supplier's report: whole, without a request, the same bytes again, and the same from the command."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import exports
from dashboard.answers import Answers
from dashboard.questions import fleets
from dashboard.report import fleet as report_fleet
from dashboard.words import cards_suppliers
from data.suppliers import example_fleet
from tests.dashboard.test_report import Read, no_svgs
from tests.scenarios import BASELINE, REGISTRY

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "inline_svgs", no_svgs)


def made(time: datetime = NOON) -> bytes:
    answers = Answers(REGISTRY, None, None, Path(), True)
    asked = fleets.question(REGISTRY, example_fleet(REGISTRY.facts), site={"up_mbps": 10.0}, paths=500)
    return report_fleet.make(answers, answers.supplier(BASELINE, asked), asked, BASELINE, time)


def test_it_is_whole_and_asks_for_nothing() -> None:
    asked = fleets.question(REGISTRY, example_fleet(REGISTRY.facts), site={"up_mbps": 10.0}, paths=500)
    found = fleets.reckon(REGISTRY, BASELINE, asked)
    page = Read(made())
    for part in (
        cards_suppliers.verdict(found, asked), cards_suppliers.smallest(found), "Missing: Upload", "RTX 4090",
        "Slashing:", "Mean multiplier", "Payout target", BASELINE.digest(),
        report_fleet.command(BASELINE, asked),
    ):  # fmt: skip
        assert " ".join(part.split()) in " ".join(page.text.split())
    assert page.fetched == ["data:,"]
    assert "script" not in page.tags
    assert page.tags.count("svg") == 3
    # every row of a table has as many cells as its head
    for table in re.findall(r"<table>.*?</table>", made().decode(), re.DOTALL):
        widths = {len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr.*?</tr>", table)}
        assert len(widths) == 1


def test_the_same_answer_gives_the_same_bytes_but_for_the_time() -> None:
    first, later = made(), made(NOON + timedelta(days=1))
    assert made() == first
    changed = [a for a, b in zip(first.splitlines(), later.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    assert b"Created" in changed[0]


@pytest.mark.usefixtures("store_path")
def test_the_command_writes_it(tmp_path: Path, ask: Callable[..., dict[str, Any]]) -> None:
    out = tmp_path / "fleet.html"
    told = ask("suppliers", "--fleet", "H100:8:25000:900:0.12", "--paths", "500", "--out", str(out))
    page = Read(out.read_bytes())
    income = next(r for r in told["results"] if r["way"] == "multiplier")["month_usd_p50"]
    assert f"${income:,.0f} a month" in page.text
    assert f"{told['command']} --out report.html" in page.text
