"""Oracle's answers to the questions of DatabaseEngine."""

from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.databases.engines import ORACLE_ENGINE
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.unadministered_engine import UnadministeredEngine
from django_runtimes.databases.oracle.oracle_owner import OracleOwner


class OracleEngine(UnadministeredEngine):
    """Oracle, to which python-oracledb connects without Oracle's client libraries."""

    product = "Oracle"
    sql_engine = Engine.ORACLE
    routes: ClassVar[tuple[Route, ...]] = (Route.DIRECT,)
    engine = ORACLE_ENGINE
    table_owner = OracleOwner()

    @property
    def error_class(self) -> type[Exception]:
        from oracledb import Error

        return Error

    def failure_of(self, error: Any) -> DatabaseFailure | None:
        from django_runtimes.databases.oracle.oracle_errors import failure_by_code

        return failure_by_code(error)

    def described(self, error: Any) -> str:
        from django_runtimes.databases.oracle.oracle_errors import described_by_code

        return described_by_code(error)

    def is_read_only(self, error: BaseException | None) -> bool:
        from django_runtimes.databases.oracle.oracle_errors import is_of_read_only_database

        return is_of_read_only_database(error)

    def version_of(self, connection: BaseDatabaseWrapper) -> str:
        return f"Oracle {connection.connection.version}"

    def remedy_of(self, error: Exception) -> str:
        text = str(error)
        if "CERTIFICATE_VERIFY" in text:
            return "check the root certificates, and that the certificate has the host's name"
        if "SSL" in text:
            return "use the port of TLS (2484 with the option SSL of RDS), or choose another WEBAPP_DB_SSLMODE"
        if "DPY-6001" in text or "DPY-6003" in text:
            return "check WEBAPP_DB_NAME (or DATABASE_URL), which is the name of the service"
        if "ORA-" in text:
            return "check the login: DATABASE_URL, WEBAPP_DB_USER and its password, or the secret; and its grants"
        return "check host and port, the security group, and that the server runs"


ORACLE = OracleEngine()
