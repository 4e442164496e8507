"""A page opened from disk in Chromium, and what every page must meet."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

# Far longer than a page takes on a busy machine.
TIMEOUT_MS = 60_000


def require_access(page: Page, *, but: str = "") -> None:
    """Fail if axe finds a violation of another rule than `but`, or if the page scrolls sideways."""
    found = Axe().run(page, options={"rules": {but: {"enabled": False}}} if but else None)
    assert found.response["violations"] == [], found.generate_report()
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == width


class Opened:
    """A page opened from disk, with everything that it printed or requested."""

    def __init__(self, browser: Browser, path: Path, size: tuple[int, int], scheme: str) -> None:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(TIMEOUT_MS)
        self.page: Page = context.new_page()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self._url = path.as_uri()
        self.page.goto(self._url)

    def open_details(self) -> None:
        """Show all tables."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    def require_silence(self) -> None:
        """Fail if the page printed something or requested anything but itself."""
        assert self.messages == []
        # The empty icon keeps Chromium from asking for one.
        assert [url for url in self.requests if url != "data:,"] == [self._url]

    def require_access(self) -> None:
        """Fail if axe finds a violation, or if the page scrolls sideways."""
        require_access(self.page)


@contextmanager
def silent_page(
    browser: Browser, address: str, size: tuple[int, int], *, failures: str = "no status", **options: bool
) -> Iterator[Page]:
    """Yield an empty page of this site; fail if it prints anything to the console.

    Chromium prints each status above 399 and each failed request; `failures` is a pattern of those that the test
    expects. `options` are those of Playwright's contexts.
    """
    width, height = size
    context = browser.new_context(base_url=address, viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    printed: list[str] = []
    page.on("console", lambda message: printed.append(message.text))
    page.on("pageerror", lambda error: printed.append(str(error)))
    yield page
    context.close()
    expected = f"Failed to load resource: (the server responded with a status of )?({failures})( .*)?"
    assert [text for text in printed if not re.fullmatch(expected, text)] == []
