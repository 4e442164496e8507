from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=80)
    count = models.PositiveIntegerField(default=0)
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey("accounts.Account", null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ("-pk",)
