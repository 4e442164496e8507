"""The page of tested claims in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from django_runtimes.compare.claims.claim_report import render_claims_html
from tests.unit.compare.claims.tested_claims import RUN

DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(params=[(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    (width, height), scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_the_page_of_claims_is_accessible_and_loads_nothing(opened: Page, tmp_path: Path):
    report = tmp_path / "report.html"
    report.write_text(render_claims_html(RUN))
    messages: list[str] = []
    requests: list[str] = []
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    opened.on("request", lambda sent: requests.append(sent.url))

    opened.goto(report.as_uri())

    found = Axe().run(opened)
    assert found.response["violations"] == [], found.generate_report()
    assert messages == []
    # The empty icon keeps Chromium from asking for one.
    assert [url for url in requests if url != "data:,"] == [report.as_uri()]
    width = opened.evaluate("document.documentElement.clientWidth")
    assert opened.evaluate("document.documentElement.scrollWidth") == width
