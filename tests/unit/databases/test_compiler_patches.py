"""SQL from Django's expressions, lookups and fields is not marked after they are patched."""

import functools

import pytest
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Upper
from django.test.utils import isolate_apps

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from tests.unit.databases.compiling import compiled

pytestmark = pytest.mark.profile_free


def upper_by_own_function(self, compiler, connection, **extra):
    return self.as_sql(compiler, connection, function="choose_tenant", **extra)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("function", "choose_tenant"),
        ("template", "choose_tenant(%(expressions)s)"),
        ("arg_joiner", " + choose_tenant() + "),
        ("as_postgresql", upper_by_own_function),
    ],
)
def test_patches_of_djangos_functions_are_detected(wrapper, monkeypatch, name, value):
    queries = Group.objects.annotate(upper=Upper("name"))
    assert type(queries.query.get_compiler(connection=wrapper).as_sql()[0]) is CompiledSQL

    monkeypatch.setattr(Upper, name, value, raising=False)

    assert type(queries.query.get_compiler(connection=wrapper).as_sql()[0]) is str


@pytest.mark.parametrize(("patched", "name"), [(Upper, "as_sql"), (models.lookups.StartsWith, "as_sql")])
def test_a_patch_with_djangos_names_is_detected(wrapper, monkeypatch, patched, name):
    # The verdict on a lookup's class is kept from its first use, so each case needs its own class.
    own = type(patched.__name__, (patched,), {"__module__": patched.__module__})
    expression = own("name") if patched is Upper else own(F("name"), "a")
    query = Group.objects.annotate(x=expression).query
    djangos = getattr(patched, name)

    @functools.wraps(djangos)
    def as_sql(self, *args, **kwargs):
        sql, params = djangos(self, *args, **kwargs)
        return f"choose_tenant({sql})", params

    monkeypatch.setattr(own, name, as_sql, raising=False)

    assert type(compiled(wrapper, query)) is str


@isolate_apps("django.contrib.auth")
def test_a_field_hook_with_djangos_names_is_detected(wrapper):
    class Hooked(models.TextField):
        @functools.wraps(models.Field.get_prep_value)
        def get_placeholder_sql(self, value, compiler, connection):
            return "choose_tenant(%s)", [value]

    Hooked.__module__ = models.TextField.__module__

    assert type(compiled(wrapper, Group.objects.filter(name=Value("a", Hooked())).query)) is str
