"""Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from django_runtimes.cli.processes import find_program
from tests.browser.guestbook_server import ServedGuestbook, served_guestbook
from tests.browser.opened_page import TIMEOUT_MS, Opened, silent_page
from tests.prerequisites import require_program

# The first upload of a process imports boto3.
expect.set_options(timeout=TIMEOUT_MS)

DESKTOP, PHONE = (1280, 900), (390, 844)


# While Playwright runs, its event loop is the running one of this thread, so no asynchronous test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_program("chromium")
    with sync_playwright() as playwright:
        # Containers of CI lack the user namespaces of Chromium's sandbox. The pages are our own.
        chromium = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox"], timeout=TIMEOUT_MS
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=[(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def opened(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The page of the module's fixture `report`, on each screen and in each colour scheme."""
    opened = Opened(browser, report, *request.param)
    yield opened
    opened.page.context.close()


@pytest.fixture(scope="session")
def guestbook(database_server, tmp_path_factory) -> Iterator[ServedGuestbook]:
    """The guestbook under the default policies, as its image serves it."""
    with served_guestbook(database_server, tmp_path_factory.mktemp("guestbook")) as served:
        yield served


@pytest.fixture
def page(browser: Browser, guestbook: ServedGuestbook) -> Iterator[Page]:
    """A page whose test fails if anything was printed to the console, such as a violation of the policy."""
    with silent_page(browser, guestbook.address, DESKTOP) as page:
        yield page
