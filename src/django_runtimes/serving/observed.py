"""Lets an observer follow each request and websocket from its beginning to its end."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol

from django_runtimes.serving.framing import has_content
from django_runtimes.serving.types import Application, Headers, Message, Receive, Scope, Send


class Observation(Protocol):
    """One request or websocket that is being observed.

    Django's handler sets `http_request` to its request, whose `resolver_match` is known after the middleware chain, and
    gives that request the header X-Request-ID with `request_id`.
    """

    request_id: str
    http_request: Any
    is_complete: bool

    def begin_answer(self, status: int, headers: Headers) -> Headers:
        """Note that the response begins; return the headers to send."""
        ...

    def note_query(self, duration_ns: int) -> None:
        """Note a query of the database; callable from any thread."""
        ...

    def end(self, error: BaseException | None = None) -> None:
        """Note the end, with the error that the application raised."""
        ...


class Observer(Protocol):
    """Follows the requests of a process."""

    def begin(self, scope: Scope, *, is_trusted: bool, lambda_request_id: str | None = None) -> Observation:
        """Begin to observe a request; `is_trusted` says whether a trusted hop wrote its headers."""
        ...

    def refuse(self, status: int, reason: str, *, lambda_request_id: str | None = None) -> None:
        """Note a request that is answered before any application sees it."""
        ...


# The value is None outside requests and without an observer. It reaches the threads that `current_request` reaches.
current_observation: ContextVar[Observation | None] = ContextVar("current_observation", default=None)


class ObservedRequests:
    """ASGI middleware that passes each request and websocket to the observer.

    `trusts` says whether the headers of a scope come from a trusted hop. The observation stays in the task's context
    after the request, since the server may still log an error of it.
    """

    def __init__(self, application: Application, observer: Observer, *, trusts: Callable[[Scope], bool]) -> None:
        self._application = application
        self._observer = observer
        self._trusts = trusts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        observation = self._observer.begin(scope, is_trusted=self._trusts(scope))
        current_observation.set(observation)
        observed = _observed_websocket if scope["type"] == "websocket" else _observed
        try:
            await self._application(scope, receive, observed(observation, scope, send))
        except BaseException as error:
            observation.end(error)
            raise
        observation.end()


def _observed(observation: Observation, scope: Scope, send: Send) -> Send:
    # This is a plain function, because a coroutine would take time for every message.
    def send_observed(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            headers = observation.begin_answer(message["status"], list(message.get("headers", ())))
            # The server ends such a response after its head, and the application may never send the rest.
            observation.is_complete = not has_content(scope["method"], message["status"])
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            observation.is_complete = True
        return send(message)

    return send_observed


def _observed_websocket(observation: Observation, scope: Scope, send: Send) -> Send:
    is_accepted = False

    def send_observed(message: Message) -> Awaitable[None]:
        nonlocal is_accepted
        kind = message["type"]
        if kind == "websocket.accept":
            is_accepted = True
            headers = observation.begin_answer(101, list(message.get("headers", ())))
            message = {**message, "headers": headers}
        elif kind == "websocket.close" and not is_accepted:
            # The server refuses the handshake with this status.
            observation.begin_answer(403, [])
        elif kind == "websocket.http.response.start":
            headers = observation.begin_answer(message["status"], list(message.get("headers", ())))
            message = {**message, "headers": headers}
        return send(message)

    return send_observed
