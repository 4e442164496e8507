"""The guestbook's pages in Chromium, at the widths of a phone and of a desktop."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.guestbook_server import PASSWORD
from tests.browser.opened_page import require_access, silent_page
from tests.integration.entrypoints.launcher import container


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def sized(browser, guestbook, request):
    with silent_page(browser, guestbook.address, request.param) as page:
        yield page


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def refused(browser, guestbook, request):
    """A page on which responses of the status 400 or 404 are expected."""
    with silent_page(browser, guestbook.address, request.param, failures="400|404") as page:
        yield page


def picture(name="holiday.png", content=None):
    if content is None:
        output = io.BytesIO()
        Image.new("RGB", (80, 60), "teal").save(output, "PNG")
        content = output.getvalue()
    return {"name": name, "mimeType": "image/png", "buffer": content}


def fill(page, message="Good evening", file=None):
    page.goto("/")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Message").fill(message)
    if file:
        page.get_by_label("Picture").set_input_files(file)


def submit(page):
    page.get_by_role("button", name="Add your entry").click()


def test_the_pages_for_reading(sized):
    for address in ("/", "/?page=2", "/entries/1", "/accounts/password-reset/"):
        assert sized.goto(address).status == 200
        require_access(sized)


def test_an_entry_without_a_picture(sized):
    fill(sized)
    submit(sized)

    expect(sized.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    assert sized.locator(".entry").first.inner_text().startswith("Ada")
    require_access(sized)


def test_a_picture_goes_straight_to_the_bucket(sized, guestbook):
    posted = []
    sized.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    fill(sized, file=picture())
    submit(sized)

    expect(sized.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    shown = sized.locator(".entry img").first
    expect(shown).to_have_js_property("naturalWidth", 80)
    require_access(sized)
    signed, uploaded, form = posted
    assert signed.url == f"{guestbook.address}/uploads/sign"
    assert uploaded.url == f"{guestbook.variables['AWS_ENDPOINT_URL_S3']}/pictures"
    assert form.url == f"{guestbook.address}/"
    assert b"holiday.png" not in form.post_data_buffer
    assert [name for name in guestbook.names() if name.startswith("incoming/")] == []


def test_the_progress_of_an_upload_is_shown(page, guestbook):
    fill(page, file=picture())
    seen = []

    def note(route):
        bar = page.get_by_role("progressbar", name="Upload")
        seen.append((bar.is_visible(), page.get_by_text("Uploading…").is_visible()))
        route.continue_()

    page.route(f"{guestbook.variables['AWS_ENDPOINT_URL_S3']}/pictures", note)
    # In as_p, the parts of all fields have the same parent.
    page.get_by_label("Picture").evaluate("input => input.parentElement.prepend(document.createElement('progress'))")
    submit(page)

    expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    assert seen == [(True, True)]


def test_a_picture_without_scripts_is_part_of_the_form(browser, guestbook):
    with silent_page(browser, guestbook.address, DESKTOP, java_script_enabled=False) as page:
        fill(page, file=picture())
        submit(page)

        expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
        expect(page.locator(".entry").first.locator("img")).to_be_visible()


def described(page, label):
    """Return the text that screen readers say after a field's label."""
    ids = page.get_by_label(label).get_attribute("aria-describedby").split()
    return " ".join(page.locator(f"#{each}").inner_text() for each in ids)


def test_an_error_is_beside_its_field_and_the_picture_is_kept(refused, guestbook):
    fill(refused, message="   ", file=picture())
    submit(refused)

    expect(refused.get_by_role("alert").filter(has_text="Your entry was not saved")).to_be_visible()
    assert described(refused, "Message") == "This field is required."
    assert refused.get_by_label("Message").get_attribute("aria-invalid") == "true"
    assert refused.get_by_label("Your name").input_value() == "Ada"
    expect(refused.get_by_text("holiday.png has arrived. Choose another file to replace it.")).to_be_visible()
    require_access(refused)

    refused.get_by_label("Message").fill("Here it is")
    submit(refused)

    expect(refused.locator(".entry").first.locator("img")).to_be_visible()


def test_a_disguised_picture_is_an_error_beside_its_field(refused, guestbook):
    before = [name for name in guestbook.names() if name.startswith("pictures/")]
    fill(refused, file=picture(content=b"<!doctype html><script>alert(1)</script>"))
    submit(refused)

    expect(refused.get_by_text("Upload a valid image.")).to_be_visible()
    assert "Upload a valid image." in described(refused, "Picture")
    require_access(refused)
    assert [name for name in guestbook.names() if name.startswith("pictures/")] == before


def test_a_picture_that_is_too_large_is_not_sent(refused, guestbook):
    posted = []
    refused.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    fill(refused, file=picture(content=b"x" * (5 * 1024 * 1024 + 1)))
    submit(refused)

    expect(refused.get_by_text("This file has 5,242,881 bytes; send at most 5,242,880.")).to_be_visible()
    assert "This file has 5,242,881 bytes" in described(refused, "Picture")
    expect(refused.get_by_label("Picture")).to_be_focused()
    assert posted == [f"{guestbook.address}/uploads/sign"]
    require_access(refused)


