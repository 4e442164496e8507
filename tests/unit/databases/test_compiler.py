"""The compilers mark statements that contain only Django's own SQL."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import TrigramSimilar
from django.db import models
from django.db.models import Case, Count, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import CombinedExpression, RawSQL
from django.db.models.functions import Cast, Coalesce, Lower, Now, Upper
from django.db.models.sql import InsertQuery, UpdateQuery

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from tests.unit.databases.compiling import compiled
from tests.unit.databases.own_sql import (
    ChooseTenant,
    LowerField,
    NewPlaceholderField,
    OwnLookup,
    OwnTypeField,
    PlaceholderField,
)

pytestmark = pytest.mark.profile_free


def with_attribute(expression, name, value):
    setattr(expression, name, value)
    return expression


def with_method(function):
    function.as_postgresql = lambda compiler, connection: ("choose_tenant(1)", [])
    return function


def with_other_function(function):
    function.function = "choose_tenant"
    return function


DJANGO_QUERIES = {
    "all": Group.objects.all,
    "filter": lambda: Group.objects.filter(Q(name__icontains="a") | ~Q(pk__in=[1, 2])),
    "functions": lambda: Group.objects.annotate(x=Lower("name"), y=Coalesce(F("name"), Value("-")), z=Now()),
    "case": lambda: Group.objects.annotate(x=Case(When(pk=1, then=Value("a")), default=Upper("name"))),
    "cast": lambda: Group.objects.annotate(x=Cast("pk", models.TextField())),
    "arithmetic": lambda: Group.objects.annotate(x=F("pk") + 1, y=F("pk").bitand(3)),
    "join": lambda: Permission.objects.filter(group__name="x").select_related("content_type"),
    "group by": lambda: Group.objects.annotate(n=Count("permissions", distinct=True)).filter(n__gt=1),
    "subquery": lambda: Group.objects.annotate(
        x=Subquery(Permission.objects.filter(group=OuterRef("pk")).values("name")[:1])
    ),
    "exists": lambda: Group.objects.filter(Exists(Permission.objects.filter(group=OuterRef("pk")))),
    "union": lambda: Group.objects.filter(pk=1).union(Group.objects.filter(pk=2)),
    "a slice": lambda: Group.objects.order_by("-name")[:5],
}

APPLICATION_QUERIES = {
    "a cast to an array of a type": lambda: Group.objects.annotate(x=Cast("name", ArrayField(OwnTypeField()))),
    "a value of such an array": lambda: Group.objects.annotate(x=Value(["a"], ArrayField(OwnTypeField()))),
    "a method of an instance": lambda: Group.objects.annotate(x=with_method(Lower("name"))),
    "a function": lambda: Group.objects.annotate(x=ChooseTenant("pk")),
    "a function by name": lambda: Group.objects.annotate(x=Func(F("pk"), function="choose_tenant")),
    "a template": lambda: Group.objects.annotate(x=Lower("name", template="own(%(expressions)s)")),
    "a name set later": lambda: Group.objects.annotate(x=with_other_function(Lower("name"))),
    "a filter's template": lambda: Group.objects.annotate(
        x=with_attribute(Count("pk", filter=Q(pk__gt=0)), "filter_template", "%s FILTER (WHERE %%(filter)s AND own())")
    ),
    "a separator of cases": lambda: Group.objects.annotate(
        x=with_attribute(Case(When(pk=1, then=1), default=2), "case_joiner", " WHEN own() THEN 1 ")
    ),
    "a template set later": lambda: Group.objects.annotate(
        x=with_attribute(Case(When(pk=1, then=1), default=2), "template", "own(%(cases)s, %(default)s)")
    ),
    "a template of a condition": lambda: Group.objects.annotate(
        x=Case(
            with_attribute(When(pk=1, then=1), "template", "WHEN %(condition)s AND own() THEN %(result)s"), default=2
        )
    ),
    "an operator set later": lambda: Group.objects.annotate(
        x=with_attribute(TrigramSimilar(F("name"), "a"), "postgres_operator", "@@@@")
    ),
    "a method of a lookup": lambda: Group.objects.filter(
        with_attribute(models.lookups.Exact(F("pk"), 1), "get_rhs_op", lambda *_: "= own(1)")
    ),
    "a value of a field that was given a hook": lambda: Group.objects.filter(
        name=Value("a", with_attribute(models.CharField(), "get_placeholder", lambda *_: "own(%s)"))
    ),
    "a template of a subquery": lambda: Group.objects.annotate(
        x=Subquery(Permission.objects.values("pk")[:1], template="own(%(subquery)s)")
    ),
    "raw": lambda: Group.objects.annotate(x=RawSQL("choose_tenant(1)", [])),
    "in a filter": lambda: Group.objects.filter(pk=ChooseTenant(Value(1))),
    "in an order": lambda: Group.objects.order_by(ChooseTenant("pk")),
    "in a subquery": lambda: Group.objects.filter(pk__in=Permission.objects.annotate(x=ChooseTenant("pk")).values("x")),
    "in an exists": lambda: Group.objects.filter(Exists(Permission.objects.filter(pk=RawSQL("choose_tenant(1)", [])))),
    "in a union": lambda: Group.objects.filter(pk=1).union(Group.objects.filter(pk=ChooseTenant(Value(1)))),
    "in a combined expression": lambda: Group.objects.annotate(x=F("pk") + ChooseTenant("pk")),
    "a value of a field that writes SQL": lambda: Group.objects.filter(name=Value("a", PlaceholderField())),
    "the same in Django 6": lambda: Group.objects.filter(name=Value("a", NewPlaceholderField())),
    "an operator": lambda: Group.objects.annotate(
        x=CombinedExpression(F("pk"), "@@@@", F("pk"), models.IntegerField())
    ),
    "a lookup": lambda: Group.objects.filter(OwnLookup(F("pk"), 1)),
    "extra select": lambda: Group.objects.extra(select={"x": "choose_tenant(1)"}),
    "extra where": lambda: Group.objects.extra(where=["choose_tenant(1)"]),
    "extra tables": lambda: Group.objects.extra(tables=["choose_tenant(1)"]),
    "extra order": lambda: Group.objects.extra(order_by=["-auth_group.name"]),
    "a cast to a field that writes SQL": lambda: Group.objects.annotate(x=Cast("name", LowerField())),
    "a cast to an own type": lambda: Group.objects.annotate(x=Cast("name", OwnTypeField())),
}


@pytest.mark.parametrize("name", DJANGO_QUERIES)
def test_queries_with_only_djangos_sql_are_marked(wrapper, name):
    assert type(compiled(wrapper, DJANGO_QUERIES[name]().query)) is CompiledSQL


@pytest.mark.parametrize("name", APPLICATION_QUERIES)
def test_queries_with_the_applications_sql_are_not_marked(wrapper, name):
    sql = compiled(wrapper, APPLICATION_QUERIES[name]().query)

    assert isinstance(sql, str)
    assert type(sql) is not CompiledSQL


@pytest.mark.parametrize(("value", "marked"), [("a", True), (Lower(Value("a")), True), (ChooseTenant(Value(1)), False)])
def test_updates_with_only_djangos_sql_are_marked(wrapper, value, marked):
    query = Group.objects.filter(pk=1).query.chain(UpdateQuery)
    query.add_update_values({"name": value})

    assert (type(compiled(wrapper, query)) is CompiledSQL) is marked


@pytest.mark.parametrize(("value", "marked"), [("a", True), (ChooseTenant(Value(1)), False)])
def test_inserts_with_only_djangos_sql_are_marked(wrapper, value, marked):
    query = InsertQuery(Group)
    query.insert_values([Group._meta.get_field("name")], [Group(name=value)])

    ((sql, _),) = query.get_compiler(connection=wrapper).as_sql()
    assert (type(sql) is CompiledSQL) is marked


def test_changed_sql_loses_its_mark():
    sql = CompiledSQL("SELECT %s")

    for changed in (sql + " ", "/* a comment */ " + sql, f"{sql};", sql % "f()", " ".join([sql, "x"]), sql[:3]):
        assert type(changed) is str


def test_every_compiler_of_django_has_a_marking_subclass(wrapper):
    from django.db.backends.postgresql import compiler as djangos

    for name in djangos.__all__:
        marking = wrapper.ops.compiler(name)
        assert issubclass(marking, getattr(djangos, name))
        assert marking.__module__ == "django_runtimes.databases.postgresql.compiler"
