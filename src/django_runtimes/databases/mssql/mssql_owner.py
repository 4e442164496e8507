"""Creates the database of SQL Server, and the login that owns it."""

from typing import Any

from django_runtimes.config.secret import Secret
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.table_owner import TableOwner


class MssqlOwner(TableOwner):
    """RDS creates no database on SQL Server, so the administrator connects to `master`."""

    engine = Engine.MSSQL
    entrance = "master"

    def prepare(self, cursor: Any, *, role: str, password: Secret, database: str, renew_password: bool) -> list[str]:
        self.refuse_names(role=role, database=database)
        quoted = "N'" + str(password).replace("'", "''") + "'"
        lines = []
        if not _has(cursor, "DB_ID", database):
            cursor.execute(f"CREATE DATABASE [{database}]")
            lines.append(f"database {database} is created")
        if not _has(cursor, "SUSER_ID", role):
            cursor.execute(f"CREATE LOGIN [{role}] WITH PASSWORD = {quoted}")
            lines.append(f"login {role} is created")
        elif renew_password:
            cursor.execute(f"ALTER LOGIN [{role}] WITH PASSWORD = {quoted}")
            lines.append(f"login {role} has a new password")
        cursor.execute(f"USE [{database}]")
        if not _has(cursor, "USER_ID", role):
            cursor.execute(f"CREATE USER [{role}] FOR LOGIN [{role}]")
        cursor.execute(f"ALTER ROLE db_owner ADD MEMBER [{role}]")
        return [*lines, f"login {role} owns the tables of {database}"]


def _has(cursor: Any, function: str, name: str) -> bool:
    """Return whether a function that looks for a name finds it."""
    cursor.execute(f"SELECT {function}(%s)", [name])
    return cursor.fetchone()[0] is not None
