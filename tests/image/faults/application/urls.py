"""The URLs of the project and of the cases."""

from django.urls import include, path

from tests.image.faults.application import views

urlpatterns = [
    path("faults/allocate/<int:megabytes>", views.allocate),
    path("faults/client", views.client),
    path("faults/echo", views.echo),
    path("faults/letters/<int:count>", views.letters),
    path("faults/process", views.process),
    path("faults/query/<int:duration_ms>", views.query),
    path("faults/query/async/<int:duration_ms>", views.query_asynchronously),
    path("faults/reset", views.reset),
    path("faults/sleep/<int:duration_ms>", views.sleep),
    path("faults/user", views.add_user),
    path("accounts/", include("django.contrib.auth.urls")),
    path("", include("webapp.urls")),
]
