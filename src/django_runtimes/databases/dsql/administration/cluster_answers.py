"""Logs in to a cluster as the application would, and reads what it tells about itself."""

from typing import Any

import psycopg
from django.db.utils import ConnectionHandler

from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.databases.interface.server_limits import ServerLimits

# The default quota of a cluster.
_MAX_CONNECTIONS = 10_000
_ADMINISTRATOR = "admin"
_QUESTIONS = "SELECT current_setting('server_version'), current_setting('TimeZone'), current_user::text"
# Parts of error messages, with the remedy for each; the first match is used.
_REMEDIES = (
    ("AWS credentials", "give this process an AWS role or access keys"),
    ("access denied", "let the AWS role connect (dsql:DbConnect, or dsql:DbConnectAdmin for admin), and grant it the "
     "database role with AWS IAM GRANT"),
    ("certificate", "check the root certificates, and that the host is the cluster's endpoint"),
    ("rate exceeded", "open fewer than 100 connections a second"),
)  # fmt: skip
_ELSE = "check the endpoint, and that firewalls and security groups let this machine through on port 5432"
REMARKS = (
    "a transaction changes at most 3,000 rows and lasts at most five minutes, and a connection lasts at most an hour",
    "there are no savepoints, so an atomic() block that fails inside another one fails both",
)


def ask_cluster(database: dict[str, Any]) -> ExaminedServer | ServerError:
    """Log in with an entry of DATABASES, and return what the cluster answers."""
    wrapper = ConnectionHandler({"default": database})["default"]
    try:
        connection: psycopg.Connection = wrapper.get_new_connection(wrapper.get_connection_params())
        connection.autocommit = True
        with connection:
            version, time_zone, user = connection.execute(_QUESTIONS).fetchone() or ("", "", "")
            info = connection.info
            return ExaminedServer(
                place=f"{info.host}:{info.port}",
                user=user,
                version=f"Aurora DSQL, compatible with PostgreSQL {version}",
                time_zone=time_zone,
                is_administrator=user == _ADMINISTRATOR,
                missing_timeouts=(),
                connection=ServerConnection(
                    host=info.host,
                    address=info.hostaddr,
                    port=info.port,
                    is_proxied=False,
                    is_unproxied=True,
                    encrypted=connection.pgconn.ssl_in_use,
                    sslmode=str((database.get("OPTIONS") or {}).get("sslmode")),
                ),
                limits=ServerLimits(max_connections=_MAX_CONNECTIONS),
                wanted_time_zone=str(wrapper.timezone_name),
                timeouts_effect="the service ends transactions after five minutes",
                remarks=REMARKS,
            )
    except Exception as error:
        # psycopg, Django and the provider of tokens raise their own errors.
        text = " ".join(str(error).split())
        return ServerError(text, next((remedy for part, remedy in _REMEDIES if part in text), _ELSE))
