"""Reads the ids of a request from the headers that a trusted hop has written."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

_REQUEST_ID = b"x-request-id"
_TRACEPARENT = b"traceparent"
_X_RAY = b"x-amzn-trace-id"
_READ = frozenset({_REQUEST_ID, _TRACEPARENT, _X_RAY})
# Every usual kind of id matches; nothing that matches can break a header or a log line.
_USUAL_ID = re.compile(rb"[A-Za-z0-9._:=+/@-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_ROOT = re.compile(rb"(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)", re.IGNORECASE)


class RequestIds(NamedTuple):
    """The id of a request, and of the trace to which it belongs, if a hop in front has begun one."""

    request_id: str
    trace_id: str | None


def read_ids(headers: Iterable[tuple[bytes, bytes]], *, otherwise: str | None = None) -> RequestIds:
    """Return the ids in the headers of a trusted hop; without a usual request id it is `otherwise`, or a new one.

    The trace's id comes from traceparent, or else from X-Amzn-Trace-Id.
    """
    # The nearest hop has written the last of several headers.
    found = {name: value for name, value in headers if name in _READ}
    given = found.get(_REQUEST_ID)
    if given is not None and _USUAL_ID.fullmatch(given):
        request_id = given.decode("ascii")
    else:
        request_id = otherwise or os.urandom(16).hex()
    return RequestIds(request_id, _trace_id(found) if found else None)


def lambda_trace_id() -> str | None:
    """Return the id of the trace to which Lambda says that the current invocation belongs."""
    root = _ROOT.search(os.environ.get("_X_AMZN_TRACE_ID", "").encode())
    return None if root is None else root[1].decode("ascii")


def _trace_id(found: dict[bytes, bytes]) -> str | None:
    if _TRACEPARENT in found and (parent := _PARENT.fullmatch(found[_TRACEPARENT])):
        return parent[1].decode("ascii")
    root = _ROOT.search(found.get(_X_RAY, b""))
    return None if root is None else root[1].decode("ascii")
