"""URLs of the password reset, with Django's own views."""

from django.contrib.auth import views
from django.urls import path

_reset = views.PasswordResetView.as_view(
    template_name="accounts/password_reset.html",
    subject_template_name="accounts/password_reset_subject.txt",
    email_template_name="accounts/password_reset_mail.txt",
)

urlpatterns = [
    path("password-reset/", _reset, name="password_reset"),
    # The admin's login page links to this name.
    path("password-reset/", _reset, name="admin_password_reset"),
    path(
        "password-reset/sent/",
        views.PasswordResetDoneView.as_view(template_name="accounts/password_reset_sent.html"),
        name="password_reset_done",
    ),
    path(
        "password-reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(template_name="accounts/new_password.html"),
        name="password_reset_confirm",
    ),
    path(
        "password-reset/complete/",
        views.PasswordResetCompleteView.as_view(template_name="accounts/new_password_set.html"),
        name="password_reset_complete",
    ),
]
