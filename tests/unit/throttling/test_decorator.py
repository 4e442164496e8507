"""The decorator `throttle`, on every kind of view."""

import functools
import hashlib
import logging

import pytest
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils.functional import SimpleLazyObject
from django.views.generic import RedirectView

from django_runtimes import throttle
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.stores.counters import process_counter
from tests.unit.library_records import library_records
from tests.unit.throttling import views

KINDS = ["plain", "awaited", "Whole", "Child", "AwaitedClass", "Decorated", "AwaitedDecorated"]


@pytest.mark.parametrize("view", KINDS)
def test_the_request_beyond_the_limit_gets_429_until_the_window_ends(client, clock, view):
    answers = [client.get(f"/{view}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    clock(39.9)
    assert client.get(f"/{view}").status_code == 429
    clock(0.1)
    assert client.get(f"/{view}").status_code == 200


@pytest.mark.parametrize("view", KINDS)
async def test_asynchronous_clients_are_limited_too(configured, view):
    client = AsyncClient()

    answers = [await client.get(f"/{view}", headers={"Accept": "application/json"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "throttled"


def test_the_headers_state_the_quota(client, clock):
    stated = []
    for _ in range(3):
        answer = client.get("/plain")
        stated.append((answer["RateLimit-Policy"], answer["RateLimit"], answer.get("Retry-After")))

    assert stated == [
        ('"plain";q=2;w=60', '"plain";r=1;t=40', None),
        ('"plain";q=2;w=60', '"plain";r=0;t=40', None),
        ('"plain";q=2;w=60', '"plain";r=0;t=40', "40"),
    ]


def test_the_refusal_is_json_for_a_program(client):
    for _ in range(2):
        client.get("/plain")
    answer = client.get("/plain")

    assert answer.json() == {"error": {"code": "throttled", "message": "Too many requests; try again in 40 s."}}
    assert answer["Cache-Control"] == "no-store"
    assert answer["Vary"] == "Accept"


def test_the_refusal_is_a_page_for_a_browser_if_the_project_has_one(client, settings, tmp_path):
    (tmp_path / "429.html").write_text("<h1>Slow down</h1>")
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path]}]
    for _ in range(2):
        client.get("/plain")

    answer = client.get("/plain", headers={"Accept": "text/html"})

    assert (answer.status_code, answer["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert answer.content == b"<h1>Slow down</h1>"


def test_the_refusal_is_text_without_a_page(client, settings):
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    for _ in range(2):
        client.get("/plain")

    answer = client.get("/plain", headers={"Accept": "text/html"})

    assert answer.content == b"Too many requests; try again in 40 s.\n"


def test_an_api_gets_json_whatever_it_accepts(client):
    for _ in range(2):
        client.get("/api/plain")

    assert client.get("/api/plain", headers={"Accept": "text/html"})["Content-Type"] == "application/json"


def test_each_view_has_counters_of_its_own(client):
    for _ in range(2):
        client.get("/Whole")
        client.get("/Decorated")

    # A child of a decorated class is the same limited view, with another URL.
    assert client.get("/Child").status_code == 429
    assert client.get("/Whole").status_code == 429
    assert client.get("/plain").status_code == 200
    assert client.get("/AwaitedDecorated").status_code == 200


def test_views_with_one_name_share_their_counters(client):
    client.get("/log_in?user=1")
    client.get("/api_log_in")

    answer = client.get("/log_in?user=1")

    assert (answer.status_code, answer["RateLimit-Policy"]) == (429, '"sign in";q=2;w=60')


def test_only_the_listed_methods_are_limited(client):
    answers = [client.post("/posts").status_code for _ in range(3)]

    assert answers == [200, 200, 429]
    answer = client.get("/posts")
    assert answer.status_code == 200
    assert "RateLimit" not in answer


def test_a_view_keeps_its_attributes(configured):
    client = Client(enforce_csrf_checks=True)

    assert client.post("/posts").status_code == 200
    assert views.plain.__name__ == "plain"


def test_users_are_limited_one_by_one_and_others_by_address(client):
    client.get("/enter?user=1")
    first = [client.get("/mine").status_code for _ in range(3)]
    client.get("/enter?user=2")
    second = [client.get("/mine").status_code for _ in range(3)]
    nobody = [Client().get("/mine").status_code for _ in range(3)]

    assert first == second == nobody == [200, 200, 429]


def test_a_function_tells_clients_apart_and_none_has_no_limit(client):
    keys = ["a", "a", "a", "b", "\ud800", "x" * 5000]

    answers = [client.get("/keyed", headers={"X-Key": key}).status_code for key in keys]

    assert answers == [200, 200, 429, 200, 200, 200]
    assert {client.get("/keyed").status_code for _ in range(4)} == {200}


async def test_a_function_of_an_asynchronous_views_limit_may_query(configured):
    client = AsyncClient()

    answers = [await client.get("/awaited_keyed", headers={"X-Key": key}) for key in ("a", "a", "a", "b")]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]


def test_a_function_chooses_the_rate(client):
    assert [client.get("/planned?plan=small").status_code for _ in range(2)] == [200, 429]
    assert [client.get("/planned?plan=large").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert {client.get("/planned").status_code for _ in range(4)} == {200}
    assert {client.get("/unlimited").status_code for _ in range(4)} == {200}


def test_two_limits_hold_together(client, clock):
    first = client.get("/twice")

    assert first["RateLimit-Policy"] == '"sustained";q=2;w=60, "burst";q=1;w=1'
    assert client.get("/twice")["RateLimit-Policy"] == '"burst";q=1;w=1'
    clock(1)
    assert client.get("/twice").status_code == 200
    clock(1)
    assert client.get("/twice")["Retry-After"] == "38"


@pytest.mark.parametrize(("view", "stated"), [("kept", [None, None, None]), ("keeps", ["r=1", "r=0", "r=0"])])
def test_no_cache_replays_the_quota_of_another_client(client, view, stated):
    answers = [client.get(f"/{view}") for _ in range(3)]

    assert [parts and parts.split(";")[1] for parts in (answer.get("RateLimit") for answer in answers)] == stated


@pytest.mark.parametrize(("variables", "lines"), [({}, 1), ({"WEBAPP_STORE_URL": "memory://"}, 0)])
def test_a_process_that_counts_alone_says_so_once(configured, client, caplog, variables, lines):
    configured(**variables)
    with caplog.at_level(logging.WARNING, logger="django_runtimes.stores"):
        for _ in range(2):
            client.get("/planned?plan=large")

    assert [record.getMessage().partition(":")[0] for record in library_records(caplog)] == lines * [
        "This process counts requests in its own memory, so limits hold for each process alone"
    ]


def test_no_name_of_a_client_is_stored(client):
    client.get("/plain", REMOTE_ADDR="198.51.100.7")

    (key,) = process_counter.process_counter()._counts
    assert key.startswith("throttle:")
    assert "198.51" not in key
    assert hashlib.blake2b(b"198.51.100.7", digest_size=16).hexdigest() not in key


def test_a_view_without_a_name_is_limited(configured):
    class Called:
        def __call__(self, request):
            return views.free(request)

    for view in (functools.partial(views.free), Called(), lambda request: HttpResponse(request.path)):
        limited = throttle("1/m")(view)
        request = RequestFactory().get("/")
        assert [limited(request).status_code for _ in range(2)] == [200, 429]


async def awaited(request):
    return "100/m"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            {"rate": "5/x"},
            "throttle('5/x'): '5/x' is not a rate; write requests/window, such as 100/m, 20/30s, 500/h or 1000/d",
        ),
        (
            {"rate": "5/m", "by": "cookie"},
            "throttle(by='cookie') is no way to tell clients apart; choose one of: address, user, or pass a function "
            "of the request",
        ),
        (
            {"rate": "5/m", "methods": "POST"},
            "throttle(methods='POST') is not a list; write methods=['POST']",
        ),
        (
            {"rate": "5/m", "by": awaited},
            "throttle(by=awaited) has an asynchronous function; pass a synchronous one",
        ),
        (
            {"rate": awaited},
            "throttle(awaited) has an asynchronous function; pass a synchronous one",
        ),
        (
            {"rate": "5/m", "methods": ["GET", "PSOT"]},
            "throttle(methods=…) has 'PSOT', which is no method; choose from: "
            "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, TRACE",
        ),
        (
            {"rate": "5/m", "methods": [None]},
            "throttle(methods=…) has None, which is no method; choose from: "
            "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, TRACE",
        ),
        (
            {"rate": "5/m", "name": 'a"b'},
            "throttle(name='a\"b') is not a name; use up to 60 letters, digits, spaces and the characters . _ : / -",
        ),
    ],
)
def test_a_wrong_argument_is_an_error_with_its_remedy(arguments, error):
    rate = arguments.pop("rate")
    with pytest.raises(ConfigurationError) as raised:
        throttle(rate, **arguments)

    assert str(raised.value) == error


def test_a_decorator_without_a_rate_is_an_error_with_its_remedy(rf):
    @throttle
    def view(request):
        return HttpResponse()

    with pytest.raises(ConfigurationError, match=r"@throttle has no rate; write one in parentheses, such as @thro"):
        view(rf.get("/"))


def test_a_class_that_is_no_view_is_an_error():
    with pytest.raises(ConfigurationError, match="Plain is a class but no View; limit a view, or"):

        @throttle("100/m")
        class Plain:
            pass


def test_a_class_of_django_is_not_changed():
    dispatch = RedirectView.dispatch

    with pytest.raises(ConfigurationError, match="throttle cannot limit RedirectView itself, which is Django's"):
        throttle("100/m")(RedirectView)

    assert RedirectView.dispatch is dispatch
    throttle("100/m")(type("OwnRedirect", (RedirectView,), {"__module__": __name__}))
    throttle("100/m")(RedirectView.as_view())


def test_no_user_is_loaded(client, rf):
    request = rf.get("/mine")
    request.session = {"_auth_user_id": "7"}
    request.user = SimpleLazyObject(lambda: pytest.fail("the user is loaded"))

    assert views.mine(request).status_code == 200
