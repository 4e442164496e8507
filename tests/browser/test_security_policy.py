"""The guestbook and the admin under the default policies, in Chromium."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.entrypoints.launcher import REQUIRED, container

PASSWORD = "correct horse battery"
# With DEBUG, static files need no manifest of collectstatic.
LOCAL = {
    "WEBAPP_RUNTIME": "local",
    "WEBAPP_DEBUG": "1",
    "WEBAPP_HTTPS": "0",
    "WEBAPP_ALLOWED_HOSTS": "127.0.0.1",
    "WEBAPP_WORKERS": "1",
    "WEBAPP_SECURITY_HEADERS": "1",
}


@pytest.fixture(scope="module")
def address(database_server, tmp_path_factory) -> Iterator[str]:
    """The address of a guestbook with an administrator."""
    name = f"webapp_policy_{secrets.token_hex(4)}"
    create_database(database_server, name)
    folder = tmp_path_factory.mktemp("policy")
    variables = {**LOCAL, "DATABASE_URL": database_server.url(name), "WEBAPP_MEDIA_ROOT": str(folder / "media")}
    environ = {
        **REQUIRED,
        **variables,
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    for command in (
        ["migrate", "-v", "0"],
        ["createsuperuser", "--no-input", "--username", "root", "--email", "root@guestbook.example"],
    ):
        subprocess.run([sys.executable, "-m", "webapp", *command], env=environ, check=True, capture_output=True)
    with container(folder / "log", **variables) as (_, port):
        yield f"http://127.0.0.1:{port}"
    drop_database(database_server, name)


@pytest.fixture
def page(browser: Browser, address) -> Iterator[Page]:
    """A page whose test fails if anything was printed to the console, such as a violation of the policy."""
    page = browser.new_context(base_url=address).new_page()
    printed: list[str] = []
    page.on("console", lambda message: printed.append(message.text))
    page.on("pageerror", lambda error: printed.append(str(error)))
    yield page
    page.context.close()
    assert printed == []


def test_an_entry_is_added(page):
    page.goto("/")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Message").fill("Good evening")

    page.get_by_role("button", name="Add your entry").click()

    assert page.get_by_role("status").is_visible()
    assert page.locator(".entry").first.inner_text().startswith("Ada")


def test_the_admin_is_used(page):
    page.goto("/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    for path in ("accounts/user/", "guestbook/entry/", "accounts/user/1/change/", "auth/group/add/"):
        assert page.goto(f"/admin/{path}").status == 200
        page.wait_for_load_state("networkidle")

    # The form's script moves a permission from one list into the other.
    page.locator("#id_permissions_from option").first.dblclick()
    assert page.locator("#id_permissions_to option").count() == 1
    page.get_by_label("Name").fill("moderators")
    page.get_by_role("button", name="Save", exact=True).click()

    page.locator(".messagelist .success").wait_for()


def test_a_script_that_somebody_injected_does_not_run(browser, address):
    page = browser.new_context(base_url=address).new_page()
    page.goto("/")
    printed: list[str] = []
    page.on("console", lambda message: printed.append(message.text))

    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/none onerror=\"document.title = 1\">')")
    page.wait_for_timeout(500)

    assert page.title() == "Guestbook"
    assert any("Content Security Policy" in text for text in printed)
    page.context.close()


def test_the_headers(page):
    headers = page.goto("/").headers

    assert "script-src 'self'; " in headers["content-security-policy"] + "; "
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "object-src 'none'" in page.goto("/static/guestbook/favicon.svg").headers["content-security-policy"]
