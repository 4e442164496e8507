"""The handler guesses whether a view is asynchronous; a wrong guess does not change the response."""

import asyncio
import sys
import threading
from types import ModuleType

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.decorators import async_only_middleware, sync_and_async_middleware, sync_only_middleware
from django.utils.translation import get_language
from django.views import View

from django_runtimes.serving.asgi.hint import _cached
from tests.integration.serving.one_hop.exchange import exchange


def loop_is_here():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def describe(request, **kwargs):
    return JsonResponse(
        {
            "view": request.resolver_match.func.__name__,
            "on the loop": loop_is_here(),
            "language": get_language(),
            "kwargs": kwargs,
            "self": reverse("greeting", urlconf=getattr(request, "urlconf", None)),
        }
    )


def sync_view(request, **kwargs):
    return describe(request, **kwargs)


async def async_view(request, **kwargs):
    return describe(request, **kwargs)


class AsyncView(View):
    async def get(self, request):
        return HttpResponse("asynchronous by class")


def thread(request):
    return HttpResponse(str(threading.get_ident()))


urlpatterns = [
    path("switched/sync", async_view),
    path("switched/async", sync_view),
    path("plain/sync", sync_view),
    path("plain/async/<int:number>", async_view),
    path("plain/class", AsyncView.as_view()),
    path("thread", thread),
    *i18n_patterns(path("greeting", async_view, name="greeting"), path("sync", sync_view)),
]


@sync_and_async_middleware
def other_urlconf(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            request.urlconf = _other_urlconf_name(request)
            return await get_response(request)
    else:

        def middleware(request):
            request.urlconf = _other_urlconf_name(request)
            return get_response(request)

    return middleware


def _other_urlconf_name(request):
    return OTHER_URLCONF.__name__ if request.path.startswith("/switched") else __name__


OTHER_URLCONF = ModuleType(f"{__name__}_other")
OTHER_URLCONF.urlpatterns = [
    path("switched/sync", sync_view, {"chosen": "by middleware"}),
    path("switched/async", async_view, {"chosen": "by middleware"}),
    path("switched/only", async_view, {"chosen": "by middleware"}),
    path("greeting", sync_view, name="greeting"),
]


UNPREFIXED_URLCONF = ModuleType(f"{__name__}_unprefixed")
UNPREFIXED_URLCONF.urlpatterns = i18n_patterns(
    path("greeting", async_view, name="greeting"), prefix_default_language=False
)


@async_only_middleware
def async_only(get_response):
    async def middleware(request):
        response = await get_response(request)
        # In a synchronous chain, get_response would be an adapter instead of a coroutine function.
        response["X-Chain"] = type(get_response).__name__
        return response

    return middleware


@sync_only_middleware
def sync_only(get_response):
    def middleware(request):
        response = get_response(request)
        response["X-On-The-Loop"] = str(loop_is_here())
        return response

    return middleware


@sync_and_async_middleware
def thread_of_middleware(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            response = await get_response(request)
            response["X-Thread"] = str(threading.get_ident())
            return response
    else:

        def middleware(request):
            response = get_response(request)
            response["X-Thread"] = str(threading.get_ident())
            return response

    return middleware


made = []


class RemembersItsChain:
    sync_capable = async_capable = True

    def __init__(self, get_response):
        made.append(self)
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        return self.get_response(request)


@pytest.fixture
def switching(settings, monkeypatch, listed):
    """Install middleware that selects the other URLconf for some paths."""
    monkeypatch.setitem(sys.modules, OTHER_URLCONF.__name__, OTHER_URLCONF)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, listed(f"{__name__}.other_urlconf")]


@pytest.fixture
def translated(settings):
    """Select the language by the path's prefix."""
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.LANGUAGE_CODE = "en"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]


@pytest.mark.parametrize(
    "target", ["/plain/sync", "/plain/async/7", "/plain/class", "/en/greeting", "/de/greeting", "/de/sync", "/fr/sync"]
)
async def test_paths_lead_to_the_same_view_in_every_language(both, translated, target):
    await both("GET", target)


