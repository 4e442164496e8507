"""The URL of direct uploads, which a project includes under a path of its own."""

from django.urls import path

from django_runtimes.files.upload_view import sign_upload

app_name = "django_runtimes_files"

urlpatterns = [path("sign", sign_upload, name="sign")]
