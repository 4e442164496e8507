"""Manages the users of MySQL and MariaDB, such as the one that the application logs in as."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from django_runtimes.config.secret import Secret
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.databases.mysql.administration.server_session import is_mariadb, rows
from django_runtimes.databases.mysql.error_numbers import number_of

STATEMENT_TIMEOUT = "max_statement_time"
# Access to a database, a user, a table, a column, or with a privilege is denied; GRANT may not create users.
_REFUSED = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1410})


class MysqlRoles(RoleAdministration):
    """The users of a server, whose host is '%'; the session is PyMySQL's connection.

    The server commits after each of these statements, so a new user has a password from its first moment.
    """

    # The authentication plugin of RDS, whose users log in with IAM tokens.
    token_role = "AWSAuthenticationPlugin"  # noqa: S105  (a name)

    def current(self) -> str:
        return str(self._one("SELECT CURRENT_USER()")).rpartition("@")[0]

    def database(self) -> str:
        return str(self._one("SELECT DATABASE()"))

    def refusal(self, error: Exception) -> str | None:
        return str(error.args[1]) if number_of(error) in _REFUSED else None

    def is_reserved_name(self, error: Exception) -> bool:
        # The server refuses no name.
        return False

    def has_role(self, role: str) -> bool:
        return self._has("SELECT 1 FROM mysql.user WHERE User = %s AND Host = '%%'", role)

    def create_role(self, role: str) -> None:
        # Without a password, anybody could log in until the next statement.
        self._execute("CREATE USER %s@'%%' IDENTIFIED BY %s", role, secrets.token_urlsafe(32))

    def set_password(self, role: str, password: Secret | None) -> None:
        # Without a password, the plugin of tokens has replaced it.
        if password is not None:
            self._execute("ALTER USER %s@'%%' IDENTIFIED BY %s", role, str(password))

    def takes_tokens(self, role: str) -> bool:
        query = "SELECT 1 FROM mysql.user WHERE User = %s AND Host = '%%' AND plugin = %s"
        return self._has(query, role, self.token_role)

    def allow_tokens(self, role: str) -> None:
        # MariaDB's error for a missing plugin does not tell it from other errors.
        if not self._has(
            "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = %s AND PLUGIN_STATUS = 'ACTIVE'",
            self.token_role,
        ):
            raise LookupError(f"the server has no plugin {self.token_role}")
        self._execute(f"ALTER USER %s@'%%' IDENTIFIED WITH {self.token_role} AS 'RDS' REQUIRE SSL", role)

    def refuse_tokens(self, role: str) -> None:
        """Do nothing, since a new password replaces the plugin."""

    def allow_rows(self, role: str) -> list[str]:
        # In the name of a database, GRANT reads _ and % as patterns.
        database = self.database().replace("`", "``").replace("_", r"\_").replace("%", r"\%%")
        self._execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO %s@'%%'", role)
        # The grant includes every table and sequence of the database.
        return []

    def named_timeouts(
        self, *, statement_timeout_ms: int, idle_in_transaction_timeout_ms: int
    ) -> Mapping[str, int | None]:
        if not is_mariadb(self._session):
            raise CommandError(
                "MySQL stores no timeouts with a user; on the direct route the engine sets them in each session, and "
                "for RDS Proxy set its initialization query to SET max_execution_time = "
                f"{statement_timeout_ms}, innodb_lock_wait_timeout = {max(1, statement_timeout_ms // 1000)}"
            )
        # MariaDB stores no other timeout with a user.
        return {STATEMENT_TIMEOUT: statement_timeout_ms}

    def read_timeouts(self, role: str) -> Mapping[str, int | None]:
        found = rows(self._session, "SELECT max_statement_time FROM mysql.user WHERE User = %s AND Host = '%%'", [role])
        if not found:
            raise LookupError(f"role {role!r} does not exist with the host '%'")
        # 0 means that the server's own limit applies.
        return {STATEMENT_TIMEOUT: round(float(found[0][0]) * 1000) or None}

    def write_timeouts(self, role: str, timeouts: Mapping[str, int | None]) -> None:
        seconds = (timeouts[STATEMENT_TIMEOUT] or 0) / 1000
        self._execute("ALTER USER %s@'%%' WITH MAX_STATEMENT_TIME %s", role, seconds)

    def right_to_alter(self, role: str, login: str) -> str:
        return f"give {login!r} CREATE USER, or log in as the user that administers the server"

    def _execute(self, statement: str, *parameters: Any) -> None:
        rows(self._session, statement, parameters)

    def _has(self, query: str, *parameters: Any) -> bool:
        return rows(self._session, query, parameters) != []

    def _one(self, query: str) -> Any:
        return rows(self._session, query)[0][0]
