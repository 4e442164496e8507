"""`webapp migrate` on the route data_api, against the stand-in for the service."""

import functools
import time

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db.utils import ConnectionHandler

from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.databases.data_api.migrating import transaction_lock as transaction_locks
from django_runtimes.databases.data_api.migrating.transaction_lock import transaction_lock
from django_runtimes.databases.interface.migration_lock import LOST
from django_runtimes.databases.postgresql.administration.session_lock import (
    APPLICATION_NAME,
    HOLDERS,
    LOCK_KEY,
    holder_of,
)
from tests.integration.operations.journal import until

pytestmark = pytest.mark.profile_free

MIGRATIONS = ["0001_initial", "0002_gate", "0003_sleep", "0004_index", "0005_author"]
# The service's time is three minutes. This one is long enough for a busy machine.
IDLE_S = 6.0


@pytest.fixture(scope="module")
def impatient_service(database_server):
    """A service that ends idle transactions after IDLE_S."""
    with DataApiStandIn(database_server, latency_ms=0, transaction_idle_s=IDLE_S) as stand_in:
        yield stand_in


@pytest.fixture
def open_cluster(database_server, django_db_blocker, monkeypatch):
    """Returns a wrapper for the cluster of a service."""

    def make(service):
        environ = service.environ(database_server.maintenance_database)
        for name, value in environ.items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        entry = {
            "ENGINE": "django_runtimes.databases.data_api",
            "NAME": environ["WEBAPP_DB_NAME"],
            "OPTIONS": {"cluster_arn": service.cluster_arn, "secret_arn": service.secret_arn},
        }
        return ConnectionHandler({"default": {}, "cluster": entry})["cluster"]

    with django_db_blocker.unblock():
        yield make


@pytest.fixture
def cluster(open_cluster, impatient_service):
    """A wrapper for the cluster of the service that ends idle transactions early."""
    return open_cluster(impatient_service)


def test_a_migrate_on_the_direct_route_waits_for_one_on_the_data_api(journal, data_api):
    direct, journal.address = journal.address, data_api.environ(journal.url.rpartition("/")[2].partition("?")[0])
    first = journal.migrate_to_gate()
    journal.address = direct
    second = journal.migrate()
    second.wait_for("another migrate is running")
    journal.open_gate()

    assert (first.end(), second.end()) == (0, 0), first.output
    assert f"application_name '{APPLICATION_NAME}'" in second.output
    assert journal.applied() == MIGRATIONS
    # A session ends shortly after its client.
    until(lambda: journal.lock_sessions() == [])


def test_the_holder_is_the_lock_when_the_session_of_the_migration_is_older(database_server):
    connect = functools.partial(psycopg.connect, database_server.url(database_server.maintenance_database))
    with connect() as migration, connect() as lock, connect() as other:
        lock.execute("SELECT set_config('application_name', %s, true)", [APPLICATION_NAME])
        for session in (lock, migration):
            session.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [LOCK_KEY])
        pids = (lock.info.backend_pid, migration.info.backend_pid)
        holder = holder_of(other.execute(HOLDERS, [LOCK_KEY]).fetchone())

    assert str(holder).endswith(f"application_name '{APPLICATION_NAME}'")
    assert holder.pids == pids


def test_a_long_migration_keeps_the_lock(cluster, monkeypatch):
    monkeypatch.setattr(transaction_locks, "_ASK_EVERY_S", 0.1)
    with transaction_lock(cluster, wait_s=0, say=print) as lock:
        time.sleep(1.3 * IDLE_S)
        lock.check()


def test_a_transaction_that_the_service_has_ended_is_an_error(cluster):
    with pytest.raises(CommandError) as lost, transaction_lock(cluster, wait_s=0, say=print):
        time.sleep(1.3 * IDLE_S)

    assert str(lost.value) == LOST


def test_migrate_waits_for_a_paused_database(database_server, open_cluster, monkeypatch):
    # A request would get a 503 at once.
    monkeypatch.setenv("WEBAPP_DB_RESUME_TIMEOUT_S", "0")
    lines: list[str] = []
    with DataApiStandIn(database_server, latency_ms=0, pause_after_s=3.0, resume_s=6.0) as service:
        wrapper = open_cluster(service)
        time.sleep(3.1)
        with pytest.raises(CommandError, match="the database is starting after a pause"):
            transaction_lock(wrapper, wait_s=0, say=lines.append).__enter__()
        with transaction_lock(wrapper, wait_s=30, say=lines.append) as lock:
            lock.check()

    assert lines == ["the database is starting after a pause: waiting up to 30 s"]
