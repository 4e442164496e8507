"""The guestbook and the admin under the default policies, in Chromium."""

from playwright.sync_api import expect

from tests.browser.guestbook_server import PASSWORD
from tests.browser.opened_page import TIMEOUT_MS


def test_an_entry_is_added(page):
    page.goto("/")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Message").fill("Good evening")

    page.get_by_role("button", name="Add your entry").click()

    expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    assert page.locator(".entry").first.inner_text().startswith("Ada")


def test_the_admin_is_used(page):
    page.goto("/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    for path in ("accounts/user/", "guestbook/entry/", "accounts/user/1/change/", "auth/group/add/"):
        # Ends when every script of the page has been loaded.
        assert page.goto(f"/admin/{path}").status == 200

    # The form's script moves a permission from one list into the other.
    page.locator("#id_permissions_from option").first.dblclick()
    expect(page.locator("#id_permissions_to option")).to_have_count(1)
    page.get_by_label("Name").fill("moderators")
    page.get_by_role("button", name="Save", exact=True).click()

    page.locator(".messagelist .success").wait_for()


def test_a_script_that_somebody_injected_does_not_run(browser, guestbook):
    page = browser.new_context(base_url=guestbook.address).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto("/")

    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        # The promise ends after the picture's own handler would have run.
        page.evaluate("""new Promise(resolve => {
            document.body.insertAdjacentHTML('beforeend', '<img src=/none onerror="document.title = 1">')
            document.body.lastElementChild.addEventListener('error', resolve)
        }).then(() => null)""")

    assert page.title() == "Guestbook"
    page.context.close()


def test_the_headers(page):
    headers = page.goto("/").headers

    assert "script-src 'self'; " in headers["content-security-policy"] + "; "
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "object-src 'none'" in page.goto("/static/guestbook/favicon.svg").headers["content-security-policy"]
