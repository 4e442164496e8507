"""Sets the length of a request's body once the body has been read, and the id of an observed request."""

import logging
import os
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBadRequest

from django_runtimes.serving.observed import current_observation

_logger = logging.getLogger("django.request")


class KnownLengthHandler(ASGIHandler):
    """Django's ASGI handler, except that `CONTENT_LENGTH` is the actual length of the body.

    The scope does not change, because other applications and tools read it, and a chunked request must not appear
    there with a length.
    """

    def create_request(self, scope: Mapping[str, Any], body_file: IO[bytes]) -> tuple[Any, Any]:
        """Create the request with the body's length in `META`; return a 400 for an invalid `Content-Type`."""
        try:
            request, refusal = super().create_request(scope, body_file)
        except BadRequest:
            # Django 6.1 raises this error outside the code that turns errors into responses.
            _logger.warning("Bad Request (BadRequest)", exc_info=True, extra={"status_code": 400})
            return None, HttpResponseBadRequest()
        if (observation := current_observation.get()) is not None:
            observation.http_request = request
        if request is not None:
            if observation is not None:
                # The header of a client that is not trusted may have another value.
                request.META["HTTP_X_REQUEST_ID"] = observation.request_id
            length = body_file.seek(0, os.SEEK_END)
            if length:
                body_file.seek(0)
                request.META["CONTENT_LENGTH"] = str(length)
            elif "CONTENT_LENGTH" in request.META or "HTTP_TRANSFER_ENCODING" in request.META:
                # A request without a body usually has neither header, and then CONTENT_LENGTH stays unset.
                request.META["CONTENT_LENGTH"] = "0"
        return request, refusal
