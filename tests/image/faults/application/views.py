"""Views that show how the application sees a request, take long, or use much memory."""

import os
import sys
import time

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

# Texts in the log, followed by the monotonic time, which is the same for all processes of a machine.
STARTED = "view started at"
ENDED = "view ended at"


def allocate(request: HttpRequest, megabytes: int) -> JsonResponse:
    """Allocate and write `megabytes` of memory."""
    return JsonResponse({"length": len(b"x" * (megabytes * 2**20))})


def client(request: HttpRequest) -> JsonResponse:
    """Return the client, URL and scheme as the application sees them."""
    return JsonResponse(
        {"client": request.META.get("REMOTE_ADDR"), "url": request.build_absolute_uri(), "https": request.is_secure()}
    )


@csrf_exempt
def echo(request: HttpRequest) -> JsonResponse:
    """Return the length of the uploaded file or of the body."""
    file = request.FILES.get("file")
    return JsonResponse({"length": file.size if file is not None else len(request.body), "query": request.GET})


def letters(request: HttpRequest, count: int) -> HttpResponse:
    """Return a text of `count` letters."""
    return HttpResponse("x" * count, content_type="text/plain")


def process(request: HttpRequest) -> JsonResponse:
    """Return the ID of this process."""
    return JsonResponse({"process": os.getpid()})


def sleep(request: HttpRequest, duration_ms: int) -> JsonResponse:
    """Sleep for `duration_ms`."""
    _say(STARTED)
    time.sleep(duration_ms / 1000)
    return JsonResponse({})


def query(request: HttpRequest, duration_ms: int) -> JsonResponse:
    """Run a transaction that takes `duration_ms`."""
    _say(STARTED)
    try:
        _query(duration_ms)
    finally:
        _say(ENDED)
    return JsonResponse({})


@transaction.non_atomic_requests
async def query_asynchronously(request: HttpRequest, duration_ms: int) -> JsonResponse:
    """Run the same transaction from an asynchronous view."""
    _say(STARTED)
    try:
        await sync_to_async(_query)(duration_ms)
    finally:
        _say(ENDED)
    return JsonResponse({})


@csrf_exempt
def reset(request: HttpRequest) -> JsonResponse:
    """Email a link to reset the password to the named user."""
    form = PasswordResetForm(request.POST)
    if form.is_valid():
        form.save(request=request, use_https=request.is_secure())
    return JsonResponse({})


def add_user(request: HttpRequest) -> JsonResponse:
    """Create the user whose password can be reset."""
    get_user_model().objects.get_or_create(
        username="victim", defaults={"email": "victim@guestbook.example", "password": "pbkdf2_sha256$1$a$b"}
    )
    return JsonResponse({})


def _query(duration_ms: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [duration_ms / 1000])


def _say(what: str) -> None:
    sys.stdout.write(f"{what} {time.monotonic()}\n")
    sys.stdout.flush()
