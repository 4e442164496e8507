from typing import Any

import pytest

from django_runtimes.pinning.data_api.data_api_rules import data_api_row_rules, data_api_rules, spares_data_api
from django_runtimes.pinning.data_api.returned_rows import ReturnedRows
from django_runtimes.pinning.origin import CodePlace, Origin, Sender
from django_runtimes.pinning.rules import Rule, Statement

LIST = ", ".join(str(number) for number in range(20_000))
OWN_LIST = f"SELECT 1 FROM t WHERE id IN ({LIST})"
SHORT_LISTS = " OR ".join(f"id IN ({', '.join('12345' for _ in range(400))})" for _ in range(40))


def names(rules: tuple[Rule, ...]) -> list[str]:
    return [rule.name for rule in rules]


def statement(text: str, *values: int, **fields: Any) -> Statement:
    return Statement(text, len(text), value_sizes_bytes=values, **fields)


def origin(sender: Sender = Sender.APPLICATION, **fields: bool) -> Origin:
    return Origin(sender, CodePlace("pages.py", 1, "page"), None, **fields)


def rows(text: str, *types: str, size_bytes: int = 1, largest_row_bytes: int = 1) -> ReturnedRows:
    return ReturnedRows(statement(text), frozenset(types), size_bytes, largest_row_bytes)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (statement("x" * 65_536), []),
        (statement("x" * 65_537), ["statement size"]),
        (statement("x" * 65_537, 513), []),
        (statement("x" * 65_537, 512), ["statement size"]),
        (statement("x" * (4 * 1024 * 1024 + 1), 4 * 1024 * 1024), ["request size"]),
        (statement("DECLARE c CURSOR FOR SELECT 1"), ["cursor"]),
        (statement("DECLARE c CURSOR FOR SELECT 1", in_transaction=True), []),
        (statement("DECLARE c CURSOR FOR SELECT 1", of_driver=True), []),
        (statement("BEGIN", of_driver=True), []),
        (statement("INSERT INTO t VALUES (1)", longest_value_bytes=65_537), ["row size"]),
        (statement("UPDATE t SET a = 1", longest_value_bytes=65_536), []),
        (statement("SELECT 1", longest_value_bytes=65_537), []),
    ],
)
def test_a_statement_is_examined(sent, expected):
    assert names(data_api_rules(sent)) == expected


@pytest.mark.parametrize(
    ("text", "types", "expected"),
    [
        ("SELECT a FROM t FOR UPDATE", ["interval"], []),
        ("(VALUES (1))", ["money"], []),
        ("WITH c AS (SELECT 1) SELECT a FROM c FOR NO KEY UPDATE", ["interval"], []),
        ("WITH c AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM c", ["interval"], ["result type"]),
        ("INSERT INTO t (a) VALUES (1) RETURNING a", ["interval", "int4range"], ["result type", "result type"]),
        ("INSERT INTO t (a) VALUES (1) RETURNING a", ["int8", "text[]", "timestamptz"], []),
        ("INSERT INTO t (a) VALUES (1) RETURNING a", ["int4[][]"], ["result type"]),
        ("EXPLAIN (FORMAT XML) SELECT 1", ["xml"], []),
    ],
)
def test_a_type_is_refused_where_the_engine_cannot_cast_it(text, types, expected):
    assert names(data_api_row_rules(rows(text, *types))) == expected


@pytest.mark.parametrize(
    ("text", "sizes", "expected"),
    [
        ("SELECT 1", {"largest_row_bytes": 65_536, "size_bytes": 9_000_000}, []),
        ("SELECT 1", {"largest_row_bytes": 65_537}, ["row size"]),
        ("UPDATE t SET a = 1 RETURNING a", {"size_bytes": 1_048_576}, []),
        ("UPDATE t SET a = 1 RETURNING a", {"size_bytes": 1_048_577}, ["result size"]),
    ],
)
def test_rows_are_measured(text, sizes, expected):
    assert names(data_api_row_rules(rows(text, "text", **sizes))) == expected


@pytest.mark.parametrize(
    ("size_bytes", "has_untyped_json", "expected"),
    [(65_537, True, ["value type"]), (65_536, True, []), (65_537, False, [])],
)
def test_json_as_text_is_listed_in_a_large_statement(size_bytes, has_untyped_json, expected):
    sent = Statement("x", size_bytes, value_sizes_bytes=(65_000,), has_untyped_json=has_untyped_json)

    assert names(data_api_rules(sent)) == expected


def test_infinity_is_listed():
    found = ReturnedRows(statement("SELECT a FROM t"), frozenset({"date"}), 8, 8, has_infinity=True)

    assert names(data_api_row_rules(found)) == ["infinity"]


def test_a_long_list_is_spared_only_where_the_engine_compiles_it():
    (long_list,) = data_api_rules(statement(OWN_LIST))
    (short_lists,) = data_api_rules(statement(f"SELECT 1 FROM t WHERE {SHORT_LISTS}"))

    assert long_list.remedy == "pass the list as one value: column = ANY(%s)"
    assert spares_data_api(long_list, origin(is_compiled=True))
    assert not spares_data_api(long_list, origin())
    assert not spares_data_api(short_lists, origin(is_compiled=True))


def test_a_long_list_for_an_array_is_spared_where_the_engine_compiles_it():
    values = ", ".join(f"'word, {number:015}]'" for number in range(3000))

    (rule,) = data_api_rules(statement(f"SELECT 1 FROM t WHERE words && ARRAY[{values}]::varchar(20)[]"))

    assert spares_data_api(rule, origin(is_compiled=True))
    assert not spares_data_api(rule, origin())


def test_a_long_list_of_addresses_is_listed_since_the_engine_compiles_none():
    values = ", ".join(f"'10.0.{number // 256}.{number % 256}'::inet" for number in range(4000))

    (rule,) = data_api_rules(statement(f"SELECT 1 FROM t WHERE address IN ({values})"))

    assert rule.remedy == "look up fewer values at once, or pass the list as one value: column = ANY(%s)"
    assert not spares_data_api(rule, origin(is_compiled=True))


def test_statements_in_batches_and_of_a_new_connection_are_spared():
    (size,) = data_api_rules(statement("x" * 65_537))
    (setting,) = data_api_rules(statement("SET a = 1"))

    assert spares_data_api(size, origin(in_batches=True))
    assert not spares_data_api(setting, origin(in_batches=True))
    assert spares_data_api(setting, origin(Sender.CONNECTING, of_engine=True))
    # A receiver of `connection_created` sends it.
    assert not spares_data_api(setting, origin(Sender.CONNECTING))
