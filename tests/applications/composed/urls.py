"""Two views, which say how the request reached them."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


def _seen(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "from": "django",
            "path": request.path,
            "client": request.META["REMOTE_ADDR"],
            "secure": request.is_secure(),
            "posted": request.POST.get("word"),
        }
    )


def plain(request: HttpRequest) -> JsonResponse:
    """Synchronous."""
    return _seen(request)


async def aplain(request: HttpRequest) -> JsonResponse:
    """Asynchronous."""
    return _seen(request)


urlpatterns = [path("plain", plain), path("aplain", aplain)]
