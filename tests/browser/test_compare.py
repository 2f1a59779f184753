"""An investor: what a second contract changes, beside the old schedule, for somebody else to see."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.reader import Reader
from tests.browser.server import Server
from tests.browser.shell import ask

FIGURES = "table.compared"


def figures(reader: Reader) -> list[str]:
    """Every cell of the outcomes, as it is read."""
    return reader.page.locator(FIGURES).nth(1).locator("th, td").all_inner_texts()


def test_an_investor_compares_shares_and_reproduces(visit: Visit, server: Server, tmp_path: Path) -> None:
    sender = visit()
    sender.turn_to("Compare")
    expect(sender.answer).to_contain_text("Second contract lowers the chance of a shortfall by")
    expect(sender.answer).to_contain_text("Legacy schedule raises it by")
    expect(sender.page.locator(FIGURES).first).to_contain_text("$650,000 a month in months 4 to 15")
    shown, sentence = figures(sender), sender.answer.inner_text()
    assert shown.count("none") == 2  # the old schedule has no burn and no reserve
    link = sender.shared_link()
    assert urlsplit(link).path == "/compare"

    receiver = visit(link)
    expect(receiver.answer).to_have_text(sentence)
    assert figures(receiver) == shown

    sender.page.get_by_text("The command that gives this comparison").click()
    command = sender.copied(sender.page.get_by_test_id("stCode").first)
    # a store of its own, so that it is computed; the engine is compiled in the server's home already
    told = ask(f"{command} --json --store '{tmp_path / 'own.duckdb'}'", server.home).answer
    assert told["found"] is False
    assert [s["title"] for s in told["scenarios"]][1:] == ["Second contract", "Legacy schedule"]
    before, after = (s["figures"]["p_shortfall"] for s in told["scenarios"][:2])
    numbers = re.search(r"by ([\d.]+) points \(±\s([\d.]+)\), from ([\d.]+)\s% to ([\d.]+)\s%", sentence)
    assert numbers
    shown_numbers = [float(n) / 100 for n in numbers.groups()]
    assert shown_numbers == pytest.approx(
        [-after["less_first"], after["less_first_error"], before["value"], after["value"]], abs=5.1e-4
    )


def test_a_scenario_of_ones_own_is_saved_found_elsewhere_and_taken_away(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    reader = visit("/supply")
    baseline = reader.digest()
    reader.page.get_by_test_id("stSidebar").get_by_role("slider").first.press("ArrowRight")
    expect(reader.stamp).not_to_contain_text(baseline)
    mine = reader.digest()
    # at once: what is on its way for the page comes while the name is typed, and takes nothing away
    reader.button("Saved").click()
    dialog = reader.page.get_by_role("dialog", name="Saved scenarios")
    name = dialog.get_by_label("Name for the scenario at hand")
    name.press_sequentially("Mine <b> & yours", delay=100)
    expect(name).to_have_value("Mine <b> & yours")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_contain_text("Saved as Mine <b> & yours.")
    with reader.page.expect_download() as waiting:
        dialog.get_by_role("button", name="Export").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert json.loads(file.read_text("utf-8"))["name"] == "Mine <b> & yours"

    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("Deleted Mine <b> & yours.")
    dialog.get_by_role("button", name="Undo the deletion").click()
    expect(dialog).to_contain_text("is back")
    dialog.locator("input[type=file]").set_input_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": b"[]"}
    )
    expect(dialog).to_contain_text("it holds no scenario")
    dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog).to_contain_text("Imported as Mine <b> & yours (2)")
    reader.page.keyboard.press("Escape")

    other = visit("/compare")
    assert baseline in other.stamp.inner_text()
    other.page.get_by_role("combobox", name="Compared with").click()
    other.page.get_by_role("option", name="Mine <b> & yours", exact=True).click()
    other.page.keyboard.press("Escape")
    expect(other.answer).to_contain_text("Mine <b> & yours")
    other.settle()
    other.button("Saved").click()
    theirs = other.page.get_by_role("dialog", name="Saved scenarios")
    theirs.get_by_role("button", name="Open scenario").click()
    expect(other.stamp).to_contain_text(mine)
    words = f"--with '{file}' --paths 1000 --json --store '{tmp_path / 'own.duckdb'}'"
    told = ask(f"vaultline compare {words}", server.home).answer
    assert told["scenarios"][1]["scenario_sha256"].startswith(mine)
