"""Reports: one page without a request, every input with its source, the commands' numbers, the same bytes."""

import os
import re
import shlex
import stat
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dashboard import chromium, exports
from dashboard.answers import Answers
from dashboard.charts import overview as charts
from dashboard.charts.figures import Chart
from dashboard.cli import main
from dashboard.exports import ExportError
from dashboard.inputs import title
from dashboard.questions.comparisons import Column, Question
from dashboard.questions.stress import FANS
from dashboard.report import parts as report_parts
from dashboard.report import scenarios as report
from dashboard.report.runs import AtOnce
from dashboard.words import formats
from models.parameters import Scenario, parse_scenario
from tests.scenarios import BASELINE, REGISTRY, run

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PATHS = 2_000
BOTH = REGISTRY.presets()["both"].scenario


class Read(HTMLParser):
    """The text of a page, its tags, and whatever in it names something elsewhere."""

    def __init__(self, page: bytes):
        super().__init__()
        self.text, self.tags, self.links, self.fetched = "", list[str](), list[str](), list[str]()
        self._hidden = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag in ("style", "script")
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(str(value))
            elif name in ("src", "srcset", "href", "xlink:href", "action", "data", "poster"):
                self.fetched.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data


def no_svgs(drawn: Sequence[Chart]) -> list[str]:
    return [f"<svg><desc>{chart.name}</desc></svg>" for chart in drawn]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Chromium's share of the work: what it draws is tested by itself."""
    monkeypatch.setattr(exports, "inline_svgs", no_svgs)


def made(*columns: Column, time: datetime = NOON) -> bytes:
    answers = Answers(REGISTRY, None, None, Path(), True)
    asked = Question(columns, REGISTRY.shocks(), PATHS)
    return report.make(answers, asked, AtOnce(answers), lambda *_: None, time)


@pytest.mark.usefixtures("undrawn")
def test_a_report_has_the_answer_every_input_and_its_source_and_asks_for_nothing() -> None:
    scenario = parse_scenario({"beta": 0.75}, BOTH)
    page = Read(made(Column("Both, and more burned", scenario)))
    assert "run short in Apr 2027 (month 11) under these assumptions; between" in page.text
    for field in Scenario.model_fields:
        assert title(field) in page.text
    # price and demand shock and beta differ from the baseline: three, read off the table of kinds
    assert page.text.count("this scenario") >= 4
    assert " 3 this scenario" in page.text
    assert page.text.count("assumption") > 30
    assert "Tokenomics_Litepaper" in " ".join(page.links)
    assert all(address.startswith("https://") for address in page.links)
    assert page.fetched == ["data:,"]
    assert "script" not in page.tags
    assert scenario.digest() in page.text
    assert "vaultline report --price-shock -0.5" in page.text
    assert page.tags.count("svg") == 8


@pytest.mark.usefixtures("undrawn")
def test_the_same_state_gives_the_same_bytes_and_another_time_one_other_line() -> None:
    first = made(Column("Both", BOTH))
    assert made(Column("Both", BOTH)) == first
    later = made(Column("Both", BOTH), time=NOON + timedelta(hours=1))
    changed = [
        line for line in zip(first.splitlines(), later.splitlines(), strict=True) if line[0] != line[1]
    ]
    assert [[re.sub(rb"<.*?>", b" ", line).split() for line in pair] for pair in changed] == [
        [[b"Created", b"2026-11-25T12:00:00+00:00"], [b"Created", b"2026-11-25T13:00:00+00:00"]]
    ]


def test_charts_in_one_page_share_no_names_and_repeat() -> None:
    drawn = [charts.coverage_and_pay(run()), charts.coverage_and_pay(run(price_shock=-0.5))]
    first, again = exports.inline_svgs(drawn), exports.inline_svgs(drawn)
    assert first == again
    names = [set(re.findall(r'id="([^"]+)"', svg)) for svg in first]
    assert names[0]
    assert not names[0] & names[1]
    for svg in first:  # every reference is to a part of its own
        assert set(re.findall(r"url\(['\"]?#([^'\")]+)", svg)) <= set(re.findall(r'id="([^"]+)"', svg))


@pytest.mark.usefixtures("undrawn")
def test_several_scenarios_stand_side_by_side_with_their_differences() -> None:
    hostile = "<img src=x>*[a](http://b)"
    page = Read(made(Column("Baseline", BASELINE), Column(hostile, BOTH)))
    assert "img" not in page.tags
    assert page.text.count(hostile) >= 3
    assert "http://b" not in " ".join(page.links)
    # as test_compare has it from the pairs of paths: both shocks cost some 44 points
    text = " ".join(page.text.split())
    less = re.search(r"raises the chance of a shortfall by ([0-9.]+) points \(± ([0-9.]+)\)", text)
    assert less
    assert 40 < float(less[1]) < 48
    assert 0.5 < float(less[2]) < 2
    assert text.count("points ± ") >= 3
    assert page.tags.count("svg") == 7


@pytest.mark.usefixtures("undrawn")
def test_a_rule_without_vaults_has_no_chart_of_them() -> None:
    data = made(Column("Old schedule", REGISTRY.presets()["legacy"].scenario))
    drawn = re.findall(rb"<svg><desc>([^<]+)</desc>", data)
    assert b"fan-pay" in drawn
    assert b"fan-V" not in drawn
    assert b"reserve-over-time" not in drawn


