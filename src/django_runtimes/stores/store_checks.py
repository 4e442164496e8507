"""System checks of the store."""

import os

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.stores.store_probe import store_failure

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def check_encryption_of_store() -> list[CheckMessage]:
    """Warn if sessions cross a network in plain text."""
    address = Environment(os.environ)[STORE_URL]
    if address is None or address.is_encrypted or adopted_by(settings).is_local:
        return []
    host = address.location.partition("://")[2].rpartition("@")[2]
    if host.startswith(_LOOPBACK):
        return []
    return [
        CheckWarning(
            f"WEBAPP_STORE_URL reaches {host.partition('/')[0]} without TLS: sessions and the password cross the "
            "network in plain text.",
            hint="Enable encryption in transit, and write rediss:// or valkeys://.",
            id="django_runtimes.W032",
        )
    ]


def check_store() -> list[CheckMessage]:
    """Return an error if the store cannot be used."""
    if Environment(os.environ)[STORE_URL] is None:
        return []
    failure = store_failure()
    if failure is None:
        return []
    return [Error(failure.text, hint=failure.remedy or None, id="django_runtimes.E032")]
