"""Attributes that a request sets on psycopg's connection are restored for the next request."""

import psycopg
import pytest
from django.db import connections, transaction
from django.db.backends.signals import connection_created
from psycopg import IsolationLevel
from psycopg.rows import dict_row, tuple_row
from psycopg.types.string import StrDumper

from tests.integration.databases.postgresql.conftest import backend_pid, end_request, run

pytestmark = pytest.mark.profile_free


class UpperDumper(StrDumper):
    def dump(self, obj):
        return super().dump(obj.upper())


@pytest.mark.parametrize("statement", ["SET app.tenant = 'a'", None])
def test_handlers_and_adapters_do_not_outlive_their_request(wrapper, statement):
    received = []
    backend_pid(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()
    wrapper.connection.add_notice_handler(received.append)
    wrapper.connection.adapters.register_dumper(str, UpperDumper)
    if statement is not None:
        run(wrapper, statement)
    end_request(wrapper)
    run(wrapper, "DO $$ BEGIN RAISE WARNING 'secret'; END $$")

    assert received == []
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT %s", ["hello"])
        assert cursor.fetchone() == ("hello",)


@pytest.mark.parametrize("statement", ["SET app.tenant = 'a'", None])
def test_adapters_that_a_receiver_registers_are_kept(wrapper, statement):
    def receiver(connection, **kwargs):
        connection.connection.adapters.register_dumper(str, UpperDumper)

    connection_created.connect(receiver)
    try:
        for _ in range(3):
            with wrapper.cursor() as cursor:
                cursor.execute("SELECT %s", ["hello"])
                assert cursor.fetchone() == ("HELLO",)
            if statement is not None:
                run(wrapper, statement)
            end_request(wrapper)
    finally:
        connection_created.disconnect(receiver)


def test_autocommit_of_psycopgs_connection_is_restored(wrapper):
    wrapper.ensure_connection()
    wrapper.connection.autocommit = False
    end_request(wrapper)
    wrapper.ensure_connection()

    assert wrapper.connection.autocommit


def test_a_row_factory_is_restored_without_a_query(wrapper):
    backend_pid(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()
    wrapper.connection.row_factory = dict_row
    end_request(wrapper)
    wrapper.ensure_connection()

    assert wrapper.connection.row_factory is tuple_row


def test_attributes_of_psycopgs_connection_are_restored(wrapper):
    wrapper.ensure_connection()
    wrapper.connection.row_factory = dict_row
    wrapper.connection.isolation_level = IsolationLevel.SERIALIZABLE
    wrapper.connection.read_only = True
    end_request(wrapper)

    assert run(wrapper, "SHOW transaction_isolation") == "read committed"
    assert (wrapper.connection.row_factory, wrapper.connection.read_only) == (tuple_row, None)


def test_attributes_that_a_request_adds_are_removed(wrapper):
    for count in range(2):
        wrapper.ensure_connection()
        assert not hasattr(wrapper.connection, "tenant")
        wrapper.connection.tenant = "a"
        if count:
            run(wrapper, "SELECT 1")
        end_request(wrapper)
    wrapper.ensure_connection()

    assert not hasattr(wrapper.connection, "tenant")


def begin_two_phase(connection):
    connection.autocommit = False
    connection.tpc_begin("unfinished")


def fail_two_phase(connection):
    begin_two_phase(connection)
    # max_prepared_transactions is 0 by default, so the server refuses this.
    with pytest.raises(psycopg.NotSupportedError):
        connection.tpc_prepare()


def enter_pipeline(connection):
    kept.append(connection.pipeline())
    kept[-1].__enter__()
    connection.execute("SELECT 1")


def enter_transaction(connection):
    kept.append(connection.transaction())
    kept[-1].__enter__()


kept: list[object] = []


@pytest.mark.parametrize("leave", [begin_two_phase, fail_two_phase, enter_pipeline, enter_transaction])
def test_a_connection_works_after_unfinished_blocks(wrapper, leave):
    wrapper.ensure_connection()
    leave(wrapper.connection)
    end_request(wrapper)
    kept.clear()

    for _ in range(2):
        with transaction.atomic(wrapper.alias):
            assert run(wrapper, "SELECT 1") == 1
        end_request(wrapper)


def test_every_attribute_of_psycopgs_connection_is_restored(administrator):
    restored = {"_autocommit", "row_factory", "cursor_factory", "server_cursor_factory"}
    restored |= {"_isolation_level", "_read_only", "_deferrable", "_adapters", "_notice_handlers", "_notify_handlers"}
    restored |= {"_num_transactions", "_tpc", "_notifies_backlog", "_pipeline"}
    # These are derived from the others, or requests do not change them.
    others = {"_begin_statement", "_prepared", "_closed", "pgconn", "lock"}

    assert vars(administrator).keys() == restored | others


def test_the_configured_isolation_level_is_kept(database_server, open_database):
    for strategy in ("pool", "persistent"):
        wrapper = open_database(database_server.administration_url, WEBAPP_DB_STRATEGY=strategy)
        wrapper.settings_dict["OPTIONS"]["isolation_level"] = IsolationLevel.SERIALIZABLE
        connections[wrapper.alias] = wrapper
        for _ in range(2):
            with transaction.atomic(wrapper.alias):
                assert run(wrapper, "SHOW transaction_isolation") == "serializable"
            end_request(wrapper)
        del connections[wrapper.alias]
