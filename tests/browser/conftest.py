"""Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from django_runtimes.cli.processes import find_program
from tests.browser.opened_page import Opened
from tests.prerequisites import require_program


# While Playwright runs, its event loop is the running one of this thread, so no asynchronous test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_program("chromium")
    with sync_playwright() as playwright:
        # Containers of CI lack the user namespaces of Chromium's sandbox. The pages are our own.
        chromium = playwright.chromium.launch(executable_path=find_program("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(params=[(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def opened(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The page of the module's fixture `report`, on each screen and in each colour scheme."""
    opened = Opened(browser, report, *request.param)
    yield opened
    opened.page.context.close()
