"""The thread and event loop of an invocation, and its isolation from the next one."""

import asyncio
import json
import threading

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import Group
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils import translation
from django.utils.decorators import async_only_middleware

from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of, status_of
from tests.integration.serving.request_state import STATE_PATHS, change_state, local, state, variable

seen: list = []


def place():
    try:
        loop = id(asyncio.get_running_loop())
    except RuntimeError:
        loop = None
    return {"thread": threading.get_ident(), "loop": loop}


def where(request):
    return JsonResponse(place())


async def awhere(request):
    return JsonResponse(place())


def changes_by_stream(request):
    async def chunks():
        change_state()
        yield b"changed"

    return StreamingHttpResponse(chunks())


def state_by_stream(request):
    async def chunks():
        yield str(state())

    return StreamingHttpResponse(chunks())


def activates_before_its_stream(request):
    async def chunks():
        yield translation.get_language()

    translation.activate("de")
    return StreamingHttpResponse(chunks())


def remembers_its_scope(request):
    seen.append(request.scope)
    return JsonResponse({})


async def aremembers_its_scope(request):
    return remembers_its_scope(request)


def bridges(request):
    async def below():
        local.value = "below"
        return await sync_to_async(threading.get_ident)()

    return JsonResponse({"back": async_to_sync(below)(), "local": local.value} | place())


async def abridges(request):
    first, second = await sync_to_async(threading.get_ident)(), await sync_to_async(threading.get_ident)()
    return JsonResponse({"the same": first == second})


def rows(request):
    return JsonResponse({"count": Group.objects.count()})


async def arows(request):
    return JsonResponse({"count": await Group.objects.acount()})


async def counted():
    yield str(await Group.objects.acount())


async def arows_by_stream(request):
    return StreamingHttpResponse(counted())


def rows_by_mixed_stream(request):
    return StreamingHttpResponse(counted())


def cancelled(request):
    raise asyncio.CancelledError


urlpatterns = [
    path("cancelled", cancelled),
    path("sync/where", where),
    path("async/where", awhere),
    *STATE_PATHS,
    path("mixed/states", state_by_stream),
    path("mixed/changes", changes_by_stream),
    path("mixed/language", activates_before_its_stream),
    path("sync/scope", remembers_its_scope),
    path("async/scope", aremembers_its_scope),
    path("sync/bridges", bridges),
    path("async/bridges", abridges),
    path("sync/rows", rows),
    path("async/rows", arows),
    path("async/stream", arows_by_stream),
    path("mixed/stream", rows_by_mixed_stream),
    *i18n_patterns(path("where", awhere)),
]


@async_only_middleware
def async_only(get_response):
    async def middleware(request):
        response = await get_response(request)
        response["X-Loop"] = str(id(asyncio.get_running_loop()))
        return response

    return middleware


class RemembersItsChain:
    sync_capable = async_capable = True

    def __init__(self, get_response):
        seen.append(self)
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        return self.get_response(request)


def get(ours, target: str) -> bytes:
    reply = ours(event_of("http_api_v2", "GET", target))
    assert status_of(reply) == 200, body_of(reply)
    return body_of(reply)


def test_a_sync_view_runs_on_the_invoking_thread_without_a_loop(ours):
    assert get(ours, "/sync/where") == f'{{"thread": {threading.get_ident()}, "loop": null}}'.encode()


def test_a_view_that_cancels_itself_is_an_internal_error(both):
    reply = both(event_of("http_api_v2", "GET", "/cancelled"))

    assert status_of(reply) == 500


def test_async_views_share_one_loop(ours):
    places = {get(ours, "/async/where") for _ in range(3)}

    assert len(places) == 1
    assert b"null" not in places.pop()


def test_async_views_behind_a_wrong_hint_share_the_same_loop(ours, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

    expected = json.loads(get(ours, "/async/where"))["loop"]

    assert {json.loads(get(ours, "/de/where"))["loop"] for _ in range(3)} == {expected}


def test_async_only_middleware_runs_on_one_loop(ours, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.async_only"]

    replies = [ours(event_of("http_api_v2", "GET", target)) for target in ("/sync/where", "/async/where")]

    assert replies[0]["headers"]["x-loop"] == replies[1]["headers"]["x-loop"]


def test_each_chain_is_built_on_its_first_request(ours, settings, listed):
    settings.MIDDLEWARE = [listed(f"{__name__}.RemembersItsChain")]
    seen.clear()
    chains = []

    for target in ("/sync/where", "/sync/where", "/async/where", "/async/where"):
        get(ours, target)
        chains.append([middleware.is_async for middleware in seen])

    assert chains == [[False], [False], [False, True], [False, True]]


@pytest.mark.parametrize("target", ["/sync/scope", "/async/scope"])
def test_the_event_and_its_context_are_in_the_scope(ours, target):
    seen.clear()
    event = event_of("http_api_v2", "GET", target)

    ours(event)

    assert seen[0]["aws.event"] is event
    assert seen[0]["aws.context"] is CONTEXT


@pytest.mark.parametrize("then", ["/sync/states", "/async/states", "/mixed/states"])
@pytest.mark.parametrize("change", ["/sync/changes", "/async/changes", "/mixed/changes"])
def test_no_state_leaks_into_the_next_invocation(ours, change, then):
    untouched = get(ours, then)

    for _ in range(2):
        get(ours, change)
        assert get(ours, then) == untouched
    assert (translation.get_language(), variable.get()) == ("en-us", "unset")


def test_a_stream_sees_the_language_of_its_view(both):
    assert body_of(both(event_of("http_api_v2", "GET", "/mixed/language"))) == b"de"


def test_a_sync_view_bridges_to_a_loop_and_back_to_its_thread(ours):
    me = threading.get_ident()

    assert get(ours, "/sync/bridges") == f'{{"back": {me}, "local": "below", "thread": {me}, "loop": null}}'.encode()


def test_the_sync_calls_of_an_async_view_share_a_thread(both):
    assert body_of(both(event_of("http_api_v2", "GET", "/async/bridges"))) == b'{"the same": true}'


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("target", ["/sync/rows", "/async/rows", "/async/stream", "/mixed/stream"])
def test_no_connection_outlives_its_invocation(per_request, ours, opened_connections, target):
    for _ in range(3):
        get(ours, target)

    assert opened_connections
    assert [wrapper for wrapper in opened_connections if wrapper.connection is not None] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("target", ["/sync/rows", "/async/rows", "/async/stream", "/mixed/stream"])
def test_a_persistent_connection_is_reused_across_invocations(persistent, ours, opened_connections, target):
    for _ in range(5):
        get(ours, target)

    assert len(opened_connections) == 1
