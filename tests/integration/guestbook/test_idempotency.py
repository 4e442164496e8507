from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.blocked_sessions import wait_until_blocked_by_this_connection
from tests.prerequisites import require_savepoints
from webapp.guestbook.entries import create_entry
from webapp.guestbook.models import Entry

# Other connections see committed rows only, so these tests commit.
pytestmark = pytest.mark.django_db(transaction=True)

_HELLO = {"author": "Ada", "message": "Hello"}


@pytest.fixture(params=[False, True], ids=["autocommit", "ATOMIC_REQUESTS"], autouse=True)
def _transactions(request, monkeypatch):
    if request.param:
        # Within a transaction, a key that exists is found by an INSERT that fails.
        require_savepoints()
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", request.param)


def post(key, body=_HELLO):
    client = Client(headers={"X-Forwarded-Proto": "https"})
    return client.post("/api/entries", body, content_type="application/json", headers={"Idempotency-Key": key})


def post_in_a_thread(key):
    try:
        return post(key)
    finally:
        connections.close_all()


def answer(response):
    return response.status_code, response["Location"], response.content


def test_the_same_key_twice_gives_one_row_and_the_same_answer():
    first = post("key-1")
    second = post("key-1")

    assert first.status_code == 201
    assert answer(second) == answer(first)
    assert Entry.objects.get().idempotency_key == "key-1"


def test_concurrent_requests_with_one_key_write_one_row():
    requests = 4
    barrier = Barrier(requests)

    def post_together():
        barrier.wait(60)
        return post_in_a_thread("key-1")

    with ThreadPoolExecutor(requests) as executor:
        futures = [executor.submit(post_together) for _ in range(requests)]
    answers = {answer(future.result()) for future in futures}

    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert Entry.objects.count() == 1


def test_a_request_waits_for_the_request_that_holds_its_key():
    with ThreadPoolExecutor(1) as executor:
        with transaction.atomic():
            first = create_entry(**_HELLO, idempotency_key="key-1")
            other = executor.submit(post_in_a_thread, "key-1")
            wait_until_blocked_by_this_connection(other)
        response = other.result()

    assert response.status_code == 201
    assert response.json()["id"] == first.pk
    assert Entry.objects.count() == 1


def test_a_request_takes_over_the_key_of_a_failed_request():
    with ThreadPoolExecutor(1) as executor:
        with transaction.atomic():
            first = create_entry(**_HELLO, idempotency_key="key-1")
            other = executor.submit(post_in_a_thread, "key-1")
            wait_until_blocked_by_this_connection(other)
            transaction.set_rollback(True)
        response = other.result()

    assert response.status_code == 201
    assert response.json()["id"] != first.pk
    assert Entry.objects.count() == 1


def test_the_same_key_with_another_body_is_refused():
    post("key-1")

    response = post("key-1", {"author": "Ada", "message": "Something else"})

    assert response.status_code == 422
    assert response.json()["error"]["code"] == "idempotency_key_reused"
    assert Entry.objects.get().message == "Hello"


def test_moving_text_between_fields_makes_a_different_body():
    post("key-1", {"author": "AdaL", "message": "ove"})

    assert post("key-1", {"author": "Ada", "message": "Love"}).status_code == 422


def test_a_refused_body_does_not_use_up_its_key():
    assert post("key-1", {"author": "Ada", "message": ""}).status_code == 400
    assert post("key-1").status_code == 201


def test_hiding_an_entry_does_not_change_its_keys_answer():
    first = post("key-1")
    Entry.objects.update(hidden=True)

    assert answer(post("key-1")) == answer(first)


def test_different_keys_and_no_key_write_separate_rows():
    post("key-1")
    post("key-2")
    create_entry(**_HELLO)
    create_entry(**_HELLO)

    assert Entry.objects.count() == 4


@pytest.mark.parametrize("key", ["", "k" * 256, "clé", "tab\there"])
def test_an_invalid_key_is_refused(key):
    response = post(key)

    assert response.status_code == 400
    assert "1 to 255 printable ASCII" in response.json()["error"]["message"]
    assert Entry.objects.count() == 0


def test_a_first_write_is_one_insert_without_a_select():
    with CaptureQueriesContext(connection) as captured:
        post("key-1")

    statements = [query["sql"].split()[0] for query in captured]
    if connection.settings_dict["ATOMIC_REQUESTS"]:
        assert statements == ["BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"]
    else:
        assert statements == ["INSERT"]
