"""A report: made on the page while the reader waits, downloaded, and opened by somebody with nothing else."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit


def test_a_report_is_made_downloaded_and_opens_without_a_request(
    visit: Visit, chromium: Browser, tmp_path: Path
) -> None:
    reader = visit()
    reader.choose("Both")
    answer, digest = reader.answer.inner_text(), reader.digest()
    reader.button("Report").click()
    offered = reader.page.get_by_role("dialog", name="Report")
    offered.get_by_role("button", name="Make the report").click()
    expect(offered.get_by_role("button", name="HTML")).to_be_visible(timeout=120_000)
    files = {}
    for name in ("HTML", "PDF"):
        with reader.page.expect_download(timeout=120_000) as waiting:
            offered.get_by_role("button", name=name, exact=True).click()
        files[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[name])
    assert files["HTML"].name == f"vaultline-report-{digest[:8]}.html"
    assert files["PDF"].read_bytes().startswith(b"%PDF-")

    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    asked, faults = list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(files["HTML"].as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [files["HTML"].as_uri()]
    assert faults == []
    expect(page.get_by_role("heading", level=1)).to_have_text("Both")
    shown = re.sub(r"\s+", " ", page.locator("p.answer").first.inner_text())
    assert shown == re.sub(r"\s+", " ", answer)
    charts = page.locator("figure svg.main-svg")
    assert charts.count() >= 8
    for chart in charts.all():
        box = chart.bounding_box()
        if box is not None and box["width"] > 0:
            assert box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_text(digest).count() >= 1
    context.close()
