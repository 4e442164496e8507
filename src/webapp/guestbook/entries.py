"""Creates entries, at most one for each idempotency key."""

import hashlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from webapp.guestbook.models import Entry

_KEY_LENGTH_MAX = 255


class KeyReusedError(Exception):
    """The idempotency key was used for an entry with another author or message."""


def is_idempotency_key(text: str) -> bool:
    """Return whether a key is valid: 1 to 255 printable ASCII characters."""
    return 1 <= len(text) <= _KEY_LENGTH_MAX and text.isascii() and text.isprintable()


def create_entry(
    *, author: str, message: str, picture: "UploadedFile[Any] | None" = None, idempotency_key: str | None = None
) -> Entry:
    """Create an entry, or return the earlier one with this key, hidden or not.

    When two calls use one key at the same time, the second waits in PostgreSQL for the first.
    Raise KeyReusedError when the key was used for another author or message.
    """
    digest = _digest(author, message)
    entry = Entry(
        author=author,
        message=message,
        picture=picture,
        idempotency_key=idempotency_key,
        request_digest=digest,
    )
    try:
        with _transaction_if_needed(has_file=picture is not None):
            entry.save(force_insert=True)
    except IntegrityError:
        if idempotency_key is None:
            raise
        earlier = Entry.objects.filter(idempotency_key=idempotency_key).first()
        if earlier is None:
            raise
        if earlier.request_digest != digest:
            raise KeyReusedError from None
        return earlier
    return entry


def _transaction_if_needed(*, has_file: bool) -> AbstractContextManager[None]:
    # A failed INSERT would abort the caller's transaction. Without a transaction, the INSERT commits in one round trip;
    # BEGIN and COMMIT would add two. A picture that was sent to the bucket waits there for the commit.
    if has_file or transaction.get_connection().in_atomic_block:
        return transaction.atomic()
    return nullcontext()


def _digest(author: str, message: str) -> str:
    # Neither text can contain NUL, which PostgreSQL does not store, so it separates the two without ambiguity.
    return hashlib.sha256(f"{author}\0{message}".encode()).hexdigest()