@pytest.mark.parametrize("target", ["/en/greeting", "/de/greeting"])
async def test_asynchronous_views_are_found_in_every_language(one_hop, translated, target):
    handler = one_hop()

    reply = await exchange(handler, "GET", target)

    assert b'"on the loop": true, "language": "%s"' % target[1:3].encode() in reply.body
    assert handler.bridged_async_views == 0


@pytest.mark.parametrize("target", ["/greeting", "/de/greeting"])
async def test_asynchronous_views_are_found_without_a_language(one_hop, translated, settings, monkeypatch, target):
    monkeypatch.setitem(sys.modules, UNPREFIXED_URLCONF.__name__, UNPREFIXED_URLCONF)
    settings.ROOT_URLCONF = UNPREFIXED_URLCONF.__name__
    handler = one_hop()

    reply = await exchange(handler, "GET", target)

    assert b'"on the loop": true' in reply.body
    assert handler.bridged_async_views == 0


@pytest.mark.parametrize("target", ["/switched/sync", "/switched/async", "/switched/only", "/greeting"])
async def test_a_urlconf_set_by_middleware_is_used(both, switching, target):
    await both("GET", target)


async def test_a_view_wrongly_guessed_as_sync_is_bridged_and_counted(one_hop, switching):
    handler = one_hop()

    reply = await exchange(handler, "GET", "/switched/async")

    assert b'"view": "async_view", "on the loop": true' in reply.body
    assert handler.bridged_async_views == 1


async def test_a_bridged_view_is_guessed_as_async_afterwards(one_hop, switching):
    handler = one_hop()

    replies = [await exchange(handler, "GET", f"/switched/{name}") for name in ("only", "only", "async", "sync")]

    assert [b'"on the loop": true' in reply.body for reply in replies] == [True, True, True, False]
    assert handler.bridged_async_views == 1


async def test_a_view_wrongly_guessed_as_async_runs_on_a_thread(one_hop, switching):
    handler = one_hop()

    reply = await exchange(handler, "GET", "/switched/sync")

    assert b'"view": "sync_view", "on the loop": false' in reply.body
    assert handler.bridged_async_views == 0


async def test_right_guesses_need_no_bridge(one_hop):
    handler = one_hop()

    for target in ("/plain/sync", "/plain/async/7", "/plain/class", "/nowhere"):
        await exchange(handler, "GET", target)

    assert handler.bridged_async_views == 0


@pytest.mark.parametrize("target", ["/plain/sync", "/plain/async/7", "/nowhere"])
async def test_async_only_middleware_sends_everything_to_djangos_path(both, settings, target):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.async_only"]

    assert (await both("GET", target)).header("X-Chain") == "function"


@pytest.mark.parametrize("target", ["/plain/sync", "/plain/async/7", "/nowhere"])
async def test_synchronous_only_middleware_never_runs_on_the_loop(both, settings, target):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.sync_only"]

    assert (await both("GET", target)).header("X-On-The-Loop") == "False"


async def test_the_middleware_runs_on_the_views_thread(one_hop, settings, listed):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, listed(f"{__name__}.thread_of_middleware")]

    reply = await exchange(one_hop(), "GET", "/thread")

    assert reply.header("X-Thread") == reply.body.decode()
    assert reply.body != str(threading.get_ident()).encode()


async def test_each_chain_is_built_on_its_first_request(one_hop, settings, listed):
    settings.MIDDLEWARE = [listed(f"{__name__}.RemembersItsChain")]
    made.clear()
    handler = one_hop()
    chains = [list(made)]

    for target in ("/plain/sync", "/plain/sync", "/plain/async/7", "/plain/async/7"):
        await exchange(handler, "GET", target)
        chains.append([middleware.is_async for middleware in made])

    assert chains == [[], [False], [False], [False, True], [False, True]]


async def test_a_small_thread_pool_serves_many_requests(one_hop):
    handler = one_hop(threads=3, max_waiting=50)

    replies = await asyncio.gather(*(exchange(handler, "GET", "/thread") for _ in range(50)))

    assert 1 <= len({reply.body for reply in replies}) <= 3


async def test_long_paths_are_not_remembered(both):
    before = _cached.cache_info().currsize

    reply = await both("GET", "/" + "x" * 1000)

    assert reply.status == 404
    assert _cached.cache_info().currsize == before
