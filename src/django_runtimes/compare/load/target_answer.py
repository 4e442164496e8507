"""Sends one request, reads the whole answer and describes an unexpected one."""

import errno
from dataclasses import dataclass

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


async def ask(
    session: aiohttp.ClientSession, url: str, exchange: Exchange, user: VirtualUser | None, *, keep_page: bool = False
) -> TargetAnswer:
    """Send the request to the target at `url` with the user's cookies, and store the cookies of the answer."""
    headers, body = encoded(exchange, user)
    try:
        async with session.request(
            exchange.method,
            URL(url.rstrip("/") + exchange.path, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
        ) as response:
            content = await response.read()
    except TimeoutError:
        return TargetAnswer(TIMEOUT, "no complete answer in time")
    except (aiohttp.ClientError, OSError) as error:
        error_class = _error_class(error)
        return TargetAnswer(error_class, error_class.replace("_", " "))
    page = Page(content.decode(errors="replace")) if keep_page else None
    if user is not None:
        user.receive(exchange, response.headers.getall(hdrs.SET_COOKIE, ()), token=None if page is None else page.token)
    if response.status == exchange.expected_status:
        return TargetAnswer(None, page=page)
    location = response.headers.get(hdrs.LOCATION, "")[:_MAX_LOCATION_LENGTH]
    return TargetAnswer(
        f"status_{response.status}",
        f"expected {exchange.expected_status}, got {response.status}" + (f" to {location}" if location else ""),
        response.status,
        location,
        page,
    )


def _error_class(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _CLASS_BY_ERRNO:
        return _CLASS_BY_ERRNO[error.errno]
    return next(name for kind, name in _ERROR_CLASSES if isinstance(error, kind))
