"""One address adds at most 20 entries a minute, by the page and by the API together."""

import pytest

from django_runtimes.stores.counters.process_counter import forget_counters
from django_runtimes.throttling import counting
from django_runtimes.throttling.exhausted import ExhaustedCounters
from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db

ENTRY = {"author": "Ada", "message": "Hello"}


@pytest.fixture(autouse=True)
def _limited(settings, monkeypatch) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.GUESTBOOK_POST_RATE = "2/31d"
    forget_counters()
    monkeypatch.setattr(counting, "_exhausted", ExhaustedCounters())
    yield
    forget_counters()


def post_json(client, **headers):
    return client.post("/api/entries", ENTRY, content_type="application/json", secure=True, headers=headers)


def test_the_page_and_the_api_count_together(client):
    answers = [client.post("/", ENTRY, secure=True), post_json(client), post_json(client)]

    assert [answer.status_code for answer in answers] == [302, 201, 429]
    assert answers[2].json()["error"]["code"] == "throttled"
    assert Entry.objects.count() == 2


def test_a_browser_gets_a_page(client):
    for _ in range(2):
        post_json(client)

    answer = client.post("/", ENTRY, secure=True, headers={"Accept": "text/html"})

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert b"<h1>Too many requests</h1>" in answer.content


def test_reading_is_not_limited(client):
    for _ in range(3):
        post_json(client)

    assert client.get("/", secure=True).status_code == 200
    assert client.get("/api/entries", secure=True).status_code == 200


def test_without_a_store_nothing_is_limited(client, settings):
    settings.GUESTBOOK_POST_RATE = None

    assert {post_json(client).status_code for _ in range(4)} == {201}
