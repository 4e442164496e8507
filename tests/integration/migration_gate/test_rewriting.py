"""Compares the gate's prediction of table rewrites with PostgreSQL."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import connection, migrations, models

from django_runtimes.migration_gate.judgement import judge
from django_runtimes.migration_gate.kind import Kind
from tests.integration.migration_gate.shop import OLD, apply, migration, state_of

pytestmark = [pytest.mark.profile_free, pytest.mark.django_db]


def alter(name, field):
    return migrations.AlterField("item", name, field)


def predicts_rewriting(operation, running):
    """Return whether the gate predicts a rewrite of a large table."""
    plan = [migration("0002", [operation])]
    sizes = {"shop_item": 10**9}
    verdicts = judge(plan, running.clone(), alias="default", known_apps={"shop"}, sizes=sizes)
    return any(verdict.kind is Kind.WRITES_ALL for verdict in verdicts)


def table_file():
    """Return the number of the table's file, which changes when PostgreSQL rewrites the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode('shop_item')")
        return cursor.fetchone()


@pytest.mark.parametrize(
    "operation",
    [
        alter("text", models.CharField(max_length=101)),
        alter("text", models.TextField()),
        alter("text", models.CharField(max_length=99)),
        alter("price", models.BigIntegerField()),
        alter("price", models.SmallIntegerField()),
        alter("weight", models.DecimalField(max_digits=9, decimal_places=2)),
        alter("weight", models.DecimalField(max_digits=9, decimal_places=3)),
        alter("weight", models.TextField()),
        alter("marks", ArrayField(models.CharField(max_length=11))),
        alter("marks", ArrayField(models.CharField(max_length=10), size=5)),
        migrations.AddField("item", "size", models.IntegerField(db_default=1)),
        migrations.AddField("item", "code", models.UUIDField(db_default=RandomUUID())),
    ],
    ids=str,
)
def test_a_table_is_rewritten_exactly_where_the_gate_predicts_it(operation):
    running = apply(state_of([]), migration("0001_initial", OLD))
    expected, former = predicts_rewriting(operation, running), table_file()

    apply(running.clone(), migration("0002", [operation]))

    assert (table_file() != former) is expected
