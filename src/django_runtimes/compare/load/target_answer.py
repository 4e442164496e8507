"""Sends one request, reads the whole answer and describes an unexpected one."""

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import aiohttp
from aiohttp import hdrs
from yarl import URL

from django_runtimes.compare.load.block import TIMEOUT
from django_runtimes.compare.load.page import Page
from django_runtimes.compare.load.virtual_user import VirtualUser, encoded
from django_runtimes.compare.workload.workload import Exchange

_MAX_LOCATION_LENGTH = 200

_CLASS_BY_ERRNO = {
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_reset",
    errno.EPIPE: "connection_reset",
}
# The first match counts, so base classes come after their subclasses.
_ERROR_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionResetError, "connection_reset"),
    (aiohttp.ServerDisconnectedError, "connection_closed"),
    (aiohttp.ClientConnectorDNSError, "dns_failure"),
    (aiohttp.ClientSSLError, "tls_failure"),
    (aiohttp.ClientPayloadError, "incomplete_answer"),
    (aiohttp.ClientResponseError, "malformed_answer"),
    (aiohttp.ClientConnectionError, "connection_failed"),
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


async def ask(
    session: aiohttp.ClientSession,
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
        async with session.request(
            exchange.method,
            URL(url.rstrip("/") + exchange.path, encoded=True),
            headers={**own_headers, **headers} if headers else own_headers,
            data=body,
            allow_redirects=False,
        ) as response:
            content = await response.read()
    except TimeoutError:
        return TargetAnswer(TIMEOUT, "no complete answer in time")
    except (aiohttp.ClientError, OSError) as error:
        error_class = _error_class(error)
        return TargetAnswer(error_class, _described(error) or error_class.replace("_", " "))
    return answer_of(
        exchange,
        status=response.status,
        headers=response.headers,
        set_cookies=response.headers.getall(hdrs.SET_COOKIE, ()),
        content=content,
        user=user,
        keep_page=keep_page,
    )


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
    page = Page(content.decode(errors="replace")) if keep_page else None
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


def _described(error: Exception) -> str:
    """Return why a host could not be reached; empty for other errors."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host!r} has no address"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", "") or "it is not valid"
        return f"the certificate of {error.host!r} was refused: {reason}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect to {error.host}:{error.port}: {error.os_error.strerror or error.os_error}"
    return ""


def _error_class(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _CLASS_BY_ERRNO:
        return _CLASS_BY_ERRNO[error.errno]
    return next(name for kind, name in _ERROR_CLASSES if isinstance(error, kind))
