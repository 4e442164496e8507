"""Sends requests to one target from greenlets."""

import errno
import socket
import ssl
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlsplit

import gevent
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.access import AnswerReader
from django_runtimes.compare.load.block import TIMEOUT, TIMEOUT_S, Outcome
from django_runtimes.compare.load.due_request import DueRequest
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.target_answer import TargetAnswer, answer_of
from django_runtimes.compare.load.virtual_user import VirtualUser, encoded
from django_runtimes.compare.workload.workload import Exchange, RequestTemplate

# Requests of an open loop never wait for a connection.
_MOST_CONNECTIONS = 10_000
_USER_AGENT = "webapp-compare"


class GeventClient:
    """A client of one target; it checks certificates and follows no redirects."""

    def __init__(self, url: str, headers: Mapping[str, str], reader: AnswerReader) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self._reader = reader
        self._path = parts.path.rstrip("/")
        self._headers = {"User-Agent": _USER_AGENT, **headers}
        self._client = HTTPClient.from_url(
            f"{parts.scheme}://{parts.netloc}",
            concurrency=_MOST_CONNECTIONS,
            connection_timeout=TIMEOUT_S,
            network_timeout=TIMEOUT_S,
            **({"ssl_context_factory": ssl.create_default_context} if parts.scheme == "https" else {}),
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()

    def send(self, template: RequestTemplate, due: float, ledger: Ledger, user: VirtualUser | None) -> Outcome:
        """Send one request that was due at this moment of time.perf_counter()."""
        request = DueRequest(template, due, ledger, user)
        signature = self._reader.sign()
        answer = self.ask(request.template, user, headers=signature)
        outcome = request.outcome(answer, timeout_s=TIMEOUT_S, host=self.host)
        self._reader.read(signature, answer.headers, outcome.latency_ms)
        return outcome

    def log_in(self, users: Sequence[VirtualUser], steps: Sequence[Exchange]) -> None:
        """Send the session's steps for each user; raise CompareError for an unexpected answer."""
        for user in users:
            for number, step in enumerate(steps, start=1):
                answer = self.ask(user.fill(step), user, keep_page=True)
                if answer.error is not None:
                    raise CompareError(
                        f"[session] of {user} failed at step {number}, {step.method} {step.path}: {answer.seen}"
                    )

    def ask(
        self,
        exchange: Exchange,
        user: VirtualUser | None,
        *,
        keep_page: bool = False,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> TargetAnswer:
        """Send the request with the user's cookies, and store the cookies of the answer."""
        own_headers, body = encoded(exchange, user)
        try:
            with gevent.Timeout(TIMEOUT_S, TimeoutError):
                response = self._client.request(
                    exchange.method,
                    self._path + exchange.path,
                    body=(body or "").encode(),
                    headers={**self._headers, **own_headers, **headers},
                )
                content = bytes(response.read())
        except TimeoutError:
            return TargetAnswer(TIMEOUT, "no complete answer in time")
        except (OSError, HTTPParseError, HTTPConnectionClosed) as error:
            return TargetAnswer(_error_class(error), " ".join(str(error).split()) or type(error).__name__)
        return answer_of(
            exchange,
            status=response.status_code,
            headers={name.title(): value for name, value in response.items()},
            set_cookies=[value for name, value in response.items() if name.lower() == "set-cookie"],
            content=content,
            user=user,
            keep_page=keep_page,
        )


def _error_class(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "dns_failure"
    if isinstance(error, ssl.SSLError):
        return "tls_failure"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "connection_refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "connection_reset"
    if isinstance(error, HTTPConnectionClosed):
        return "connection_closed"
    return "malformed_answer" if isinstance(error, HTTPParseError) else "connection_failed"
