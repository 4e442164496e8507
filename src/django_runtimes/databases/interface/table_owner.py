"""Creates the user that owns an application's tables, on servers that the library does not administer otherwise."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.management.base import CommandError

from django_runtimes.config.databases.created_names import DATABASE_RULES, USER_RULES
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.variables.database.database_address import DB_NAME
from django_runtimes.config.variables.database.database_login import DB_USER


class TableOwner(ABC):
    """The statements of one engine, as its administrator; each step can be repeated."""

    engine: ClassVar[Engine]
    # The database that the administrator connects to, or None for the application's own.
    entrance: ClassVar[str | None] = None

    @abstractmethod
    def prepare(self, cursor: Any, *, role: str, password: Secret, database: str, renew_password: bool) -> list[str]:
        """Create what is missing, and return a line for each step; raise CommandError for an impossible password.

        An existing user gets the password only with `renew_password`.
        """

    def refuse_names(self, *, role: str, database: str) -> None:
        """Raise CommandError for a name that no statement here can create; `webapp deploy` refuses the same names."""
        for rules, variable, name in ((USER_RULES, DB_USER, role), (DATABASE_RULES, DB_NAME, database)):
            rule = rules.get(self.engine)
            if rule is not None and not rule.accepts(name):
                raise CommandError(f"{variable.name}={name!r} {rule.sentence}; choose another name")
