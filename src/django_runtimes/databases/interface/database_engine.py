"""The questions whose answers differ from engine to engine."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.plain_text import PlainText
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.databases.interface.table_owner import TableOwner


class DatabaseEngine(ABC):
    """One engine's answers; its module imports what an answer needs when the answer is asked for.

    A process that serves requests asks only about errors, and only after the first one.
    """

    # The name in messages.
    product: ClassVar[str]
    # What this engine serves of the table of data paths.
    sql_engine: ClassVar[Engine]
    routes: ClassVar[tuple[Route, ...]]
    # Whether `migrate` has a lock on this engine.
    has_migration_lock: ClassVar[bool] = True
    # How the web role is created where it owns the tables; None where the role of operations owns them.
    table_owner: ClassVar[TableOwner | None] = None

    @property
    @abstractmethod
    def error_class(self) -> type[Exception]:
        """The class from which all exceptions of the driver derive."""

    @abstractmethod
    def failure_of(self, error: Exception) -> DatabaseFailure | None:
        """Return the kind of a driver's error, or None for any other error, such as an application's bug."""

    @abstractmethod
    def described(self, error: Exception) -> str:
        """Return one line about a driver's error for the log, without any value of its statement."""

    @abstractmethod
    def is_read_only(self, error: BaseException | None) -> bool:
        """Return whether a statement failed because a failover has made the connection's server read-only."""

    @abstractmethod
    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        """Return a context manager that holds the lock of the connection's database.

        `say` receives a line when another process holds it. Raises CommandError when the server does not answer, when
        another process holds the lock for longer than `wait_s`, and on exit when the lock was lost.
        """

    @abstractmethod
    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        """Return a context manager in which the connection shares the migration lock and has no timeouts.

        A statement waits for other sessions' locks for up to `lock_timeout_s`; then CommandError names the statement
        and the sessions that probably block it.
        """

    @abstractmethod
    def read_only(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
        """Return a context manager with a transaction of the connection that can change nothing."""

    @abstractmethod
    def table_sizes(self, session: Any) -> Mapping[str, int] | None:
        """Return the size of each table's rows in bytes, without indexes.

        None if the gate does not know which changes of a table would block other sessions on this engine.
        """

    @abstractmethod
    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        """Log in with an entry of DATABASES and its engine, and read the server's configuration."""

    @property
    @abstractmethod
    def budget_terms(self) -> BudgetTerms | None:
        """The engine's terms of the connection budget, or None if no process holds connections to a server."""

    @abstractmethod
    def roles(self, open_session: Callable[[], Any]) -> RoleAdministration:
        """Return the roles of the server that a session reaches; an engine without roles does not open one.

        Raises CommandError for such an engine, and what `open_session` raises.
        """

    @abstractmethod
    def plain_text(self, database: Mapping[str, Any]) -> PlainText | None:
        """Return where an entry of DATABASES may send passwords and rows in plain text, or None."""

    @abstractmethod
    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        """Return whether a class of this engine has the library's features, such as logins for new connections."""

    @abstractmethod
    def how_to_get_features(self, wrapper: type[BaseDatabaseWrapper]) -> str:
        """Return the remedy for a class without these features."""
