"""Long lists of values are compiled to one array, which the engine can pass as a parameter."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from django_runtimes.databases.data_api.base import DatabaseWrapper


@pytest.fixture(scope="module")
def wrapper():
    return DatabaseWrapper({"OPTIONS": {}, "TIME_ZONE": None, "NAME": "x"}, "default")


def where(queryset, wrapper):
    sql, params = queryset.query.get_compiler(connection=wrapper).as_sql()
    return sql.partition(" WHERE ")[2], params


def test_a_long_list_is_one_array(wrapper):
    sql, params = where(Permission.objects.filter(pk__in=[*range(600), 5, None]).only("pk").order_by(), wrapper)

    assert sql == '"auth_permission"."id" IN (SELECT unnest(%s::int8[]))'
    assert params == ([*range(600)],)


def test_a_long_list_of_related_objects_is_one_array(wrapper):
    types = [ContentType(pk=number) for number in range(600)]

    sql, params = where(Permission.objects.exclude(content_type__in=types).only("pk").order_by(), wrapper)

    assert sql == 'NOT ("auth_permission"."content_type_id" IN (SELECT unnest(%s::int8[])))'
    assert params == ([*range(600)],)


@pytest.mark.parametrize("names", [["a"] * 10, ["a"] * 600])
def test_a_short_list_stays_a_list(wrapper, names):
    sql, params = where(Permission.objects.filter(codename__in=names).only("pk").order_by(), wrapper)

    assert sql == '"auth_permission"."codename" IN (%s)'
    assert params == ("a",)


def test_times_with_and_without_a_zone_stay_a_list(wrapper, settings):
    settings.USE_TZ = False
    aware = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(number) for number in range(600)]
    times = [aware[0], *(time.replace(tzinfo=None) for time in aware)]

    sql, params = where(Session.objects.filter(expire_date__in=times).only("pk").order_by(), wrapper)

    assert sql.startswith('"django_session"."expire_date" IN (%s, %s, ')
    assert len(params) == 601
