"""A synchronous and an asynchronous view that show the request's URL."""

from django.http import HttpRequest, JsonResponse
from django.urls import path, reverse


def plain(request: HttpRequest) -> JsonResponse:
    """Show the URL synchronously."""
    return JsonResponse({"link": reverse("plain"), "url": request.build_absolute_uri()})


async def aplain(request: HttpRequest) -> JsonResponse:
    """Show the URL asynchronously."""
    return plain(request)


urlpatterns = [path("plain", plain, name="plain"), path("aplain", aplain)]
