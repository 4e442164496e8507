"""A system check of how connections to the database are encrypted."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from webapp.config.tls import encrypts, needs_encryption

_ENGINES = ("webapp.database.postgresql", "django.db.backends.postgresql")


def check_encryption(**kwargs: Any) -> list[CheckMessage]:
    """An error for each database that could be spoken to in plain text across a network."""
    return [
        Error(
            f"DATABASES[{alias!r}] may send passwords and rows to {database.get('HOST')} in plain text, "
            f"with sslmode={database.get('OPTIONS', {}).get('sslmode')!r}.",
            hint="Set WEBAPP_DB_SSLMODE=verify-full, or the option sslmode of DATABASE_URL.",
            id="webapp.E001",
        )
        for alias, database in settings.DATABASES.items()
        if database.get("ENGINE") in _ENGINES
        and needs_encryption(str(database.get("HOST") or ""), database.get("OPTIONS", {}))
        and not encrypts(database.get("OPTIONS", {}).get("sslmode"))
    ]
