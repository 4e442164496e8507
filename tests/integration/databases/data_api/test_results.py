"""Results arrive as on a connection, whatever their type and size."""

import datetime as dt
import json
from decimal import Decimal

import psycopg
import pytest
from django.db import DataError, NotSupportedError, OperationalError, ProgrammingError
from psycopg.types.json import Jsonb


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT interval '1 day 02:00'", dt.timedelta(days=1, hours=2)),
        ("SELECT ARRAY[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("SELECT (ARRAY[1, 2, 3])[1:2]", [1, 2]),
        ("SELECT ARRAY[interval '1 day']", [dt.timedelta(days=1)]),
        ("SELECT '[1,3)'::int4range", psycopg.types.range.Range(1, 3)),
        ("SELECT 'a'::tsvector", "'a'"),
        ("SELECT 'c'::\"char\"", "c"),
        ("SELECT timestamptz '2024-01-02 03:04:05.6+02'", dt.datetime(2024, 1, 2, 1, 4, 5, 600000, dt.UTC)),
        ("SELECT decimal '1.50'", Decimal("1.50")),
        ("SELECT '\\x00ff'::bytea", b"\x00\xff"),
    ],
)
def test_a_type_is_loaded(cursor, sql, value):
    cursor.execute(sql)

    assert cursor.fetchall() == [(value,)]


def test_a_result_above_1_mib_is_read_in_pages(cursor):
    cursor.execute("SELECT i, repeat('x', 2000) FROM generate_series(1, 2000) AS i")

    rows = cursor.fetchall()
    assert [number for number, _ in rows] == list(range(1, 2001))


def test_rows_that_grow_are_read_in_smaller_pages(cursor):
    cursor.execute("SELECT i, repeat('x', CASE WHEN i > 1000 THEN 60000 ELSE 10 END) FROM generate_series(1, 1030) i")

    assert sum(len(text) for _, text in cursor.fetchall()) == 1000 * 10 + 30 * 60_000


def test_a_row_above_64_kb_is_refused_with_the_way_round(cursor):
    with pytest.raises(NotSupportedError, match=r"rows of at most 64 KB .*; leave the column out with defer\(\)"):
        cursor.execute("SELECT repeat('x', 100000)")

    cursor.execute("SELECT 1")
    assert cursor.fetchone() == (1,)


def test_a_query_is_read_in_pages_outside_a_transaction(connection):
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT i, interval '1 day' FROM generate_series(1, 100) AS i")

        assert cursor.fetchmany(2) == [(1, dt.timedelta(days=1)), (2, dt.timedelta(days=1))]
        assert len(cursor.fetchall()) == 98
        assert cursor.fetchall() == []


def test_a_long_value_is_written_and_read_in_parts(cursor):
    cursor.execute("CREATE TABLE texts (text text)")
    cursor.execute("INSERT INTO texts VALUES (%s)", ["ä'\\:a" * 40_000])
    cursor.execute("SELECT length(text), substr(text, 199996) FROM texts; DROP TABLE texts")

    assert cursor.fetchone() == (200_000, "ä'\\:a")


def test_returning_a_type_that_the_service_cannot_return_names_the_remedy(cursor, table):
    with pytest.raises(NotSupportedError, match=r"the statement was carried out, .* cast the column to text"):
        cursor.execute("INSERT INTO notes (text) VALUES ('a') RETURNING interval '1 day'")


def test_nul_bytes_are_refused_before_the_service_is_called(cursor):
    with pytest.raises(DataError, match="cannot contain NUL"):
        cursor.execute("SELECT %s", ["\x00"])


@pytest.mark.parametrize("values", [[dt.timedelta(1), 5, "a", True, dt.timedelta(2)], [[1], [[2]], dt.timedelta(1), 3]])
def test_a_value_keeps_its_type_after_values_of_other_types(cursor, values):
    def selected(value):
        cursor.execute("SELECT %s", [value])
        return cursor.fetchone()[0]

    assert [repr(selected(value)) for value in values] == [repr(value) for value in values]


def test_a_label_follows_the_type_of_the_value(cursor):
    labels = []
    for value in (dt.time(12, tzinfo=dt.UTC), dt.timedelta(1), 5):
        cursor.execute("SELECT %s", [value])
        labels.append(cursor.description[0].name)

    assert labels == ["timetz", "interval", "?column?"]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_another_process_changes_the_type_of_a_column(connection, is_chunked):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("CREATE TABLE spans (a text, b text)")
        cursor.execute("INSERT INTO spans VALUES ('1', '1')")

    def change(a, b):
        # The text hides the change, as if another process made it.
        with other.cursor() as cursor:
            cursor.execute(
                f"DO $$ BEGIN ALTER TABLE spans ALTER a TYPE {a} USING a::text::{a}; "
                f"ALTER TABLE spans ALTER b TYPE {b} USING b::text::{b}; END $$"
            )

    def read():
        with connection.chunked_cursor() if is_chunked else connection.cursor() as cursor:
            cursor.execute("SELECT a, b FROM spans")
            return cursor.fetchall()

    try:
        found = []
        for a, b in [("interval", "int"), ("text", "numeric"), ("interval", "text"), ("interval", "interval")]:
            change(a, b)
            found.append(read())
    finally:
        with other.cursor() as cursor:
            cursor.execute("DROP TABLE spans")
        other.close()

    second = dt.timedelta(seconds=1)
    assert found == [[(second, 1)], [("00:00:01", Decimal(1))], [(second, "1")], [(second, second)]]


