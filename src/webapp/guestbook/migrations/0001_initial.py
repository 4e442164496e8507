"""The first schema of the guestbook."""

import django.utils.timezone
from django.db import migrations, models

import webapp.guestbook.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("author", models.CharField(max_length=80)),
                ("message", models.TextField(max_length=2000)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("picture", models.ImageField(blank=True, upload_to=webapp.guestbook.models.picture_path)),
                ("hidden", models.BooleanField(default=False)),
                ("idempotency_key", models.CharField(editable=False, max_length=255, null=True)),
                ("request_digest", models.CharField(blank=True, editable=False, max_length=64)),
            ],
            options={
                "verbose_name_plural": "entries",
                "ordering": ("-created_at", "-id"),
                "indexes": [models.Index(fields=["-created_at", "-id"], name="entry_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("idempotency_key",), name="entry_idempotency_key_unique")
                ],
            },
        ),
    ]
