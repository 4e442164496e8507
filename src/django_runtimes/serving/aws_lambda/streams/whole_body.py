"""Reads the whole body of a response that is sent as one reply."""

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import StreamingHttpResponse

from django_runtimes.serving.framing import has_content


def whole_body(response: Any, method: str, run_async: Callable[[Coroutine[Any, Any, Any]], Any]) -> bytes:
    """Return the content; `run_async` runs the coroutine that reads an asynchronous stream."""
    body: bytes
    if not response.streaming:
        body = response.content
    elif not has_content(method, response.status_code):
        body = b""
    elif isinstance(response, StreamingHttpResponse) and response.is_async:
        body = run_async(_joined(response))
    else:
        body = response.getvalue()
    return body


async def _joined(response: StreamingHttpResponse) -> bytes:
    return b"".join([chunk async for chunk in response])
