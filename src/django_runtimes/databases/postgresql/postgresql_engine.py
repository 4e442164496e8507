"""PostgreSQL's answers to the questions of DatabaseEngine."""

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


class PostgresqlEngine(DatabaseEngine):
    """PostgreSQL, to which psycopg connects, directly or through a proxy."""

    product = "PostgreSQL"
    sql_engine = Engine.POSTGRESQL
    routes: ClassVar[tuple[Route, ...]] = (Route.DIRECT, Route.PROXY)

    @property
    def error_class(self) -> type[Exception]:
        import psycopg

        return psycopg.Error

    def failure_of(self, error: Any) -> DatabaseFailure | None:
        from django_runtimes.databases.postgresql.outage_table import failure_by_sqlstate

        return failure_by_sqlstate(error)

    def described(self, error: Any) -> str:
        from django_runtimes.databases.postgresql.outage_table import described_by_sqlstate

        return described_by_sqlstate(error)

    def is_read_only(self, error: BaseException | None) -> bool:
        from django_runtimes.databases.postgresql.outage_table import is_of_read_only_server

        return is_of_read_only_server(error)

    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        from django_runtimes.databases.postgresql.administration.session_lock import session_lock

        return session_lock(connection, wait_s=wait_s, say=say)

    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        from django_runtimes.databases.postgresql.administration.migration_session import migration_session

        return migration_session(connection, lock_timeout_s=lock_timeout_s)

    def read_only(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
        from django_runtimes.databases.postgresql.administration.table_sizes import read_only_transaction

        return read_only_transaction(connection)

    def table_sizes(self, session: Any) -> Mapping[str, int] | None:
        from django_runtimes.databases.postgresql.administration.table_sizes import read_sizes

        return read_sizes(session)

    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        from django_runtimes.databases.postgresql.administration.server_questions import ask_server

        return ask_server(database)

    @property
    def budget_terms(self) -> BudgetTerms | None:
        from django_runtimes.databases.postgresql.postgresql_budget import POSTGRESQL_BUDGET

        return POSTGRESQL_BUDGET

    def roles(self, open_session: Callable[[], Any]) -> RoleAdministration:
        from django_runtimes.databases.postgresql.administration.postgresql_roles import PostgresqlRoles

        return PostgresqlRoles(open_session())

    def plain_text(self, database: Mapping[str, Any]) -> PlainText | None:
        from django_runtimes.databases.postgresql.plain_text_check import plain_text_of

        return plain_text_of(database)

    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin

        # Django's classes do not call super(), so the mixin must precede them.
        ancestors = wrapper.__mro__
        return DatabaseWrapperMixin in ancestors and ancestors.index(DatabaseWrapperMixin) < min(
            index
            for index, cls in enumerate((*ancestors, BaseDatabaseWrapper))
            if cls.__module__.startswith("django.db.")
        )

    def how_to_get_features(self, wrapper: type[BaseDatabaseWrapper]) -> str:
        is_spatial = any(cls.__module__.startswith("django.contrib.gis.") for cls in wrapper.__mro__)
        engine = "django_runtimes.databases.postgis" if is_spatial else "django_runtimes.databases.postgresql"
        return (
            f"Set ENGINE to {engine!r}; or write an engine whose DatabaseWrapper has "
            "django_runtimes.databases.postgresql.wrapper.DatabaseWrapperMixin before that class (`webapp docs "
            "engines`)."
        )


POSTGRESQL = PostgresqlEngine()