def test_without_a_chromium_plotly_goes_along_once_and_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_parts, "installed", lambda: None)
    drawn = [charts.coverage_and_pay(run()), charts.coverage_and_pay(run(price_shock=-0.5))]
    data = report_parts.page("T", [report_parts.heading("Two"), *drawn])
    page = Read(data)
    assert data.count(b"Plotly.newPlot(") >= 2
    assert 4e6 < len(data) < 7e6
    assert page.fetched == ["data:,"]
    policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', data)
    assert policy
    assert policy[1].startswith(b"default-src 'none';")
    assert report_parts.page("T", [*drawn]) == report_parts.page("T", [*drawn])


def test_text_of_others_is_shown_and_not_obeyed() -> None:
    assert report_parts.said(formats.plain("**<b>&\\*")) == r"**&lt;b&gt;&amp;\*"
    assert report_parts.said("**yes** \\$5") == "<strong>yes</strong> $5"
    assert report_parts.link("x<y", "javascript:alert(1)") == "x&lt;y"
    assert report_parts.heading("a&b") == "<h2>a&amp;b</h2>"


def test_the_command_makes_the_report_with_the_numbers_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., dict[str, Any]], store_path: Path
) -> None:
    monkeypatch.setattr(exports, "inline_svgs", no_svgs)
    words = ("--preset", "both", "--paths", "2000")
    told = ask("stress", *words, "--fans", ",".join(FANS))
    out = tmp_path / "both.html"
    reported = ask("report", *words, "--out", str(out))
    page = Read(out.read_bytes())
    low, high = told["interval"]
    assert f"{told['p_depletion'] * 100:.1f}".removesuffix(".0") in page.text
    assert f"sampling alone: {low * 100:.1f}\N{NO-BREAK SPACE}% to {high * 100:.1f}" in page.text
    assert told["counts_sha256"] in page.text
    assert told["run_id"] in page.text
    assert reported["command"] in page.text
    assert store_path.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "--out is missing"),
        (("--out", "r.txt"), "must end in .html or .pdf"),
        (("--out", "r.html", "--with", "moon"), "no preset 'moon'"),
        (("--out", "r.html", *(("--with", "beta=0.6") * 4)), "5 scenarios cannot be compared"),
        (("--out", "r.html", "--paths", "0"), "paths"),
        (("--out", "no/such/r.html"), "no directory"),
    ],
)
@pytest.mark.usefixtures("store_path")
def test_bad_input_ends_in_one_sentence(
    words: tuple[str, ...],
    sentence: str,
    refused: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in refused("report", *words)
    assert list(tmp_path.glob("r.*")) == []


def test_a_pdf_is_printed() -> None:
    printed = chromium.print_pdf(report_parts.page("T", [report_parts.heading("Hello")]))
    assert printed.startswith(b"%PDF-")
    assert printed.rstrip().endswith(b"%%EOF")


@pytest.mark.usefixtures("store_path")
def test_without_a_chromium_a_pdf_is_refused_before_anything_is_computed(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chromium, "installed", lambda: None)
    assert "a PDF needs Chromium or Chrome" in refused("report", "--out", str(tmp_path / "r.pdf"))
    with pytest.raises(ExportError, match="prints from any browser"):
        chromium.print_pdf(b"")


def test_a_browser_that_hangs_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "chromium"
    hanging.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    hanging.chmod(hanging.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(chromium, "installed", lambda: hanging)
    monkeypatch.setattr(chromium, "PRINT_TIMEOUT_S", 3)
    with pytest.raises(ExportError, match="not printed within 3 s"):
        chromium.print_pdf(b"<p>")
    child = int((tmp_path / "child").read_text())
    for _ in range(100):  # a killed process takes a moment on a busy machine
        if _ended(child):
            return
        time.sleep(0.1)
    raise AssertionError("what the browser started lives on")


def _ended(pid: int) -> bool:
    """Gone, or dead and not yet collected by whoever took it over."""
    status = Path(f"/proc/{pid}/status")
    try:
        os.kill(pid, 0)
        return "State:\tZ" in status.read_text()
    except (ProcessLookupError, FileNotFoundError):
        return True


@pytest.mark.usefixtures("store_path", "undrawn")
def test_an_existing_file_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    out.write_text("before")
    assert main(["report", "--paths", "2000", "--months", "6", "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"<!DOCTYPE html>")
    assert list(tmp_path.glob(".*part")) == []


@pytest.mark.usefixtures("store_path", "undrawn")
def test_the_stamped_command_makes_the_same_report_again(
    tmp_path: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    first, again = tmp_path / "first.html", tmp_path / "again.html"
    told = ask(
        "report", "--preset", "both", "--with", "second_contract", "beta=0.7", "--paths", "2000", "--shock",
        "rho=0.3", "--out", str(first),
    )  # fmt: skip
    program, *words = shlex.split(told["command"])
    assert program == "vaultline"
    assert main([*words[: words.index("--out")], "--out", str(again)]) == 0
    pairs = zip(first.read_bytes().splitlines(), again.read_bytes().splitlines(), strict=True)
    assert [a for a, b in pairs if a != b and b"Created" not in a] == []
