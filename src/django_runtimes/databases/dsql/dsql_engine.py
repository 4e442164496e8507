"""Aurora DSQL's answers to the questions of DatabaseEngine."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.databases.postgresql.postgresql_engine import PostgresqlEngine


class DsqlEngine(PostgresqlEngine):
    """Aurora DSQL, which speaks PostgreSQL's protocol; it raises psycopg's exceptions, by SQLSTATE."""

    product = "Aurora DSQL"
    sql_engine = Engine.DSQL
    routes = (Route.DIRECT,)

    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        from django_runtimes.databases.dsql.migrating.lease_lock import lease_lock

        return lease_lock(connection, wait_s=wait_s, say=say)

    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        from django_runtimes.databases.dsql.migrating.leased_session import leased_session

        # No statement waits for a lock, so nothing limits the wait.
        return leased_session(connection)

    def read_only(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
        from django_runtimes.databases.dsql.transactions.undone import undone_transaction

        return undone_transaction(connection)

    def table_sizes(self, session: Any) -> Mapping[str, int] | None:
        # A change of the schema blocks no session.
        return None

    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        from django_runtimes.databases.dsql.administration.cluster_answers import ask_cluster

        return ask_cluster(database)

    @property
    def budget_terms(self) -> BudgetTerms | None:
        from django_runtimes.databases.dsql.dsql_budget import DSQL_BUDGET

        return DSQL_BUDGET

    def roles(self, open_session: Callable[[], Any]) -> RoleAdministration:
        from django_runtimes.databases.dsql.administration.roles_by_hand import refuse_roles

        return refuse_roles()

    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        return True


DSQL = DsqlEngine()
