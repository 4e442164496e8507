"""The cookies and tokens that virtual users keep and send."""

import gzip
from collections.abc import Callable

import pytest
from aiohttp import web

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.workload.workload import Exchange, RequestTemplate, Session
from tests.integration.compare.load.serving import serving

LOGIN_PAGE = '<form><input type="hidden" name="csrfmiddlewaretoken" value="page-token"></form>'
FORM = RequestTemplate(
    name="form", scenario="read", method="POST", path="/form", headers={}, form={"text": "a&b ü"}, share=1
)
STEP = Exchange(method="GET", path="/login", headers={})


class Site:
    """Responds according to the path, and records the requests."""

    def __init__(self, **answers: Callable[[], web.Response]) -> None:
        self.answers = answers
        self.requests: list[tuple[str, web.BaseRequest, str]] = []

    async def answer(self, request: web.BaseRequest) -> web.Response:
        name = request.path.strip("/")
        self.requests.append((name, request, await request.text()))
        return self.answers[name]()


def reply(*cookies: str, text: str = "", status: int = 200, location: str | None = None) -> web.Response:
    response = web.Response(text=text, status=status, content_type="text/html")
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    if location is not None:
        response.headers["Location"] = location
    return response


async def send(
    site: Site,
    template: RequestTemplate,
    *,
    times: int = 1,
    session: Session | None = None,
    host: str = "www.example.org",
) -> None:
    session = session or Session(users=(None,), steps=(STEP,))
    async with serving(site.answer) as url, LoadGenerator(host=host) as generator:
        users = await generator.log_in(url, session)
        for _ in range(times):
            outcome = await generator.single(url, template, ledger=Ledger("run", 0), users=users)
            assert outcome.error is None, outcome.seen


async def test_secure_and_domain_cookies_are_sent_to_the_host():
    site = Site(
        login=lambda: reply(
            "sessionid=s1; Secure; HttpOnly; Path=/", "all=a; Domain=.example.org", "admin=x; Path=/admin"
        ),
        form=web.Response,
    )

    await send(site, FORM)

    request = site.requests[-1][1]
    assert request.host == "www.example.org"
    assert request.headers["X-Forwarded-Proto"] == "https"
    assert sorted(request.headers["Cookie"].split("; ")) == ["all=a", "sessionid=s1"]


async def test_the_token_of_a_compressed_page_is_read():
    def compressed() -> web.Response:
        response = reply("sessionid=s1; Path=/")
        response.body, response.headers["Content-Encoding"] = gzip.compress(LOGIN_PAGE.encode()), "gzip"
        return response

    site = Site(login=compressed, form=web.Response)

    await send(site, FORM)

    assert "csrfmiddlewaretoken=page-token" in site.requests[-1][2]


async def test_forms_take_their_token_from_the_newest_cookie():
    tokens = iter(["t2", "t3"])
    site = Site(
        login=lambda: reply("csrftoken=t1", text=LOGIN_PAGE),
        form=lambda: reply(f"csrftoken={next(tokens)}"),
    )

    await send(site, FORM, times=2)

    (_, first, first_text), (_, second, second_text) = site.requests[1:]
    assert (first.headers["X-CSRFToken"], second.headers["X-CSRFToken"]) == ("t1", "t2")
    assert first.headers["Origin"] == "https://www.example.org"
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first_text == "csrfmiddlewaretoken=t1&text=a%26b+%C3%BC"
    assert second_text == "csrfmiddlewaretoken=t2&text=a%26b+%C3%BC"


async def test_without_a_cookie_the_pages_hidden_field_is_the_token():
    site = Site(login=lambda: reply("sessionid=s1", text=LOGIN_PAGE), form=web.Response)

    await send(site, FORM)

    assert site.requests[-1][2].startswith("csrfmiddlewaretoken=page-token&")


async def test_the_tokens_cookie_and_header_can_be_renamed():
    site = Site(login=lambda: reply("XSRF-TOKEN=t1", text=LOGIN_PAGE), form=web.Response)

    await send(site, FORM, session=Session((None,), (STEP,), csrf_cookie="XSRF-TOKEN", csrf_header="X-XSRF-TOKEN"))

    assert site.requests[-1][1].headers["X-XSRF-TOKEN"] == "t1"


async def test_reads_send_no_token_and_anonymous_requests_no_cookie():
    site = Site(login=lambda: reply("csrftoken=t1"), read=web.Response)
    read = RequestTemplate(name="read", scenario="read", method="GET", path="/read", headers={}, share=1)
    anonymous = RequestTemplate(
        name="anonymous", scenario="read", method="GET", path="/read", headers={}, share=1, anonymous=True
    )

    await send(site, read)
    await send(site, anonymous)

    member, stranger = (request.headers for name, request, _ in site.requests if name == "read")
    assert member["Cookie"] == "csrftoken=t1"
    assert not {"X-CSRFToken", "Origin"} & member.keys()
    assert "Cookie" not in stranger


async def test_a_deleted_cookie_is_not_sent():
    site = Site(
        login=lambda: reply("sessionid=s1", "kept=k"),
        form=lambda: reply("sessionid=; Max-Age=0; Path=/"),
    )

    await send(site, FORM, times=2)

    assert [request.headers["Cookie"] for _, request, _ in site.requests[1:]] == ["sessionid=s1; kept=k", "kept=k"]


async def test_users_take_turns_and_keep_their_cookies_apart():
    numbers = iter("123")
    site = Site(login=lambda: reply(f"sessionid=s{next(numbers)}"), form=web.Response)
    session = Session(users=("ada", "grace", "joan"), steps=(STEP,))

    async with serving(site.answer) as url, LoadGenerator() as generator:
        users = await generator.log_in(url, session)
        await generator.burst(url, [FORM], count=7, seed=1, ledger=Ledger("run", 0), users=users)

    cookies = sorted(request.headers["Cookie"] for name, request, _ in site.requests if name == "form")
    assert cookies == ["sessionid=s1"] * 3 + ["sessionid=s2"] * 2 + ["sessionid=s3"] * 2


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (
            lambda: reply(text='<ul class="errorlist"><li>Wrong\n password.</li></ul> Log in', status=403),
            "expected 200, got 403 (Wrong password.)",
        ),
        (
            lambda: reply(status=301, location="https://www.example.org/login"),
            "expected 200, got 301 to https://www.example.org/login; the application does not recognize HTTPS",
        ),
        (
            lambda: reply(status=302, location="https://example.org/login"),
            "expected 200, got 302 to https://example.org/login; if the application redirects to its own host, "
            "set host = 'example.org' in the workload",
        ),
        (lambda: reply(status=400), "expected 200, got 400; check that ALLOWED_HOSTS has 'www.example.org'"),
    ],
)
async def test_a_failed_step_reports_its_status_and_location(answer, complaint: str):
    with pytest.raises(CompareError) as caught:
        await send(Site(login=answer), FORM, session=Session(users=("ada",), steps=(STEP,)))

    assert str(caught.value).startswith(
        f"[session] of virtual user 1 ('ada') failed at step 1, GET /login: {complaint}"
    )


async def test_steps_that_set_no_cookie_are_refused():
    with pytest.raises(CompareError, match=r"its 1 steps were answered as expected but set no cookie"):
        await send(Site(login=web.Response), FORM)
