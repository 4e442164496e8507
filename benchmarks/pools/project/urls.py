"""The only path of the project."""

from django.urls import path

from benchmarks.pools.project.views import work

urlpatterns = [path("work", work)]
