"""The model of a note."""

from django.db import models


class Note(models.Model):
    """A note, saved at most once for each key."""

    key = models.CharField(max_length=100, unique=True)
    text = models.TextField()

    class Meta:
        app_label = "notes"
