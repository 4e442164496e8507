"""Requests that are repeated after a conflict: their body, and the middleware that hears of their errors."""

import tempfile
from io import BytesIO

import psycopg
import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.response import SimpleTemplateResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.urls import path

from django_runtimes.databases.dsql.transactions.request_body import RequestBody

BODY = b"x" * 1000
REPEATING = "django_runtimes.databases.dsql.transactions.repeating_middleware.RepeatConflicts"


def conflict():
    try:
        raise psycopg.errors.SerializationFailure("change conflicts with another transaction (OC000)")
    except psycopg.Error as error:
        raise OperationalError("conflict") from error


class Mapping:
    """Answers each error with its class."""

    heard: list[str]

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        Mapping.heard.append(str(exception))
        return JsonResponse({"handled": str(exception)}, status=409)


@pytest.fixture
def respond(settings):
    """Return the response of a view to a request, through the middleware chain."""
    Mapping.heard = []

    def respond(view, request):
        settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [path("", view)]})
        settings.MIDDLEWARE = [f"{__name__}.Mapping", REPEATING]
        handler = BaseHandler()
        handler.load_middleware()
        return handler.get_response(request)

    return respond


def wsgi_request(method="PUT", body=BODY, **headers):
    return WSGIRequest(
        RequestFactory()._base_environ(
            REQUEST_METHOD=method, CONTENT_LENGTH=str(len(body)), **{"wsgi.input": BytesIO(body)}, **headers
        )
    )


def asgi_request(method="PUT", body=BODY):
    stream = tempfile.SpooledTemporaryFile(max_size=100)  # noqa: SIM115  (the request closes it)
    stream.write(body)
    stream.seek(0)
    return ASGIRequest(AsyncRequestFactory()._base_scope(method=method, path="/"), stream)


def failing_once(read, error=conflict):
    """Return a view that reads the request, fails at its first call, and returns what it has read at the next."""
    bodies = []

    def view(request):
        bodies.append(read(request))
        if len(bodies) == 1:
            error()
        return HttpResponse(bodies[-1])

    view.bodies = bodies
    return view


READERS = {
    "read": lambda request: request.read(),
    "body": lambda request: request.body,
    "both": lambda request: request.body and request.read(),
    "lines": b"".join,
    "a part": lambda request: request.read(10),
    "nothing": lambda request: b"-",
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_repetition_reads_the_same_body_from_a_file(respond, read):
    view = failing_once(read)

    response = respond(view, asgi_request())

    assert (response.status_code, response.content) == (200, view.bodies[0])
    assert len(view.bodies) == 2
    assert view.bodies[0]


@pytest.mark.parametrize("name", ["body", "both", "nothing"])
def test_a_repetition_reads_the_same_body_that_django_keeps(respond, name):
    view = failing_once(READERS[name])

    response = respond(view, wsgi_request())

    assert (response.status_code, response.content) == (200, view.bodies[0])
    assert len(view.bodies) == 2


@pytest.mark.parametrize("name", ["read", "lines", "a part"])
def test_a_body_that_cannot_be_read_again_is_not_repeated(respond, name):
    view = failing_once(READERS[name])

    response = respond(view, wsgi_request())

    assert (response.status_code, len(view.bodies), Mapping.heard) == (409, 1, ["conflict"])


def test_uploaded_files_are_not_repeated(respond):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ntext\r\n--b--\r\n'

    def read(request):
        request._post, request._files = request.parse_file_upload(request.META, request)
        return request.FILES["file"].read()

    request = asgi_request(body=body)
    request.META |= {"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": str(len(body))}
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    view = failing_once(read)

    response = respond(view, request)

    assert (response.status_code, view.bodies) == (409, [b"text"])


def test_a_body_that_middleware_began_to_read_goes_on_from_there():
    request = asgi_request(body=b"headline")
    request.read(4)
    body = RequestBody(request)
    request.read()

    assert body.rewind()
    assert request.read() == b"line"


def value_error():
    raise ValueError("domain error")


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_other_middleware_hears_of_each_error(respond, method):
    view = failing_once(lambda _: b"", value_error)

    response = respond(view, asgi_request(method))

    assert (response.status_code, len(view.bodies), Mapping.heard) == (409, 1, ["domain error"])


def test_other_middleware_hears_of_the_error_of_a_repetition_alone(respond):
    errors = [conflict, value_error]

    def view(request):
        errors.pop(0)()

    response = respond(view, asgi_request())

    assert (response.status_code, errors, Mapping.heard) == (409, [], ["domain error"])


def domain_error():
    try:
        conflict()
    except OperationalError as error:
        raise ValueError("the seat is taken") from error


def test_an_error_that_a_conflict_caused_is_not_repeated(respond):
    view = failing_once(lambda _: b"", domain_error)

    response = respond(view, asgi_request("GET"))

    assert (response.status_code, len(view.bodies), Mapping.heard) == (409, 1, ["the seat is taken"])


def test_other_middleware_hears_of_the_last_conflict_alone(respond):
    calls = []

    def view(request):
        calls.append(1)
        conflict()

    response = respond(view, asgi_request())

    assert (response.status_code, len(calls), Mapping.heard) == (409, 4, ["conflict"])


def test_a_conflict_of_a_template_repeats_the_view(respond):
    errors = [conflict]

    class Response(SimpleTemplateResponse):
        @property
        def rendered_content(self):
            if errors:
                errors.pop()()
            return "rendered"

    response = respond(lambda _: Response("page.html"), asgi_request("GET"))

    assert (response.status_code, response.content, Mapping.heard) == (200, b"rendered", [])


def test_an_asynchronous_view_is_not_repeated(respond):
    calls = []

    async def view(request):
        calls.append(1)
        conflict()

    response = respond(view, asgi_request("GET"))

    assert (response.status_code, len(calls)) == (409, 1)


def test_a_request_in_a_transaction_of_middleware_is_not_repeated(respond, monkeypatch):
    monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "in_atomic_block", True)
    view = failing_once(lambda _: b"")

    response = respond(view, asgi_request("GET"))

    assert (response.status_code, len(view.bodies)) == (409, 1)
