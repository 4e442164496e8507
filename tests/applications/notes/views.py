"""The notes' views, including ones that misbehave on purpose."""

import time

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from notes.models import Note


async def count(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"notes": await Note.objects.acount()})


@csrf_exempt
def save(request: HttpRequest, key: str) -> JsonResponse:
    note, created = Note.objects.get_or_create(key=key, defaults={"text": request.body.decode()})
    return JsonResponse({"text": note.text}, status=201 if created else 200)


@csrf_exempt
def save_twice(request: HttpRequest, key: str) -> JsonResponse:
    """Save two rows for one key, which the comparison must report."""
    Note.objects.create(key=key, text="first")
    Note.objects.create(key=f"{key}-again", text="second")
    return JsonResponse({}, status=201)


@csrf_exempt
def save_slowly(request: HttpRequest, key: str) -> JsonResponse:
    """Hold a row's lock in an open transaction for longer than any client waits."""
    with transaction.atomic():
        Note.objects.update_or_create(key=key, defaults={"text": "half done"})
        time.sleep(60)
    return JsonResponse({}, status=201)


def backend(request: HttpRequest) -> HttpResponse:
    """Return the process ID of the connection's backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(str(cursor.fetchone()[0]), content_type="text/plain")
