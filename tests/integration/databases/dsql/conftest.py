"""Wrappers of the engine for Aurora DSQL on the stand-in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime

ALIAS = "cluster"


@pytest.fixture
def open_wrapper(dsql, monkeypatch, django_db_blocker) -> Iterator[Callable[..., Any]]:
    """Return new wrappers; `role` logs in, and variables change their entry of DATABASES."""
    for name, value in dsql.access_key.items():
        monkeypatch.setenv(name, value)
    with django_db_blocker.unblock(), ExitStack() as opened:

        def open_one(role: str = "admin", runtime: Runtime = Runtime.AWS_LAMBDA, **variables: str) -> Any:
            # The stand-in may stand still for some seconds while it accepts a connection.
            patience = {"WEBAPP_DB_CONNECT_TIMEOUT_S": "60"}
            environment = Environment({"DATABASE_URL": dsql.url(role), **patience, **variables})
            entry = database_settings(environment, choose_profile(runtime, environment))
            wrapper = ConnectionHandler({"default": {}, ALIAS: entry})[ALIAS]
            opened.callback(wrapper.close)
            return wrapper

        yield open_one


@pytest.fixture
def cluster(open_wrapper) -> Iterator[Any]:
    """A wrapper that `transaction` and the ORM find by ALIAS, and that drops its tables at the end."""
    wrapper = open_wrapper()
    connections.settings[ALIAS] = wrapper.settings_dict
    connections[ALIAS] = wrapper
    yield wrapper
    wrapper.close()
    with wrapper.cursor() as cursor:
        for table in wrapper.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE {wrapper.ops.quote_name(table)} CASCADE")
    wrapper.close()
    del connections[ALIAS]
    del connections.settings[ALIAS]
