"""Fills the guestbook with sample entries."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webapp.guestbook.models import Entry
from webapp.guestbook.samples import sample_entries


class Command(BaseCommand):
    help = "Adds sample entries; those that are there already are left as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entries", type=_positive, default=30, help="how many sample entries there shall be")

    def handle(self, *args: Any, entries: int, **options: Any) -> None:
        added = add_sample_entries(entries)
        self.stdout.write(f"{added} sample entries added, {entries - added} were there already.")


def add_sample_entries(count: int) -> int:
    """Add those of the first `count` sample entries that are missing; returns how many were."""
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
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of entries; give 1 or more")
    return int(text)
