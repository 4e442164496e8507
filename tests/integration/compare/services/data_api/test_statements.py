"""Statements, parameters and sessions of the stand-in, and the errors of each."""

import pytest
from botocore.exceptions import ClientError


def text(name, value, **more):
    return {"name": name, "value": {"stringValue": value}, **more}


def number(name, value):
    return {"name": name, "value": {"longValue": value}}


def test_parameters(client):
    answer = client.rows(
        "SELECT :first || ':first', :n + 1, :flag, :data, :nothing::text, :first",
        parameters=[
            text("first", "a'b"),
            number("n", 41),
            {"name": "flag", "value": {"booleanValue": True}},
            {"name": "data", "value": {"blobValue": b"\x00\x01"}},
            {"name": "nothing", "value": {"isNull": True}},
        ],
    )

    assert answer == [["a'b:first", 42, True, b"\x00\x01", None, "a'b"]]


def test_hints_give_strings_a_type(client):
    identifier = "6f6d9a4e-58c3-4b3b-9d4c-1f2f3a4b5c6d"
    sql = f"SELECT uuid '{identifier}' = :id"

    assert client.rows(sql, parameters=[text("id", identifier, typeHint="UUID")]) == [[True]]
    assert client.refusal(sql, parameters=[text("id", identifier)]) == (
        "DatabaseErrorException",
        "ERROR: operator does not exist: uuid = character varying; Hint: No operator matches the given "
        "name and argument types. You might need to add explicit type casts.; Position: 52; SQLState: 42883",
    )


def test_integers_are_sent_as_bigint(client):
    assert client.refusal("SELECT lpad('a', :n)", parameters=[number("n", 3)])[1].endswith("SQLState: 42883")


def test_arrays_are_no_parameters(client):
    parameter = {"name": "ids", "value": {"arrayValue": {"longValues": [1]}}}

    assert client.refusal("SELECT :ids", parameters=[parameter]) == (
        "BadRequestException",
        "Array parameters are not supported.",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ':a'",
        'SELECT 1 AS ":a"',
        "SELECT 1 -- :a",
        "SELECT 1 /* :a */",
        "SELECT '1'::int",
        r"SELECT 'a' LIKE 'a' ESCAPE'\', ':a'",
        "SELECT E'a'\n'b\\':a'",
    ],
)
def test_names_in_quotes_and_comments_are_left_alone(client, sql):
    assert len(client.rows(sql)) == 1


def test_names_in_dollar_quotes_are_replaced(client):
    assert client.rows("SELECT $$a :b c$$") == [["a $1 c"]]


def test_the_end_of_a_slice_is_taken_for_a_name(client):
    code, message = client.refusal("SELECT (ARRAY[1, 2])[1:2]")

    assert (code, message.partition(";")[0]) == (
        "DatabaseErrorException",
        'ERROR: syntax error at or near "$1"',
    )
    assert client.rows("SELECT (ARRAY[1, 2])[(1):(2)]") == [[{"longValues": [1, 2]}]]


def test_a_name_without_a_parameter(client):
    assert client.refusal("SELECT :a, :b", parameters=[text("a", "1")]) == (
        "BadRequestException",
        "Cannot find parameter: b",
    )


@pytest.mark.parametrize(
    ("sql", "parameters"), [("SELECT 'a\0b'", []), ("SELECT :a", [text("a", "a\0b")])], ids=["sql", "parameter"]
)
def test_null_characters(client, sql, parameters):
    assert client.refusal(sql, parameters=parameters) == (
        "DatabaseErrorException",
        'ERROR: invalid byte sequence for encoding "UTF8": 0x00; SQLState: 22021',
    )


def test_an_unknown_hint(client):
    assert client.refusal("SELECT :a", parameters=[text("a", "1", typeHint="XML")]) == (
        "ValidationException",
        "The typeHint XML is none of DATE, DECIMAL, JSON, TIME, TIMESTAMP, UUID",
    )


def test_several_statements(client):
    assert client.refusal("SELECT 1; SELECT 2") == ("ValidationException", "Multistatements aren't supported")
    assert client.rows("SELECT 1;") == [[1]]


def test_errors_have_the_details_of_postgresql(client):
    client.execute("CREATE TABLE unique_titles (title text CONSTRAINT once UNIQUE)")
    client.execute("INSERT INTO unique_titles VALUES ('a')")

    assert client.refusal("INSERT INTO unique_titles VALUES ('a')") == (
        "DatabaseErrorException",
        'ERROR: duplicate key value violates unique constraint "once"; Detail: Key (title)=(a) already exists.; '
        "SQLState: 23505",
    )
    client.execute("DROP TABLE unique_titles")


def test_statements_above_64_kilobytes(client):
    filler = "SELECT '{}'"
    longest = filler.format("x" * (65536 - len("SELECT ''")))

    assert len(client.rows(longest)[0][0]) == 65527
    assert client.refusal(longest + " ")[0] == "ValidationException"


def test_requests_above_four_megabytes(client):
    assert client.refusal("SELECT :a", parameters=[text("a", "x" * 4 * 1_048_576)]) == (
        "BadRequestException",
        "The request exceeds the size limit 4 MB",
    )
    assert client.rows("SELECT length(:a)", parameters=[text("a", "x" * 4_000_000)]) == [[4_000_000]]


def test_schema_is_refused(client):
    assert client.refusal("SELECT 1", schema="public")[0] == "ValidationException"


def test_copy_is_refused(client):
    assert client.refusal("COPY (SELECT 1) TO STDOUT") == (
        "DatabaseErrorException",
        "ERROR: COPY is not supported; SQLState: 0A000",
    )
    assert client.rows("SELECT 1") == [[1]]


def test_a_call_leaves_nothing_in_its_session(client):
    client.execute("SET application_name = 'kept'")
    client.execute("CREATE TEMPORARY TABLE basket (id integer)")

    names = {client.rows("SHOW application_name")[0][0] for _ in range(3)}
    assert names == {""}
    assert client.refusal("SELECT * FROM basket")[1].endswith("SQLState: 42P01")


def test_sessions_are_in_utc(client):
    assert client.rows("SHOW timezone") == [["UTC"]]


def test_batches(client):
    client.execute("CREATE TABLE batch (id integer PRIMARY KEY)")
    answer = client.batch("INSERT INTO batch VALUES (:id)", [[number("id", 1)], [number("id", 2)]])

    assert answer["updateResults"] == [{"generatedFields": []}, {"generatedFields": []}]
    assert client.rows("SELECT count(*) FROM batch") == [[2]]
    client.execute("DROP TABLE batch")


def test_a_batch_that_fails(client):
    client.execute("CREATE TABLE batch (id integer PRIMARY KEY)")
    with pytest.raises(ClientError, match="SQLState: 23505"):
        client.batch("INSERT INTO batch VALUES (:id)", [[number("id", 1)], [number("id", 1)]])
    client.execute("DROP TABLE batch")


def test_a_database_that_does_not_exist(data_api):
    from tests.integration.compare.services.data_api.data_api_client import DataApiClient

    assert DataApiClient(data_api, "missing").refusal("SELECT 1") == (
        "DatabaseErrorException",
        'FATAL: database "missing" does not exist; SQLState: 3D000',
    )
