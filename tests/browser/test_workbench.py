"""An analyst takes a run out, gets the same numbers from its command, and asks the store in SQL."""

from pathlib import Path

import polars as pl
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, new_reader
from tests.browser.reader import PAGES, Reader
from tests.browser.server import serving
from tests.browser.shell import ask


def download(reader: Reader, table: str, form: str, folder: Path) -> Path:
    """One file of the table's Export."""
    reader.page.locator(f".st-key-table_{table}").get_by_role("button", name="Export").click()
    offered = reader.page.get_by_role("dialog", name="Export")
    with reader.page.expect_download(timeout=60_000) as waiting:
        offered.get_by_role("button", name=form, exact=True).click()
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    reader.page.keyboard.press("Escape")
    return folder / waiting.value.suggested_filename


def test_a_run_leaves_with_its_numbers_and_the_command_that_gives_them(
    chromium: Browser, tmp_path: Path
) -> None:
    """In a store of its own, where the newest run is this reader's."""
    with serving(tmp_path / "dashboard") as server:
        reader = new_reader(chromium, server.url, 1280, "light")
        reader.go(PAGES["Workbench"])
        reader.choose("Both")
        take_out(reader, tmp_path)
        assert reader.faults == []
        reader.page.context.close()


def take_out(reader: Reader, tmp_path: Path) -> None:
    expect(reader.page.get_by_role("heading", name="What the run recorded")).to_be_visible()
    frame = pl.read_parquet(download(reader, "projection-by-month", "PARQUET", tmp_path))
    reader.page.get_by_text("The command that asks this again").click()
    command = reader.copied(reader.page.get_by_test_id("stCode").first)
    ask(f"{command} --out steps.parquet --json", tmp_path)
    steps = pl.read_parquet(tmp_path / "steps.parquet")
    assert frame.height == 36
    for column in ("coverage", "pay", "V", "price", "burned"):
        assert frame[column].to_list() == steps[column].to_list()


def test_sql_answers_on_the_page_and_its_rows_leave(visit: Visit, tmp_path: Path) -> None:
    reader = visit(PAGES["Workbench"])
    reader.page.get_by_role("tab", name="SQL", exact=True).click()
    query = reader.page.get_by_role("textbox", name="SQL")
    query.fill("SELECT count(*) AS facts, '=1+1' AS trick FROM fact")
    query.press("Control+Enter")
    expect(reader.page.get_by_text("1 row.", exact=True)).to_be_visible()
    text = download(reader, "query", "CSV", tmp_path).read_text("utf-8")
    assert "facts,trick" in text
    assert ",'=1+1" in text
    query.fill("WITH x AS (DELETE FROM fact RETURNING 1) SELECT * FROM x")
    query.press("Control+Enter")
    expect(reader.page.get_by_text("here it can only be read")).to_be_visible()
