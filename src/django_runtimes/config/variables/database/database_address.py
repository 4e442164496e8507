"""Variables of PostgreSQL's address, route and encryption."""

from typing import TYPE_CHECKING

from django_runtimes.config.values.choices import SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.kinds import Choice, Integer, Text
from django_runtimes.config.variables.variable import Variable

if TYPE_CHECKING:
    from django_runtimes.config.database_url.url import Address


class DatabaseUrl(Variable["Address | None"]):
    """A PostgreSQL URL, read as an Address; no error shows a part that may belong to the password."""

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
    "Address of PostgreSQL: postgresql://user:password@host:port/name?option=value; postgis:// selects GeoDjango's "
    "engine. It replaces WEBAPP_DB_HOST, WEBAPP_DB_PORT, WEBAPP_DB_NAME, WEBAPP_DB_USER and WEBAPP_DB_PASSWORD. The "
    "options are libpq's, and Django's atomic_requests, autocommit and disable_server_side_cursors; conn_max_age and "
    "conn_health_checks have no effect, since the strategy sets them.",
)
DB_HOST = Text("WEBAPP_DB_HOST", "Host of the PostgreSQL server, for the direct route.")
DB_PORT = Integer("WEBAPP_DB_PORT", "Port of the PostgreSQL server.", default=5432, minimum=1, maximum=65535)
DB_NAME = Text("WEBAPP_DB_NAME", "Name of the database.", default="webapp")
DB_ROUTE = Choice(
    "WEBAPP_DB_ROUTE",
    "Whether connections go to the server itself or to a proxy in front of it.",
    Route,
    noun="route",
    profile_field="route",
)
DB_PROXY_HOST = Text(
    "WEBAPP_DB_PROXY_HOST",
    "Host of RDS Proxy, or of another pooler, for the proxy route.",
    default_note="required on the proxy route",
)
DB_PROXY_PORT = Integer("WEBAPP_DB_PROXY_PORT", "Port of the proxy.", default=5432, minimum=1, maximum=65535)
DB_SSLMODE = Choice(
    "WEBAPP_DB_SSLMODE",
    "libpq's sslmode; the option sslmode of DATABASE_URL overrides it. Modes that allow plain text are refused "
    "unless the host is loopback or a unix socket.",
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
