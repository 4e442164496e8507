"""The measured paths, and the admin, which the project has too."""

from django.contrib import admin
from django.urls import path

from benchmarks.application.views import feed, items, ping

urlpatterns = [
    path("admin/", admin.site.urls),
    path("ping", ping),
    path("items", items),
    path("feed", feed),
]
