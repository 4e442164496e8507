import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone

from webapp.guestbook.models import Entry
from webapp.guestbook.samples import sample_entries

pytestmark = pytest.mark.django_db

_HELLO = {"author": "Ada", "message": "Hello"}


def post(client, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic("POST", "/api/entries", data, content_type="application/json", headers=headers)


def error_of(response, status):
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    return response.json()["error"]


def test_a_posted_entry_is_returned_and_found_at_its_location(client):
    response = post(client, _HELLO)

    assert response.status_code == 201
    answer = response.json()
    assert answer.keys() == {"id", "author", "message", "created_at", "picture"}
    assert (answer["author"], answer["message"], answer["picture"]) == ("Ada", "Hello", None)
    assert response["Location"] == f"/api/entries/{answer['id']}"
    assert client.get(response["Location"]).json() == answer


def test_posting_needs_neither_cookie_nor_csrf_token():
    client = Client(enforce_csrf_checks=True, headers={"X-Forwarded-Proto": "https"})

    response = post(client, _HELLO)

    assert response.status_code == 201
    assert not response.cookies


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_accepted(client, content_type):
    response = client.generic("POST", "/api/entries", b'{"author": "Ada"}', content_type=content_type)

    assert error_of(response, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "body",
    [b" ", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 5000],
    ids=["blank", "cut off", "array", "string", "null", "not UTF-8", "too deep", "too many digits"],
)
def test_a_body_other_than_a_json_object_is_refused(client, body):
    assert error_of(post(client, body), 400)["message"] == "The body must be a JSON object."


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"author": ""}, "author", "This field is required."),
        ({"author": None}, "author", "Send a string."),
        ({"message": 5}, "message", "Send a string."),
        ({"message": "nul \0 nul"}, "message", "Null characters are not allowed."),
        (
            {"message": "\ud800"},
            "message",
            "The text has half of a surrogate pair; send valid Unicode.",
        ),
        (
            {"author": "A" * 81},
            "author",
            "Ensure this value has at most 80 characters (it has 81).",
        ),
        ({"autor": "Ada"}, "autor", "There is no such field; send author, message."),
    ],
)
def test_each_error_names_its_field(client, changed, field, reason):
    error = error_of(post(client, _HELLO | changed), 400)

    assert error == {
        "code": "invalid",
        "message": "The entry is not valid; see fields.",
        "fields": {field: [reason]},
    }
    assert Entry.objects.count() == 0


def test_a_body_over_the_limit_gets_a_json_error(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    assert error_of(post(client, {"author": "Ada", "message": "m" * 200}), 413)["code"] == "too_large"


@pytest.mark.parametrize(
    ("query", "ids", "page", "page_size", "pages"),
    [
        ("", slice(0, 10), 1, 10, 3),
        ("?page=3", slice(20, 25), 3, 10, 3),
        ("?page_size=100", slice(0, 25), 1, 100, 1),
        ("?page=5&page_size=5", slice(20, 25), 5, 5, 5),
        ("?page=&page_size=", slice(0, 10), 1, 10, 3),
    ],
)
def test_the_list_has_pages_with_the_newest_entry_first(client, query, ids, page, page_size, pages):
    created = Entry.objects.bulk_create(sample_entries(25))

    answer = client.get(f"/api/entries{query}").json()

    assert [entry["id"] for entry in answer.pop("entries")] == [entry.pk for entry in created[ids]]
    assert answer == {"page": page, "page_size": page_size, "pages": pages, "total": 25}


def test_an_empty_book_gives_an_empty_list(client):
    answer = client.get("/api/entries").json()

    assert answer == {"entries": [], "page": 1, "page_size": 10, "pages": 1, "total": 0}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=two", "page"),
        ("page=%00", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
    ],
)
def test_an_invalid_page_is_refused(client, query, field):
    error = error_of(client.get(f"/api/entries?{query}"), 400)

    assert list(error["fields"]) == [field]


@pytest.mark.parametrize("page", [2, 10**30])
def test_a_page_past_the_last_is_not_found(client, page):
    assert error_of(client.get(f"/api/entries?page={page}"), 404)["code"] == "not_found"


