"""Pages that pin a connection, each in a different way, and one that does not."""

from django import forms
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path


def locked(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [int(request.GET["key"])])
        cursor.execute("SELECT pg_advisory_unlock_all()")
    return HttpResponse()


def exported(request: HttpRequest) -> HttpResponse:
    return HttpResponse("\n".join(user.username for user in User.objects.iterator(chunk_size=1)))


def imported(request: HttpRequest) -> HttpResponse:
    User.objects.bulk_create(User(username=f"visitor {number}") for number in range(300))
    return HttpResponse()


async def listed(request: HttpRequest) -> HttpResponse:
    names = [user.username async for user in User.objects.aiterator()]
    return HttpResponse("\n".join(names))


def chosen(request: HttpRequest) -> HttpResponse:
    names = forms.ModelChoiceField(User.objects.all()).choices
    return HttpResponse("\n".join(str(label) for _, label in names))


def clean(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{User.objects.count()} users; SET x = 1")


urlpatterns = [
    path("locked", locked),
    path("exported", exported),
    path("imported", imported),
    path("listed", listed),
    path("chosen", chosen),
    path("clean", clean),
]
