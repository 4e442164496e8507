"""The measured paths, and the admin site as in the project."""

from django.contrib import admin
from django.urls import path

from benchmarks.application.views import feed, items, moments, ping

urlpatterns = [
    path("admin/", admin.site.urls),
    path("ping", ping),
    path("items", items),
    path("feed", feed),
    path("moments", moments),
]
