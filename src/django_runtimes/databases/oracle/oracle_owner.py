"""Creates the user whose schema has the application's tables on Oracle."""

from typing import Any

from django.core.management.base import CommandError

from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.table_owner import TableOwner

# What Django's documentation asks for, and the right to log in.
_PRIVILEGES = "CREATE SESSION, CREATE TABLE, CREATE VIEW, CREATE SEQUENCE, CREATE PROCEDURE, CREATE TRIGGER"


class OracleOwner(TableOwner):
    """A user is a schema on Oracle; the administrator connects to the application's service."""

    engine = Engine.ORACLE

    def prepare(self, cursor: Any, *, role: str, password: Secret, database: str, renew_password: bool) -> list[str]:
        self.refuse_names(role=role, database=database)
        if '"' in password:
            raise CommandError("Oracle accepts no password with a double quote; store another one in the web secret")
        cursor.execute("SELECT 1 FROM all_users WHERE username = UPPER(%s)", [role])
        # In quotes and upper case, the name is the same, and may be one of Oracle's reserved words.
        user = f'"{role.upper()}"'
        lines = []
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE USER {user} IDENTIFIED BY "{password!s}" QUOTA UNLIMITED ON USERS')
            lines.append(f"user {role} is created")
        elif renew_password:
            cursor.execute(f'ALTER USER {user} IDENTIFIED BY "{password!s}"')
            lines.append(f"user {role} has a new password")
        cursor.execute(f"GRANT {_PRIVILEGES} TO {user}")
        return [*lines, f"user {role} owns the tables of its schema"]
