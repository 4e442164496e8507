"""Files are deleted by the names in the database, which an instance may not know."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from tests.integration.blocked_sessions import wait_until_blocked_by_this_connection
from tests.integration.files.picture_rows import committed, entry_with, names
from webapp.guestbook.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def other_process_replaces(entry, content=b"2"):
    """Replace the file of an entry without telling its instance, as another process does."""
    with committed(execute=True):
        other = Entry.objects.get(pk=entry.pk)
        other.picture = ContentFile(content, "other.png")
        other.save()


# How the row may be in memory when its file is replaced or deleted.
def deferred(entry):
    return Entry.objects.defer("picture").get(pk=entry.pk)


def partly_loaded(entry):
    return Entry.objects.only("author").get(pk=entry.pk)


def refreshed(entry):
    other_process_replaces(entry)
    entry.refresh_from_db()
    return entry


def partly_refreshed(entry):
    other_process_replaces(entry)
    entry.refresh_from_db(fields=["picture"])
    return entry


def outdated(entry):
    other_process_replaces(entry)
    return entry


def known_by_key(entry):
    return Entry(pk=entry.pk, author="Ada", message="Again", created_at=entry.created_at)


INSTANCES = [deferred, partly_loaded, refreshed, partly_refreshed, outdated]


@pytest.mark.parametrize("instance", [*INSTANCES, known_by_key])
def test_a_replaced_file_that_the_instance_does_not_know_is_deleted(media, instance):
    entry = instance(entry_with(b"1"))

    with committed(execute=True):
        entry.picture = ContentFile(b"3", "third.png")
        entry.save()

    assert names(media) == [Entry.objects.get().picture.name]


@pytest.mark.parametrize("instance", INSTANCES)
def test_a_removed_file_that_the_instance_does_not_know_is_deleted(media, instance):
    entry = instance(entry_with(b"1"))

    with committed(execute=True):
        entry.picture = ""
        entry.save()

    assert names(media) == []


@pytest.mark.parametrize("instance", INSTANCES)
def test_a_deleted_row_deletes_a_file_that_its_instance_does_not_know(media, instance):
    entry = instance(entry_with(b"1"))

    with committed(execute=True):
        entry.delete()

    assert names(media) == []


def test_a_refreshed_row_keeps_its_file_when_it_is_saved(media):
    entry = refreshed(entry_with(b"1"))

    with committed(execute=True):
        entry.save()

    assert names(media) == [Entry.objects.get().picture.name]


def test_a_row_that_is_gone_deletes_no_file_of_another_row(media):
    entry = Entry.objects.get(pk=entry_with(b"1").pk)
    with committed(execute=True):
        Entry.objects.all().delete()
    # The name is free again, so another row may get it.
    default_storage.save(entry.picture.name, ContentFile(b"2"))
    Entry.objects.create(author="Ada", message="Mine", picture=entry.picture.name)

    with committed(execute=True):
        entry.delete()

    assert names(media) == [entry.picture.name]


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_replacements_deletes_the_file_of_the_first(media):
    entry = entry_with(b"1")
    other = Entry.objects.get(pk=entry.pk)

    def replace_second():
        with closing(connection), transaction.atomic():
            other.picture = ContentFile(b"3", "second.png")
            other.save()

    with ThreadPoolExecutor(1) as executor:
        with transaction.atomic():
            entry.picture = ContentFile(b"2", "first.png")
            entry.save()
            second = executor.submit(replace_second)
            wait_until_blocked_by_this_connection(second)
        second.result(timeout=60)

    assert names(media) == [other.picture.name]


def test_only_a_save_that_changes_a_file_asks_for_it(media, django_assert_num_queries):
    entry = Entry.objects.get(pk=entry_with(b"1").pk)

    with django_assert_num_queries(1):
        entry.hidden = True
        entry.save()
    with django_assert_num_queries(1):
        Entry.objects.create(author="Ada", message="Look!", picture=ContentFile(b"2", "b.png"))
    with django_assert_num_queries(2):
        entry.picture = ContentFile(b"3", "c.png")
        entry.save()
