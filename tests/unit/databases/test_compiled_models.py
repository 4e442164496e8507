"""The compilers mark no statement of a model whose fields or table contain an application's SQL."""

import pytest
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Coalesce, Lower
from django.db.models.sql import InsertQuery, UpdateQuery
from django.test.utils import isolate_apps, register_lookup

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from tests.unit.databases.compiling import compiled
from tests.unit.databases.own_sql import ChooseTenant, ChooseTenantTransform, LowerField, OwnLookup, PlaceholderField

pytestmark = pytest.mark.profile_free


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize("field", [LowerField, PlaceholderField])
def test_queries_of_fields_that_write_sql_are_not_marked(wrapper, field):
    class Thing(models.Model):
        name = field(max_length=9)

        class Meta:
            app_label = "auth"

    update = Thing.objects.all().query.chain(UpdateQuery)
    update.add_update_values({"name": "a"})
    insert = InsertQuery(Thing)
    insert.insert_values([Thing._meta.get_field("name")], [Thing(name="a")])

    for query in (
        Thing.objects.all().query,
        Thing.objects.annotate(x=Coalesce("name", Value("-"))).values("x").query,
        Thing.objects.values("name").union(Thing.objects.values("name")).query,
        update,
    ):
        assert type(compiled(wrapper, query)) is not CompiledSQL
    ((sql, _),) = insert.get_compiler(connection=wrapper).as_sql()
    assert type(sql) is not CompiledSQL


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize(
    ("default", "marked"), [("a", True), (Lower(Value("A")), True), (ChooseTenant(Value(1)), False)]
)
def test_the_applications_database_default_prevents_the_mark(wrapper, default, marked):
    class Thing(models.Model):
        name = models.TextField()
        tenant = models.TextField(db_default=default)

        class Meta:
            app_label = "auth"

    name = Thing._meta.get_field("name")
    update = Thing.objects.all().query.chain(UpdateQuery)
    update.add_update_values({"tenant": DatabaseDefault(Thing._meta.get_field("tenant")._db_default_expression)})
    # The database also applies the default where an insert leaves the column out.
    for fields in ([name], [name, Thing._meta.get_field("tenant")]):
        insert = InsertQuery(Thing)
        insert.insert_values(fields, [Thing(name="a")])
        ((sql, _),) = insert.get_compiler(connection=wrapper).as_sql()
        assert (type(sql) is CompiledSQL) is marked
    assert (type(compiled(wrapper, update)) is CompiledSQL) is marked


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize(
    ("lookup", "marked"),
    [(Q(name__contains="a"), True), (OwnLookup(F("name"), "a"), False)],
)
def test_the_applications_lookup_in_a_column_prevents_the_mark(wrapper, lookup, marked):
    class Thing(models.Model):
        name = models.TextField()
        begins = models.GeneratedField(expression=lookup, output_field=models.BooleanField(), db_persist=True)

        class Meta:
            app_label = "auth"

    insert = InsertQuery(Thing)
    insert.insert_values([Thing._meta.get_field("name")], [Thing(name="a")])
    ((sql, _),) = insert.get_compiler(connection=wrapper).as_sql()

    assert (type(sql) is CompiledSQL) is marked


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize(("transform", "marked"), [(Lower, True), (ChooseTenantTransform, False)])
def test_the_applications_transform_in_a_column_prevents_the_mark(wrapper, transform, marked):
    with register_lookup(models.TextField, transform, lookup_name="chosen"):

        class Thing(models.Model):
            name = models.TextField()
            chosen = models.GeneratedField(
                expression=F("name__chosen"), output_field=models.TextField(), db_persist=True
            )

            class Meta:
                app_label = "auth"

        insert = InsertQuery(Thing)
        insert.insert_values([Thing._meta.get_field("name")], [Thing(name="a")])
        update = Thing.objects.all().query.chain(UpdateQuery)
        update.add_update_values({"name": "a"})

        ((sql, _),) = insert.get_compiler(connection=wrapper).as_sql()
        assert (type(sql) is CompiledSQL) is marked
        assert (type(compiled(wrapper, update)) is CompiledSQL) is marked


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize(("field", "marked"), [(models.CharField, True), (LowerField, False)])
def test_the_applications_field_in_a_composite_key_prevents_the_mark(wrapper, field, marked):
    class Thing(models.Model):
        pk = models.CompositePrimaryKey("number", "name")
        number = models.IntegerField()
        name = field(max_length=9)

        class Meta:
            app_label = "auth"

    query = Thing.objects.filter(pk__in=Thing.objects.filter(number=1)).query

    assert (type(compiled(wrapper, query)) is CompiledSQL) is marked


@isolate_apps("django.contrib.auth")
@pytest.mark.parametrize(
    ("table", "marked"), [('"public"."thing"', True), ('"choose_tenant"(1) as "thing"', False)], ids=["schema", "call"]
)
def test_a_table_name_that_is_a_call_is_detected(wrapper, table, marked):
    class Thing(models.Model):
        class Meta:
            app_label = "auth"
            db_table = table

    assert (type(compiled(wrapper, Thing.objects.all().query)) is CompiledSQL) is marked
