"""Connections that a thread keeps while the process is frozen."""

import time

import pytest

from django_runtimes.config.values.runtime import Runtime
from tests.integration.databases.postgresql.conftest import backend_pid, kill

pytestmark = pytest.mark.profile_free


@pytest.fixture
def kept(database_server, open_database):
    """A persistent connection on Lambda that may rest for at most ten minutes."""
    return open_database(
        f"{database_server.url('postgres')}?application_name=test_rest",
        runtime=Runtime.AWS_LAMBDA,
        changes={"MAX_REST_S": 600.0},
        WEBAPP_DB_STRATEGY="persistent",
        WEBAPP_DB_ROUTE="direct",
    )


def request(wrapper) -> int:
    """Use a thread's connection as a request does: Django checks it at the beginning and at the end."""
    wrapper.close_if_unusable_or_obsolete()
    pid = backend_pid(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    return pid


def test_a_connection_serves_successive_requests(kept):
    assert len({request(kept) for _ in range(5)}) == 1


def test_a_connection_that_rested_too_long_is_replaced(kept):
    before = request(kept)

    kept.settings_dict["MAX_REST_S"] = 0.0

    assert request(kept) != before


def test_a_connection_that_died_while_it_rested_fails_no_request(kept, administrator):
    before = request(kept)
    kill(administrator, "test_rest")

    assert request(kept) != before


def test_connections_may_rest_longer_outside_lambda(database_server, open_database):
    wrapper = open_database(database_server.url("postgres"), WEBAPP_DB_STRATEGY="persistent")
    before = request(wrapper)

    time.sleep(1.1)

    assert request(wrapper) == before