def test_the_list_costs_two_queries(client, django_assert_num_queries):
    Entry.objects.bulk_create(sample_entries(25))

    with django_assert_num_queries(2):
        client.get("/api/entries?page=2")


def test_a_hidden_entry_is_neither_listed_nor_found(client):
    hidden = Entry.objects.create(**_HELLO, hidden=True)

    assert client.get("/api/entries").json()["total"] == 0
    assert error_of(client.get(f"/api/entries/{hidden.pk}"), 404)["code"] == "not_found"


@pytest.mark.parametrize("address", ["/api/entries/1", f"/api/entries/{10**30}", "/api/entries/x", "/api/", "/api/x/y"])
def test_an_unknown_address_is_not_found_in_json(client, address):
    assert error_of(client.get(address), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/api/entries", "GET, HEAD, POST"),
        ("/api/entries/1", "GET, HEAD"),
        ("/api/statistics", "GET, HEAD"),
        ("/api/export", "GET, HEAD"),
    ],
)
def test_other_methods_are_not_allowed(client, address, allowed):
    response = client.delete(address)

    assert error_of(response, 405)["code"] == "method_not_allowed"
    assert response["Allow"] == allowed


def test_head_is_answered_like_get(client):
    response = client.head("/api/entries")

    assert (response.status_code, response.content) == (200, b"")


def test_statistics_of_an_empty_book_are_zero(client):
    assert client.get("/api/statistics").json() == {"entries": 0, "entries_today": 0, "newest_at": None}


def test_statistics_count_only_visible_entries(client, django_assert_num_queries):
    newest_at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    Entry.objects.create(**_HELLO, created_at=newest_at)
    Entry.objects.create(**_HELLO, created_at=newest_at - timedelta(days=1))
    Entry.objects.create(**_HELLO, hidden=True)

    with django_assert_num_queries(1):
        answer = client.get("/api/statistics").json()

    assert answer == {"entries": 2, "entries_today": 0, "newest_at": "2026-01-01T12:00:00Z"}


def test_todays_entries_are_those_since_midnight_utc(client):
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    Entry.objects.create(**_HELLO, created_at=midnight + timedelta(days=1))
    Entry.objects.create(**_HELLO, created_at=midnight - timedelta(days=1))

    assert client.get("/api/statistics").json()["entries_today"] == 1


@pytest.mark.django_db(transaction=True)
async def test_statistics_are_served_asynchronously(async_client: AsyncClient):
    await Entry.objects.acreate(**_HELLO)

    response = await async_client.get("/api/statistics")

    assert response.json()["entries"] == 1


def test_statistics_are_served_with_atomic_requests(client, monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    assert client.get("/api/statistics").status_code == 200


def exported(client) -> list[dict]:
    response = client.get("/api/export")
    assert (response.status_code, response["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in response.getvalue().splitlines()]


def test_an_export_has_every_visible_entry_as_the_api_shows_it(client):
    first = Entry.objects.create(**_HELLO)
    Entry.objects.create(**_HELLO, hidden=True)
    second = Entry.objects.create(author="Grace", message="With an accent: é\nand a second line.")

    assert exported(client) == [client.get(f"/api/entries/{each.pk}").json() for each in (first, second)]


@pytest.mark.parametrize(("entries", "queries"), [(0, 1), (49, 1), (50, 2), (120, 3)])
def test_an_export_reads_a_few_entries_at_a_time(client, django_assert_num_queries, entries, queries):
    Entry.objects.bulk_create(Entry(**_HELLO) for _ in range(entries))

    with django_assert_num_queries(queries):
        lines = exported(client)

    assert [each["id"] for each in lines] == sorted(Entry.objects.values_list("pk", flat=True))


def test_an_export_sends_the_first_entries_before_it_reads_the_others(client, django_assert_num_queries):
    Entry.objects.bulk_create(Entry(**_HELLO) for _ in range(60))

    with django_assert_num_queries(1):
        next(iter(client.get("/api/export").streaming_content))
