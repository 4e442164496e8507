"""The URLs of the project and of the tests."""

from django.urls import include, path, re_path

from tests.image.equality.application import views

urlpatterns = [
    re_path(r"^equal/echo(?:/.*)?$", views.echo, name="echo"),
    path("equal/async-echo", views.async_echo),
    path("equal/binary", views.binary),
    path("equal/broken", views.broken),
    path("equal/compressed", views.compressed),
    path("equal/cookies", views.cookies),
    path("equal/empty/<int:status>", views.empty),
    path("equal/file", views.file),
    path("equal/headers", views.headers),
    path("equal/latin", views.latin),
    path("equal/long", views.long),
    path("equal/redirect/<int:status>", views.redirect),
    path("equal/stream", views.stream),
    path("equal/async-stream", views.async_stream),
    path("equal/untyped", views.untyped),
    path("", include("webapp.urls")),
]
