"""The page for a visitor who sends too many entries, in Chromium."""

import time
from collections.abc import Iterator

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.opened_page import require_access, silent_page
from tests.integration.entrypoints.launcher import container


# The server is the module's own, since its only client has used up its entries afterwards.
@pytest.fixture(scope="module")
def address(guestbook, tmp_path_factory) -> Iterator[str]:
    variables = {**guestbook.variables, "WEBAPP_STORE_URL": "memory://", "WEBAPP_WORKERS": "1"}
    with container(tmp_path_factory.mktemp("throttled") / "log", **variables) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_visitor_who_sends_too_many_entries_gets_a_page(browser, address, size):
    with silent_page(browser, address, size, failures="429") as page:
        while True:
            minute = _minute()
            page.goto("/")
            page.get_by_label("Your name").fill("Ada")
            page.get_by_label("Message").fill("Good evening")
            entry = {"author": "Ada", "message": "Hello"}
            answers = [page.request.post("/api/entries", data=entry).status for _ in range(21)]
            with page.expect_navigation() as navigation:
                page.get_by_role("button", name="Add your entry").click()
            # The limit begins again with each minute.
            if _minute() == minute:
                break

        assert 429 in answers
        assert navigation.value.status == 429
        assert page.get_by_role("heading", level=1).inner_text() == "Too many requests"
        require_access(page)


def _minute() -> int:
    return int(time.time() // 60)
