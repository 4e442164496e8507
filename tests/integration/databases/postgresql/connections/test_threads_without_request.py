"""A project's own threads, which have no request and never end, do not exhaust the pool."""

import pytest
from django.db import OperationalError, connections, transaction

from django_runtimes.databases.postgresql import taking
from tests.integration.databases.postgresql.connections.foreign_threads import POOL_SIZE, close, run, workers

pytestmark = pytest.mark.profile_free


def only_connects(alias):
    connections[alias].ensure_connection()


def uses_psycopg(alias):
    connections[alias].ensure_connection()
    return connections[alias].connection.execute("SELECT 1").fetchone()


def sets_state(alias):
    connections[alias].ensure_connection()
    connections[alias].connection.execute("SET app.tenant = 'a'")


def begins(alias):
    connections[alias].ensure_connection()
    connections[alias].connection.execute("BEGIN")


def leaves_atomic(alias):
    transaction.atomic(alias).__enter__()
    run(alias, "SELECT 1")


@pytest.mark.parametrize("use", [only_connects, uses_psycopg])
def test_an_idle_connection_is_taken_back(alias, monkeypatch, use):
    with workers(POOL_SIZE) as threads:
        for thread in threads:
            thread.do(lambda: use(alias))

        monkeypatch.setattr(taking, "LONGEST_REST_S", 0.0)
        assert run(alias, "SELECT 2") == (2,)
        close(alias)
        # The threads get new connections.
        for thread in threads:
            assert thread.do(lambda: uses_psycopg(alias)) == (1,)


@pytest.mark.parametrize("use", [only_connects, uses_psycopg])
def test_a_connection_in_use_is_not_taken_back(alias, monkeypatch, use):
    with workers(POOL_SIZE) as threads:
        for thread in threads:
            thread.do(lambda: use(alias))
        monkeypatch.setattr(taking, "LONGEST_REST_S", 600.0)
        for thread in threads:
            # Accessing psycopg's connection ends its rest.
            thread.do(lambda: _simulate_rest(alias))
            thread.do(lambda: connections[alias].connection)
        monkeypatch.setattr(connections[alias].pool, "timeout", 0.1)

        with pytest.raises(OperationalError):
            run(alias, "SELECT 2")


@pytest.mark.parametrize("use", [sets_state, begins, leaves_atomic])
def test_a_connection_with_state_or_a_transaction_is_not_taken_back(alias, monkeypatch, use):
    monkeypatch.setattr(taking, "LONGEST_REST_S", 0.0)
    with workers(POOL_SIZE) as threads:
        for thread in threads:
            thread.do(lambda: use(alias))
        # Set the short timeout only now, because each thread above waited for the server to make its connection.
        monkeypatch.setattr(connections[alias].pool, "timeout", 0.1)

        with pytest.raises(OperationalError):
            run(alias, "SELECT 2")


def _simulate_rest(alias):
    connections[alias]._rests_since_s -= 1000.0
