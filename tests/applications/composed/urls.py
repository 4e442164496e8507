"""Two views that show how the request reached them, and two that redirect or set a cookie."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse


def _seen(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "from": "django",
            "path": request.path,
            "link": reverse("plain"),
            "client": request.META["REMOTE_ADDR"],
            "secure": request.is_secure(),
            "posted": request.POST.get("word"),
        }
    )


def plain(request: HttpRequest) -> JsonResponse:
    """Show the request synchronously."""
    return _seen(request)


async def aplain(request: HttpRequest) -> JsonResponse:
    """Show the request asynchronously."""
    return _seen(request)


def leave_message(request: HttpRequest) -> HttpResponse:
    """Leave a message for the next page in a cookie."""
    messages.info(request, "saved")
    return HttpResponse()


urlpatterns = [
    path("plain", plain, name="plain"),
    path("aplain", aplain),
    path("message", leave_message),
    path("private", login_required(plain)),
]
