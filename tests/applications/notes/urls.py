"""The URLs of the notes."""

from django.urls import path

from notes import views

urlpatterns = [
    path("count", views.count),
    path("backend", views.backend),
    path("notes/<key>", views.save),
    path("notes/<key>/twice", views.save_twice),
    path("notes/<key>/slowly", views.save_slowly),
]
