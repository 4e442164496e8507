"""Views without a query, with a read and with a write, and streams."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from benchmarks.application.models import Item

_PAGE_SIZE = 20


def ping(request: HttpRequest) -> JsonResponse:
    """Return a constant, to measure only the request and the response."""
    return JsonResponse({"ping": "pong"})


@csrf_exempt  # an API for clients without cookies
@require_http_methods(["GET", "POST"])
def items(request: HttpRequest) -> JsonResponse:
    """Return the first 20 items (GET), or create one from JSON with `name` and `price_cents` (POST)."""
    if request.method == "POST":
        content = json.loads(request.body)
        with transaction.atomic():
            item = Item.objects.create(name=content["name"], price_cents=content["price_cents"])
        return JsonResponse(_as_json(item), status=201)
    return JsonResponse({"items": [_as_json(item) for item in Item.objects.order_by("id")[:_PAGE_SIZE]]})


async def feed(request: HttpRequest) -> StreamingHttpResponse:
    """Run one query, then stream an event every `period_s`; with `query=1` each event runs a query too."""
    first_s, period_s = (float(request.GET[name]) for name in ("first_s", "period_s"))
    asks = request.GET["query"] == "1"
    await Item.objects.aexists()

    async def events() -> AsyncIterator[str]:
        yield "data: begun\n\n"
        await asyncio.sleep(first_s)
        while True:
            yield f"data: {await Item.objects.acount() if asks else 'nothing'}\n\n"
            await asyncio.sleep(period_s)

    return StreamingHttpResponse(events(), content_type="text/event-stream")


def moments(request: HttpRequest) -> StreamingHttpResponse:
    """Stream two moments of time.perf_counter(), each when its chunk is made; with `async=1` asynchronously."""

    def made() -> Iterator[str]:
        yield f"{time.perf_counter()}\n"
        yield f"{time.perf_counter()}\n"

    async def made_asynchronously() -> AsyncIterator[str]:
        for moment in made():
            yield moment

    return StreamingHttpResponse(made_asynchronously() if request.GET["async"] == "1" else made())


def _as_json(item: Item) -> dict[str, Any]:
    return {"id": item.pk, "name": item.name, "price_cents": item.price_cents, "created_at": item.created_at}
