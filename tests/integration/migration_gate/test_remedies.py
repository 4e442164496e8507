"""The gate's remedies on PostgreSQL: no version fails at any step."""

import pytest
from django.db import migrations, models

from tests.integration.migration_gate.shop import OLD, apply, migration, state_of, verdicts_on, works

pytestmark = [pytest.mark.profile_free, pytest.mark.django_db]

SKU_WITHOUT_DEFAULT = migrations.AlterField("item", "sku", models.CharField(max_length=20))


def in_state(*operations):
    return migrations.SeparateDatabaseAndState(state_operations=list(operations))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            [
                migrations.AlterField("item", "text", models.CharField(max_length=100, null=True)),
                in_state(migrations.RemoveField("item", "text")),
            ],
            "ALTER TABLE shop_item DROP COLUMN text",
            id="drop_a_column",
        ),
        pytest.param(
            [in_state(migrations.RemoveField("item", "tags"))], "DROP TABLE shop_item_tags", id="drop_a_table"
        ),
        pytest.param(
            [in_state(SKU_WITHOUT_DEFAULT)], "ALTER TABLE shop_item ALTER sku DROP DEFAULT", id="drop_a_default"
        ),
    ],
)
def test_dropping_in_two_releases_breaks_no_version(first, second):
    former = apply(state_of([]), migration("0001_initial", OLD))
    leave = migration("0002_leave", first)
    drop = migration("0003_drop", [migrations.RunSQL(second)], compatible_because="0002 left it")

    assert not any(verdict.refuses for verdict in verdicts_on(leave, running=former))
    between = apply(former.clone(), leave)
    assert works(former)
    assert works(between)
    assert not any(verdict.refuses for verdict in verdicts_on(drop, running=between))
    apply(between.clone(), drop)
    assert works(between)
    assert not works(former)


def test_requiring_a_field_in_the_next_release_breaks_no_version():
    former = apply(state_of([]), migration("0001_initial", OLD))
    add = migration("0002_add", [migrations.AddField("item", "size", models.IntegerField(null=True, default=0))])
    require = [migrations.AlterField("item", "size", models.IntegerField(default=0))]

    assert verdicts_on(add, running=former) == []
    between = apply(former.clone(), add)
    assert works(former)
    assert [verdict.refuses for verdict in verdicts_on(migration("0003", require), running=between)] == [True]
    marked = migration("0003", require, compatible_because="0002 writes 0")
    assert [verdict.allowed for verdict in verdicts_on(marked, running=between)] == ["0002 writes 0"]
    apply(between.clone(), marked)
    assert works(between)
