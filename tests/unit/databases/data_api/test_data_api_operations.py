"""Batches and RETURNING follow the limits of the service."""

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.test.utils import isolate_apps

from django_runtimes.databases.data_api.base import DatabaseWrapper
from django_runtimes.databases.data_api.results.loaded_columns import CAST_ALIAS

OPERATIONS = DatabaseWrapper({"OPTIONS": {}, "TIME_ZONE": None, "NAME": "x"}, "default").ops
FIELDS = [Permission._meta.get_field(name) for name in ("name", "content_type", "codename")]
OBJECTS = [Permission(pk=number, name="x" * 50, codename="y" * 50) for number in range(6000)]


def test_an_insert_is_limited_by_the_request():
    assert OPERATIONS.bulk_batch_size(FIELDS, OBJECTS) == 5000


def test_an_update_is_limited_by_its_text():
    key = Permission._meta.pk

    assert OPERATIONS.bulk_batch_size([key, key, *FIELDS], OBJECTS) < 200


def test_a_deletion_is_limited_by_the_request():
    assert OPERATIONS.bulk_batch_size(["pk"], OBJECTS) == 5000
    assert OPERATIONS.bulk_batch_size([Permission._meta.get_field("content_type")], OBJECTS) == 5000


@isolate_apps("django.contrib.auth")
def test_returning_casts_what_the_service_cannot_return():
    class Timed(models.Model):
        took = models.DurationField()
        group = models.ForeignKey(Group, models.CASCADE)
        title = models.CharField(max_length=5)
        doubled = models.GeneratedField(
            expression=models.F("took"), output_field=models.DurationField(), db_persist=True
        )

        class Meta:
            app_label = "auth"
            db_table = "timed"

    sql, params = OPERATIONS.returning_columns(Timed._meta.local_fields)

    assert sql == (
        f'RETURNING "timed"."id", "timed"."took"::text AS "{CAST_ALIAS}interval", "timed"."group_id", '
        f'"timed"."title", "timed"."doubled"::text AS "{CAST_ALIAS}interval"'
    )
    assert params == ()
    assert OPERATIONS.returning_columns([]) == ("", ())
