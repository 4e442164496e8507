"""The Data API's answers to the questions of DatabaseEngine."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.plain_text import PlainText
from django_runtimes.databases.postgresql.postgresql_engine import PostgresqlEngine


class DataApiEngine(PostgresqlEngine):
    """PostgreSQL behind the Data API of Aurora, which keeps transactions but no sessions.

    It raises psycopg's exceptions, by SQLSTATE.
    """

    routes = (Route.DATA_API,)

    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        from django_runtimes.databases.data_api.migrating.transaction_lock import transaction_lock

        return transaction_lock(connection, wait_s=wait_s, say=say)

    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        from django_runtimes.databases.data_api.migrating.transaction_session import transaction_session

        return transaction_session(connection, lock_timeout_s=lock_timeout_s)

    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        from django_runtimes.databases.data_api.cluster_questions import ask_cluster

        return ask_cluster(database)

    @property
    def budget_terms(self) -> BudgetTerms | None:
        return None

    def plain_text(self, database: Mapping[str, Any]) -> PlainText | None:
        # The service is called by HTTPS.
        return None

    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        # The service fetches the login, and keeps and checks its connections.
        return True


DATA_API = DataApiEngine()
