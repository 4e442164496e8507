"""Django's DatabaseWrapper for MySQL, with PyMySQL and what all engines with sockets share."""

# Imported first, since Django's engine imports its driver.
import django_runtimes.databases.mysql.mysqldb_alias  # noqa: F401, I001

from collections.abc import Mapping
from typing import Any

from django.db.backends.mysql import base
from django.utils.asyncio import async_unsafe
from pymysql.err import Error

from django_runtimes.config.databases.tls import encrypts
from django_runtimes.config.values.choices import SslMode
from django_runtimes.databases.mysql.clean_sessions import CleanSessionsMixin
from django_runtimes.databases.mysql.mysql_connection import MysqlConnection
from django_runtimes.databases.mysql.mysql_shell import MysqlShell
from django_runtimes.databases.mysql.refused_logins import FAILED_LOGINS
from django_runtimes.databases.mysql.session_timeouts import timeouts_statement
from django_runtimes.databases.sockets.tls_contexts import tls_context
from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

_TCP_OPTIONS = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
_TLS_FILES = {"root": "sslrootcert", "certificate": "sslcert", "key": "sslkey"}
_TIMEOUTS = ("statement_timeout", "idle_transaction_timeout")


class PyMySQLWrapper(base.DatabaseWrapper):
    """Django's engine, whose OPTIONS have libpq's names for TLS and sockets too."""

    client_class = MysqlShell

    def get_connection_params(self) -> dict[str, Any]:
        """Return PyMySQL's arguments."""
        parameters = super().get_connection_params()
        for name in _TIMEOUTS:
            parameters.pop(name, None)
        tcp_options = {name: parameters.pop(name) for name in _TCP_OPTIONS if name in parameters}
        # Without this, the driver and Django would change the session's mode in turn.
        parameters.setdefault("autocommit", self.settings_dict["AUTOCOMMIT"])
        tls = _tls_parameters(parameters)
        return {**parameters, **tls, "tcp_options": tcp_options}

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> MysqlConnection:
        """Return a new connection."""
        return MysqlConnection(**conn_params)

    def init_connection_state(self) -> None:
        """Set the session's state as Django does, and the limits in OPTIONS."""
        super().init_connection_state()
        limits = {name: self.settings_dict["OPTIONS"].get(name) for name in _TIMEOUTS}
        if statement := timeouts_statement(self.connection.get_server_info(), **limits):
            with self.cursor() as cursor:
                cursor.execute(statement)


class DatabaseWrapper(CleanSessionsMixin, SocketWrapperMixin, PyMySQLWrapper):
    """The engine that `configure()` sets for MySQL and MariaDB."""

    failed_logins = FAILED_LOGINS

    def leave_to_parent(self, connection: MysqlConnection) -> None:
        """In a child process, close the parent's connection without sending anything to the server."""
        connection.leave_to_parent()

    def close_pool(self) -> None:
        """Do nothing: this engine has no pool."""

    def is_usable(self) -> bool:
        """Return whether the server answers, without a new connection if it does not."""
        if self.connection is None:
            return False
        try:
            self.connection.ping(reconnect=False)
        except Error:
            return False
        return True


def _tls_parameters(parameters: dict[str, Any]) -> Mapping[str, Any]:
    """Take the options about TLS from the parameters, and return the context and whether TLS is required."""
    given = parameters.pop("ssl", None)
    mode = str(parameters.pop("sslmode", SslMode.PREFER))
    files = {name: parameters.pop(option, None) for name, option in _TLS_FILES.items()}
    if given:
        return {"context": given, "requires_tls": True}
    if mode == SslMode.DISABLE or ("unix_socket" in parameters and not encrypts(mode)):
        return {"context": None, "requires_tls": False}
    return {"context": tls_context(mode, **files), "requires_tls": encrypts(mode)}
