"""Transactions, savepoints and errors behave as on a connection."""

import datetime as dt

import psycopg
import pytest
from django.db import IntegrityError, InternalError, NotSupportedError, OperationalError, ProgrammingError


def texts(cursor):
    cursor.execute("SELECT text FROM notes ORDER BY id")
    return [text for (text,) in cursor.fetchall()]


def test_a_rolled_back_transaction_leaves_nothing(connection, cursor, table):
    connection.set_autocommit(False)
    cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    connection.rollback()
    cursor.execute("INSERT INTO notes (text) VALUES ('b')")
    connection.commit()
    connection.set_autocommit(True)

    assert texts(cursor) == ["b"]


def test_a_failed_statement_fails_the_transaction_until_the_savepoint(connection, cursor, table):
    connection.set_autocommit(False)
    cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    cursor.execute("SAVEPOINT s")
    with pytest.raises(IntegrityError) as failed:
        cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    assert failed.value.__cause__.sqlstate == "23505"
    assert failed.value.__cause__.diag.message_detail == "Key (text)=(a) already exists."
    with pytest.raises(InternalError):
        cursor.execute("SELECT 1")
    assert not connection.is_usable()
    cursor.execute("ROLLBACK TO SAVEPOINT s")
    cursor.execute("INSERT INTO notes (text) VALUES ('b')")
    connection.commit()
    connection.set_autocommit(True)

    assert texts(cursor) == ["a", "b"]


def test_committing_a_failed_transaction_rolls_back(connection, cursor, table):
    connection.set_autocommit(False)
    cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    with pytest.raises(psycopg.errors.DivisionByZero):
        cursor.cursor.execute("SELECT 1 / 0")
    connection.commit()
    connection.set_autocommit(True)

    assert texts(cursor) == []


def test_statements_of_one_text_are_one_transaction(cursor, table):
    with pytest.raises(IntegrityError):
        cursor.execute("INSERT INTO notes (text) VALUES ('a'); INSERT INTO notes (text) VALUES ('a')")
    assert texts(cursor) == []

    cursor.execute("INSERT INTO notes (text) VALUES ('a; b'); SELECT count(*) FROM notes")

    assert cursor.nextset()
    assert cursor.fetchall() == [(1,)]


def test_closing_rolls_back(connect, data_api, cursor, table):
    other = connect(data_api)
    other.set_autocommit(False)
    with other.cursor() as other_cursor:
        other_cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    other.close()

    assert texts(cursor) == []


def test_a_cursor_in_a_transaction_survives_a_rollback_to_a_savepoint(connection, cursor, table):
    connection.set_autocommit(False)
    cursor.execute("SAVEPOINT s")
    with connection.chunked_cursor() as pages:
        pages.execute("SELECT * FROM generate_series(1, 100)")
        pages.fetchmany(1)
        cursor.execute("ROLLBACK TO SAVEPOINT s")
    cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    connection.commit()
    connection.set_autocommit(True)

    assert texts(cursor) == ["a"]


# An untyped day needs a statement for each row, whose rows are counted.
@pytest.mark.parametrize(("day", "rowcount"), [("2024-01-02", 20), (None, -1), (dt.date(2024, 1, 2), -1)])
@pytest.mark.parametrize("is_in_transaction", [True, False])
def test_executemany_inserts_all_rows(connection, cursor, table, day, rowcount, is_in_transaction):
    connection.set_autocommit(not is_in_transaction)

    cursor.executemany("INSERT INTO notes (text, day) VALUES (%s, %s)", [(str(number), day) for number in range(20)])

    assert cursor.rowcount == rowcount
    if is_in_transaction:
        connection.commit()
        connection.set_autocommit(True)
    assert texts(cursor) == [str(number) for number in range(20)]


def test_executemany_inserts_all_rows_or_none(cursor, table):
    with pytest.raises(IntegrityError):
        cursor.executemany("INSERT INTO notes (text) VALUES (%s)", [("a",), ("b",), ("c",), ("a",)])

    assert texts(cursor) == []


def test_a_statement_that_needs_a_session_is_refused(cursor):
    with pytest.raises(NotSupportedError, match=r"keeps no session between statements.*; use SET LOCAL inside atomic"):
        cursor.execute("SET search_path = tenant")


def test_a_setting_is_judged_by_its_values(connection, cursor):
    sql = "SELECT set_config('app.tenant', %s, %s)"

    with pytest.raises(NotSupportedError, match="so the setting would not last"):
        cursor.execute(sql, ["a", False])
    cursor.execute(sql, ["a", True])

    assert cursor.fetchone() == ("a",)


def test_another_time_zone_is_refused(connect, data_api, settings):
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Berlin"
    connection = connect(data_api)

    with pytest.raises(NotSupportedError, match="'Europe/Berlin', and the Data API has sessions in UTC only"):
        connection.cursor()


def test_a_wrong_secret_is_an_operational_error_with_a_remedy(connect, data_api):
    options = {"cluster_arn": data_api.cluster_arn, "secret_arn": f"{data_api.secret_arn[:-6]}zzzzzz"}
    connection = connect(data_api, OPTIONS=options)

    with pytest.raises(OperationalError, match="check WEBAPP_DB_SECRET_ARN"):
        connection.cursor().execute("SELECT 1")


def test_rows_of_a_transaction_end_with_it(connection):
    connection.set_autocommit(False)
    with connection.chunked_cursor() as pages:
        pages.execute("SELECT * FROM generate_series(1, 100)")
        connection.commit()
        with pytest.raises(ProgrammingError, match="has ended by COMMIT or ROLLBACK; take all rows") as failed:
            pages.fetchmany(50)
    connection.set_autocommit(True)

    assert failed.value.__cause__.sqlstate == "34000"


@pytest.mark.parametrize(("rows", "rowcount"), [(2, 1), (10, -1)])
def test_rows_that_a_trigger_leaves_out_are_not_counted(cursor, table, rows, rowcount):
    cursor.execute(
        "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.text::int % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER odd BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION odd()"
    )

    cursor.executemany("INSERT INTO notes (text) VALUES (%s)", [(str(number),) for number in range(rows)])
    counted = cursor.rowcount
    cursor.execute("DROP FUNCTION odd CASCADE")

    assert counted == rowcount
    assert len(texts(cursor)) == rows // 2
