"""Views with limits, of every kind that Django has."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.asyncio import async_unsafe
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt

from django_runtimes import throttle


def free(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("2/m")
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("2/m")
async def awaited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("2/m")
class Whole(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("served")


class Child(Whole):
    pass


@throttle("2/m")
class AwaitedClass(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("served")


@method_decorator(throttle("2/m"), name="dispatch")
class Decorated(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("served")


@method_decorator(throttle("2/m"), name="dispatch")
class AwaitedDecorated(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("served")


@throttle("2/m", methods=["post"])
@csrf_exempt
def posts(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("2/m", by="user")
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


def by_key(request: HttpRequest) -> str | None:
    return request.headers.get("X-Key")


@throttle("2/m", by=by_key)
def keyed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@async_unsafe
def by_query(request: HttpRequest) -> str:
    return request.headers["X-Key"]


@throttle("2/m", by=by_query)
async def awaited_keyed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


def plan(request: HttpRequest) -> str | None:
    return {"small": "1/m", "large": "3/m"}.get(request.GET.get("plan", ""))


@throttle(plan)
def planned(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


kept = cache_page(60)(throttle("2/m", name="kept")(free))
keeps = throttle("2/m", name="keeps")(cache_page(60)(free))


@throttle(None)
def unlimited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("2/m", name="sign in")
def log_in(request: HttpRequest) -> HttpResponse:
    request.session["_auth_user_id"] = request.GET["user"]
    return HttpResponse("served")


@throttle("2/m", name="sign in")
def api_log_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


@throttle("1/s", name="burst")
@throttle("2/m", name="sustained")
def twice(request: HttpRequest) -> HttpResponse:
    return HttpResponse("served")


def enter(request: HttpRequest) -> HttpResponse:
    request.session["_auth_user_id"] = request.GET["user"]
    return HttpResponse("served")


def _routes() -> list[Any]:
    functions = (
        *(free, plain, awaited, posts, mine, keyed, awaited_keyed, planned),
        *(unlimited, log_in, api_log_in, twice, enter),
    )
    classes = (Whole, Child, AwaitedClass, Decorated, AwaitedDecorated)
    return [
        *(path(view.__name__, view) for view in functions),
        *(path(view.__name__, view.as_view()) for view in classes),
        path("kept", kept),
        path("keeps", keeps),
        path("healthz", free),
        path("api/plain", plain),
    ]


urlpatterns = _routes()
