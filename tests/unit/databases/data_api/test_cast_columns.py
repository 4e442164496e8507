"""A query is rewritten so that types arrive as text which the service cannot return."""

import pytest

from django_runtimes.databases.data_api.results.cast_columns import RememberedTypes, is_query, with_casts, without_rows
from django_runtimes.databases.data_api.service.rds_data import DataApiCluster


def test_columns_of_other_types_and_arrays_are_cast():
    sql = with_casts("SELECT a, b, c FROM t -- all", (("a", "int4"), ("b", "interval"), ("c", "_int4")))

    assert sql == (
        "SELECT c0, c1::text, c2::text, ARRAY[pg_catalog.pg_typeof(COALESCE(c1, NULL))::pg_catalog.oid::int8, "
        "pg_catalog.pg_typeof(COALESCE(c2, NULL))::pg_catalog.oid::int8] "
        "FROM (SELECT a, b, c FROM t -- all\n) AS q(c0, c1, c2)"
    )


def test_the_columns_are_asked_without_rows():
    assert without_rows("SELECT nextval('s')") == "SELECT * FROM (SELECT nextval('s')\n) AS q LIMIT 0"


def test_only_queries_are_rewritten():
    assert is_query("(select 1) UNION (select 2)")
    assert is_query("WITH a AS (SELECT 1) SELECT * FROM a FOR UPDATE")
    assert not is_query("WITH a AS (INSERT INTO t VALUES (1) RETURNING b) SELECT * FROM a")
    assert not is_query("WITH a AS (SELECT 1) delete FROM t RETURNING b")
    assert not is_query("INSERT INTO t VALUES (1) RETURNING a")


@pytest.mark.parametrize(
    ("sql", "is_remembered"),
    [
        ("SELECT * FROM t", False),
        ("SELECT t.a, t.* FROM t", False),
        ("SELECT DISTINCT ON (a) * FROM t", False),
        ("SELECT (f(a)).* FROM t", False),
        ("TABLE t", False),
        ("SELECT a FROM t", True),
        ('SELECT COUNT(*), (a * %s), (b * 2), (c * "d") FROM t', True),
    ],
)
def test_a_query_for_all_columns_is_not_remembered(sql, is_remembered):
    remembered = RememberedTypes()
    types = (("a", "interval"),)
    database, other = DataApiCluster("a", "s", "one"), DataApiCluster("a", "s", "two")

    remembered.add((database, sql), types)

    assert remembered.get((database, sql)) == (types if is_remembered else None)
    assert remembered.get((other, sql)) is None


def test_a_query_that_needs_no_cast_is_forgotten():
    remembered = RememberedTypes()
    template = DataApiCluster("a", "s", "one"), "SELECT a FROM t"

    remembered.add(template, (("a", "interval"),))
    remembered.add(template, (("a", "int4"),))

    assert remembered.get(template) is None
