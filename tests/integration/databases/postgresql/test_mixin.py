"""Engines of other packages, combined with this library's mixin."""

import sys
from types import ModuleType

import psycopg
import pytest
from django.db.backends.postgresql.base import Cursor
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from django.db.backends.postgresql.operations import DatabaseOperations

from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin

pytestmark = pytest.mark.profile_free

STRATEGIES = ["per_request", "persistent", "pool"]


class CountingWrapper(DjangosWrapper):
    """Counts statements with a cursor class that it sets on each connection, as monitoring packages do."""

    statements: list[str] = []

    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        given, statements = connection.cursor_factory or Cursor, self.statements

        class CountingCursor(given):
            def execute(self, query, *args, **kwargs):
                statements.append(query)
                return super().execute(query, *args, **kwargs)

        connection.cursor_factory = CountingCursor
        return connection

    def create_cursor(self, name=None):
        return DjangosWrapper.create_cursor(self, name)


class OwnConnection(psycopg.Connection):
    """A package's own connection class."""


class OwnConnectionWrapper(DjangosWrapper):
    """Opens connections with its own connection class."""

    def get_new_connection(self, conn_params):
        if self.pool:
            return super().get_new_connection(conn_params)
        return OwnConnection.connect(**conn_params)


@pytest.fixture
def open_mixed(database_server, open_database, monkeypatch):
    """Opens a wrapper whose class combines the mixin with another engine's wrapper."""

    def make(foreign: type, strategy: str):
        module = ModuleType("shop.engine.base")
        module.DatabaseWrapper = type("DatabaseWrapper", (DatabaseWrapperMixin, foreign), {"__module__": "shop.engine"})
        for name in ("shop", "shop.engine"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setitem(sys.modules, "shop.engine.base", module)
        return open_database(
            database_server.url("postgres"), changes={"ENGINE": "shop.engine"}, WEBAPP_DB_STRATEGY=strategy
        )

    return make


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_mixin_and_the_engine_both_work(open_mixed, strategy):
    wrapper = open_mixed(CountingWrapper, strategy)

    for _ in range(3):
        CountingWrapper.statements.clear()
        with wrapper.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert cursor.fetchone() == ('"$user", public',)
            cursor.execute("SET search_path TO pg_catalog")
        # Each statement is counted once, however often the pool has lent the connection.
        assert [text for text in CountingWrapper.statements if "path" in text] == [
            "SHOW search_path",
            "SET search_path TO pg_catalog",
        ]
        wrapper.close_if_unusable_or_obsolete()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_connection_of_another_class_is_watched_too(open_mixed, strategy):
    wrapper = open_mixed(OwnConnectionWrapper, strategy)
    wrapper.ensure_connection()

    assert isinstance(wrapper.connection, WatchedConnection)
    assert wrapper.is_usable()


def test_djangos_operations_use_the_marking_compilers(open_mixed):
    wrapper = open_mixed(CountingWrapper, "per_request")

    assert isinstance(wrapper.ops, DatabaseOperations)
    assert wrapper.ops.compiler("SQLCompiler").__module__ == "django_runtimes.databases.postgresql.compiler"


def test_operations_of_another_package_keep_their_compilers(open_mixed):
    from django.contrib.auth.models import Group

    operations = type("OwnOperations", (DatabaseOperations,), {"__module__": "shop.engine.operations"})
    wrapper = open_mixed(type("OwnWrapper", (DjangosWrapper,), {"ops_class": operations}), "pool")

    assert type(wrapper.ops) is operations
    sql, _ = Group.objects.all().query.get_compiler(connection=wrapper).as_sql()
    assert type(sql) is not CompiledSQL
