"""Nothing that one request leaves on psycopg's connection object reaches the next one that has it."""

import psycopg
import pytest
from psycopg.adapt import PyFormat
from psycopg.pq import Format
from psycopg.types import TypeInfo
from psycopg.types.string import StrDumper, TextLoader

from tests.integration.databases.postgresql.conftest import backend_pid, end_request

pytestmark = pytest.mark.profile_free


@pytest.fixture
def wrapper(wrapper):
    """Its connection has served before."""
    backend_pid(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()
    return wrapper


def next_request(wrapper) -> psycopg.Connection:
    wrapper.close_if_unusable_or_obsolete()
    wrapper.close_if_unusable_or_obsolete()
    wrapper.ensure_connection()
    return wrapper.connection


class Listening(psycopg.Cursor):
    heard: list = []

    def execute(self, query, *args, **kwargs):
        self.heard.append((query, args))
        return super().execute(query, *args, **kwargs)


@pytest.mark.parametrize("name", ["cursor_factory", "server_cursor_factory"])
def test_a_cursor_factory_hears_no_other_request(wrapper, name):
    before = getattr(wrapper.connection, name)
    setattr(wrapper.connection, name, Listening)

    connection = next_request(wrapper)
    Listening.heard.clear()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT %s", ["secret"])

    assert Listening.heard == []
    assert getattr(connection, name) is before


def test_limits_of_prepared_statements_are_as_before(wrapper):
    before = wrapper.connection.prepare_threshold, wrapper.connection.prepared_max
    wrapper.connection.prepare_threshold, wrapper.connection.prepared_max = 0, 7

    connection = next_request(wrapper)

    assert (connection.prepare_threshold, connection.prepared_max) == before


def test_notifications_that_nobody_read_are_gone(wrapper, administrator):
    wrapper.connection.execute("LISTEN chan_a")
    administrator.execute("NOTIFY chan_a, 'secret'")
    wrapper.connection.execute("SELECT 1")

    assert list(next_request(wrapper).notifies(timeout=0.05)) == []


class OwnDumper(StrDumper):
    pass


class DumperWithoutOid(StrDumper):
    oid = 0


# What registers something in one of the maps of psycopg's adapters alone, and how one looks it up.
REGISTRATIONS = {
    "type": (
        lambda adapters: adapters.types.add(TypeInfo("own", 990_001, 0)),
        lambda adapters: adapters.types.get("own"),
    ),
    "dumper": (
        lambda adapters: adapters.register_dumper(str, DumperWithoutOid),
        lambda adapters: adapters.get_dumper(str, PyFormat.TEXT),
    ),
    "dumper of an oid": (
        lambda adapters: adapters.register_dumper(None, OwnDumper),
        lambda adapters: adapters.get_dumper_by_oid(StrDumper.oid, Format.TEXT),
    ),
    "loader": (
        lambda adapters: adapters.register_loader("int4", TextLoader),
        lambda adapters: adapters.get_loader(23, Format.TEXT),
    ),
}


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_what_was_registered_with_the_adapters_is_gone(wrapper, name):
    register, find = REGISTRATIONS[name]
    before = find(wrapper.connection.adapters)
    register(wrapper.connection.adapters)
    assert find(wrapper.connection.adapters) is not before

    assert find(next_request(wrapper).adapters) is before


def test_a_block_of_a_transaction_that_nobody_left_is_none_of_the_next(wrapper):
    wrapper.connection.transaction().__enter__()
    wrapper.connection.pgconn.exec_(b"ROLLBACK")

    next_request(wrapper).commit()


def test_callbacks_below_psycopg_hear_no_other_request(wrapper):
    heard = []
    wrapper.connection.pgconn.notice_handler = heard.append

    next_request(wrapper).execute("DO $$ BEGIN RAISE WARNING 'secret'; END $$")

    assert heard == []
