"""Sends one request, reads the whole answer and describes an unexpected one."""

import errno
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from aiohttp import hdrs

from django_runtimes.compare.load.block import TIMEOUT
from django_runtimes.compare.load.http_client import CannotConnectError, HttpClient
from django_runtimes.compare.load.http_connection import (
    ConnectionEndedError,
    IncompleteResponseError,
    MalformedResponseError,
)
from django_runtimes.compare.load.page import Page
from django_runtimes.compare.load.virtual_user import VirtualUser, encoded
from django_runtimes.compare.workload.workload import Exchange

_MAX_LOCATION_LENGTH = 200
_DEFLATED = frozenset({"gzip", "deflate"})
# zlib recognizes the headers of gzip and of zlib.
_ANY_HEADER = 47

_CLASS_BY_ERRNO = {
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_reset",
    errno.EPIPE: "connection_reset",
}
# The first match counts, so base classes come after their subclasses.
_ERROR_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionResetError, "connection_reset"),
    (ConnectionEndedError, "connection_closed"),
    (IncompleteResponseError, "incomplete_answer"),
    (MalformedResponseError, "malformed_answer"),
    (socket.gaierror, "dns_failure"),
    (ssl.SSLError, "tls_failure"),
    (OSError, "connection_failed"),
    (Exception, "client_error"),
)


@dataclass(frozen=True)
class TargetAnswer:
    """An answer; `error` is the class of the error, None for the expected answer, and `seen` describes the error."""

    error: str | None
    seen: str = ""
    status: int | None = None
    location: str = ""
    page: Page | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # Of an answer read by `ask`: its size, and when its first byte arrived, a moment of time.perf_counter().
    size_bytes: int = 0
    first_byte_s: float | None = None


async def ask(
    client: HttpClient,
    url: str,
    exchange: Exchange,
    user: VirtualUser | None,
    *,
    keep_page: bool = False,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> TargetAnswer:
    """Send the request to the target at `url` with the user's cookies, and store the cookies of the answer."""
    own_headers, body = encoded(exchange, user)
    try:
        response = await client.request(
            exchange.method,
            url,
            exchange.path,
            headers={**own_headers, **headers} if headers else own_headers,
            body=body,
        )
    except TimeoutError:
        return TargetAnswer(TIMEOUT, "no complete answer in time")
    except (OSError, ValueError) as error:
        error_class = _error_class(error)
        return TargetAnswer(error_class, _described(error, url) or error_class.replace("_", " "))
    answer = answer_of(
        exchange,
        status=response.status,
        headers=response.headers,
        set_cookies=response.headers.getall(hdrs.SET_COOKIE, ()),
        content=response.content,
        user=user,
        keep_page=keep_page,
    )
    return replace(answer, size_bytes=len(response.content), first_byte_s=response.first_byte_s)


def answer_of(
    exchange: Exchange,
    *,
    status: int,
    headers: Mapping[str, str],
    set_cookies: Iterable[str],
    content: bytes,
    user: VirtualUser | None,
    keep_page: bool = False,
) -> TargetAnswer:
    """Return a complete answer to this request, and store its cookies."""
    page = Page(_inflated(content, headers).decode(errors="replace")) if keep_page else None
    if user is not None:
        user.receive(exchange, set_cookies, token=None if page is None else page.token)
    if status == exchange.expected_status:
        return TargetAnswer(None, page=page, headers=headers)
    location = headers.get(hdrs.LOCATION, "")[:_MAX_LOCATION_LENGTH]
    return TargetAnswer(
        f"status_{status}",
        f"expected {exchange.expected_status}, got {status}" + (f" to {location}" if location else ""),
        status,
        location,
        page,
        headers,
    )


def _inflated(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body without the compression that Django's GZipMiddleware or a proxy has added."""
    if headers.get(hdrs.CONTENT_ENCODING, "").lower() not in _DEFLATED:
        return content
    try:
        return zlib.decompressobj(wbits=_ANY_HEADER).decompress(content)
    except zlib.error:
        return content


def _described(error: Exception, url: str) -> str:
    """Return why a host could not be reached; empty for other errors."""
    address = urlsplit(url)
    if isinstance(error, socket.gaierror):
        return f"the name {address.hostname!r} has no address"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {address.hostname!r} was refused: {error.verify_message or 'it is not valid'}"
    return str(error.strerror) if isinstance(error, CannotConnectError) else ""


def _error_class(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _CLASS_BY_ERRNO:
        return _CLASS_BY_ERRNO[error.errno]
    return next(name for kind, name in _ERROR_CLASSES if isinstance(error, kind))
