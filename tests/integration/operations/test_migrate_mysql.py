"""`webapp migrate` on a real MariaDB, whose locks have names and which commits each change of a table."""

import pytest

from tests.integration.operations.ledger import Ledger
from tests.mariadb import own_database

pytestmark = pytest.mark.profile_free

ALL = ["0001_initial", "0002_gate", "0003_columns"]


@pytest.fixture
def ledger(mariadb_server, tmp_path):
    with own_database(mariadb_server) as name:
        ledger = Ledger(mariadb_server.url(name), tmp_path)
        yield ledger
        ledger.stop()


def test_one_of_two_processes_migrates_while_the_other_waits(ledger):
    first = ledger.migrate_to_gate()
    other = ledger.migrate()
    holders = ledger.lock_holder("webapp migrate"), ledger.lock_holder("webapp migrating")
    other.wait_for("another migrate is running (connection ")
    assert f"(connection {holders[0]} of webapp@127.0.0.1:" in other.output
    assert f" and connection {holders[1]} of webapp@127.0.0.1:" in other.output

    ledger.open_gate()

    assert [migrate.end() for migrate in (first, other)] == [0, 0], other.output
    assert ledger.applied() == ALL
    assert ledger.execute("SELECT name, currency FROM ledger_account") == [("by the migration", "CHF")]
    assert "No migrations to apply." in other.output


def test_a_migration_that_stops_half_way_is_named_with_what_to_do(ledger):
    stopped = ledger.migrate(LEDGER_FAILS="1")

    assert stopped.end() == 1
    assert ledger.columns() == ["id", "name", "currency"]
    # Django writes rows in a transaction, which is rolled back.
    assert ledger.execute("SELECT currency FROM ledger_account") == [("EUR",)]
    assert (
        "ledger.0003_columns stopped half-way, and the database keeps what it has carried out: "
        "ALTER TABLE `ledger_account` ADD COLUMN `currency` varchar(3) DEFAULT %s NOT NULL; "
        "ALTER TABLE `ledger_account` ALTER COLUMN `currency` DROP DEFAULT. Undo these statements, correct the cause "
        "and run this again; or carry out the rest of `webapp sqlmigrate ledger 0003_columns` by hand and record it "
        "with `webapp migrate ledger 0003_columns --fake`\n"
    ) in stopped.output
    assert "ValueError: no rate for CHF" in stopped.output

    again = ledger.migrate()

    assert again.end() == 1
    assert "ledger.0003_columns has changed nothing. If an earlier run of it was killed" in again.output
    assert "Duplicate column name 'currency'" in again.output
    ledger.execute("ALTER TABLE ledger_account DROP COLUMN currency")
    assert ledger.migrate().end() == 0
    assert ledger.applied() == ALL


def test_a_reversed_migration_that_stops_half_way_is_named_too(ledger):
    assert ledger.migrate().end() == 0
    ledger.execute("ALTER TABLE ledger_account DROP COLUMN currency")

    stopped = ledger.migrate("ledger", "0002")

    assert stopped.end() == 1
    assert ledger.columns() == ["id", "name"]
    assert (
        "ledger.0003_columns stopped half-way, and the database keeps what it has carried out: ALTER TABLE "
        "`ledger_account` DROP COLUMN `closed`. Undo these statements, correct the cause and run this again; or carry "
        "out the rest of `webapp sqlmigrate ledger 0003_columns --backwards` by hand and record it with `webapp "
        "migrate ledger 0002_gate --fake`\n"
    ) in stopped.output
    assert ledger.migrate("ledger", "0002_gate", "--fake").end() == 0
    assert ledger.applied() == ALL[:2]


def test_the_gate_judges_columns_and_says_what_it_cannot_judge(ledger):
    assert ledger.migrate("ledger", "0002").end() == 0

    gate = ledger.run("migration_gate")

    assert gate.end() == 1
    assert "column ledger_account.currency" in gate.output
    assert "refused; to apply them anyway: --allow ledger.0003_columns" in gate.output
    assert "not judged on MySQL: whether a change of a large table blocks other sessions while it runs" in gate.output
    assert ledger.columns() == ["id", "name"]
