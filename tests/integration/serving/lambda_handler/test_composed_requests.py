"""Each request to an application around Django's handler has its own thread-sensitive calls, which end with it."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.backends.signals import connection_created

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of

urlpatterns = []
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("direct")]


def leave_atomic():
    transaction.atomic().__enter__()
    Group.objects.create(name=f"left {Group.objects.count()}")
    return Group.objects.count()


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), set_config('app.tenant', 'a', false)")
        return cursor.fetchone()[0]


def fail():
    leave_atomic()
    raise ValueError("after a query")


CALLS = {"/fails": fail, "/leaves_atomic": leave_atomic, "/counts": Group.objects.count, "/backend": backend}


async def application(scope, receive, send):
    answers = [await sync_to_async(CALLS[scope["path"]])() for _ in range(2)]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": " ".join(map(str, answers)).encode()})


@pytest.fixture
def ask():
    """Return a function that requests a path from the application."""
    django = OneHopASGIHandler(threads=1, streams_share=False)
    handler = DirectLambdaHandler(application, django, is_composed=True)
    yield lambda path: body_of(handler(event_of("http_api_v2", "GET", path), CONTEXT))
    handler.close()


@pytest.fixture
def connected():
    """Collect the wrappers of new database connections."""
    wrappers = []

    def remember(connection, **_):
        wrappers.append(connection)

    connection_created.connect(remember)
    yield wrappers
    connection_created.disconnect(remember)


@pytest.mark.parametrize(("path", "answer"), [("/leaves_atomic", b"1 2"), ("/fails", b"Internal Server Error")])
@pytest.mark.parametrize("strategy", ["pooled", "per_request", "persistent"])
def test_no_transaction_is_left_open_after_the_reply(request, ask, connected, strategy, path, answer):
    request.getfixturevalue(strategy)

    assert ask(path) == answer
    assert all(wrapper.closed_in_transaction or wrapper.connection is None for wrapper in connected)
    assert ask("/counts") == b"0 0"


def test_a_connection_per_request_is_closed_with_the_reply(per_request, ask, connected):
    first, second = ask("/backend").split(), ask("/backend").split()

    assert (len(set(first)), len(set(second)), len(set(first + second))) == (1, 1, 2)
    assert all(wrapper.connection is None for wrapper in connected)


def test_a_persistent_connection_serves_the_next_request(persistent, ask):
    assert len(set(ask("/backend").split() + ask("/backend").split())) == 1
