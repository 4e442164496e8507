"""An invocation of a function, its result and its errors."""

# ruff: noqa: N818 - the names say what happened, and all are an InvocationError.

import asyncio
import secrets
import time
import uuid
from dataclasses import dataclass, field

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.response_stream import ResponseStream

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html says 6 MB for both; Lambda's error messages
# give these exact limits.
REQUEST_LIMIT_BYTES = 6_291_456
RESPONSE_LIMIT_BYTES = 6_291_556


@dataclass(frozen=True)
class Invocation:
    """A finished invocation; `init_ms` is set when it waited for an init phase (a cold start)."""

    payload: bytes
    duration_ms: float
    init_ms: float | None
    environment_id: str


class InvocationError(CompareError):
    """An invocation without a result."""


class Throttled(InvocationError):
    """The function's concurrency limit was reached."""


class PayloadTooLarge(InvocationError):
    """The event exceeds Lambda's limit."""


class TimedOut(InvocationError):
    """The function did not respond before its deadline, and its execution environment was killed."""


class FunctionFailed(InvocationError):
    """The handler raised an exception, or its execution environment ended."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message


class InitFailed(InvocationError):
    """The init phase of an execution environment failed."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message


class MalformedResult(InvocationError):
    """The function's result cannot become an HTTP response."""


def new_trace_id() -> str:
    """Return a new X-Ray trace header for a request that is not sampled."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(eq=False)
class PendingInvocation:
    """An invocation that is waiting or running; `outcome` is set exactly once, at the end.

    `stream` is set before it, if the function streams its response.
    """

    payload: bytes
    outcome: asyncio.Future[Invocation]
    stream: asyncio.Future[ResponseStream]
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=new_trace_id)

    def begin_stream(self) -> ResponseStream:
        stream = ResponseStream()
        self.stream.set_result(stream)
        return stream

    def _end_stream(self, error: InvocationError | None) -> None:
        if self.stream.done():
            self.stream.result().end(error)

    def succeed(self, invocation: Invocation) -> None:
        self._end_stream(None)
        if not self.outcome.done():
            self.outcome.set_result(invocation)

    def fail(self, error: InvocationError) -> None:
        self._end_stream(error)
        if not self.outcome.done():
            self.outcome.set_exception(error)
            # Mark the exception as retrieved, since nothing awaits the outcome if the caller has gone.
            self.outcome.exception()
