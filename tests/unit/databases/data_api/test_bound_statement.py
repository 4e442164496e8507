"""Values are merged into the text, and long ones become parameters where the text would be too long."""

import datetime as dt

import psycopg
import pytest

from django_runtimes.databases.data_api.statements.bound_statement import BoundStatement
from django_runtimes.databases.data_api.statements.literals import data_api_adapters, new_transformer


def bind(sql, values=None):
    return BoundStatement(sql, values, new_transformer(data_api_adapters(True, dt.UTC))).for_service()


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (1, "1"),
        ("it's", "'it''s'"),
        ("a\\b", " E'a\\\\b'"),
        (b"\x00\xff", " E'\\\\x00ff'::bytea"),
        (psycopg.Binary(b"\x00\xff"), " E'\\\\x00ff'::bytea"),
        ([psycopg.Binary(b"\x01")], " E'{\"\\\\\\\\x01\"}'::bytea[]"),
        (dt.date(2024, 1, 2), "'2024-01-02'::date"),
        (dt.datetime(2024, 1, 2, 3, 4, 5, 6, dt.UTC), "'2024-01-02 03:04:05.000006+00:00'::timestamptz"),
        (None, "NULL"),
        ([1, 2], "'{1,2}'::int2[]"),
    ],
)
def test_a_value_is_bound_as_by_django(value, literal):
    (statement,) = bind("SELECT %s", [value])

    assert statement == (f"SELECT {literal}", (), "SELECT %s")


def test_a_statement_without_values_keeps_its_percent_signs():
    assert bind("SELECT '%s', 5 % 3") == [("SELECT '%s', 5 % 3", (), "SELECT '', 5 % 3")]


def test_a_long_value_becomes_a_parameter_where_the_text_is_too_long():
    long = "it's; :a \\" * 7000

    (statement,) = bind("INSERT INTO t VALUES (%s, %s, %s)", ["short", long, b"\x01" * 5000])

    first, second = statement.parameters
    assert statement.sql == f"INSERT INTO t VALUES ('short', :{first['name']}, CAST(:{second['name']} AS bytea))"
    assert first["value"] == {"stringValue": long}
    assert second["value"] == {"stringValue": "\\x" + "01" * 5000}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (["a"] * 40_000, "CAST(:{} AS text[])"),
        ([None, ["a" * 70_000]], "CAST(:{} AS text[])"),
        ([1] * 40_000, "CAST(:{} AS int2[])"),
        ([psycopg.types.range.Range(1, 2)] * 20_000, ":{}"),
        (psycopg.types.json.Jsonb(["a" * 70_000]), "CAST(:{} AS jsonb)"),
        ("{" + "a" * 70_000 + "}", ":{}"),
    ],
)
def test_a_parameter_is_cast_to_the_type_of_its_value(value, place):
    (statement,) = bind("SELECT %(long)s", {"short": 1, "long": value})

    assert statement.sql == f"SELECT {place}".format(statement.parameters[0]["name"])


def test_each_statement_of_a_text_gets_its_own_parameters():
    first, second = bind("SELECT %s; SELECT %s", ["a" * 70_000, "b" * 70_000])

    assert [parameter["value"]["stringValue"][0] for parameter in first.parameters] == ["a"]
    assert [parameter["value"]["stringValue"][0] for parameter in second.parameters] == ["b"]


def test_a_text_of_many_short_values_above_64_kb_is_refused():
    with pytest.raises(psycopg.NotSupportedError, match=r"has 70,\d+ bytes, and the Data API accepts 65,536; write or"):
        bind(f"SELECT 1 WHERE 1 IN ({', '.join(['%s'] * 10_000)})", [12345] * 10_000)


def test_a_value_inside_a_body_is_no_parameter():
    body, query = bind("DO $$ BEGIN PERFORM %s; END $$; SELECT %s", ["a" * 5000, "b" * 62_000])

    assert body.parameters == ()
    assert "PERFORM ''aaa" in body.sql
    assert len(query.parameters) == 1
