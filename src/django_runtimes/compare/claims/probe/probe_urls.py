"""The views of the measured project: no query, one query, and a query that takes a given time."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

_MAX_HOLD_S = 5.0


def plain(request: HttpRequest) -> HttpResponse:
    """Answer without the database."""
    return HttpResponse("ok")


def query(request: HttpRequest) -> HttpResponse:
    """Run one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok")


def hold(request: HttpRequest) -> HttpResponse:
    """Run one query that takes `s` seconds."""
    seconds = min(float(request.GET["s"]), _MAX_HOLD_S)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    return HttpResponse("ok")


urlpatterns = [path("plain", plain), path("query", query), path("hold", hold)]
