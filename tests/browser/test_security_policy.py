"""The guestbook and the admin under the default policies, in Chromium."""

from tests.browser.guestbook_server import PASSWORD


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
    page.wait_for_url("**/admin/")
    for path in ("accounts/user/", "guestbook/entry/", "accounts/user/1/change/", "auth/group/add/"):
        # Ends when every script of the page has been loaded.
        assert page.goto(f"/admin/{path}").status == 200

    # The form's script moves a permission from one list into the other.
    page.locator("#id_permissions_from option").first.dblclick()
    assert page.locator("#id_permissions_to option").count() == 1
    page.get_by_label("Name").fill("moderators")
    page.get_by_role("button", name="Save", exact=True).click()

    page.locator(".messagelist .success").wait_for()


def test_a_script_that_somebody_injected_does_not_run(browser, guestbook):
    page = browser.new_context(base_url=guestbook.address).new_page()
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
