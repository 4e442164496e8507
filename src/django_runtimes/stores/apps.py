"""Registers the checks of the store."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register


class StoresConfig(AppConfig):
    name = "django_runtimes.stores"
    label = "django_runtimes_stores"

    def ready(self) -> None:
        register(check_encrypted_store)
        register(check_answering_store, deploy=True)


def check_encrypted_store(**kwargs: Any) -> list[CheckMessage]:
    """Warn about a store in plain text; the check is imported here so that no cold start imports it."""
    from django_runtimes.stores.store_checks import check_encryption_of_store

    return check_encryption_of_store()


def check_answering_store(**kwargs: Any) -> list[CheckMessage]:
    """Report a store that does not answer; only `check --deploy` asks it."""
    from django_runtimes.stores.store_checks import check_store

    return check_store()
