"""The ledger's accounts."""

from django.db import models


class Account(models.Model):
    """An account of the ledger."""

    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, default="EUR")
    closed = models.BooleanField(default=False)

    class Meta:
        app_label = "ledger"
