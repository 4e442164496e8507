"""Registers the checks of direct uploads."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register


class FilesConfig(AppConfig):
    name = "django_runtimes.files"
    label = "django_runtimes_files"

    def ready(self) -> None:
        register(check_direct_uploads)


def check_direct_uploads(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks, which are imported here so that no cold start imports them."""
    from django_runtimes.files.upload_checks import check_uploads

    return check_uploads()
