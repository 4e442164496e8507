"""Tells which files are sent as one piece."""

from django.http import FileResponse, StreamingHttpResponse

# To stream a file of up to this size would hold its thread for as long as the client takes.
_WHOLE_FILE_BYTES = 2**20


def is_small_file(response: StreamingHttpResponse) -> bool:
    """Whether the response is a file that is read whole on its thread, before any of it is sent."""
    length = response.headers.get("Content-Length", "")
    return (
        isinstance(response, FileResponse)
        and not response.is_async
        and length.isdigit()
        and int(length) <= _WHOLE_FILE_BYTES
    )
