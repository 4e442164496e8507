"""A system check that connections to the database are encrypted."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db.utils import load_backend

from django_runtimes.config.databases.tls import destination, encrypts, needs_encryption, with_libpq_variables
from django_runtimes.config.environment import Environment


def check_encryption(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each database that may be reached unencrypted across a network."""
    return [
        Error(
            f"DATABASES[{alias!r}] may send passwords and rows to {place} in plain text, with sslmode={sslmode!r}.",
            hint="Set WEBAPP_DB_SSLMODE=verify-full, or the option sslmode of DATABASE_URL.",
            id="webapp.E001",
        )
        for alias, place, sslmode in _in_plain_text(settings.DATABASES)
    ]


def _in_plain_text(databases: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, str, str | None]]:
    """Yield the alias, destination and sslmode of each database that may be reached unencrypted across a network."""
    environment = Environment(os.environ)
    for alias, database in databases.items():
        options = with_libpq_variables(database.get("OPTIONS", {}), environment)
        host, sslmode = str(database.get("HOST") or ""), options.get("sslmode")
        if not encrypts(sslmode) and needs_encryption(host, options) and _is_postgresql(database):
            yield alias, destination(host, options), sslmode


def _is_postgresql(database: Mapping[str, Any]) -> bool:
    """Return whether the database's engine is Django's PostgreSQL engine or derives from it."""
    vendor: str = load_backend(database.get("ENGINE") or "django.db.backends.dummy").DatabaseWrapper.vendor
    return vendor == "postgresql"
