"""mssql-django's DatabaseWrapper, with verified TLS and what all engines with sockets share."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.extras import NEEDED_BY, require_extra

require_extra("mssql", NEEDED_BY["mssql"])

try:
    import pyodbc
except ImportError as error:
    raise ImproperlyConfigured(
        f"pyodbc cannot be loaded: {error}; install Debian's package libodbc2 (`webapp docs oracle-sql-server`)"
    ) from None

from django.db.backends.base.client import BaseDatabaseClient  # noqa: E402  (the errors above name the remedy)
from django.utils.asyncio import async_unsafe  # noqa: E402
from mssql import base  # noqa: E402

from django_runtimes.config.databases.tls import encrypts, verifies  # noqa: E402
from django_runtimes.config.values.choices import SslMode  # noqa: E402
from django_runtimes.databases.mssql.microsoft_driver import driver_path  # noqa: E402
from django_runtimes.databases.mssql.mssql_errors import FAILED_LOGINS  # noqa: E402
from django_runtimes.databases.mssql.mssql_shell import MssqlShell  # noqa: E402
from django_runtimes.databases.sockets.driver_wrapper import DriverWrapperMixin  # noqa: E402

# The driver manager's pool would keep connections with former passwords, and beyond a request.
pyodbc.pooling = False


class MssqlWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # mssql-django has no types
    """mssql-django's engine on the packaged driver, whose OPTIONS have libpq's names for TLS and timeouts."""

    client_class: type[BaseDatabaseClient] = MssqlShell

    def get_connection_params(self) -> dict[str, Any]:
        """Return the login and, as `entry`, the remaining settings of the connection."""
        entry = super().get_connection_params()
        options = dict(entry["OPTIONS"])
        mode = str(options.pop("sslmode", SslMode.DISABLE))
        keywords = {
            "Encrypt": "yes" if encrypts(mode) else "no",
            "TrustServerCertificate": "no" if verifies(mode) else "yes",
            # RDS Proxy refuses MARS, several results at the same time on one connection.
            "MARS_Connection": "no",
            "KeepAlive": str(options.pop("keepalives_idle", 30)),
            "KeepAliveInterval": str(options.pop("keepalives_interval", 1)),
        }
        own = str(options.pop("extra_params", None) or "")
        options |= {
            "driver": driver_path(),
            # With it the driver reads the port after a comma.
            "host_is_server": True,
            # The driver uses the first value of a keyword.
            "extra_params": ";".join([*filter(None, [own]), *(f"{name}={value}" for name, value in keywords.items())]),
            "connection_timeout": options.pop("connect_timeout", 0),
            "query_timeout": options.pop("statement_timeout", 0),
        }
        # A request gets its 503 at once, and its client retries.
        options.setdefault("connection_retries", 0)
        place = {"HOST": f"{entry['HOST']},{entry['PORT']}", "PORT": "", "OPTIONS": options}
        return {"user": entry["USER"], "password": entry["PASSWORD"], "entry": {**entry, **place}}

    def init_connection_state(self) -> None:
        """Set the session up as mssql-django does; `iterator()` reads all rows, since MARS is off."""
        super().init_connection_state()
        # mssql-django looks for the keyword in OPTIONS, where it is not.
        self.supports_mars = False
        self.features.can_use_chunked_reads = False

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection."""
        login = {"USER": conn_params["user"], "PASSWORD": conn_params["password"]}
        return super().get_new_connection({**conn_params["entry"], **login})


class DatabaseWrapper(DriverWrapperMixin, MssqlWrapper):
    """The engine that `configure()` sets for SQL Server."""

    failed_logins = FAILED_LOGINS
