"""What a reader does: pick, move, take back, share, ask where a number comes from; also by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.links import encode
from tests.browser.conftest import Visit
from tests.browser.reader import Reader
from tests.browser.shell import ask
from tests.scenarios import BASELINE

FIRST_SHORTFALL = "first shortfall"


def slider(reader: Reader, name: str) -> Locator:
    return reader.page.get_by_test_id("stSidebar").get_by_role("slider", name=name)


def first_card(reader: Reader) -> Locator:
    return reader.page.get_by_test_id("stColumn").filter(has_text=FIRST_SHORTFALL).first


def shortfall_month(reader: Reader) -> int:
    """The run month that the first card names."""
    found = re.search(rf"{FIRST_SHORTFALL}: .*?\(month (\d+)\)", first_card(reader).inner_text())
    assert found
    return int(found[1])


def test_a_preset_changes_the_sentence_and_names_a_month(visit: Visit) -> None:
    reader = visit()
    expect(reader.answer).to_contain_text("cover the payout target in every month")
    reader.choose("Both")
    expect(reader.answer).to_contain_text("run short in Apr 2027 (month 11)")
    expect(first_card(reader)).to_contain_text("first shortfall: Apr 2027 (month 11)")
    expect(reader.card("Chance of a shortfall in 36 months")).to_contain_text("% to ")


def test_a_moved_control_moves_the_answer_until_undo_or_reset(visit: Visit, tmp_path: Path) -> None:
    reader = visit()
    reader.choose("Both")
    both, sentence = reader.digest(), reader.answer.inner_text()
    slider(reader, "Reward Vault at the start").press("ArrowLeft")
    expect(reader.stamp).not_to_contain_text(both)
    slider(reader, "Reward Vault at the start").press("Home")
    expect(first_card(reader)).not_to_contain_text("Apr 2027 (month 11)")
    expect(reader.preset).to_have_value("Yours")
    reader.settle()
    least = slider(reader, "Reward Vault at the start").input_value()
    asked = ask(f"vaultline project --preset both --set V0_months={least} --json", tmp_path).answer
    assert asked["first_shortfall_month"] == shortfall_month(reader)
    assert asked["scenario_sha256"].startswith(reader.digest())

    reader.button("Undo").click()
    reader.button("Undo").click()
    expect(reader.stamp).to_contain_text(both)
    expect(reader.answer).to_have_text(sentence)
    expect(slider(reader, "Reward Vault at the start")).to_have_value("12")

    slider(reader, "Price shock").press("ArrowRight")
    expect(reader.stamp).not_to_contain_text(both)
    reader.button("Reset").click()
    expect(reader.stamp).to_contain_text(both)
    expect(reader.preset).to_have_value("Both")
    expect(reader.button("Reset")).to_be_disabled()


def test_controls_keep_the_scenarios_values_from_page_to_page(visit: Visit) -> None:
    reader = visit()
    reader.choose("Both")
    values: dict[str, str] = {}
    for name in ("Supply", "Engine", "Supply", "Overview"):
        reader.turn_to(name)
        for title, value in reader.sliders().items():
            assert values.setdefault(title, value) == value, f"{title} on {name}"
        expect(reader.preset).to_have_value("Both")
    assert values["Price shock"] == "-0.5"
    assert values["Payout target"] == "1350000"


def test_a_difference_is_named_and_taken_back_alone(visit: Visit) -> None:
    reader = visit()
    baseline = reader.digest()
    slider(reader, "Shock starts in").press("ArrowRight")
    back = reader.page.get_by_test_id("stMain").get_by_role("button", name=re.compile(r"Shock starts in: 4"))
    back.click()
    expect(back).to_have_count(0)
    expect(reader.stamp).to_contain_text(baseline)


@pytest.mark.parametrize("page", ["/", "/supply"])
def test_a_shared_link_shows_someone_else_the_same(visit: Visit, page: str) -> None:
    sender = visit(page)
    sender.choose("Both")
    before = sender.digest()
    sender.page.get_by_test_id("stSidebar").get_by_role("slider").first.press("ArrowRight")
    expect(sender.stamp).not_to_contain_text(before)
    sender.settle()
    receiver = visit(sender.shared_link())
    assert urlsplit(receiver.page.url).path == page
    assert receiver.digest() == sender.digest()
    assert receiver.answer.inner_text() == sender.answer.inner_text()
    expect(receiver.preset).to_have_value("Yours")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda s: "?v=1&s=" + s[: len(s) // 2], "The link is cut short: copy all of it"),
        (lambda _: "?v=1&s=%00<img src=x>", "The link holds characters that do not belong in it"),
        (lambda _: "?v=1&s=bm9uc2Vuc2U", "The link is damaged: it does not unpack"),
        (lambda s: "?v=9&s=" + s, "The link has version '9'; this vaultline reads version 1"),
    ],
    ids=["truncated", "markup", "nonsense", "version"],
)
def test_a_bad_link_is_refused_politely(visit: Visit, spoil: Callable[[str], str], says: str) -> None:
    reader = visit("/" + spoil(encode(BASELINE)))
    message = reader.page.get_by_test_id("stAlert")
    # invisible word joiners keep a foreign text from becoming a link
    told = message.inner_text().replace("\N{WORD JOINER}", "")
    assert says in told
    assert told.endswith("What you see is the baseline.")
    assert BASELINE.digest().startswith(reader.digest())
    expect(reader.preset).to_have_value("Baseline")


def test_a_number_explains_itself_and_its_command_gives_the_same(visit: Visit, tmp_path: Path) -> None:
    reader = visit()
    reader.choose("Both")
    first_card(reader).get_by_role("button", name="Explain the first shortfall").click()
    dialog = reader.page.get_by_role("dialog", name="Where this number comes from")
    expect(dialog).to_contain_text("first month ceil(t/n) with short > 1e-9 H")
    inputs = dialog.get_by_test_id("data-grid-canvas").last
    for words in ("Source", "Payout target1350000USD a month", "assumption"):
        expect(inputs).to_contain_text(words)

    command = reader.copied(dialog.get_by_test_id("stCode").last)
    told = ask(f"{command} --json --out steps.csv", tmp_path).answer
    first = told["first_shortfall_month"]
    assert first == shortfall_month(reader)
    assert told["scenario_sha256"].startswith(reader.digest())
    month = pl.read_csv(tmp_path / "steps.csv").row(by_predicate=pl.col("month") == first, named=True)
    expect(dialog).to_contain_text(f"= {month['short']:,.0f} USD")
    coverage = reader.page.get_by_test_id("stColumn").filter(has_text="Shortest runway").first
    expect(coverage).to_contain_text(f"Lowest coverage: {told['min_coverage']:.1%}".replace("%", "\xa0%"))


def test_the_keyboard_reaches_and_moves_what_matters(visit: Visit) -> None:
    reader = visit()
    baseline = reader.digest()
    tab_to(reader.page, slider(reader, "Price shock"))
    reader.page.keyboard.press("ArrowLeft")
    expect(reader.stamp).not_to_contain_text(baseline)
    expect(slider(reader, "Price shock")).to_have_value("-0.01")
    reader.settle()
    tab_to(reader.page, reader.preset)
    reader.page.keyboard.press("ArrowDown")
    expect(reader.page.get_by_role("option", name="Both", exact=True)).to_be_visible()
    reader.page.keyboard.press("Home")
    for key in ("ArrowDown", "Enter"):
        reader.page.keyboard.press(key)
    expect(reader.preset).to_have_value("Price -50 %")
    expect(slider(reader, "Price shock")).to_have_value("-0.5")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"60 times Tab did not reach {target}")


def test_two_tabs_do_not_disturb_each_other(visit: Visit) -> None:
    first = visit()
    first.choose("Both")
    second = Reader(first.page.context.new_page(), first.url)
    second.go()
    expect(second.preset).to_have_value("Baseline")
    second.choose("Second contract")
    mine, theirs = first.digest(), second.digest()
    slider(first, "Price shock").press("ArrowRight")
    expect(first.stamp).not_to_contain_text(mine)
    expect(second.preset).to_have_value("Second contract")
    slider(second, "Price shock").press("ArrowLeft")
    expect(second.stamp).not_to_contain_text(theirs)
    expect(first.preset).to_have_value("Yours")
    first.button("Undo").click()
    expect(first.stamp).to_contain_text(mine)
    expect(first.answer).to_contain_text("run short in Apr 2027 (month 11)")
    assert second.faults == []


@pytest.mark.parametrize("address", ["/stress-lab", "/compare"])
def test_a_long_run_is_cancelled_and_gone_on_with(visit: Visit, address: str) -> None:
    reader = visit(address)
    reader.page.get_by_role("radio", name="1,000,000").click()
    reader.button("Cancel").click()
    expect(reader.page.get_by_text("Cancelled after")).to_be_visible()
    reader.button("Go on").click()
    expect(reader.page.get_by_text("Cancelled after")).to_have_count(0)
    expect(reader.page.get_by_text(re.compile(r"^1,000,000 futures, seed 1\b"))).to_be_visible()
    reader.settle()
    expect(reader.page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
