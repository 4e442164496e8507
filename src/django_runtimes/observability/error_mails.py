"""Mails errors to ADMINS."""

import logging

from django.utils.log import AdminEmailHandler

logger = logging.getLogger(__name__)


class ErrorMailHandler(AdminEmailHandler):
    """Django's handler, except that a mail that cannot be sent changes neither the response nor the log of the error.

    From Django 6.1 on, Django's own would raise the mail's error in the middle of the request.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Mail the record, or log why that is not possible."""
        try:
            super().emit(record)
        except Exception as error:
            # No handler of this logger sends mail.
            logger.error("Cannot mail an error to ADMINS: %s", " ".join(f"{type(error).__name__}: {error}".split()))  # noqa: TRY400  (one line)
