"""The ORM writes no row that the service cannot return, and such a row can be found and deleted."""

from contextlib import contextmanager

import pytest
from django.apps.registry import Apps
from django.contrib.postgres.fields import ArrayField
from django.db import DataError, NotSupportedError, connections, models
from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat, Length
from django.db.models.signals import post_delete

LIMIT = 65_536
TEXT = models.TextField()


class Page(models.Model):
    """A row with columns that may be long."""

    text = models.TextField(default="")
    note = models.TextField(default="")
    data = models.JSONField(null=True)
    content = models.BinaryField(null=True)
    words = ArrayField(models.TextField(), null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)

    class Meta:
        apps = Apps()
        app_label = "long_rows"


@contextmanager
def connected(signal, receiver):
    signal.connect(receiver, sender=Page)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=Page)


@pytest.fixture
def pages(connect, data_api):
    connections["served"] = served = connect(data_api)
    served.alias = "served"
    with served.schema_editor() as editor:
        editor.create_model(Page)
    yield Page.objects.using("served")
    with served.schema_editor() as editor:
        editor.delete_model(Page)
    del connections["served"]


def test_a_row_above_64_kb_is_not_written(pages):
    page = pages.create(text="x")
    page.text = "x" * (LIMIT + 1)
    writes = [
        lambda: pages.create(text="ä" * 40_000),
        lambda: pages.create(text="x" * 40_000, note="y" * 40_000),
        lambda: pages.create(text=Value("x" * (LIMIT + 1))),
        lambda: pages.create(data={"a": ["ä" * 40_000]}),
        lambda: pages.create(content=b"\0" * (LIMIT + 1)),
        lambda: pages.create(words=["x" * 40_000, "y" * 40_000]),
        lambda: pages.bulk_create([Page(), Page(text="x" * (LIMIT + 1))]),
        page.save,
        lambda: pages.bulk_update([page], ["text"]),
        lambda: pages.bulk_update([Page(pk=1, text="x" * 40_000, note="y" * 40_000)], ["text", "note"]),
        lambda: pages.update(text="x" * 40_000, note=Value("y" * 40_000)),
        lambda: pages.update(
            text=Case(When(pk=1, then=Value("x" * (LIMIT + 1))), default=F("note"), output_field=TEXT)
        ),
    ]
    for write in writes:
        with pytest.raises(DataError, match=r"a row of long_rows_page would have .* rows of at most 65,536"):
            write()

    assert list(pages.values_list("text")) == [("x",)]


def test_a_row_of_64_kb_is_written_and_read(pages):
    first = pages.create(text="x" * 40_000, note="y" * (LIMIT - 40_010))
    pages.bulk_create([Page(text="x" * 60_000), Page(note="y" * 60_000), Page(data="ä" * 30_000)])
    long_in_turn = [Page(pk=first.pk, text="x" * 40_000, note=""), Page(pk=first.pk + 1, text="", note="y" * 40_000)]
    pages.bulk_update(long_in_turn, ["text", "note"])
    pages.filter(pk=first.pk).update(parent=first, content=b"\0" * 20_000)

    assert [len(page.text + page.note) for page in pages.order_by("pk")] == [40_000, 40_000, 60_000, 0]


def test_a_longer_row_is_found_and_deleted(pages):
    for _ in range(2):
        with connections["served"].cursor() as cursor:
            columns = "text, note, data, content, words, parent_id"
            cursor.execute(
                f"INSERT INTO long_rows_page ({columns}) VALUES (%s, '', null, null, null, null)", ["x" * 70_000]
            )
    with pytest.raises(NotSupportedError, match=r'and delete the row with only\("pk"\)'):
        list(pages)
    # Rows are read before they are deleted if there is a receiver, or another model with a key to them.
    deleted = []

    def receiver(instance, **_):
        deleted.append(instance.pk)

    with pytest.raises(NotSupportedError, match="rows of at most 64 KB"), connected(post_delete, receiver):
        pages.all().delete()

    first, second = pages.annotate(length=Length("text")).filter(length__gt=65_000).values_list("pk", flat=True)
    with connected(post_delete, receiver):
        pages.filter(pk=first).only("pk").delete()
    pages.filter(pk=second).update(text="")

    assert deleted == [first]
    assert [page.text for page in pages] == [""]


def test_a_value_of_the_server_is_not_measured(pages):
    pages.create()
    # Django 6 reads such a value back if save() writes it.
    pages.update(text=Concat(Value("x" * 40_000), Value("y" * 40_000)))

    assert pages.values_list(Length("text")).get() == (80_000,)
