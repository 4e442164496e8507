"""The URLs of the members' site."""

from django.contrib.auth.views import LoginView
from django.urls import path

from members import views

urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("profile/", views.profile, name="profile"),
    path("letters/<username>/", views.write_letter),
    path("api/letters/<username>/", views.write_letter_by_api),
    path("unsteady/", views.unsteady),
    path("public/", views.public),
]
