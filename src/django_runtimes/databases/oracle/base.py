"""Django's DatabaseWrapper for Oracle, with verified TLS and what all engines with sockets share."""

from typing import Any

from django_runtimes.extras import NEEDED_BY, require_extra

require_extra("oracle", NEEDED_BY["oracle"])

import oracledb  # noqa: E402  (the error of a missing package names the extra)
from django.db.backends.oracle import base  # noqa: E402
from django.utils.asyncio import async_unsafe  # noqa: E402

from django_runtimes.config.databases.tls import encrypts  # noqa: E402
from django_runtimes.config.values.choices import SslMode  # noqa: E402
from django_runtimes.databases.oracle.login_context import LoginContext  # noqa: E402
from django_runtimes.databases.oracle.oracle_errors import FAILED_LOGINS, UnresolvedHostError  # noqa: E402
from django_runtimes.databases.oracle.oracle_shell import OracleShell  # noqa: E402
from django_runtimes.databases.sockets.driver_wrapper import DriverWrapperMixin  # noqa: E402


class OracleWrapper(base.DatabaseWrapper):
    """Django's engine, whose NAME is a service, and whose OPTIONS have libpq's names for TLS.

    `name_is_sid` in OPTIONS gives NAME the meaning that it has for Django's own engine.
    """

    client_class = OracleShell

    def get_connection_params(self) -> dict[str, Any]:
        """Return the arguments of oracledb.connect(), and `statement_timeout`, a limit in seconds."""
        database = self.settings_dict
        parameters = super().get_connection_params()
        timeout_s = parameters.pop("connect_timeout", None) or 20.0
        names = "sid" if parameters.pop("name_is_sid", False) else "service_name"
        return {
            "user": database["USER"],
            "password": database["PASSWORD"],
            "host": database["HOST"],
            "port": int(database["PORT"]),
            names: database["NAME"],
            "tcp_connect_timeout": timeout_s,
            # A request gets its 503 at once, and its client retries.
            "retry_count": 0,
            **_tls_parameters(parameters, timeout_s),
            **parameters,
        }

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection, whose driver ends calls after `statement_timeout`."""
        # The driver accepts no subclass of str.
        parameters = {**conn_params, "password": str(conn_params["password"])}
        limit_s = parameters.pop("statement_timeout", None)
        try:
            connection = oracledb.connect(**parameters)
        except OSError as error:
            raise UnresolvedHostError(f"cannot connect to {parameters['host']!r}: {error}") from None
        # The limit of the login ends too; 0 is no limit.
        connection.call_timeout = round((limit_s or 0) * 1000)
        return connection


class DatabaseWrapper(DriverWrapperMixin, OracleWrapper):
    """The engine that `configure()` sets for Oracle."""

    failed_logins = FAILED_LOGINS


def _tls_parameters(parameters: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Take the options about TLS from the parameters, and return the driver's."""
    mode = str(parameters.pop("sslmode", SslMode.DISABLE))
    root = parameters.pop("sslrootcert", None)
    if not encrypts(mode):
        return {"protocol": "tcp"}
    return {
        "protocol": "tcps",
        "ssl_context": LoginContext(mode, root=root, timeout_s=timeout_s),
        "ssl_server_dn_match": mode == SslMode.VERIFY_FULL,
    }
