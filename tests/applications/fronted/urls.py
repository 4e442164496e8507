"""A view of each kind, which says what it knows of the request's URL."""

from django.http import HttpRequest, JsonResponse
from django.urls import path, reverse


def plain(request: HttpRequest) -> JsonResponse:
    """Synchronous."""
    return JsonResponse({"link": reverse("plain"), "url": request.build_absolute_uri()})


async def aplain(request: HttpRequest) -> JsonResponse:
    """Asynchronous."""
    return plain(request)


urlpatterns = [path("plain", plain, name="plain"), path("aplain", aplain)]
