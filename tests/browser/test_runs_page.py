from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from django_runtimes.compare.run.results import Run
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, compare_runs
from django_runtimes.compare.saved_runs.runs_content import runs_content
from django_runtimes.compare.saved_runs.runs_html import render_runs_html
from tests.unit.compare.saved_runs.earlier_and_later import earlier_run, later_run

DESKTOP, PHONE = (1280, 900), (390, 844)


def thorough(run: Run) -> Run:
    """Return the run as one with a long budget, which compares each p99."""
    return replace(run, environment={**run.environment, "plan": {"budget_s": 900.0}})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of three runs, with the widest tables."""
    paths = [Path(f"reports/2026-11-2{day}-120000/run.json") for day in (7, 8, 9)]
    runs = [
        NamedRun(f"run {number}", path, thorough(run))
        for number, path, run in zip((1, 2, 3), paths, (earlier_run(), later_run(), earlier_run()), strict=True)
    ]
    content = runs_content(runs, [compare_runs(runs[0], each) for each in runs[1:]])
    page = tmp_path_factory.mktemp("runs") / "report.html"
    page.write_text(render_runs_html(content))
    return page


@pytest.fixture(params=[(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    (width, height), scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_the_page_of_several_runs_is_accessible_and_loads_nothing(opened: Page, report: Path):
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
    assert opened.locator("td[data-verdict=slower]").count() == 3
