"""Calls the Data API as the application would, and reads the configuration of the cluster's server."""

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.utils import ConnectionHandler

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.databases.postgresql.administration.role_timeouts import read_role_timeouts

_LOGIN = """
    SELECT current_user::text,
           current_setting('server_version'),
           current_setting('TimeZone'),
           EXISTS (SELECT 1 FROM pg_roles WHERE (rolname = current_user AND rolsuper)
                   OR (rolname = 'rds_superuser' AND pg_has_role(oid, 'MEMBER')))
"""
_REMARKS = (
    "the Data API: each statement is a call over HTTPS, 17 ms inside the region in a published measurement; a "
    "transaction takes two calls more",
    "the service keeps no sessions, so LISTEN, COPY, session locks, and SET and temporary tables outside a transaction "
    "are refused; `webapp pinlint --route data_api` lists where the tests use them",
    "the service accepts 64 KB of SQL and 4 MiB with all values, returns rows up to 64 KB, and ends a statement after "
    "45 s and a transaction after 3 minutes without a statement; results above 1 MiB are read in pages, and the ORM "
    "refuses to write a row that could not be returned",
)
_REMEDIES = (
    ("is starting", "run this again in 30 s, when the cluster has resumed"),
    ("does not answer", "check WEBAPP_DB_CLUSTER_ARN, and that this process reaches AWS's public endpoints"),
    ("AWS credentials", "give this process an AWS role or access keys"),
)
_ELSE = "check WEBAPP_DB_CLUSTER_ARN, WEBAPP_DB_SECRET_ARN, WEBAPP_DB_NAME, and the permissions of this process's role"


def ask_cluster(database: dict[str, Any]) -> ExaminedServer | ServerError:
    """Call the service with an entry of DATABASES, and read the server's configuration."""
    wrapper = ConnectionHandler({"default": database})["default"]
    try:
        wrapper.ensure_connection()
        wrapper.set_autocommit(True)
        connection: psycopg.Connection = wrapper.connection
        row = connection.execute(_LOGIN).fetchone()
        assert row is not None, "a SELECT without FROM has one row"  # noqa: S101
        user, version, time_zone, is_administrator = row
        missing = read_role_timeouts(connection, user).missing()
    except (Error, psycopg.Error, ImproperlyConfigured, ConfigurationError, OSError) as error:
        # The engine's errors of the service end with a remedy.
        text, _, remedy = " ".join(str(error).split()).partition("; ")
        return ServerError(text, remedy or next((known for part, known in _REMEDIES if part in text), _ELSE))
    finally:
        wrapper.close()
    return ExaminedServer(
        place=database["OPTIONS"]["cluster_arn"],
        user=user,
        version=f"PostgreSQL {version}",
        time_zone=time_zone,
        is_administrator=is_administrator,
        missing_timeouts=tuple(missing),
        connection=None,
        limits=None,
        # The engine sets no time zone.
        wanted_time_zone=time_zone,
        remarks=_REMARKS,
    )
