"""The effects of a changed column type on the running version and on PostgreSQL."""

import pytest

from django_runtimes.migration_gate.column_types import holds_all_of, is_narrower, rewrites


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("integer", "integer"),
        ("smallint", "bigint"),
        ("varchar(10)", "varchar(11)"),
        ("varchar(10)", "varchar"),
        ("varchar(10)", "text"),
        ("varchar(10)", "longtext"),
        ("text", "varchar"),
        ("numeric(5, 2)", "numeric(7, 3)"),
        ("geometry(POINT,4326)", "geometry(POINT,4326)"),
        ("varchar(10)[]", "varchar(11)[]"),
        ("varchar(10)[3][]", "varchar[]"),
        ("numeric(5, 2)[]", "numeric(7, 2)[]"),
    ],
)
def test_a_wider_type_holds_all_former_values(former, present):
    assert holds_all_of(former, present)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("bigint", "integer"),
        ("varchar(11)", "varchar(10)"),
        ("varchar", "varchar(10)"),
        ("text", "varchar(10)"),
        ("longtext", "varchar(10)"),
        ("numeric(7, 2)", "numeric(7, 3)"),
        ("numeric(7, 2)", "numeric(9, 1)"),
        ("varchar(11)[]", "varchar(10)[]"),
        ("numeric(7, 2)[]", "numeric(7, 3)[]"),
    ],
)
def test_a_narrower_type_loses_some_values(former, present):
    assert not holds_all_of(former, present)
    assert is_narrower(former, present)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("integer", "text"),
        ("integer", "numeric(9, 0)"),
        ("date", "timestamp with time zone"),
        ("varchar(10)", "varchar(10)[]"),
        ("varchar(10)[]", "varchar(10)"),
        ("varchar(10)[]", "text[]"),
        ("integer[]", "bigint[]"),
        ("bigint[]", "integer[]"),
        ("text", "citext"),
    ],
)
def test_another_type_is_neither_wider_nor_narrower(former, present):
    assert not holds_all_of(former, present)
    assert not is_narrower(former, present)


@pytest.mark.parametrize(
    ("former", "present", "is_rewritten"),
    [
        ("varchar(10)", "varchar(11)", False),
        ("varchar(10)", "text", False),
        ("numeric(5, 2)", "numeric(7, 2)", False),
        ("numeric(5, 2)", "numeric(7, 3)", True),
        ("integer", "bigint", True),
        ("varchar(11)", "varchar(10)", True),
        ("integer", "text", True),
        ("varchar(10)[]", "varchar(11)[]", True),
        ("varchar(10)[]", "varchar(10)[5]", False),
    ],
)
def test_the_table_is_rewritten_if_the_values_differ_on_disk(former, present, is_rewritten):
    assert rewrites(former, present) is is_rewritten
