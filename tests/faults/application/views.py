"""Views that keep a connection, a transaction or a process busy on purpose."""

import os
import signal
import threading
import time
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tests.faults.application.names import STOPPED
from webapp.guestbook.entries import create_entry
from webapp.guestbook.models import Entry

_BACKEND = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
_SLEEP = {"postgresql": "SELECT pg_sleep(%s)", "mysql": "SELECT SLEEP(%s)"}


def sleep(request: HttpRequest, seconds: int) -> JsonResponse:
    """Run one query that takes `seconds`."""
    with connection.cursor() as cursor:
        cursor.execute(_SLEEP[connection.vendor], [seconds])
    return JsonResponse({})


def queries(request: HttpRequest, count: int) -> JsonResponse:
    """Run `count` queries one after another."""
    with connection.cursor() as cursor:
        for number in range(count):
            cursor.execute("SELECT %s::int", [number])
    return JsonResponse({})


def iterate(request: HttpRequest) -> JsonResponse:
    """Run queries for which drivers keep state in a session: iterate over rows, and repeat one statement."""
    seen = sum(1 for _ in Entry.objects.iterator(chunk_size=5))
    for _ in range(10):
        Entry.objects.filter(hidden=False).first()
    with transaction.atomic():
        seen += sum(1 for _ in Entry.objects.iterator(chunk_size=5))
    return JsonResponse({"seen": seen})


def identity(request: HttpRequest) -> JsonResponse:
    """Return the IDs of this process and of its database backend."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKEND[connection.vendor])
        (backend,) = cursor.fetchone()
    return JsonResponse({"process": os.getpid(), "backend": backend})


@csrf_exempt
@transaction.non_atomic_requests
def stop_inside_a_transaction(request: HttpRequest) -> JsonResponse:
    """Write an entry, and stop the process before the commit until it receives SIGCONT."""
    with transaction.atomic():
        entry = _write(request)
        Path(settings.STATIC_ROOT, STOPPED).write_text(str(os.getpid()))
        # A signal to the process could be handled by another thread while this one continues to the commit.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    return JsonResponse({"id": entry.pk}, status=201)


@csrf_exempt
@transaction.non_atomic_requests
def hold_a_transaction(request: HttpRequest, seconds: int) -> JsonResponse:
    """Write an entry, and keep the transaction open for `seconds` before the commit."""
    with transaction.atomic():
        entry = _write(request)
        time.sleep(seconds)
    return JsonResponse({"id": entry.pk}, status=201)


def _write(request: HttpRequest) -> Entry:
    return create_entry(author="faults", message="written", idempotency_key=request.headers["Idempotency-Key"])
