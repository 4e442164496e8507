"""Decides which files are sent in one message."""

from django.http import FileResponse, StreamingHttpResponse

# Streaming a file up to this size would hold its thread for as long as the client takes to read it.
_WHOLE_FILE_BYTES = 2**20


def is_small_file(response: StreamingHttpResponse) -> bool:
    """Return whether the response is a file that is read completely on its thread before it is sent."""
    length = response.headers.get("Content-Length", "")
    return (
        isinstance(response, FileResponse)
        and not response.is_async
        and length.isdigit()
        and int(length) <= _WHOLE_FILE_BYTES
    )
