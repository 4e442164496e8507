"""The stand-in refuses what a cluster was recorded to refuse, with its SQLSTATEs, on both protocols of a client."""

import psycopg
import pytest
from psycopg.pq import TransactionStatus

pytestmark = pytest.mark.profile_free


@pytest.fixture
def session(cluster):
    cluster.ensure_connection()
    with cluster.cursor() as cursor:
        cursor.execute('CREATE TABLE "parent" ("id" int PRIMARY KEY, "name" text)')
    return cluster.connection


@pytest.mark.parametrize(
    ("statement", "sqlstate", "message"),
    [
        ("SAVEPOINT s", "0A000", "unsupported transaction statement: SAVEPOINT"),
        ("TRUNCATE parent", "0A000", "unsupported statement: Truncate"),
        ("CREATE TEMP TABLE t (id int)", "0A000", "TEMPORARY or TEMP table not supported for CREATE TABLE"),
        ("LISTEN channel", "0A000", "unsupported statement: Listen"),
        ("DISCARD ALL", "0A000", "unsupported statement: Discard"),
        ("SELECT pg_advisory_lock(1)", "0A000", "function pg_advisory_lock not supported"),
        ("SET TRANSACTION READ ONLY", "0A000", 'setting configuration parameter "TRANSACTION" not supported'),
        ("SELECT * FROM parent FOR SHARE", "0A000", "locking clauses other than FOR UPDATE/FOR KEY SHARE are"),
        ("CREATE INDEX i ON parent (name)", "0A000", "unsupported mode. please use CREATE INDEX ASYNC."),
        ("CREATE INDEX ASYNC i ON parent (name DESC)", "0A000", "specifying sort order not supported"),
        ('CREATE TABLE t ("id" serial)', "42704", 'type "serial" does not exist'),
        ('CREATE TABLE t ("tags" text[])', "0A000", "datatype text[] not supported"),
        ('CREATE TABLE t ("address" inet)', "0A000", "datatype inet not supported"),
        ('CREATE TABLE t ("id" bigint GENERATED ALWAYS AS IDENTITY)', "0A000", "without an explicit cache size"),
        ('ALTER TABLE parent ADD COLUMN "n" int DEFAULT 7', "0A000", "ADD COLUMN with constraint not supported"),
        ("ALTER TABLE parent ALTER COLUMN name TYPE varchar(9)", "0A000", "SET DATA TYPE statement"),
        ("ALTER TABLE parent ADD CONSTRAINT u UNIQUE (name)", "0A000", "unsupported ALTER TABLE ADD CONSTRAINT"),
        ("ALTER TABLE parent ADD CONSTRAINT c CHECK (id > 0)", "0A000", "unsupported ALTER TABLE ADD CONSTRAINT"),
        ("ALTER INDEX i RENAME TO j", "0A000", "unsupported ALTER INDEX statement"),
    ],
)
def test_a_refused_statement(session, statement, sqlstate, message):
    with pytest.raises(psycopg.Error) as error:
        session.execute(statement)

    assert error.value.sqlstate == sqlstate
    assert message in error.value.diag.message_primary
    assert session.execute("SELECT 1").fetchone() == (1,)


def test_a_refusal_with_parameters_is_one_of_the_extended_protocol_too(session):
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="locking clauses"):
        session.execute("SELECT * FROM parent WHERE id = %s AND name = %s FOR SHARE", [1, "x"])


def test_a_refusal_ends_the_transaction(session):
    with session.transaction(force_rollback=True):
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            session.execute("TRUNCATE parent")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            session.execute("SELECT 1")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "multiple ddl statements not supported"),
        ("CREATE TABLE a (id int)", "INSERT INTO parent VALUES (1)", "ddl and dml are not supported"),
        ("INSERT INTO parent VALUES (1)", "CREATE TABLE a (id int)", "ddl and dml are not supported"),
    ],
)
def test_a_transaction_has_one_change_of_the_schema_and_then_no_other(session, first, second, message):
    with session.transaction(force_rollback=True):
        session.execute(first)
        with pytest.raises(psycopg.errors.FeatureNotSupported, match=message):
            session.execute(second)


def test_a_transaction_changes_three_thousand_rows(session):
    session.execute("INSERT INTO parent SELECT generate_series(1, 3000)")

    with pytest.raises(psycopg.Error, match="transaction row limit exceeded") as error:
        session.execute("DELETE FROM parent; INSERT INTO parent VALUES (1)")

    assert error.value.sqlstate == "54000"
    assert session.execute("SELECT count(*) FROM parent").fetchone() == (3000,)


def test_a_conflict_at_commit_leaves_no_transaction(session, dsql):
    dsql.conflict()
    session.execute("BEGIN")
    session.execute("INSERT INTO parent VALUES (1)")

    with pytest.raises(psycopg.errors.SerializationFailure, match="OC000"):
        session.execute("COMMIT")

    assert session.info.transaction_status is TransactionStatus.IDLE
    assert session.execute("SELECT count(*) FROM parent").fetchone() == (0,)


def test_two_writers_of_one_row_conflict(session, open_wrapper):
    session.execute("INSERT INTO parent VALUES (1, 'first')")
    other = open_wrapper()
    other.ensure_connection()

    with session.transaction(force_rollback=True):
        session.execute("SELECT name FROM parent")
        other.connection.execute("UPDATE parent SET name = 'second'")
        with pytest.raises(psycopg.errors.SerializationFailure, match="OC000"):
            session.execute("UPDATE parent SET name = 'third'")

    assert session.execute("SELECT name FROM parent").fetchone() == ("second",)
