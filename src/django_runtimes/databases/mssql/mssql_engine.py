"""SQL Server's answers to the questions of DatabaseEngine."""

from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.databases.engines import MSSQL_ENGINE
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.unadministered_engine import UnadministeredEngine
from django_runtimes.databases.mssql.mssql_owner import MssqlOwner


class MssqlEngine(UnadministeredEngine):
    """SQL Server, to which Microsoft's ODBC driver connects, directly or through RDS Proxy."""

    product = "SQL Server"
    sql_engine = Engine.MSSQL
    routes: ClassVar[tuple[Route, ...]] = (Route.DIRECT, Route.PROXY)
    engine = MSSQL_ENGINE
    table_owner = MssqlOwner()

    @property
    def error_class(self) -> type[Exception]:
        from pyodbc import Error

        return Error  # type: ignore[no-any-return]  # the driver has no types

    def failure_of(self, error: Any) -> DatabaseFailure | None:
        from django_runtimes.databases.mssql.mssql_errors import failure_by_number

        return failure_by_number(error)

    def described(self, error: Any) -> str:
        from django_runtimes.databases.mssql.mssql_errors import described_by_number

        return described_by_number(error)

    def is_read_only(self, error: BaseException | None) -> bool:
        from django_runtimes.databases.mssql.mssql_errors import is_of_read_only_database

        return is_of_read_only_database(error)

    def version_of(self, connection: BaseDatabaseWrapper) -> str:
        import pyodbc

        return f"SQL Server {connection.connection.getinfo(pyodbc.SQL_DBMS_VER)}"

    def remedy_of(self, error: Exception) -> str:
        text = str(error)
        if "certificate verify failed" in text:
            return "add the roots of Amazon RDS to the system's store, and use the name that the certificate has"
        if "Encryption not supported" in text:
            return "enable TLS on the server, or choose another WEBAPP_DB_SSLMODE"
        if "Can't open lib" in text:
            return "install Debian's packages libodbc2 and libgssapi-krb5-2"
        if "Login failed" in text:
            return "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret"
        if "Cannot open database" in text:
            return "create it, or check WEBAPP_DB_NAME (or DATABASE_URL), and that its user is in the database"
        return "check host and port, the security group, and that the server runs"


MSSQL = MssqlEngine()
