"""No state of psycopg's connection object passes from one request to the next."""

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
    """A wrapper whose connection has already served a request."""
    backend_pid(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()
    return wrapper


def next_request(wrapper) -> psycopg.Connection:
    wrapper.close_if_unusable_or_obsolete()
    wrapper.close_if_unusable_or_obsolete()
    wrapper.ensure_connection()
    return wrapper.connection


class RecordingCursor(psycopg.Cursor):
    received: list = []

    def execute(self, query, *args, **kwargs):
        self.received.append((query, args))
        return super().execute(query, *args, **kwargs)


@pytest.mark.parametrize("name", ["cursor_factory", "server_cursor_factory"])
def test_a_cursor_factory_sees_no_statement_of_another_request(wrapper, name):
    before = getattr(wrapper.connection, name)
    setattr(wrapper.connection, name, RecordingCursor)

    connection = next_request(wrapper)
    RecordingCursor.received.clear()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT %s", ["secret"])

    assert RecordingCursor.received == []
    assert getattr(connection, name) is before


def test_prepared_statement_limits_are_restored(wrapper):
    before = wrapper.connection.prepare_threshold, wrapper.connection.prepared_max
    wrapper.connection.prepare_threshold, wrapper.connection.prepared_max = 0, 7

    connection = next_request(wrapper)

    assert (connection.prepare_threshold, connection.prepared_max) == before


def test_unread_notifications_are_removed(wrapper, administrator):
    wrapper.connection.execute("LISTEN chan_a")
    administrator.execute("NOTIFY chan_a, 'secret'")
    wrapper.connection.execute("SELECT 1")

    assert list(next_request(wrapper).notifies(timeout=0.05)) == []


class OwnDumper(StrDumper):
    pass


class DumperWithoutOid(StrDumper):
    oid = 0


# Each entry registers something in a single map of psycopg's adapters, and looks it up there.
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
def test_adapter_registrations_are_removed(wrapper, name):
    register, find = REGISTRATIONS[name]
    before = find(wrapper.connection.adapters)
    register(wrapper.connection.adapters)
    assert find(wrapper.connection.adapters) is not before

    assert find(next_request(wrapper).adapters) is before


def test_an_unfinished_transaction_block_is_removed(wrapper):
    wrapper.connection.transaction().__enter__()
    wrapper.connection.pgconn.exec_(b"ROLLBACK")

    next_request(wrapper).commit()


def test_a_libpq_callback_sees_no_notice_of_another_request(wrapper):
    received = []
    wrapper.connection.pgconn.notice_handler = received.append

    next_request(wrapper).execute("DO $$ BEGIN RAISE WARNING 'secret'; END $$")

    assert received == []
