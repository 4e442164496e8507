"""The letters of members."""

from django.conf import settings
from django.db import models


class Letter(models.Model):
    """A letter of a member, saved at most once for each key."""

    key = models.CharField(max_length=100, unique=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField()

    class Meta:
        app_label = "members"
