"""Creates the user that owns an application's tables, on servers that the library does not administer otherwise."""

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.management.base import CommandError

from django_runtimes.config.secret import Secret

# Names that need no quotes on either server.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class TableOwner(ABC):
    """The statements of one engine, as its administrator; each step can be repeated."""

    # The database that the administrator connects to, or None for the application's own.
    entrance: ClassVar[str | None] = None

    @abstractmethod
    def prepare(self, cursor: Any, *, role: str, password: Secret, database: str, renew_password: bool) -> list[str]:
        """Create what is missing, and return a line for each step; raise CommandError for an impossible password.

        An existing user gets the password only with `renew_password`.
        """

    def refuse_names(self, *names: str) -> None:
        """Raise CommandError for a name that a statement would have to quote."""
        for name in names:
            if not _NAME.fullmatch(name):
                raise CommandError(
                    f"{name!r} cannot be the name of the user or its database here; choose letters, digits and "
                    "underscores, with a letter first, in WEBAPP_DB_USER and WEBAPP_DB_NAME"
                )
