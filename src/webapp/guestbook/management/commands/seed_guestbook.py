"""Fills the guestbook with sample entries."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webapp.guestbook.models import Entry
from webapp.guestbook.samples import sample_entries


class Command(BaseCommand):
    help = "Adds sample entries and keeps those that already exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entries", type=_positive, default=30, help="total number of sample entries")

    def handle(self, *args: Any, entries: int, **options: Any) -> None:
        added = add_sample_entries(entries)
        self.stdout.write(f"{added} sample entries added, {entries - added} already existed.")


def add_sample_entries(count: int) -> int:
    """Add those of the first `count` sample entries that are missing, and return how many were added."""
    samples = list(sample_entries(count))
    present = set(
        Entry.objects.filter(created_at__range=(samples[-1].created_at, samples[0].created_at)).values_list(
            "author", "created_at"
        )
    )
    missing = [sample for sample in samples if (sample.author, sample.created_at) not in present]
    Entry.objects.bulk_create(missing, batch_size=1000)
    return len(missing)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of entries; use 1 or more")
    return int(text)
