"""A system check that connections to the database are encrypted."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from django_runtimes.databases.interface.engine_registry import engine_of_entry
from django_runtimes.databases.interface.plain_text import PlainText


def check_encryption(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each database that may be reached unencrypted across a network."""
    return [
        Error(
            f"DATABASES[{alias!r}] may send passwords and rows to {found.place} in plain text, with {found.option}.",
            hint="Set WEBAPP_DB_SSLMODE=verify-full, or the option sslmode of DATABASE_URL.",
            id="webapp.E001",
        )
        for alias, found in _in_plain_text(settings.DATABASES)
    ]


def _in_plain_text(databases: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, PlainText]]:
    """Yield the alias of each database that may be reached unencrypted across a network, and where it is."""
    for alias, database in databases.items():
        engine = engine_of_entry(database)
        if engine is not None and (found := engine.plain_text(database)) is not None:
            yield alias, found
