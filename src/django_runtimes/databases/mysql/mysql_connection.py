"""PyMySQL's connection, with limits on the login, with keepalive probes, and without passwords in plain text."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from pymysql.connections import Connection
from pymysql.constants import CR, SERVER_STATUS
from pymysql.err import InterfaceError, OperationalError

from django_runtimes.databases.mysql.login_state import LoginState, login_state_of
from django_runtimes.databases.mysql.session_statements import may_leave_state

_COM_RESET_CONNECTION = 0x1F
# Authentication methods that send the password or token itself.
_CLEAR = (b"mysql_clear_password", b"dialog")
_TCP_OPTIONS = {
    "keepalives_idle": socket.TCP_KEEPIDLE,
    "keepalives_interval": socket.TCP_KEEPINTVL,
    "keepalives_count": socket.TCP_KEEPCNT,
    "tcp_user_timeout": socket.TCP_USER_TIMEOUT,
}


class MysqlConnection(Connection):  # type: ignore[misc]  # the driver has no types
    """A connection whose TLS context is given; without `requires_tls` a server without TLS is accepted too.

    `tcp_options` are times and counts by libpq's names. `is_used` tells whether a statement was sent since the session
    was last clean, and `is_touched` whether one of them may have left state in it.
    """

    _read_timeout: float | None
    _write_timeout: float | None

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None,
        requires_tls: bool,
        tcp_options: Mapping[str, int],
        password: str = "",
        **parameters: Any,
    ) -> None:
        self._given_context = context
        self._tcp_options = tcp_options
        self.is_used = self.is_touched = False
        self._given_database = parameters.get("database")
        self._login_state: LoginState | None = None
        super().__init__(
            ssl=context if requires_tls else None,
            ssl_disabled=context is None,
            # The driver would encode it as Latin-1, and servers hash it as UTF-8.
            password=password.encode(),
            **parameters,
        )

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, by this process or by the server as far as it is known."""
        return not self.open

    @property
    def _reads_no_escapes(self) -> bool:
        """Whether the session has NO_BACKSLASH_ESCAPES, so that strings end elsewhere."""
        return bool(self.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES)

    def connect(self, sock: Any = None) -> None:
        """Connect as PyMySQL does, but wait at most `connect_timeout` for each answer to the login too."""
        timeouts = self._read_timeout, self._write_timeout
        self._read_timeout = self._write_timeout = self.connect_timeout
        try:
            super().connect(sock)
        finally:
            self._read_timeout, self._write_timeout = timeouts
        if not self.unix_socket:
            for name, value in self._tcp_options.items():
                if name in _TCP_OPTIONS:
                    self._sock.setsockopt(socket.IPPROTO_TCP, _TCP_OPTIONS[name], value)

    def query(self, sql: str | bytes, unbuffered: bool = False) -> Any:  # noqa: FBT001, FBT002  (the driver's signature)
        """Send a statement, and note whether it may change the session."""
        self.is_used = True
        if not self.is_touched:
            self.is_touched = self._reads_no_escapes or not isinstance(sql, str) or may_leave_state(sql)
        return super().query(sql, unbuffered)

    def remember_login(self) -> None:
        """Ask the server for the state that a reset does not restore, directly after the login."""
        self._login_state = login_state_of(self)

    def reset_session(self) -> None:
        """Give the session the state of a new one, apart from statements that Django sends after the login.

        Raise InterfaceError if only a new connection has that state.
        """
        before = self._login_state
        if before is None:
            raise InterfaceError("it is not known what the login gave the session")
        if before.init_connect:
            raise InterfaceError("the server executes init_connect for new connections only")
        self._execute_command(_COM_RESET_CONNECTION, b"")
        self._read_ok_packet()
        self.set_character_set(self.charset, self.collation)
        if self.db:
            # A reset keeps the database that the last USE has chosen.
            self.select_db(self._given_database)
        with self.cursor() as cursor:
            if self.sql_mode is not None:
                cursor.execute("SET sql_mode=%s", (self.sql_mode,))
            if self.init_command is not None:
                cursor.execute(self.init_command)
        # A reset restores the server's own mode, in which writes need a COMMIT, and init_command may choose one.
        if self.autocommit_mode is not None:
            self.autocommit(self.autocommit_mode)
        self._restore(before)

    def close(self) -> None:
        """Close the connection, unless it is closed already."""
        if not self._closed:
            super().close()

    def leave_to_parent(self) -> None:
        """In a child process, close the socket without ending the parent's session."""
        self._closed = True
        self._force_close()

    def _restore(self, before: LoginState) -> None:
        now = login_state_of(self)
        if now.role != before.role:
            # No statement activates the default role on MariaDB.
            raise InterfaceError("a reset keeps the role that SET ROLE has chosen")
        if now.limit_s != before.limit_s:
            with self.cursor() as cursor:
                cursor.execute("SET SESSION max_statement_time = %s", (before.limit_s,))

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext | None:
        if isinstance(sslp, ssl.SSLContext):
            return sslp
        given = self._given_context
        # Only an option file gives a mapping with certificates, and what it asks to verify is verified.
        if sslp and given is not None and given.verify_mode == ssl.CERT_NONE:
            return super()._create_ssl_ctx(sslp)  # type: ignore[no-any-return]  # the driver has no types
        # Without a context, PyMySQL would load every root certificate of the system for each connection.
        return given

    def _process_auth(self, plugin_name: bytes, auth_packet: Any, handler: Any = None) -> Any:
        if plugin_name in _CLEAR and not self._secure:
            raise OperationalError(
                CR.CR_AUTH_PLUGIN_ERR,
                f"the server asks for the password in plain text ({plugin_name.decode()}) on a connection without TLS; "
                "set WEBAPP_DB_SSLMODE=verify-full",
            )
        return super()._process_auth(plugin_name, auth_packet, handler)
