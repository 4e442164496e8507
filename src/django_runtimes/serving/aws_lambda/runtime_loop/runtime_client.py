"""A client of the Runtime API, version 2018-06-01: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

import json
import logging
from base64 import b64encode
from typing import NamedTuple

from django_runtimes.serving.aws_lambda.runtime_loop.error_report import ErrorReport
from django_runtimes.serving.aws_lambda.runtime_loop.runtime_connection import RuntimeAnswer, RuntimeConnection

logger = logging.getLogger(__name__)

_RUNTIME = "/2018-06-01/runtime"
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
_XRAY_CAUSE = "Lambda-Runtime-Function-XRay-Error-Cause"
_INVOCATION_ID = "Lambda-Runtime-Invocation-Id"
_STREAM_HEADERS = {
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
    "Trailer": f"{_ERROR_TYPE}, {_ERROR_BODY}",
}
_NON_RECOVERABLE = 500


class RuntimeApiError(Exception):
    """The Runtime API's answer means that the runtime must end."""


class NextInvocation(NamedTuple):
    """An invocation; the deadline is in milliseconds of Unix time, and absent headers are None."""

    request_id: str
    payload: bytes
    content_type: str
    deadline_ms: int
    function_arn: str | None
    trace_id: str | None
    client_context: str | None
    cognito_identity: str | None
    tenant_id: str | None
    invocation_id: str | None


class RuntimeClient:
    """Requests invocations and sends their results, one invocation at a time.

    A result that the API refuses is logged, because the next invocation may succeed. Raise RuntimeApiError if the API
    answers that its state is lost, and OSError or HTTPException if it does not answer.
    """

    def __init__(self, address: str) -> None:
        self._connection = RuntimeConnection(address)
        self._invocation: NextInvocation | None = None
        self._is_streaming = False

    @property
    def is_streaming(self) -> bool:
        """Whether the current invocation's response has begun as a stream."""
        return self._is_streaming

    def next_invocation(self) -> NextInvocation:
        """Wait for the next invocation."""
        answer = self._connection.exchange("GET", f"{_RUNTIME}/invocation/next")
        if answer.status != 200:
            raise RuntimeApiError(f"the Runtime API answers the request for an invocation with {_shown(answer)}")
        headers = answer.headers
        self._invocation = NextInvocation(
            request_id=headers["Lambda-Runtime-Aws-Request-Id"],
            payload=answer.body,
            content_type=headers.get("Content-Type", "application/json").partition(";")[0].strip(),
            deadline_ms=int(headers.get("Lambda-Runtime-Deadline-Ms", "0")),
            function_arn=headers.get("Lambda-Runtime-Invoked-Function-Arn"),
            trace_id=headers.get("Lambda-Runtime-Trace-Id"),
            client_context=headers.get("Lambda-Runtime-Client-Context"),
            cognito_identity=headers.get("Lambda-Runtime-Cognito-Identity"),
            tenant_id=headers.get("Lambda-Runtime-Aws-Tenant-Id"),
            invocation_id=headers.get(_INVOCATION_ID),
        )
        return self._invocation

    def respond(self, body: bytes, content_type: str) -> None:
        """Send the current invocation's response; if it was streamed, end the stream instead."""
        if self._is_streaming:
            self._end_stream({})
            return
        headers = {"Content-Type": content_type, **self._invocation_headers()}
        self._send(f"{self._path()}/response", body, headers)

    def fail(self, body: bytes, *, error_type: str, xray_cause: str = "") -> None:
        """Report the current invocation's error; if its response has begun, end the stream with the error."""
        if self._is_streaming:
            self._end_stream({_ERROR_TYPE: _one_line(error_type), _ERROR_BODY: b64encode(body).decode("ascii")})
            return
        headers = {
            "Content-Type": "application/json",
            _ERROR_TYPE: _one_line(error_type),
            **({_XRAY_CAUSE: xray_cause} if xray_cause else {}),
            **self._invocation_headers(),
        }
        self._send(f"{self._path()}/error", body, headers)

    def begin_stream(self) -> None:
        """Begin to stream the current invocation's response."""
        self._is_streaming = True
        self._connection.begin_chunks(f"{self._path()}/response", {**_STREAM_HEADERS, **self._invocation_headers()})

    def send_chunk(self, chunk: bytes | memoryview) -> None:
        """Send a part of the stream; this waits while Lambda takes no more."""
        self._connection.send_chunk(chunk)

    def fail_init(self, report: ErrorReport, error_type: str | None = None) -> None:
        """Report that the init phase has failed."""
        self._send_failure(f"{_RUNTIME}/init/error", report, error_type or report.error_type)

    def wait_for_restore(self) -> None:
        """Let Lambda take the snapshot, and return in an environment that is restored from it."""
        answer = self._connection.exchange("GET", f"{_RUNTIME}/restore/next")
        # Restored environments must not share the connection.
        self._connection.close()
        if answer.status != 200:
            raise RuntimeApiError(f"the Runtime API answers the request for a snapshot with {_shown(answer)}")

    def fail_restore(self, report: ErrorReport, error_type: str) -> None:
        """Report that the environment cannot serve after its restore."""
        self._send_failure(f"{_RUNTIME}/restore/error", report, error_type)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _path(self) -> str:
        assert self._invocation is not None  # noqa: S101  (results belong to an invocation)
        return f"{_RUNTIME}/invocation/{self._invocation.request_id}"

    def _invocation_headers(self) -> dict[str, str]:
        identifier = self._invocation and self._invocation.invocation_id
        return {_INVOCATION_ID: identifier} if identifier else {}

    def _end_stream(self, trailers: dict[str, str]) -> None:
        self._is_streaming = False
        try:
            answer = self._connection.end_chunks(trailers)
        except OSError as error:
            logger.error("the stream's end was not accepted: %s", error)  # noqa: TRY400  (the cause is the API's)
            return
        _check(answer)

    def _send_failure(self, path: str, report: ErrorReport, error_type: str) -> None:
        body = json.dumps(report.fields()).encode()
        self._send(path, body, {"Content-Type": "application/json", _ERROR_TYPE: _one_line(error_type)})

    def _send(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        _check(self._connection.exchange("POST", path, body, headers))


def _check(answer: RuntimeAnswer) -> None:
    if answer.status >= _NON_RECOVERABLE:
        raise RuntimeApiError(f"the Runtime API answers a result with {_shown(answer)}")
    if answer.status >= 300:
        logger.error("the Runtime API refuses a result: %s", _shown(answer))


def _shown(answer: RuntimeAnswer) -> str:
    return f"{answer.status} {answer.body[:200].decode(errors='replace')}"


def _one_line(text: str) -> str:
    """Return the text as it may stand in a header."""
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())
