"""The reference application's model."""

from django.db import models


class Item(models.Model):
    """A row of typical width."""

    name = models.CharField(max_length=80)
    price_cents = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
