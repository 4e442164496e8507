"""The application's URLs."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from django_runtimes.serving.media import serve_media

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("webapp.guestbook.urls")),
]

# Outages of the database become 503 and 504, wherever in the application they are met.
handler500 = "django_runtimes.outages.responses.server_error"

if settings.SERVE_MEDIA:
    urlpatterns.append(
        re_path(r"^media/(?P<path>.*)$", serve_media, {"document_root": settings.MEDIA_ROOT}),
    )
