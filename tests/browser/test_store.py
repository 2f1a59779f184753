"""The dashboard and its store: held against others, damaged, and after the dashboard was killed."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, new_reader
from tests.browser.server import Server, serving
from tests.browser.shell import ask


def test_commands_answer_while_the_dashboard_has_the_store(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    reader = visit()
    reader.choose("Both")
    told = ask(f"vaultline project --preset both --json --store '{server.store}'", tmp_path)
    assert f"not recorded yet: the store is in use by process {server.process.pid}" in told.notes
    assert told.answer["recorded"] is False
    assert told.answer["scenario_sha256"].startswith(reader.digest())


def test_a_damaged_store_is_said_and_left_as_it_is(chromium: Browser, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    store.write_bytes(b"no store at all" * 1000)
    with serving(tmp_path / "damaged", store) as server:
        reader = new_reader(chromium, server.url, 1280, "light")
        reader.go()
        notice = reader.page.get_by_text("nothing is recorded")
        expect(notice).to_be_visible()
        # invisible word joiners keep a path from becoming a link
        assert str(store) in notice.inner_text().replace("\N{WORD JOINER}", "")
        reader.choose("Both")
        expect(reader.answer).to_contain_text("run short in Apr 2027 (month 11)")
        reader.page.get_by_role("button", name="Explain the first shortfall").click()
        expect(reader.page.get_by_role("dialog")).to_contain_text("vaultline project")
        assert reader.faults == []
        reader.page.context.close()
    assert store.read_bytes() == b"no store at all" * 1000


def test_a_killed_dashboard_opens_again_with_its_store(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "first") as server:
        reader = new_reader(chromium, server.url, 1280, "light")
        reader.go()
        reader.choose("Both")
        reader.page.get_by_test_id("stSidebar").get_by_role("slider", name="Price shock").press("ArrowRight")
        server.kill()
        reader.page.context.close()
    with serving(tmp_path / "second", server.store) as again:
        reader = new_reader(chromium, again.url, 1280, "light")
        reader.go()
        expect(reader.page.get_by_text("nothing is recorded")).to_have_count(0)
        reader.choose("Both")
        expect(reader.answer).to_contain_text("run short in Apr 2027 (month 11)")
        assert reader.faults == []
        reader.page.context.close()
    told = ask(f"vaultline project --preset both --json --store '{server.store}'", tmp_path)
    assert told.answer["recorded"] is True
