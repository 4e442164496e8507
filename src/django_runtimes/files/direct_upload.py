"""A file in the bucket that a form receives like any upload; its content is fetched only if somebody reads it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from django_runtimes.files.sent_upload import SentUpload

_log = logging.getLogger(__name__)


class DirectUpload(UploadedFile):  # type: ignore[type-arg]
    """An upload that the browser has sent to the bucket.

    `token` is the text with which the form claims it again, empty once the file was refused.
    """

    def __init__(self, sent: SentUpload, token: str) -> None:
        self._content: IO[bytes] | None = None
        self.sent = sent
        self.token = token
        self.etag = ""
        super().__init__(None, sent.name, sent.content_type, sent.size)

    @property
    def file(self) -> IO[bytes]:
        """The content, which the first access fetches."""
        if self._content is None:
            from django_runtimes.files import incoming

            self._content = incoming.content(self.sent, self.etag)
        return self._content

    @file.setter
    def file(self, content: Any) -> None:
        self._content = content

    def close(self) -> None:
        """Delete the fetched content, if any."""
        if self._content is not None:
            self._content.close()

    @contextmanager
    def checks(self) -> Iterator[None]:
        """Raise ValidationError if the bucket cannot be asked about the upload, or for its content, in the block."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError):
            _log.exception("Cannot ask the bucket about the upload %s", self.sent.key)
            raise ValidationError(_("The file could not be checked. Send the form again."), "unchecked") from None

    def verify(self) -> None:
        """Raise ValidationError unless the bucket has what the browser announced."""
        # Only requests with a direct upload import boto3.
        from django_runtimes.files import incoming

        found = incoming.arrived(self.sent)
        if found is None:
            raise ValidationError(_("The file has not arrived, or was used before. Choose it again."), "missing")
        if (found.size, found.content_type) != (self.sent.size, self.sent.content_type):
            raise ValidationError(_("Another file arrived than the chosen one. Choose it again."), "different")
        self.etag = found.etag


class ClaimedUpload:
    """An upload that a form names by its token.

    It has neither a name nor a size, so only the fields that check what arrived accept it; Django's own refuse it.
    """

    def __init__(self, sent: SentUpload, token: str) -> None:
        self.upload = DirectUpload(sent, token)

    def close(self) -> None:
        """Delete the fetched content, if any."""
        self.upload.close()


class UnusableUpload:
    """A claim that cannot be granted, with its reason for the user."""

    token = ""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def close(self) -> None:
        """Do nothing; Django closes every file of a request."""
