"""The journal's entries."""

from django.db import models


class Entry(models.Model):
    """An entry of the journal."""

    text = models.TextField()
    author = models.TextField(default="")

    class Meta:
        app_label = "journal"
        indexes = [models.Index(fields=["text"], name="journal_entry_text")]
