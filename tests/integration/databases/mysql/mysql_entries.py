"""Entries of DATABASES for a MariaDB of the tests."""

from pathlib import Path
from typing import Any

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime


def mysql_entry_of(url: str, runtime: Runtime = Runtime.AWS_ECS, **variables: str) -> dict[str, Any]:
    """Return the entry that a DATABASE_URL and variables give on a runtime.

    The server may stand still for some seconds while it accepts a connection.
    """
    environment = Environment({"DATABASE_URL": url, "WEBAPP_DB_CONNECT_TIMEOUT_S": "60", **variables})
    return database_settings(environment, choose_profile(runtime, environment))


def entry_with_file(file: Path, url: str, runtime: Runtime, host: str = "127.0.0.1", **lines: str) -> dict[str, Any]:
    """Return the entry of a project whose option file has a URL's port and login, `host` and other `lines`."""
    given = mysql_entry_of(url)
    client = {"host": host, "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"], **lines}
    file.write_text("\n".join(["[client]", *(f"{name} = {value}" for name, value in client.items())]))
    project = {"ENGINE": "django.db.backends.mysql", "OPTIONS": {"read_default_file": str(file)}}
    environment = Environment({})
    return database_settings(environment, choose_profile(runtime, environment, project), project)


def first_value(wrapper: Any, statement: str) -> Any:
    """Return the first column of a statement's first row."""
    with wrapper.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
