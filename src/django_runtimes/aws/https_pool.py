"""Keep-alive connections to one server."""

import os
import select
from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import NamedTuple
from urllib.parse import SplitResult
from weakref import WeakSet

from django_runtimes.aws.trusted_roots import tls_context
from django_runtimes.snapshot_hooks import HOOKS

# AWS's endpoints close connections that rest longer.
_MAX_REST_S = 20.0
# Further connections are closed after their request.
_MOST_RESTING = 32
_CONNECT_TIMEOUT_S = 1.0
_READ_TIMEOUT_S = 2.0


class Patience(NamedTuple):
    """How long a request waits for the connection and for each part of the answer, and how often it is attempted."""

    connect_s: float
    read_s: float
    attempts: int


class HttpAnswer(NamedTuple):
    """A response that was read to its end; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswerError(OSError):
    """The server cannot be reached or does not answer; `was_sent` says whether it may have received the request."""

    def __init__(self, text: str, *, was_sent: bool) -> None:
        super().__init__(text)
        self.was_sent = was_sent


class _Resting(NamedTuple):
    connection: HTTPConnection
    since_s: float
    process: int


class HttpsPool:
    """Sends requests on resting connections to one server, or on new ones; for all threads and forked processes."""

    def __init__(self, server: SplitResult, patience: Patience | None = None) -> None:
        self._server = server
        self._patience = patience
        self._resting: deque[_Resting] = deque()
        _POOLS.add(self)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Return the server's answer; raise NoAnswerError if there is none. `target` is the path with the query."""
        connection = self._take() or self._connect()
        try:
            connection.sock.settimeout(self._patience.read_s if self._patience else _READ_TIMEOUT_S)
            # A request without a body has no length, unless its method requires one.
            connection.request(method, target, body or None, dict(headers))
            response = connection.getresponse()
            answer = HttpAnswer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        except BaseException as error:
            connection.close()
            if not isinstance(error, OSError | HTTPException):
                raise
            raise self._no_answer(error, was_sent=True) from None
        if response.will_close or len(self._resting) >= _MOST_RESTING:
            connection.close()
        else:
            self._resting.append(_Resting(connection, monotonic(), os.getpid()))
        return answer

    def close(self) -> None:
        """Close the resting connections."""
        while self._resting:
            self._resting.pop().connection.close()

    def _take(self) -> HTTPConnection | None:
        """Return the connection that rested last, if the server has not closed it."""
        while self._resting:
            try:
                # Two threads may see the same connection, but only one can pop it.
                resting = self._resting.pop()
            except IndexError:
                return None
            is_ours = resting.process == os.getpid()
            if is_ours and monotonic() - resting.since_s < _MAX_REST_S and not _has_input(resting.connection):
                return resting.connection
            # A forked process closes its copy of the socket only, since nothing is sent.
            resting.connection.close()
        return None

    def _connect(self) -> HTTPConnection:
        host, port = self._server.hostname or "", self._server.port
        timeout_s = self._patience.connect_s if self._patience else _CONNECT_TIMEOUT_S
        if self._server.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=timeout_s, context=tls_context())
        else:
            connection = HTTPConnection(host, port, timeout=timeout_s)
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            raise self._no_answer(error, was_sent=False) from None
        return connection

    def _no_answer(self, error: Exception, *, was_sent: bool) -> NoAnswerError:
        reason = " ".join(str(error).split()) or type(error).__name__
        return NoAnswerError(f"{self._server.netloc} does not answer ({reason})", was_sent=was_sent)


_POOLS: WeakSet[HttpsPool] = WeakSet()


def _close_all() -> None:
    for pool in list(_POOLS):
        pool.close()


HOOKS.release_before_snapshot(_close_all)


def _has_input(connection: HTTPConnection) -> bool:
    """Return whether something can be read before a request, which is the end of the connection."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
