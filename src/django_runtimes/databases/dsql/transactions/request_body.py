"""The body of a request, which several attempts read."""

from typing import Any

from django.http import HttpRequest


class RequestBody:
    """Remembers where the body of a request begins for the first attempt, and goes back there."""

    def __init__(self, request: HttpRequest) -> None:
        # Django's type has neither the stream nor the mark.
        self._request: Any = request
        self._was_read = getattr(request, "_read_started", False)
        stream: Any = getattr(request, "_stream", None)
        self._begin = stream.tell() if _is_seekable(stream) else 0

    def rewind(self) -> bool:
        """Let the body be read as before the first attempt, and return whether that is possible.

        It is not after an attempt that read from a stream without a way back, as under WSGI unless `request.body` keeps
        the body. Nor is it with uploaded files, which an attempt may have read or moved.
        """
        request = self._request
        if getattr(request, "_files", None):
            return False
        # `request.body` replaces the stream by one of its own.
        stream: Any = getattr(request, "_stream", None)
        if _is_seekable(stream):
            stream.seek(self._begin)
        elif getattr(request, "_read_started", False):
            return False
        request._read_started = self._was_read
        return True


def _is_seekable(stream: Any) -> bool:
    return (
        stream is not None
        and not getattr(stream, "closed", False)
        and hasattr(stream, "seekable")
        and stream.seekable()
    )
