"""Creates URL patterns for uploads on the disk, if no bucket or CDN serves them."""

import re

from django.conf import settings
from django.urls import URLPattern, re_path

from django_runtimes.adopt.configure import adopted
from django_runtimes.serving.media_view import serve_media


def media_urlpatterns() -> list[URLPattern]:
    """Return a pattern for MEDIA_URL under `local`, whatever DEBUG is; an empty list if uploads are not served here."""
    here = adopted()
    path = settings.MEDIA_URL.removeprefix(here.front.base_path).lstrip("/")
    if not here.serves_media or not settings.MEDIA_ROOT or not path or "://" in settings.MEDIA_URL:
        return []
    return [re_path(rf"^{re.escape(path)}(?P<path>.*)$", serve_media, {"document_root": settings.MEDIA_ROOT})]
