"""Which statements of a failed migration MariaDB keeps, compared with the rows that it then has."""

import threading
from time import monotonic, sleep

import pytest
from django.db import OperationalError, connections, transaction
from django.db.migrations import Migration

from django_runtimes.operations.kept_statements import KeptStatements
from tests.mariadb import execute

pytestmark = pytest.mark.profile_free

INSERT = "INSERT INTO entry SELECT COALESCE(MAX(id), 0) + 1 FROM entry"
ALTER = "ALTER TABLE entry ADD COLUMN text text"


class MigrationFailedError(Exception):
    """The error of a migration."""


@pytest.fixture
def connection(connect):
    """A connection that `transaction.atomic()` finds."""
    connection = connect("webapp").copy(alias="kept")
    connections["kept"] = connection
    yield connection
    del connections["kept"]
    connection.close()


@pytest.fixture
def kept(connection):
    """The statements of a running migration."""
    kept = KeptStatements(connection)
    kept.begin(Migration("0002_text", "shop"))
    with connection.execute_wrapper(kept):
        yield kept


def fail_after(connection, *statements):
    """Execute statements in a transaction, which then fails."""
    with transaction.atomic("kept"), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        raise MigrationFailedError


def kill_during(url, statement):
    """End the connection that waits with a statement."""
    query = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = %s AND STATE LIKE 'Waiting%%'"
    deadline_s = monotonic() + 120
    while not (found := execute(url, query, [statement])):
        assert monotonic() < deadline_s
        sleep(0.05)
    execute(url, "KILL %s", [found[0][0]])


def advice_of(kept):
    return kept.advice(MigrationFailedError()) or ""


def rows_in(server, database):
    return [number for (number, *_) in execute(server.url(database), "SELECT * FROM entry ORDER BY id")]


def test_a_change_of_a_table_keeps_the_rows_before_it(connection, kept, mariadb_server, database):
    with pytest.raises(MigrationFailedError):
        fail_after(connection, INSERT, ALTER, "UPDATE entry SET text = 'x'")

    assert f"carried out: {INSERT}; {ALTER}. Undo" in advice_of(kept)
    assert rows_in(mariadb_server, database) == [1, 2]


def test_a_failed_change_of_a_table_keeps_the_rows_too(connection, kept, mariadb_server, database):
    with pytest.raises(OperationalError, match="missing"):
        fail_after(connection, INSERT, "ALTER TABLE entry DROP COLUMN missing")

    assert f"carried out: {INSERT}. Undo" in advice_of(kept)
    assert rows_in(mariadb_server, database) == [1, 2]


def test_rows_that_were_rolled_back_are_left_out(connection, kept, mariadb_server, database):
    with transaction.atomic("kept"), connection.cursor() as cursor:
        with pytest.raises(MigrationFailedError):
            fail_after(connection, INSERT)
        cursor.execute("DELETE FROM entry WHERE id = 1")
    with pytest.raises(MigrationFailedError):
        fail_after(connection, INSERT)

    assert "carried out: DELETE FROM entry WHERE id = 1. Undo" in advice_of(kept)
    assert rows_in(mariadb_server, database) == []


def test_rows_without_a_transaction_are_kept_and_a_loop_is_named_once(connection, kept, mariadb_server, database):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM entry")
        for _ in range(3):
            cursor.execute(INSERT)

    assert f"carried out: {INSERT}. Undo" in advice_of(kept)
    assert rows_in(mariadb_server, database) == [1, 2, 3, 4]


def test_only_the_last_statements_are_shown(connection, kept):
    with connection.cursor() as cursor:
        for number in range(7):
            cursor.execute(f"ALTER TABLE entry ADD COLUMN c{number} int")

    assert "carried out: 2 more before these; ALTER TABLE entry ADD COLUMN c2 int; " in advice_of(kept)
    assert "c1" not in advice_of(kept)


def test_a_statement_without_an_answer_may_be_carried_out(connection, connect, kept, mariadb_server):
    reader = connect("webapp")
    for each in (reader, connection):
        # The server must not end either of them before the test does.
        each.settings_dict["OPTIONS"] |= {"statement_timeout": 0, "idle_transaction_timeout": 0}
    reader.set_autocommit(False)
    with reader.cursor() as cursor:
        cursor.execute("SELECT * FROM entry")
    killer = threading.Thread(target=kill_during, args=(mariadb_server.administration_url, ALTER))
    killer.start()

    with pytest.raises(OperationalError) as lost, connection.cursor() as cursor:
        cursor.execute(ALTER)
    killer.join()

    assert kept.advice(lost.value) == (
        f"shop.0002_text was interrupted, and the database may still carry out: {ALTER}. Compare the tables with "
        "`webapp sqlmigrate shop 0002_text --database kept` before you run this again"
    )


def test_a_signal_interrupts_a_statement_that_may_be_carried_out(connection, kept):
    def interrupt(*_):
        raise KeyboardInterrupt

    with connection.cursor() as cursor:
        cursor.execute(INSERT)
        with connection.execute_wrapper(interrupt), pytest.raises(KeyboardInterrupt) as signal:
            cursor.execute(ALTER)

    assert f"carried out: {INSERT}. It may still carry out: {ALTER}. Undo" in kept.advice(signal.value)


def test_a_reversed_migration_is_recorded_as_the_one_before_it(connection, kept):
    migration = Migration("0002_text", "shop")
    migration.dependencies = [("sites", "0001_initial"), ("shop", "0001_initial")]
    kept.begin(migration, is_unapplied=True)
    with connection.cursor() as cursor:
        cursor.execute(ALTER)

    assert advice_of(kept).endswith(
        "carry out the rest of `webapp sqlmigrate shop 0002_text --backwards --database kept` by hand and record it "
        "with `webapp migrate shop 0001_initial --fake --database kept`"
    )
    kept.begin(Migration("0001_initial", "shop"), is_unapplied=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM entry")
    assert advice_of(kept).endswith("record it with `webapp migrate shop zero --fake --database kept`")


def test_a_recorded_migration_needs_no_advice(connection, kept):
    with connection.cursor() as cursor:
        cursor.execute(ALTER)
    kept.end()

    assert kept.advice(MigrationFailedError()) is None


def test_an_application_error_before_the_first_change_needs_no_advice(kept):
    assert kept.advice(MigrationFailedError()) is None
