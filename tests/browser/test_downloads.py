"""A chart and a table in every format, downloaded, opened and held against the page and the command line."""

import json
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, new_reader
from tests.browser.reader import Reader
from tests.browser.server import serving
from tests.browser.shell import ask
from tests.dashboard.test_xlsx import sheets

FORMATS = ("CSV", "PARQUET", "XLSX", "SVG", "PNG", "Manifest")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def reader(visit: Visit) -> Reader:
    reader = visit()
    reader.choose("Both")
    return reader


@pytest.fixture
def files(reader: Reader, tmp_path: Path) -> dict[str, Path]:
    """Everything that the last chart's Export offers, by its label."""
    reader.page.get_by_role("button", name="Export").last.click()
    offered = reader.page.get_by_role("dialog", name="Export")
    found = {}
    for name in FORMATS:
        with reader.page.expect_download(timeout=60_000) as waiting:
            offered.get_by_role("button", name=name, exact=True).click()
        found[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(found[name])
    return found


def test_every_format_holds_what_the_page_shows(
    files: dict[str, Path], reader: Reader, tmp_path: Path
) -> None:
    manifest = json.loads(files["Manifest"].read_text("utf-8"))
    assert manifest["scenario_digest"].startswith(reader.digest())
    stem = f"vaultline-coverage-and-pay-{reader.digest()[:8]}"
    assert {name: path.name for name, path in files.items()} == {
        "CSV": f"{stem}.csv", "PARQUET": f"{stem}.parquet", "XLSX": f"{stem}.xlsx", "SVG": f"{stem}.svg",
        "PNG": f"{stem}.png", "Manifest": f"{stem}.manifest.json",
    }  # fmt: skip

    frame = pl.read_parquet(files["PARQUET"])
    assert frame.height == manifest["rows"] == 36
    assert frame.columns == [column["name"] for column in manifest["columns"]]
    assert pl.read_csv(files["CSV"], comment_prefix="#", schema=frame.schema).equals(frame)

    drawing = ElementTree.parse(files["SVG"]).getroot()
    assert drawing.tag == f"{SVG}svg"
    assert drawing.findtext(f"{SVG}title") == manifest["title"]
    carried = json.loads(drawing.findtext(f"{SVG}metadata") or "")
    assert carried["scenario_digest"] == manifest["scenario_digest"]

    with Image.open(files["PNG"]) as image:
        assert image.width == 2400
        assert image.height > 600
        colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
        assert colours is not None
        assert len(colours) > 50

    ask(f"{manifest['command']} --out steps.parquet --json", tmp_path)
    steps = pl.read_parquet(tmp_path / "steps.parquet")
    for column in ("coverage", "pay"):
        assert frame[column].to_list() == steps[column].to_list()


def test_a_table_leaves_with_its_numbers_and_by_no_other_way(visit: Visit, tmp_path: Path) -> None:
    reader = visit("/supply")
    table = reader.page.locator(".st-key-table_emission")
    table.hover()
    expect(table.get_by_role("button", name="Search")).to_be_visible()
    expect(table.get_by_role("button", name="Download as CSV")).to_have_count(0)  # nor to a screen reader
    table.get_by_role("button", name="Export").click()
    offered = reader.page.get_by_role("dialog", name="Export")
    saved = {}
    for name in ("PARQUET", "XLSX"):
        with reader.page.expect_download(timeout=60_000) as waiting:
            offered.get_by_role("button", name=name, exact=True).click()
        saved[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(saved[name])
    frame = pl.read_parquet(saved["PARQUET"])
    head, *rows = sheets(saved["XLSX"].read_bytes())["data"]
    assert head == frame.columns
    assert [row[0] for row in rows] == frame["variant"].to_list()
    at = head.index("total_io")
    assert [row[at] for row in rows] == pytest.approx(frame["total_io"].to_list(), rel=1e-15)
    # the page shows millions to three decimals, the files every digit
    assert any(value != round(value, -3) for value in frame["total_io"].to_list())


def test_without_a_chromium_on_the_machine_the_readers_own_browser_draws(
    chromium: Browser, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("no-chromium")
    with serving(folder, more={"BROWSER_PATH": str(folder / "none")}) as server:
        reader = new_reader(chromium, server.url, 1280, "light")
        reader.go()
        reader.page.get_by_role("button", name="Export").last.click()
        offered = reader.page.get_by_role("dialog", name="Export")
        expect(offered.get_by_text("no Chromium or Chrome")).to_be_visible()
        expect(offered.get_by_role("button", name="PNG", exact=True)).to_have_count(0)
        with reader.page.expect_download() as waiting:
            offered.get_by_role("button", name="Manifest", exact=True).click()
        manifest = waiting.value.suggested_filename
        reader.page.keyboard.press("Escape")
        reader.charts.last.hover()
        with reader.page.expect_download(timeout=60_000) as waiting:
            reader.charts.last.locator('[data-title^="Download plot"]').click()
        assert waiting.value.suggested_filename == manifest.replace(".manifest.json", ".png")
        waiting.value.save_as(tmp_path / "chart.png")
        with Image.open(tmp_path / "chart.png") as image:
            assert image.width > 1000
            colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
            assert colours is not None
            assert len(colours) > 50
        reader.page.context.close()
        assert reader.faults == []
