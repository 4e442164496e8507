"""Entries with pictures in a directory, and the files in it."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.test import TestCase

from webapp.guestbook.models import Entry

# Files are deleted after the commit.
committed = TestCase.captureOnCommitCallbacks


def names(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def entry_with(content: bytes) -> Entry:
    return Entry.objects.create(author="Ada", message="Look!", picture=ContentFile(content, "a.png"))
