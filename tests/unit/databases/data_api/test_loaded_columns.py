"""Fields of an answer become the values that psycopg loads."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

from django_runtimes.databases.data_api.results.loaded_columns import CAST_ALIAS, load_result
from django_runtimes.databases.data_api.statements.literals import data_api_adapters, new_transformer


def load(type_name, *fields, label="c"):
    answer = {
        "columnMetadata": [{"label": label, "typeName": type_name}],
        "records": [[field] for field in fields],
    }
    return load_result(answer, new_transformer(data_api_adapters(True, dt.UTC)))


@pytest.mark.parametrize(
    ("type_name", "field", "value"),
    [
        ("int8", {"longValue": 5}, 5),
        ("serial", {"longValue": 5}, 5),
        ("float8", {"doubleValue": 1}, 1.0),
        ("bool", {"booleanValue": True}, True),
        ("text", {"stringValue": "ä"}, "ä"),
        ("numeric", {"stringValue": "2.50"}, Decimal("2.50")),
        ("bytea", {"blobValue": "AP8="}, b"\x00\xff"),
        ("date", {"stringValue": "2024-01-02"}, dt.date(2024, 1, 2)),
        ("time", {"stringValue": "03:04:05.000006"}, dt.time(3, 4, 5, 6)),
        ("timestamp", {"stringValue": "2024-01-02 03:04:05"}, dt.datetime(2024, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        ("timestamptz", {"stringValue": "2024-01-02 03:04:05.123"}, dt.datetime(2024, 1, 2, 3, 4, 5, 123000, dt.UTC)),
        ("uuid", {"stringValue": "00000000-0000-0000-0000-000000000001"}, UUID(int=1)),
        ("jsonb", {"stringValue": '{"a": 1}'}, '{"a": 1}'),
        ("mood", {"stringValue": "sad"}, "sad"),
        ("int4", {"isNull": True}, None),
        ("_int4", {"arrayValue": {"longValues": [1, None]}}, [1, None]),
        ("_bool", {"arrayValue": {"booleanValues": [True, False]}}, [True, False]),
        ("_date", {"arrayValue": {"stringValues": ["2024-01-02"]}}, [dt.date(2024, 1, 2)]),
        ("_int4", {"arrayValue": {"arrayValues": [{"longValues": [1]}, {"longValues": [2]}]}}, [[1], [2]]),
    ],
)
def test_a_field_becomes_a_value(type_name, field, value):
    ((loaded,),) = load(type_name, field).rows

    assert loaded == value
    assert type(loaded) is type(value)


def test_a_column_that_returning_cast_to_text_is_loaded_by_its_type():
    result = load("text", {"stringValue": "1 day 02:00:00"}, label=f"{CAST_ALIAS}interval")

    assert result.rows == [(dt.timedelta(days=1, hours=2),)]
    assert result.description[0].type_code == 1186


def test_a_column_of_a_project_may_have_any_name():
    result = load("text", {"stringValue": "1 day 02:00:00"}, label="text of interval")

    assert result.rows == [("1 day 02:00:00",)]


def test_a_statement_without_columns_has_no_description():
    result = load_result({"numberOfRecordsUpdated": 3}, new_transformer(data_api_adapters(True, dt.UTC)))

    assert result == ([], None, 3)
