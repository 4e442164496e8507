"""The middleware of WEBAPP_THROTTLE."""

import json
import logging

import pytest
from django.http import HttpResponse
from django.test import AsyncClient, Client

from django_runtimes import ThrottleMiddleware
from django_runtimes.config.http.measurement_token import signed_token
from django_runtimes.config.values.choices import ThrottleOutage
from django_runtimes.observability.access.access_lines import JsonLines, TextLines
from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.observability.access.request_ids import RequestIds
from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.serving.middleware.middleware_modes import may_differ
from django_runtimes.serving.observed import current_observation
from django_runtimes.throttling import counting, exhausted
from django_runtimes.throttling.exhausted import ExhaustedCounters
from tests.unit.adopt.projects import decisions_for, ready_project
from tests.unit.library_records import library_records
from tests.unit.throttling import views
from tests.unit.throttling.conftest import NOW_S

ON = {"WEBAPP_THROTTLE": "3/m", "WEBAPP_STORE_URL": "memory://"}


@pytest.fixture
def limited(configured) -> None:
    configured(**ON)


def test_all_paths_of_an_address_count_together(limited, client):
    answers = [client.get(path).status_code for path in ("/free", "/missing", "/plain", "/free", "/missing")]

    assert answers == [200, 404, 200, 429, 429]
    assert client.get("/free", REMOTE_ADDR="198.51.100.7").status_code == 200


async def test_asynchronous_requests_count_too(limited):
    client = AsyncClient()

    assert [(await client.get("/awaited")).status_code for _ in range(2)] == [200, 200]
    assert [(await client.get("/free")).status_code for _ in range(2)] == [200, 429]


def test_every_response_states_the_quota(limited, client):
    first, second = client.get("/free"), client.get("/plain")

    assert (first["RateLimit-Policy"], first["RateLimit"]) == ('"address";q=3;w=60', '"address";r=2;t=40')
    assert second["RateLimit-Policy"] == '"plain";q=2;w=60, "address";q=3;w=60'
    assert second["RateLimit"] == '"plain";r=1;t=40, "address";r=1;t=40'


def test_a_page_that_djangos_cache_keeps_has_no_quota(limited, client, settings):
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]

    answers = [client.get("/free?kept") for _ in range(4)]

    assert [(answer.status_code, answer.get("RateLimit")) for answer in answers] == [
        (200, None),
        (200, '"address";r=1;t=40'),
        (200, '"address";r=0;t=40'),
        (429, '"address";r=0;t=40'),
    ]


def test_health_checks_are_never_limited(limited, client):
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}


def test_without_a_rate_nothing_is_counted(configured, client, settings):
    settings.MIDDLEWARE = ["django_runtimes.ThrottleMiddleware"]
    assert "RateLimit" not in client.get("/free")

    del settings.DJANGO_RUNTIMES
    assert client.get("/free").status_code == 200


@pytest.mark.parametrize(
    ("one", "another", "is_same"),
    [
        ("198.51.100.7", "198.51.100.8", False),
        ("198.51.100.7", "::ffff:198.51.100.7", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("unix", "other", False),
    ],
)
def test_ipv6_addresses_of_one_customer_count_together(limited, client, one, another, is_same):
    for _ in range(3):
        client.get("/free", REMOTE_ADDR=one)

    assert client.get("/free", REMOTE_ADDR=another).status_code == (429 if is_same else 200)


def test_clients_without_an_address_are_served_and_logged_once(limited, client, caplog):
    with caplog.at_level(logging.WARNING, logger="django_runtimes.throttling"):
        assert {client.get("/free", REMOTE_ADDR="").status_code for _ in range(5)} == {200}

    assert [record.getMessage() for record in library_records(caplog)] == [
        "Requests without REMOTE_ADDR are not throttled: the server in front uses a Unix socket and sends no "
        "X-Forwarded-For"
    ]


class _Silent:
    def count(self, key, limit, expires_at):
        raise StoreUnavailableError("it does not answer")


def test_an_outage_of_the_store_lets_requests_through(limited, client, monkeypatch):
    monkeypatch.setattr(counting, "process_counter", _Silent)

    answers = [client.get("/plain") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0]


@pytest.mark.parametrize(("outage", "status"), [("open", 200), ("closed", 503)])
def test_a_session_that_cannot_be_read_is_an_outage_too(configured, rf, outage, status):
    class Session:
        def get(self, key):
            raise StoreUnavailableError("it does not answer")

    configured(WEBAPP_THROTTLE_OUTAGE=outage)
    request = rf.get("/mine")
    request.session = Session()

    assert views.mine(request).status_code == status


@pytest.mark.parametrize("path", ["/free", "/plain"])
def test_an_outage_of_the_store_refuses_requests_if_chosen(configured, client, monkeypatch, path):
    configured(WEBAPP_THROTTLE_OUTAGE="closed", **({} if path == "/plain" else ON))
    monkeypatch.setattr(counting, "process_counter", _Silent)

    answer = client.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "error": {
            "code": "unavailable",
            "message": "The request cannot be counted right now; try again in a few seconds.",
        }
    }


