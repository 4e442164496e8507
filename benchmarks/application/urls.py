"""The paths that are measured, where the project's own settings have the admin and the sample."""

from django.contrib import admin
from django.urls import path

from benchmarks.application.views import feed, items, ping

urlpatterns = [
    path("admin/", admin.site.urls),
    path("ping", ping),
    path("items", items),
    path("feed", feed),
]
