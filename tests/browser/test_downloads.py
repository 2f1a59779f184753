"""One chart in every format, downloaded, opened and held against the page and against the command line."""

import json
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from PIL import Image

from tests.browser.conftest import Visit
from tests.browser.reader import Reader
from tests.browser.shell import ask

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
