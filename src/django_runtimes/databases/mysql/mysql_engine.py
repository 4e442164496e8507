"""MySQL's and MariaDB's answers to the questions of DatabaseEngine."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.plain_text import PlainText
from django_runtimes.databases.interface.role_administration import RoleAdministration


class MysqlEngine(DatabaseEngine):
    """MySQL or MariaDB, to which PyMySQL connects, directly or through a proxy."""

    product = "MySQL"
    sql_engine = Engine.MYSQL
    routes: ClassVar[tuple[Route, ...]] = (Route.DIRECT, Route.PROXY)

    @property
    def error_class(self) -> type[Exception]:
        from pymysql.err import Error

        return Error  # type: ignore[no-any-return]  # the driver has no types

    def failure_of(self, error: Any) -> DatabaseFailure | None:
        from django_runtimes.databases.mysql.error_numbers import failure_by_number

        return failure_by_number(error)

    def described(self, error: Any) -> str:
        from django_runtimes.databases.mysql.error_numbers import described_by_number

        return described_by_number(error)

    def is_read_only(self, error: BaseException | None) -> bool:
        from django_runtimes.databases.mysql.error_numbers import is_of_read_only_server

        return is_of_read_only_server(error)

    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        from django_runtimes.databases.mysql.administration.named_lock import named_lock

        return named_lock(connection, wait_s=wait_s, say=say)

    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        from django_runtimes.databases.mysql.administration.migrating_session import migrating_session

        return migrating_session(connection, lock_timeout_s=lock_timeout_s)

    def read_only(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
        from django_runtimes.databases.mysql.administration.read_only import read_only_session

        return read_only_session(connection)

    def table_sizes(self, session: Any) -> Mapping[str, int] | None:
        # Which changes block writes depends on the server's version and on the storage engine of each table.
        return None

    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        from django_runtimes.databases.mysql.administration.examined_mysql import examine_mysql

        return examine_mysql(database)

    @property
    def budget_terms(self) -> BudgetTerms | None:
        from django_runtimes.databases.mysql.administration.mysql_budget import MYSQL_BUDGET

        return MYSQL_BUDGET

    def roles(self, open_session: Callable[[], Any]) -> RoleAdministration:
        from django_runtimes.databases.mysql.administration.mysql_roles import MysqlRoles

        return MysqlRoles(open_session())

    def plain_text(self, database: Mapping[str, Any]) -> PlainText | None:
        from django_runtimes.databases.mysql.mysql_plain_text import plain_text_of

        return plain_text_of(database)

    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

        return issubclass(wrapper, SocketWrapperMixin)

    def how_to_get_features(self, wrapper: type[BaseDatabaseWrapper]) -> str:
        return "Set ENGINE to 'django_runtimes.databases.mysql' (`webapp docs mysql`)."


MYSQL = MysqlEngine()
