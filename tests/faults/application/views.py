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


def sleep(request: HttpRequest, seconds: int) -> JsonResponse:
    """One query that takes so long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    return JsonResponse({})


def queries(request: HttpRequest, count: int) -> JsonResponse:
    """So many queries, one after another."""
    with connection.cursor() as cursor:
        for number in range(count):
            cursor.execute("SELECT %s::int", [number])
    return JsonResponse({})


def iterate(request: HttpRequest) -> JsonResponse:
    """What tempts a driver to keep state in a session: iterators, and one statement many times over."""
    seen = sum(1 for _ in Entry.objects.iterator(chunk_size=5))
    for _ in range(10):
        Entry.objects.filter(hidden=False).first()
    with transaction.atomic():
        seen += sum(1 for _ in Entry.objects.iterator(chunk_size=5))
    return JsonResponse({"seen": seen})


def identity(request: HttpRequest) -> JsonResponse:
    """The process that serves and the backend that serves it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return JsonResponse({"process": os.getpid(), "backend": backend})


@csrf_exempt
@transaction.non_atomic_requests
def stop_inside_a_transaction(request: HttpRequest) -> JsonResponse:
    """Write, and stop the process before the commit: whoever sends SIGCONT lets it go on."""
    with transaction.atomic():
        entry = _write(request)
        Path(settings.STATIC_ROOT, STOPPED).write_text(str(os.getpid()))
        # To this thread: sent to the process, another thread may take it while this one goes on to the commit.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    return JsonResponse({"id": entry.pk}, status=201)


@csrf_exempt
@transaction.non_atomic_requests
def hold_a_transaction(request: HttpRequest, seconds: int) -> JsonResponse:
    """Write, and keep the transaction open so long before the commit."""
    with transaction.atomic():
        entry = _write(request)
        time.sleep(seconds)
    return JsonResponse({"id": entry.pk}, status=201)


def _write(request: HttpRequest) -> Entry:
    return create_entry(author="faults", message="written", idempotency_key=request.headers["Idempotency-Key"])
