"""Files are deleted with their rows, after the commit."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from django_runtimes.files import deletes_files
from tests.integration.files.picture_rows import committed, entry_with, names
from webapp.guestbook.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def test_a_deleted_entry_deletes_its_file(media):
    entry, other = entry_with(b"1"), entry_with(b"2")

    with committed(execute=True):
        entry.delete()

    assert names(media) == [other.picture.name]


def test_a_queryset_deletes_the_files_of_all_its_rows(media):
    entry_with(b"1")
    entry_with(b"2")
    Entry.objects.create(author="Ada", message="No picture")

    with committed(execute=True):
        Entry.objects.only("author").delete()

    assert names(media) == []


def test_the_admin_deletes_the_files_of_selected_entries(client, media):
    entries = [entry_with(b"1"), entry_with(b"2")]
    client.force_login(get_user_model().objects.create_superuser("root"))
    form = {"action": "delete_selected", "_selected_action": [entry.pk for entry in entries], "post": "yes"}

    with committed(execute=True):
        client.post("/admin/guestbook/entry/", form)

    assert Entry.objects.count() == 0
    assert names(media) == []


def test_a_replaced_file_is_deleted(media):
    entry = Entry.objects.get(pk=entry_with(b"1").pk)

    with committed(execute=True):
        entry.picture = ContentFile(b"2", "b.png")
        entry.save()
        entry.picture = ContentFile(b"3", "c.png")
        entry.save(update_fields=["picture"])

    assert names(media) == [entry.picture.name]


def test_a_removed_file_is_deleted(media):
    entry = entry_with(b"1")

    with committed(execute=True):
        entry.picture = ""
        entry.save()

    assert names(media) == []


def test_a_save_of_other_fields_keeps_the_file(media):
    entry = entry_with(b"1")
    kept = entry.picture.name
    deferred = Entry.objects.defer("picture").get()

    with committed(execute=True):
        entry.hidden = True
        entry.save()
        entry.picture = ""
        entry.save(update_fields=["hidden"])
        deferred.hidden = False
        deferred.save()

    assert names(media) == [kept]


def test_a_rollback_keeps_the_file(media):
    entry = entry_with(b"1")
    kept = entry.picture.name

    with committed(execute=True), transaction.atomic():
        entry.delete()
        transaction.set_rollback(True)

    assert names(media) == [kept]


def test_a_file_that_cannot_be_deleted_is_logged_and_its_row_is_gone(media, monkeypatch, caplog):
    entry = entry_with(b"1")
    kept = entry.picture.name

    def fails(storage, name):
        raise PermissionError(name)

    monkeypatch.setattr(FileSystemStorage, "delete", fails)
    with committed(execute=True):
        entry.delete()

    assert Entry.objects.count() == 0
    assert names(media) == [kept]
    assert f"Cannot delete the file {kept}, whose row no longer names it" in caplog.text


@pytest.fixture
def subclasses():
    """Models that inherit the decorator, by their names."""
    with isolate_apps("webapp.guestbook"):

        @deletes_files
        class Recording(models.Model):
            content = models.FileField()

            class Meta:
                app_label = "guestbook"

        class ProxyRecording(Recording):
            class Meta:
                app_label = "guestbook"
                proxy = True

        class Song(Recording):
            cover = models.FileField()

            class Meta:
                app_label = "guestbook"

        class Remix(Song):
            class Meta:
                app_label = "guestbook"

        class ProxySong(Song):
            class Meta:
                app_label = "guestbook"
                proxy = True

        @deletes_files
        class AbstractRecording(models.Model):
            content = models.FileField()

            class Meta:
                app_label = "guestbook"
                abstract = True

        class Interview(AbstractRecording):
            class Meta:
                app_label = "guestbook"

        with connection.schema_editor() as editor:
            for model in (Recording, Song, Remix, Interview):
                editor.create_model(model)
        found = (Recording, ProxyRecording, Song, ProxySong, Remix, Interview)
        yield {model.__name__: model for model in found}


SUBCLASSES = ["Recording", "ProxyRecording", "Song", "ProxySong", "Remix", "Interview"]


def recording(model):
    """Return a saved row that is read again, each of its file fields with a file of its own."""
    fields = [each.name for each in model._meta.concrete_fields if isinstance(each, models.FileField)]
    row = model.objects.create(**{name: ContentFile(b"1", f"{name}.txt") for name in fields})
    return model.objects.get(pk=row.pk)


@pytest.mark.parametrize("name", SUBCLASSES)
def test_a_subclass_deletes_its_files_with_its_row(media, subclasses, name):
    for delete in (lambda row: row.delete(), lambda row: type(row).objects.all().delete()):
        row = recording(subclasses[name])
        with committed(execute=True):
            delete(row)
        assert names(media) == []


@pytest.mark.parametrize("name", SUBCLASSES)
def test_a_subclass_deletes_a_replaced_file(media, subclasses, name):
    row = recording(subclasses[name])

    with committed(execute=True):
        row.content = ContentFile(b"2", "second.txt")
        row.save()

    assert names(media) == (["cover.txt", "second.txt"] if hasattr(row, "cover") else ["second.txt"])


def test_a_parents_queryset_deletes_the_files_of_its_childrens_tables(media, subclasses):
    recording(subclasses["Remix"])

    with committed(execute=True):
        subclasses["Recording"].objects.all().delete()

    assert names(media) == []


def test_the_file_of_a_parent_that_is_kept_remains(media, subclasses):
    row = recording(subclasses["Song"])

    with committed(execute=True):
        row.delete(keep_parents=True)

    assert names(media) == ["content.txt"]
    assert subclasses["Recording"].objects.get().content.name == "content.txt"


def test_a_name_that_was_not_saved_is_not_deleted_with_the_row(media, subclasses):
    other = recording(subclasses["Interview"])
    row = recording(subclasses["Remix"])
    row.content.name = other.content.name

    with committed(execute=True):
        row.delete()

    assert names(media) == [other.content.name]


@isolate_apps("webapp.guestbook")
def test_a_parent_with_files_must_be_decorated_too():
    class Recording(models.Model):
        content = models.FileField()

        class Meta:
            app_label = "guestbook"

    class Song(Recording):
        class Meta:
            app_label = "guestbook"

    with pytest.raises(ImproperlyConfigured, match="decorates Song, but not Recording, from which it inherits files"):
        deletes_files(Song)
