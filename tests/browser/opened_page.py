"""A page opened from disk in Chromium, and what every page must meet."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page


class Opened:
    """A page opened from disk, with everything that it printed or requested."""

    def __init__(self, browser: Browser, path: Path, size: tuple[int, int], scheme: str) -> None:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
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
        found = Axe().run(self.page)
        assert found.response["violations"] == [], found.generate_report()
        width = self.page.evaluate("document.documentElement.clientWidth")
        assert self.page.evaluate("document.documentElement.scrollWidth") == width