def test_a_column_that_is_added_is_not_dropped(cursor):
    cursor.execute("CREATE TABLE spans (a interval); INSERT INTO spans VALUES ('1 day')")
    cursor.execute("SELECT DISTINCT * FROM spans")
    cursor.execute("DO $$ BEGIN ALTER TABLE spans ADD b int DEFAULT 7; END $$")
    cursor.execute("SELECT DISTINCT * FROM spans")
    rows = cursor.fetchall()
    cursor.execute("DROP TABLE spans")

    assert rows == [(dt.timedelta(days=1), 7)]


@pytest.mark.parametrize(
    "expression",
    [
        "row(1, 'a')",
        "'pg_class'::regclass",
        "'1 2'::int2vector",
        "money '1'",
        # Nothing changes this table of the system, so that no later analysis changes its statistics.
        "(SELECT most_common_vals FROM pg_stats WHERE tablename = 'pg_amop' AND attname = 'amopmethod')",
        "timetz '12:00+02'",
        "NULL::interval",
    ],
)
def test_any_type_is_read_twice_alike(cursor, expression):
    cursor.execute(f"SELECT {expression}")
    first = cursor.fetchall()
    cursor.execute(f"SELECT {expression}")

    assert cursor.fetchall() == first


def test_a_domain_is_loaded_as_its_type(cursor):
    cursor.execute("CREATE DOMAIN span AS interval")
    cursor.execute("SELECT '1 day'::span")
    rows = cursor.fetchall()
    cursor.execute("DROP DOMAIN span")

    assert rows == [(dt.timedelta(days=1),)]


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("expression", ["date '-infinity'", "ARRAY[timestamptz 'infinity']"])
def test_infinity_is_an_error_of_the_value(connection, expression, is_chunked):
    open_cursor = connection.chunked_cursor if is_chunked else connection.cursor

    with open_cursor() as cursor, pytest.raises(DataError, match="'infinity' in a date or timestamp; cast the column"):
        cursor.execute(f"SELECT {expression}")


def test_a_transaction_goes_on_after_infinity(connection, cursor, table):
    connection.set_autocommit(False)
    cursor.execute("INSERT INTO notes (text) VALUES ('a')")
    with pytest.raises(DataError):
        cursor.execute("SELECT date 'infinity'")
    connection.commit()
    connection.set_autocommit(True)
    cursor.execute("SELECT text FROM notes")

    assert cursor.fetchall() == [("a",)]


def test_the_outcome_of_returning_infinity_is_unknown(cursor, table):
    with pytest.raises(OperationalError, match=r"may or may not have .* because of 'infinity'") as error:
        cursor.execute("INSERT INTO notes (day) VALUES ('infinity') RETURNING day")

    assert error.value.__cause__.sqlstate == "08007"


NAMES = [f"visitor-{number}" for number in range(6000)]
DOCUMENT = json.dumps(NAMES)


@pytest.mark.parametrize(
    ("sql", "value", "expected"),
    [
        ("SELECT 'visitor-5' = ANY(%s)", NAMES, True),
        ("SELECT 'visitor-5'::varchar = ANY(%s)", NAMES, True),
        ("SELECT jsonb '[\"visitor-7\"]' ?| %s", NAMES, True),
        ("SELECT cardinality(%s)", NAMES, 6000),
        ("SELECT ARRAY['visitor-7'] && %s", NAMES, True),
        ("SELECT count(*) FROM unnest(%s) AS name", NAMES, 6000),
        ("SELECT jsonb_array_length(%s)", Jsonb(NAMES), 6000),
        ("SELECT jsonb_array_length(%s::jsonb)", DOCUMENT, 6000),
        ("SELECT length(%s)", b"\x00" * 40_000, 40_000),
    ],
)
def test_a_long_value_has_the_type_of_its_literal(cursor, sql, value, expected):
    cursor.execute(sql, [value])

    assert cursor.fetchone() == (expected,)


def test_a_long_text_that_needs_another_type_names_the_limit(connection, cursor):
    cursor.execute("CREATE TABLE documents (content jsonb)")
    messages = []
    for sql in ("INSERT INTO documents VALUES (%s)", "SELECT jsonb_array_length(%s)"):
        with pytest.raises(ProgrammingError) as failed:
            cursor.execute(sql, [DOCUMENT])
        messages.append(str(failed.value).replace("\n", " "))
    cursor.execute("DROP TABLE documents")

    assert [message.partition(" HINT:")[0] for message in messages] == [
        'column "content" is of type jsonb but expression is of type character varying',
        "function jsonb_array_length(character varying) does not exist",
    ]
    assert all("The statement is above the 64 KB that the Data API accepts" in message for message in messages)
    assert all("cast them in the statement, as in %s::jsonb" in message for message in messages)
