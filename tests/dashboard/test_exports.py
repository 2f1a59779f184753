"""Files out: full precision, no formula, the manifest inside, and the same bytes for the same state."""

import csv
import io
import json
import struct
import threading
import zlib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from dashboard import chromium, exports
from dashboard.charts import engine as charts_engine
from dashboard.charts import overview as charts
from dashboard.charts.figures import Chart
from dashboard.cli import main
from models.parameters import Scenario
from tests.scenarios import BASELINE, REGISTRY, run

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RUN = run(price_shock=-0.5, demand_shock=-0.55)
CHART = charts.coverage_and_pay(RUN)


def made(chart: Chart = CHART, time: datetime = NOON) -> exports.Manifest:
    return exports.manifest_of(
        chart,
        scenario=RUN.scenario,
        facts_version=REGISTRY.version,
        model_version="0.1.0+test",
        command="vaultline project --set 'contracts=1:12:650000'",
        time=time,
    )


def rows(data: bytes) -> list[list[str]]:
    lines = data.decode().splitlines(keepends=True)
    return list(csv.reader(line for line in lines if not line.startswith("# ")))


def test_manifest_says_what_it_takes_to_make_the_file_again() -> None:
    manifest = made(time=datetime(2026, 11, 23, 7, 0, tzinfo=timezone(timedelta(hours=-5))))
    assert manifest["created"] == "2026-11-23T12:00:00+00:00"
    assert Scenario.model_validate_json(json.dumps(manifest["scenario"])) == RUN.scenario
    assert manifest["scenario_digest"] == RUN.scenario.digest()
    assert manifest["rows"] == 36
    assert {"name": "coverage", "type": "Float64", "unit": "share of the target, month's lowest"} in manifest[
        "columns"
    ]