def test_a_failed_upload_loses_nothing_and_can_be_repeated(browser, guestbook):
    bucket = f"{guestbook.variables['AWS_ENDPOINT_URL_S3']}/pictures"
    asked = []
    answers = iter(
        [
            # As WEBAPP_THROTTLE and an outage below /api/ answer, and a proxy elsewhere.
            {
                "status": 429,
                "headers": {"Retry-After": "7"},
                "json": {"error": {"code": "throttled", "message": "Too many requests; try again in 7 s."}},
            },
            {"status": 503, "headers": {"Retry-After": "5"}, "json": {"error": "The upload cannot start now."}},
            {"status": 503, "headers": {"Retry-After": "60"}, "content_type": "text/html", "body": "<h1>Busy</h1>"},
            {"status": 403, "content_type": "text/html", "body": "<h1>Forbidden</h1>"},
        ]
    )

    def answer(route):
        asked.append(route.request.headers["accept"])
        route.fulfill(**next(answers))

    with silent_page(browser, guestbook.address, DESKTOP, failures="403|429|503|net::ERR_FAILED") as page:
        page.route("**/uploads/sign", answer)
        fill(page, message="Second try", file=picture())
        for text in (
            "Too many requests; try again in 7 s.",
            "The upload cannot start now. Send the form again in 5 s.",
            "The server did not accept the upload. Load the page again and repeat it. Send the form again in 60 s.",
            "The server did not accept the upload. Load the page again and repeat it.",
        ):
            submit(page)
            expect(page.get_by_text(text, exact=True)).to_be_visible()
            assert text in described(page, "Picture")
        assert asked == ["application/json"] * 4
        page.unroute("**/uploads/sign")

        page.route(bucket, lambda route: route.abort())
        submit(page)
        expect(page.get_by_text("The upload failed. Check your connection and send the form again.")).to_be_visible()
        page.unroute(bucket)

        page.route(bucket, lambda route: route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"}))
        submit(page)
        expect(
            page.get_by_text("The server did not accept the upload. Load the page again and repeat it.")
        ).to_be_visible()
        page.unroute(bucket)

        submit(page)

        expect(page.locator(".entry").first).to_contain_text("Second try")
        expect(page.locator(".entry").first.locator("img")).to_be_visible()


def test_the_keyboard_alone(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Grace")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Picture")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add your entry")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".entry").first).to_contain_text("By keyboard")


def test_a_missing_page(refused):
    assert refused.goto("/nowhere").status == 404

    expect(refused.get_by_role("heading", name="There is no such page")).to_be_visible()
    require_access(refused)


@pytest.fixture(scope="module")
def without_database(guestbook, tmp_path_factory):
    """The address of a guestbook whose database does not answer."""
    variables = {
        **guestbook.variables,
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_DB_POOL_TIMEOUT_S": "1",
    }
    with container(tmp_path_factory.mktemp("down") / "log", **variables) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_database_is_down(browser, without_database, size):
    with silent_page(browser, without_database, size, failures="503") as page:
        response = page.goto("/")

        assert response.status == 503
        assert "retry-after" in response.headers
        expect(page.get_by_role("heading", name="We will be back in a moment")).to_be_visible()
        assert "Traceback" not in page.content()
        require_access(page)


@pytest.fixture(scope="module")
def throttled(guestbook, tmp_path_factory):
    """The address of a guestbook that answers one request."""
    variables = {**guestbook.variables, "WEBAPP_STORE_URL": "memory://", "WEBAPP_THROTTLE": "1/5d"}
    with container(tmp_path_factory.mktemp("throttled") / "log", **variables) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_too_many_requests(browser, throttled, size):
    with silent_page(browser, throttled, size, failures="429") as page:
        page.goto("/")
        response = page.goto("/")

        assert response.status == 429
        assert "retry-after" in response.headers
        expect(page.get_by_role("heading", name="Too many requests")).to_be_visible()
        require_access(page)


def test_the_admin_log_in(sized):
    sized.goto("/admin/")
    # Django's page for the log-in has no heading of the first level.
    require_access(sized, but="page-has-heading-one")
    sized.get_by_label("Username").fill("root")
    sized.get_by_label("Password").fill("wrong")
    sized.get_by_role("button", name="Log in").click()
    expect(sized.get_by_text("Please enter the correct username and password")).to_be_visible()

    sized.get_by_label("Username").fill("root")
    sized.get_by_label("Password").fill(PASSWORD)
    sized.get_by_role("button", name="Log in").click()

    expect(sized.get_by_role("heading", name="Site administration")).to_be_visible()
    sized.goto("/admin/guestbook/entry/")
    expect(sized.get_by_role("link", name="Ada").first).to_be_visible()