@pytest.mark.parametrize(("key", "status"), [("k" * 32, 200), ("x" * 32, 429)])
def test_a_comparison_with_a_valid_token_is_not_refused(configured, client, clock, key, status):
    configured(WEBAPP_MEASUREMENT_KEY="k" * 32, **ON)
    token = signed_token(key, now_s=NOW_S, nonce="n")

    answers = [client.get("/free", headers={"X-Webapp-Measure": token}) for _ in range(5)]

    assert answers[4].status_code == status
    assert answers[4]["RateLimit"] == '"address";r=0;t=40'


def test_the_access_log_and_the_metrics_see_a_refusal(limited, rf):
    middleware = ThrottleMiddleware(lambda request: HttpResponse())
    seen = []
    for _ in range(4):
        observed = ObservedRequest({"type": "http"}, RequestIds("1", None), lambda request: None)
        token = current_observation.set(observed)
        middleware(rf.get("/free"))
        current_observation.reset(token)
        seen.append(observed.is_throttled)

    assert seen == [False, False, False, True]


def test_without_a_measurement_key_no_token_counts(limited, client):
    token = signed_token("", now_s=NOW_S, nonce="n")

    assert [client.get("/free", headers={"X-Webapp-Measure": token}).status_code for _ in range(4)][3] == 429


def test_a_flood_asks_the_store_once_a_second(limited, client, clock):
    counts = counting.process_counter()._counts

    answers = [client.get("/free").status_code for _ in range(20)]
    assert answers == [200] * 3 + [429] * 17
    assert [count for count, _ in counts.values()] == [3]

    clock(1)
    assert {client.get("/free").status_code for _ in range(20)} == {429}
    assert [count for count, _ in counts.values()] == [4]


def test_an_outage_opens_an_exhausted_limit_after_a_second(limited, client, clock, monkeypatch):
    assert [client.get("/free").status_code for _ in range(4)] == [200, 200, 200, 429]
    monkeypatch.setattr(counting, "process_counter", _Silent)

    assert client.get("/free").status_code == 429
    clock(1)
    assert client.get("/free").status_code == 200


def test_the_oldest_of_too_many_exhausted_counters_are_forgotten(monkeypatch):
    monkeypatch.setattr(exhausted, "_MOST", 100)
    counters = ExhaustedCounters()

    for number in range(1000):
        counters.add(f"key-{number}", NOW_S)

    assert len(counters._trusted_until_s) <= 100
    assert counters.has("key-999", NOW_S + 0.9)
    assert not counters.has("key-999", NOW_S + 1)


def test_the_server_knows_that_the_middleware_is_the_same_in_both_modes():
    assert not may_differ(ThrottleMiddleware)


def test_the_modes_of_an_outage_are_recorded():
    assert decisions_for(ready_project()).adopted.throttle_outage is ThrottleOutage.OPEN


def test_no_database_is_asked(limited):
    """Without a mark of pytest-django, every query fails."""
    client = Client()
    client.get("/enter?user=1")

    assert [client.get("/mine").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("has_access_log", [False, True])
def test_a_refusal_has_one_line(limited, client, caplog, has_access_log):
    scope = {"type": "http", "method": "GET", "path": "/free"}
    observed = ObservedRequest(scope, RequestIds("some-id", None), lambda request: None) if has_access_log else None
    token = current_observation.set(observed)
    try:
        answers = [client.get("/free").status_code for _ in range(4)]
    finally:
        current_observation.reset(token)

    assert answers[3] == 429
    # The access log has a line of its own for it.
    assert [record.name for record in library_records(caplog)] == ([] if has_access_log else ["django.request"])
    if observed is not None:
        assert json.loads(JsonLines().of_request(observed, 0.0, is_cold=False))["throttled"] is True
        assert ", throttled [some-id]" in TextLines().of_request(observed, 0.0, is_cold=False)