def test_csv_keeps_every_digit_and_a_dot() -> None:
    frame = pl.DataFrame({"x": [0.1 + 0.2, 1e-7, 6.0e8, None], "day": [date(2026, 5, 31)] * 4})
    table = rows(exports.csv_bytes(frame))
    assert table[0] == ["x", "day"]
    assert [float(row[0]) for row in table[1:4]] == [0.1 + 0.2, 1e-7, 6.0e8]
    assert table[4] == ["", "2026-05-31"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    bad = f"{start}cmd|' /C calc'!A0"
    frame = pl.DataFrame(
        {
            bad: [bad, "plain", None],
            "n": [-1.5, 2.0, 3.0],
            "c": pl.Series([bad, "b", "b"], dtype=pl.Categorical),
        }
    )
    with io.StringIO(exports.csv_bytes(frame).decode(), newline="") as text:
        table = list(csv.reader(text))
    assert table[0] == ["'" + bad, "n", "c"]
    assert table[1] == ["'" + bad, "-1.5", "'" + bad]  # numbers keep their sign
    assert table[2] == ["plain", "2.0", "b"]
    assert table[3] == ["", "3.0", "b"]


def test_csv_carries_its_manifest_above_the_header() -> None:
    data = exports.csv_bytes(CHART.frame, made())
    above = [line[2:].partition(": ") for line in data.decode().splitlines() if line.startswith("# ")]
    assert {key: json.loads(value) for key, _, value in above} == made()
    back = pl.read_csv(data, comment_prefix="#", try_parse_dates=True)
    assert back["coverage"].to_list() == CHART.frame["coverage"].to_list()
    assert back.columns == CHART.frame.columns


def test_no_cell_of_the_manifest_is_a_formula_to_a_spreadsheet() -> None:
    chart = Chart("n", "=1+1", "s.", "a", CHART.figure, pl.DataFrame({"=x": [1]}), {"=x": "@u"})
    for line in exports.csv_bytes(chart.frame, made(chart)).decode().splitlines():
        if line.startswith("# "):
            assert not any(cell[:1] in "=+-@\t\r" for cell in next(csv.reader([line])) if cell)


def test_parquet_round_trip_with_its_manifest(tmp_path: Path) -> None:
    path = tmp_path / "chart.parquet"
    path.write_bytes(exports.parquet_bytes(CHART.frame, made()))
    assert pl.read_parquet(path).equals(CHART.frame)
    assert json.loads(pl.read_parquet_metadata(path)[exports.KEY]) == made()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_same_state_gives_the_same_bytes_but_for_the_time(form: str) -> None:
    again = exports.export(charts.coverage_and_pay(RUN), form, made())
    assert exports.export(CHART, form, made()) == again
    later = exports.export(CHART, form, made(time=NOON + timedelta(seconds=1)))
    assert later != again
    assert len(later) == len(again)


def test_file_name_names_chart_and_scenario() -> None:
    assert (
        exports.file_name(CHART.name, made(), "csv")
        == f"vaultline-coverage-and-pay-{RUN.scenario.digest()[:8]}.csv"
    )


def chunks(image: bytes) -> list[tuple[bytes, bytes]]:
    """(type, data) of each chunk of a PNG whose checksums hold."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(image):
        (size,) = struct.unpack(">I", image[at : at + 4])
        body = image[at + 4 : at + 8 + size]
        assert struct.pack(">I", zlib.crc32(body)) == image[at + 8 + size : at + 12 + size]
        found.append((body[:4], body[4:]))
        at += 12 + size
    return found


def test_png_is_whole_carries_its_manifest_and_repeats() -> None:
    image = exports.export(CHART, "png", made())
    kinds = dict(chunks(image))
    assert next(iter(kinds)) == b"IHDR"
    assert list(kinds)[-1] == b"IEND"
    width, height = struct.unpack(">II", kinds[b"IHDR"][:8])
    assert width == 2 * exports.WIDTH
    assert height > 2 * CHART.figure.layout.height
    keyword, text = kinds[b"iTXt"].split(b"\0\0\0\0\0", 1)
    assert keyword == exports.KEY.encode()
    assert json.loads(text) == made()
    assert exports.export(CHART, "png", made()) == image


@pytest.mark.parametrize("chart", [CHART, charts_engine.usd_flow(RUN, 12, dark=True)], ids=lambda c: c.name)
def test_svg_parses_carries_words_and_manifest(chart: Chart) -> None:
    data = exports.export(chart, "svg", made(chart))
    root = ElementTree.fromstring(data)
    space = "{http://www.w3.org/2000/svg}"
    assert json.loads(root.findtext(f"{space}metadata") or "") == made(chart)
    assert root.findtext(f"{space}title") == chart.title
    assert root.findtext(f"{space}desc") == chart.alt
    drawn = "".join(root.itertext())
    assert chart.subtitle.split(";")[0][:30] in drawn
    assert b"file:" not in data  # nothing of this machine


def test_images_asked_for_at_once_are_all_drawn() -> None:
    results: list[bytes] = []

    def ask() -> None:
        results.append(exports.export(CHART, "svg", made()))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2
    assert len(set(results)) == 1  # the same state, the same bytes


class _Broken:
    def __init__(self, **options: Any):
        raise self.error

    error: Exception = RuntimeError("first line\nsecond line")


def test_a_machine_without_a_browser_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import kaleido
    from choreographer.errors import ChromeNotFoundError

    monkeypatch.setattr(_Broken, "error", ChromeNotFoundError("paths of all kinds"))
    monkeypatch.setattr(kaleido, "Kaleido", _Broken)
    with pytest.raises(
        exports.ExportError, match=r"^PNG and SVG need Chromium or Chrome on this machine"
    ) as fault:
        exports.export(CHART, "png", made())
    assert "\n" not in str(fault.value)


def test_a_browser_that_fails_gives_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import kaleido

    monkeypatch.setattr(kaleido, "Kaleido", _Broken)
    with pytest.raises(exports.ExportError, match=r"\(first line second line\); CSV and Parquet work$"):
        exports.export(CHART, "svg", made())


def test_a_browser_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def forever(*_: object) -> list[bytes]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr(chromium, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(chromium, "_drawn", forever)
    with pytest.raises(exports.ExportError, match=r"not drawn within 0.05 s"):
        exports.export(CHART, "png", made())


def test_the_baseline_is_the_default_of_the_manifest_scenario() -> None:
    assert made()["scenario"]["H0"] == BASELINE.H0


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (("project",), (None, 1)),
        (("mechanisms",), (None, 1)),
        (("stress", "--paths", "200", "--seed", "3"), (3, 200)),
        (("suppliers", "--paths", "200", "--seed", "3"), (3, 200)),
        (("compare", "--paths", "200", "--seed", "3"), (3, 200)),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) else "",
)
@pytest.mark.usefixtures("store_path")
def test_a_commands_file_says_what_it_was_drawn_from(
    words: tuple[str, ...], drawn: tuple[int | None, int], tmp_path: Path
) -> None:
    assert main([*words, "--months", "3", "--out", str(tmp_path / "out.csv")]) == 0
    told = json.loads((tmp_path / "out.manifest.json").read_text("utf-8"))
    assert (told["seed"], told["paths"]) == drawn
    expected = None if drawn[0] is None else json.loads(REGISTRY.shocks().canonical_json())
    assert told["shocks"] == expected
