"""The state that a login gives a session of MySQL and that a reset does not restore."""

from decimal import Decimal
from typing import NamedTuple

from pymysql.connections import Connection

# MySQL has no such limit of a user.
_MARIADB = "SELECT CURRENT_ROLE(), @@GLOBAL.init_connect, @@SESSION.max_statement_time"
_MYSQL = "SELECT CURRENT_ROLE(), @@GLOBAL.init_connect, NULL"


class LoginState(NamedTuple):
    """The state of a session after its login.

    `role` is the user's default role, `init_connect` what the server has executed, and `limit_s` the user's
    MAX_STATEMENT_TIME in seconds, or None on MySQL.
    """

    role: str | None
    init_connect: str
    limit_s: Decimal | None


def login_state_of(connection: Connection) -> LoginState:
    """Ask the server for the present state of a session."""
    is_mariadb = "mariadb" in connection.get_server_info().lower()
    with connection.cursor() as cursor:
        cursor.execute(_MARIADB if is_mariadb else _MYSQL)
        role, init_connect, limit = cursor.fetchone()
    return LoginState(role, str(init_connect or "").strip(), None if limit is None else Decimal(str(limit)))
