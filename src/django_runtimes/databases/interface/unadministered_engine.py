"""The answers of engines that serve requests, but whose servers the library does not administer."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NoReturn

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from django_runtimes.config.databases.tls import encrypts, needs_encryption
from django_runtimes.config.values.choices import SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import DEFAULT_PORTS
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.plain_text import PlainText
from django_runtimes.databases.interface.role_administration import RoleAdministration

_REMARK = (
    "this engine has not been run against a server, so only the login was examined (`webapp docs oracle-sql-server`)"
)


class UnadministeredEngine(DatabaseEngine):
    """Judges errors and logins; commands that would lock, limit or change a server are refused in one sentence.

    A lock or a grant that was never run against a server could fail while a release waits for it.
    """

    has_migration_lock = False
    # The dotted name of the library's engine.
    engine: ClassVar[str]

    @abstractmethod
    def version_of(self, connection: BaseDatabaseWrapper) -> str:
        """Return the product and the version of the server that a connection has reached."""

    @abstractmethod
    def remedy_of(self, error: Exception) -> str:
        """Return what to do about a failed login."""

    def migration_lock(
        self, connection: BaseDatabaseWrapper, *, wait_s: int, say: Callable[[str], None]
    ) -> AbstractContextManager[MigrationLock]:
        raise CommandError(
            f"migrate has no lock for {self.product}; run it with --without-lock, one process at a time, with the "
            "login of the tables' owner"
        )

    def migration_session(self, connection: BaseDatabaseWrapper, *, lock_timeout_s: int) -> AbstractContextManager[Any]:
        self._refuse("migrate", "migrate with the server's own tools")

    def read_only(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[None]:
        self._refuse("the migration gate", "read the statements of `webapp sqlmigrate` instead")

    def table_sizes(self, session: Any) -> Mapping[str, int] | None:
        return None

    def ask_server(self, database: dict[str, Any]) -> ExaminedServer | ServerError:
        connections = ConnectionHandler({"default": database})
        connection = connections["default"]
        try:
            connection.ensure_connection()
            version = self.version_of(connection)
        except Exception as error:
            # The driver, Secrets Manager and a missing package have no common class.
            cause = error.__cause__
            text = self.described(cause) if isinstance(cause, self.error_class) else " ".join(str(error).split())
            return ServerError(text, self.remedy_of(error))
        finally:
            connections.close_all()
        mode = str(database["OPTIONS"].get("sslmode", SslMode.DISABLE))
        # For Django's own engine of Oracle, NAME may have the whole address.
        port = int(database.get("PORT") or DEFAULT_PORTS[self.sql_engine])
        return ExaminedServer(
            place=f"{database['HOST']}:{port}" if database.get("HOST") else str(database["NAME"]),
            user=str(database["USER"]) or "the secret's user",
            version=version,
            # Neither engine's sessions have a time zone that Django would not set itself.
            time_zone="UTC",
            is_administrator=False,
            missing_timeouts=(),
            # These drivers have no mode that encrypts only if the server offers it.
            connection=ServerConnection(
                host=str(database.get("HOST") or ""),
                address="",
                port=port,
                is_proxied=False,
                is_unproxied=False,
                encrypted=encrypts(mode),
                sslmode=mode,
            ),
            limits=None,
            timeouts_effect="the driver ends statements after WEBAPP_DB_STATEMENT_TIMEOUT_S",
            remarks=(_REMARK,),
        )

    @property
    def budget_terms(self) -> BudgetTerms | None:
        return BudgetTerms(
            operations=1,
            operations_source="a command",
            reserved={},
            reserved_source="",
            default_port=DEFAULT_PORTS[self.sql_engine],
            has_pool=False,
            has_proxy=Route.PROXY in self.routes,
            reads_limits=False,
        )

    def roles(self, open_session: Callable[[], Any]) -> RoleAdministration:
        self._refuse("this command", "create and change roles with the server's own tools")

    def plain_text(self, database: Mapping[str, Any]) -> PlainText | None:
        options = database.get("OPTIONS") or {}
        host, mode = str(database.get("HOST") or ""), options.get("sslmode")
        if encrypts(mode) or not needs_encryption(host):
            return None
        return PlainText(host, f"sslmode={mode!r}")

    def has_features(self, wrapper: type[BaseDatabaseWrapper]) -> bool:
        from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

        return issubclass(wrapper, SocketWrapperMixin)

    def how_to_get_features(self, wrapper: type[BaseDatabaseWrapper]) -> str:
        return f"Set ENGINE to {self.engine!r} (`webapp docs oracle-sql-server`)."

    def _refuse(self, command: str, remedy: str) -> NoReturn:
        raise CommandError(f"{command} does not know {self.product}; {remedy}")
