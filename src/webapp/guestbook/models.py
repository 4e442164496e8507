"""The guestbook's entries."""

import uuid
from datetime import datetime
from pathlib import PurePath

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from django_runtimes.files import deletes_files

AUTHOR_LENGTH_MAX = 80
MESSAGE_LENGTH_MAX = 2000


def picture_path(entry: "Entry", filename: str) -> str:
    """Return the path of an upload: a folder by date, and a random name that cannot be guessed or overwritten."""
    extension = PurePath(filename).suffix.lower()
    return f"pictures/{timezone.now():%Y/%m/%d}/{uuid.uuid4().hex}{extension}"


class EntryManager(models.Manager["Entry"]):
    def visible(self) -> models.QuerySet["Entry"]:
        """Return the entries that visitors may see."""
        return self.filter(hidden=False)


@deletes_files
class Entry(models.Model):
    """A visitor's entry; `hidden` removes it from every page without deleting it."""

    author: "models.CharField[str, str]" = models.CharField(max_length=AUTHOR_LENGTH_MAX)
    message: "models.TextField[str, str]" = models.TextField(max_length=MESSAGE_LENGTH_MAX)
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(default=timezone.now, editable=False)
    picture = models.ImageField(upload_to=picture_path, blank=True)
    hidden: "models.BooleanField[bool, bool]" = models.BooleanField(default=False)
    idempotency_key: "models.CharField[str | None, str | None]" = models.CharField(
        max_length=255, null=True, editable=False
    )
    request_digest: "models.CharField[str, str]" = models.CharField(max_length=64, blank=True, editable=False)

    objects = EntryManager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "entries"
        indexes = (models.Index(fields=["-created_at", "-id"], name="entry_newest_first"),)
        # unique=True would add a second index on PostgreSQL, for LIKE, which every write would update.
        constraints = (models.UniqueConstraint(fields=["idempotency_key"], name="entry_idempotency_key_unique"),)

    def __str__(self) -> str:
        return f"{self.author}: {self.excerpt}"

    def get_absolute_url(self) -> str:
        return reverse("guestbook:entry_detail", args=[self.pk])

    @property
    def excerpt(self) -> str:
        """The beginning of the message, short enough for one line."""
        return Truncator(self.message).chars(60)
