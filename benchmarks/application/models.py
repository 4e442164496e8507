"""The reference application's model."""

from datetime import datetime

from django.db import models


class Item(models.Model):
    """A row of typical width."""

    name: "models.CharField[str, str]" = models.CharField(max_length=80)
    price_cents: "models.PositiveIntegerField[int, int]" = models.PositiveIntegerField()
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
