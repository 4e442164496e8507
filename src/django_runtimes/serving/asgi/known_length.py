"""Says how long a request's body is, once the body has been read."""

import logging
import os
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBadRequest

_logger = logging.getLogger("django.request")


class KnownLengthHandler(ASGIHandler):
    """Django's ASGI handler, whose requests state the length of the body that they carry.

    `CONTENT_LENGTH` alone is set. The scope stays as the server made it, since other applications and tools read it:
    a chunked request must not look as if it had come with a length.
    """

    def create_request(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> tuple[Any, Any]:
        """Django's, with the length in `request.META`; 400 for a `Content-Type` that cannot be parsed."""
        try:
            request, refusal = super().create_request(scope, body_file)
        except BadRequest:
            # Django 6.1 raises this outside everything that would answer it.
            _logger.warning("Bad Request (BadRequest)", exc_info=True, extra={"status_code": 400})
            return None, HttpResponseBadRequest()
        if request is not None:
            length = body_file.seek(0, os.SEEK_END)
            if length:
                body_file.seek(0)
                request.META["CONTENT_LENGTH"] = str(length)
            elif "CONTENT_LENGTH" in request.META or "HTTP_TRANSFER_ENCODING" in request.META:
                # A request without a body usually states neither, and keeps no length.
                request.META["CONTENT_LENGTH"] = "0"
        return request, refusal
