"""Work that is repeated after a conflict, and work that is not."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from django_runtimes.databases.dsql.transactions.conflicts import repeated
from django_runtimes.databases.interface.engine_registry import driver_error
from django_runtimes.outages.outage import BUSY, outage_of
from tests.integration.databases.dsql.conftest import ALIAS

pytestmark = pytest.mark.profile_free


@pytest.fixture
def write(cluster):
    with cluster.cursor() as cursor:
        cursor.execute("CREATE TABLE visit (id int)")
    calls = []

    def insert(*_, **__):
        calls.append(1)
        with transaction.atomic(using=ALIAS), cluster.cursor() as cursor:
            cursor.execute("INSERT INTO visit VALUES (1)")
        return HttpResponse("written")

    insert.calls = calls
    return insert


def rows(cluster):
    with cluster.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM visit")
        return cursor.fetchone()[0]


def test_a_conflict_is_a_busy_database(dsql, write):
    dsql.conflict()

    with pytest.raises(OperationalError) as error:
        write()

    assert outage_of(driver_error(error.value)) is BUSY


def test_repeated_work_has_its_effect_once(dsql, cluster, write):
    dsql.conflict(3)

    repeated(write, using=ALIAS)

    assert (len(write.calls), rows(cluster)) == (4, 1)


def test_the_last_conflict_is_raised(dsql, cluster, write):
    dsql.conflict(4)

    with pytest.raises(OperationalError, match="OC000"):
        repeated(write, using=ALIAS)

    assert (len(write.calls), rows(cluster)) == (4, 0)


def test_other_errors_are_not_repeated(cluster):
    calls = []

    def fail():
        calls.append(1)
        raise OperationalError("the service does not answer")

    with pytest.raises(OperationalError):
        repeated(fail, using=ALIAS)

    assert len(calls) == 1


def test_work_within_a_transaction_is_refused(write):
    with transaction.atomic(using=ALIAS), pytest.raises(TransactionManagementError, match="whole block"):
        repeated(write, using=ALIAS)

    assert write.calls == []


@pytest.fixture
def client(write, cluster, settings):
    """A client of `write`, whose MIDDLEWARE repeats conflicts; ATOMIC_REQUESTS begins its transaction."""
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [path("", write)]})
    settings.MIDDLEWARE = ["django_runtimes.databases.dsql.transactions.repeating_middleware.RepeatConflicts"]
    cluster.settings_dict["ATOMIC_REQUESTS"] = True
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_the_middleware_repeats_idempotent_requests(dsql, cluster, client, write, method):
    dsql.conflict(3)

    response = client.generic(method, "/")

    assert (response.status_code, len(write.calls), rows(cluster)) == (200, 4, 1)


@pytest.mark.parametrize(("method", "conflicts", "calls"), [("GET", 4, 4), ("POST", 1, 1), ("PATCH", 1, 1)])
def test_the_last_conflict_of_a_request_is_a_503(dsql, cluster, client, write, method, conflicts, calls):
    dsql.conflict(conflicts)

    response = client.generic(method, "/")

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert (len(write.calls), rows(cluster)) == (calls, 0)
