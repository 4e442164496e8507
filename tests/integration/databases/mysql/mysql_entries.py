"""Entries of DATABASES for a MariaDB of the tests."""

from typing import Any

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime


def mysql_entry_of(url: str, runtime: Runtime = Runtime.AWS_ECS, **variables: str) -> dict[str, Any]:
    """Return the entry that a DATABASE_URL and variables give on a runtime."""
    environment = Environment({"DATABASE_URL": url, **variables})
    return database_settings(environment, choose_profile(runtime, environment))


def first_value(wrapper: Any, statement: str) -> Any:
    """Return the first column of a statement's first row."""
    with wrapper.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
