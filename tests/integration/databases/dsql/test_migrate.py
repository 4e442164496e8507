"""`webapp migrate` as real processes on a service without locks."""

import psycopg
import pytest

from django_runtimes.databases.dsql.migrating.lease_lock import TABLE
from tests.dsql.stand_in import DsqlStandIn
from tests.integration.operations.journal import Journal

pytestmark = pytest.mark.profile_free

ALL = ["0001_initial", "0002_gate", "0003_columns"]


class Ledger(Journal):
    """The ledger's database on a cluster, and the processes that migrate it."""

    application = "ledger"

    def __init__(self, cluster, directory):
        super().__init__(cluster.url(), directory)
        self.address |= {**cluster.access_key, "WEBAPP_DB_CONNECT_TIMEOUT_S": "60"}
        self._administration_url = cluster.administration_url

    def execute(self, query, parameters=None):
        with psycopg.connect(self._administration_url, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def ledger(database_server, tmp_path):
    with DsqlStandIn(database_server) as cluster:
        ledger = Ledger(cluster, tmp_path)
        yield ledger
        ledger.stop()


def test_one_of_two_processes_migrates_while_the_other_waits(ledger):
    first = ledger.migrate_to_gate()
    other = ledger.migrate()
    other.wait_for("another migrate is running (webapp migrate, process ")
    assert f"process {first.process.pid} on " in other.output

    ledger.open_gate()

    assert [migrate.end() for migrate in (first, other)] == [0, 0], other.output
    assert ledger.applied() == ALL
    assert ledger.execute("SELECT name, currency, closed FROM ledger_account") == [("by the migration", "CHF", False)]
    assert "No migrations to apply." in other.output
    assert ledger.execute(f"SELECT * FROM {TABLE}") == []


def test_a_killed_holder_keeps_the_lock_until_its_lease_ends(ledger):
    first = ledger.migrate_to_gate()
    first.process.kill()
    first.process.wait()
    refused = ledger.migrate("--wait", "1")
    assert refused.end() == 75
    assert "another migrate is still running after --wait 1 s" in refused.output

    ledger.execute(f"UPDATE {TABLE} SET expires_at = now()")
    again = ledger.migrate()

    assert again.end() == 0, again.output
    assert ledger.applied() == ALL


def test_a_holder_whose_lease_was_taken_starts_no_further_statement(ledger):
    first = ledger.migrate_to_gate()
    ledger.execute(f"UPDATE {TABLE} SET token = gen_random_uuid()")
    ledger.open_gate()

    assert first.end() == 1
    assert "no further migration was started" in first.output
    assert "0003_columns" not in ledger.applied()
    # The lock belongs to the other process.
    assert len(ledger.execute(f"SELECT * FROM {TABLE}")) == 1


def test_a_migration_that_stops_half_way_is_named(ledger):
    stopped = ledger.migrate(LEDGER_FAILS="1")

    assert stopped.end() == 1
    assert "ledger.0003_columns stopped half-way, and the database keeps what it has carried out" in stopped.output
    assert "more before these; " in stopped.output
    assert 'ALTER TABLE ASYNC "ledger_account" VALIDATE CONSTRAINT "ledger_account_currency_' in stopped.output
    # The rows of RunPython are in a transaction, which is rolled back.
    assert ledger.execute("SELECT currency FROM ledger_account") == [("EUR",)]
