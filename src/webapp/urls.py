"""The application's URLs."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from django_runtimes import media_urlpatterns

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("accounts/", include("webapp.accounts.urls")),
    path("uploads/", include("django_runtimes.files.urls")),
    path("", include("webapp.guestbook.urls")),
    *media_urlpatterns(),
]
