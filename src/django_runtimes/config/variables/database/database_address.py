"""Variables of the database's address, route and encryption."""

import re
from typing import TYPE_CHECKING

from django_runtimes.config.values.choices import SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.variables.kinds import Choice, Integer, Text
from django_runtimes.config.variables.variable import RuleError, Variable

if TYPE_CHECKING:
    from django_runtimes.config.database_url.address import Address

_CLUSTER_ARN = r"arn:[a-z-]+:rds:[a-z0-9-]+:\d+:cluster:[A-Za-z0-9-]+"


def _cluster_arn(arn: str) -> str:
    if re.fullmatch(_CLUSTER_ARN, arn) is None:
        raise RuleError("is not a cluster's ARN", "use arn:aws:rds:region:account:cluster:name")
    return arn


class DatabaseUrl(Variable["Address | None"]):
    """A URL of a database, read as an Address; no error shows a part that may belong to the password."""

    kind = "URL"

    def __init__(self, name: str, meaning: str) -> None:
        super().__init__(name, meaning, default=None, is_secret=True)

    def parse(self, text: str) -> "Address":
        """Return the parts of the URL."""
        # Imported here so that the launcher, which reads no URL, does not import psycopg.
        from django_runtimes.config.database_url.url import parse_database_url

        return parse_database_url(text)


DATABASE_URL = DatabaseUrl(
    "DATABASE_URL",
    "Address of the database: postgresql://user:password@host:port/name?option=value; postgis:// selects GeoDjango's "
    "engine, mysql:// or mariadb:// MySQL's, oracle:// Oracle's, mssql:// SQL Server's, and dsql://role@endpoint "
    "Aurora DSQL's. It replaces WEBAPP_DB_ENGINE, WEBAPP_DB_HOST, WEBAPP_DB_PORT, WEBAPP_DB_NAME, WEBAPP_DB_USER and "
    "WEBAPP_DB_PASSWORD. The "
    "options are libpq's, or those of `webapp docs mysql` or `webapp docs oracle-sql-server`, and Django's "
    "atomic_requests, autocommit and "
    "disable_server_side_cursors; conn_max_age and conn_health_checks have no effect, since the strategy sets them.",
)
DB_ENGINE = Choice(
    "WEBAPP_DB_ENGINE",
    "Engine of the database that WEBAPP_DB_HOST names; mysql is MariaDB's too, mssql SQL Server's, and dsql Aurora "
    "DSQL's.",
    Engine,
    noun="database engine",
    default=Engine.POSTGRESQL,
)
DB_HOST = Text("WEBAPP_DB_HOST", "Host of the database server, for the direct route.")
DB_PORT = Integer(
    "WEBAPP_DB_PORT",
    "Port of the database server.",
    minimum=1,
    maximum=65535,
    default_note="5432; 3306 with mysql, 1521 with oracle, 1433 with mssql",
)
DB_NAME = Text("WEBAPP_DB_NAME", "Name of the database.", default="webapp")
DB_ROUTE = Choice(
    "WEBAPP_DB_ROUTE",
    "Whether connections go to the server itself, to a proxy in front of it, or to the Data API of an Aurora cluster.",
    Route,
    noun="route",
    profile_field="route",
)
DB_PROXY_HOST = Text(
    "WEBAPP_DB_PROXY_HOST",
    "Host of RDS Proxy, or of another pooler, for the proxy route.",
    default_note="required on the proxy route",
)
DB_PROXY_PORT = Integer(
    "WEBAPP_DB_PROXY_PORT",
    "Port of the proxy.",
    minimum=1,
    maximum=65535,
    default_note="5432; 3306 with mysql, 1521 with oracle, 1433 with mssql",
)
DB_CLUSTER_ARN = Text(
    "WEBAPP_DB_CLUSTER_ARN",
    "Aurora cluster whose Data API is called, on the data_api route.",
    parser=_cluster_arn,
    default_note="required on the data_api route",
)
DB_SSLMODE = Choice(
    "WEBAPP_DB_SSLMODE",
    "libpq's sslmode, for MySQL too; the option sslmode of DATABASE_URL overrides it. Modes that allow plain text are "
    "refused unless the host is loopback or a unix socket.",
    SslMode,
    noun="sslmode",
    profile_field="sslmode",
    default_note="and for loopback and unix sockets",
)
DB_ROOT_CERTIFICATES = Text(
    "WEBAPP_DB_ROOT_CERTIFICATES",
    "PEM file of root certificates to trust on the direct route.",
    default_note="the packaged bundle of Amazon RDS",
)
DB_PROXY_ROOT_CERTIFICATES = Text(
    "WEBAPP_DB_PROXY_ROOT_CERTIFICATES",
    "PEM file of root certificates to trust on the proxy route.",
    default_note="the packaged roots of Amazon Trust Services",
)
PGHOST = Text("PGHOST", "Host that libpq uses if no other is given.")
PGHOSTADDR = Text("PGHOSTADDR", "IP address to which libpq connects, whatever the host name.")
PGSERVICE = Text("PGSERVICE", "Entry of libpq's service file; libpq takes missing parameters from it.")
