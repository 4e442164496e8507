"""Recognizes the front that sent an event, and reads the request from the event."""

import re
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote

from mangum import Mangum
from mangum.adapter import HANDLERS
from mangum.handlers import HTTPGateway, LambdaAtEdge

from django_runtimes.serving.aws_lambda.plain_events import (
    NON_HTTP_CONTEXT_KEYS,
    NON_HTTP_KEYS,
    TOKEN_CHARACTERS,
    PlainRequest,
    plain_request,
    require_base64,
)
from django_runtimes.serving.aws_lambda.stage_path import with_stage_path
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent, is_edge_response, name_event
from django_runtimes.serving.types import Event, Scope

# The errors that Mangum or this module raises for a malformed event.
PARSE_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# The second group is None if no port follows the colon.
_HOST_AND_PORT = re.compile(r"(.*?)(?::([0-9]{1,5}))?", re.DOTALL | re.ASCII)
# Several proxies may each have added a scheme.
_SCHEMES = re.compile(r"[A-Za-z0-9+., -]*")
# The nesting depth of a header's value in a Lambda@Edge event.
_MAX_DEPTH = 8


class BodyTooLargeError(Exception):
    """The request's body exceeds a limit."""


class _HTTPEvent(HTTPGateway):
    """Mangum's HTTP event with the path decoded once; Mangum decodes a function URL's path a second time."""

    @property
    def scope(self) -> Scope:
        scope = cast("Scope", super().scope)
        raw_path = self.event.get("rawPath")
        if isinstance(raw_path, str) and "%" in raw_path:
            decoded = unquote(raw_path)
            if decoded == self.event["requestContext"]["http"]["path"]:
                scope["path"] = decoded
        return scope


class _EdgeEvent(LambdaAtEdge):
    """Mangum's Lambda@Edge event with a decoded path and all values of each header.

    Mangum keeps only the first value in a request, and only the last in a response.
    """

    @property
    def scope(self) -> Scope:
        scope = cast("Scope", super().scope)
        # CloudFront passes on the client's path undecoded.
        scope["path"] = unquote(scope["path"])
        headers = self.event["Records"][0]["cf"]["request"]["headers"]
        pairs = [(name.lower(), entry["value"]) for name, entries in headers.items() for entry in entries]
        # Browsers may send several Cookie headers, which Django would join with commas.
        cookies = "; ".join(value for name, value in pairs if name == "cookie")
        pairs = [pair for pair in pairs if pair[0] != "cookie"] + ([("cookie", cookies)] if cookies else [])
        scope["headers"] = [[name.encode(), value.encode()] for name, value in pairs]
        return scope

    def __call__(self, response: Any) -> dict[str, Any]:
        reply = super().__call__(response)
        headers: dict[str, list[dict[str, str]]] = {}
        for name, value in response["headers"]:
            key = name.decode().lower()
            headers.setdefault(key, []).append({"key": key, "value": value.decode()})
        return {**reply, "headers": headers}


_OURS: dict[type, Any] = {HTTPGateway: _HTTPEvent, LambdaAtEdge: _EdgeEvent}
# Mangum's classes compute the scope on every access, including once for the reply.
EVENT_CLASSES = [
    type(event_class.__name__, (event_class,), {"scope": cached_property(event_class.scope.fget)})
    for event_class in (_OURS.get(handler, handler) for handler in HANDLERS)
]


def require_request(event: Any) -> None:
    """Raise UnknownEvent for an event that no HTTP front sends; Mangum may still reject other events."""
    if not isinstance(event, dict) or not NON_HTTP_KEYS.isdisjoint(event):
        raise unknown(event)
    if "requestContext" in event:
        context = event["requestContext"]
        if not isinstance(context, dict) or not NON_HTTP_CONTEXT_KEYS.isdisjoint(context):
            raise unknown(event)
        is_v2 = "elb" not in context and event.get("version") == "2.0"
        if is_v2 and not isinstance(context.get("http"), dict):
            raise unknown(event)
    elif is_edge_response(event):
        raise unknown(event)


def unknown(event: Any) -> UnknownEvent:
    """Return the error for an event that is not an HTTP request."""
    return UnknownEvent(
        f"{name_event(event)} is not a request from an HTTP API, a function URL, a load balancer or Lambda@Edge, and "
        "this function answers nothing else; send commands to the operations function, and enable warm-ups before use"
    )


def read_request(request: Any) -> tuple[Scope, bytes]:
    """Return the scope and the body of a request in one of `EVENT_CLASSES`.

    Raise one of `PARSE_ERRORS` if the event cannot be a request, BodyTooLargeError if CloudFront truncated the body.
    """
    event = request.event
    try:
        scope = request.scope
    except PARSE_ERRORS:
        scope = _read_scope_without_nulls(request)
    encoded = _encoded_body(event)
    try:
        body: bytes = request.body
    except PARSE_ERRORS:
        # At the edge the body is an object, which may be null.
        request.event = _without_nulls(event)
        body = request.body
    if encoded:
        require_base64(encoded, len(body))
    # Reject strings that JSON allows and HTTP does not, before they cause errors inside Django.
    scope["path"].encode()
    method = scope["method"].encode()
    if not method or method.translate(None, TOKEN_CHARACTERS):
        raise ValueError("the method is not a token")
    if not _SCHEMES.fullmatch(scope["scheme"]):
        raise ValueError("the scheme has invalid characters")
    address = scope["client"][0]
    if address is not None and not isinstance(address, str):
        raise ValueError("the client's address is not a string")
    scope["headers"] = _checked_headers(scope["headers"], len(body))
    with_stage_path(scope, event)
    return scope, body


def _read_scope_without_nulls(request: Any) -> Scope:
    """Return the scope of an event with nulls or an unusual Host; raise one of `PARSE_ERRORS` for any other event."""
    event = request.event
    # Test events, from the console or written by hand, have null where a front omits the key.
    request.event = _without_nulls(event)
    try:
        scope = cast("Scope", request.scope)
    except PARSE_ERRORS:
        # The Host may be an IPv6 address, which has colons; Django rejects an invalid one.
        request.event, host = _without_host(request.event)
        scope = cast("Scope", request.scope)
        name, port = _HOST_AND_PORT.fullmatch(host).groups()  # type: ignore[union-attr]  # it matches all texts
        scope["server"] = (name, int(port) if port else scope["server"][1])
        scope["headers"].append([b"host", host.encode()])
    scope["aws.event"] = event
    return scope


def _without_host(event: Event) -> tuple[Event, str]:
    """Return the event without its Host header, and the header's value; raise ValueError unless it contains a colon."""
    # Only the changed parts are copied, each of them shallowly, since the rest may be nested too deeply to copy.
    holder = dict(event["Records"][0]["cf"]["request"] if "Records" in event else event)
    hosts: set[str] = set()
    for kind in ("headers", "multiValueHeaders"):
        if not holder.get(kind):
            continue
        holder[kind] = headers = dict(holder[kind])
        for name in [name for name in headers if name.lower() == "host"]:
            value = headers.pop(name)
            values = value if isinstance(value, list) else [value]
            hosts.update(one["value"] if isinstance(one, dict) else one for one in values)
    if len(hosts) != 1 or ":" not in (host := hosts.pop()):
        raise ValueError("the event is malformed, and not because of its Host header")
    if "Records" not in event:
        return holder, host
    record = event["Records"][0]
    return {**event, "Records": [{**record, "cf": {**record["cf"], "request": holder}}]}, host


def _encoded_body(event: Event) -> str | None:
    """Return the body if it is base64; raise ValueError if it is not a string, BodyTooLargeError if it is truncated."""
    if "Records" in event:
        held = event["Records"][0]["cf"]["request"].get("body") or {}
        if held.get("inputTruncated"):
            raise BodyTooLargeError
        content, is_base64 = held.get("data"), held.get("encoding") == "base64"
    else:
        content, is_base64 = event.get("body"), event.get("isBase64Encoded")
    if not (content is None or isinstance(content, str)):
        raise ValueError(f"the body is of type {type(content).__name__}, not a string")
    if not (is_base64 is None or isinstance(is_base64, bool)):
        raise ValueError("isBase64Encoded is neither true nor false")
    return content if is_base64 else None


def _checked_headers(headers: list[list[bytes]], length: int) -> list[list[bytes]]:
    # All headers are joined and checked together, since this runs for every request.
    names = b"".join([name for name, _ in headers])
    values = b"".join([value for _, value in headers])
    if b"\0" in values or b"\r" in values or b"\n" in values or names.translate(None, TOKEN_CHARACTERS):
        raise ValueError("a header has an invalid character")
    if not length and b"content-length" not in names:
        return headers
    stated = [header for header in headers if header[0] == b"content-length"]
    if len(stated) != 1:
        headers = [header for header in headers if header[0] != b"content-length"]
        stated = [[b"content-length", b""]]
        headers += stated
    # The event holds the whole body, so its length is correct even if the header was not.
    stated[0][1] = b"%d" % length
    return headers


def _without_nulls(event: Event) -> Event:
    """Return the event without nulls, and without Lambda@Edge headers that have no value."""
    pruned: Event = _without_none(event, _MAX_DEPTH)
    if "Records" in pruned:
        request = pruned["Records"][0]["cf"]["request"]
        request.setdefault("querystring", "")
        headers = {
            name: [entry for entry in entries if "value" in entry]
            for name, entries in request.get("headers", {}).items()
        }
        request["headers"] = {name: entries for name, entries in headers.items() if entries}
    elif "multiValueHeaders" not in pruned:
        pruned.setdefault("headers", {})
    if event.get("path", "") is None:
        pruned["path"] = ""
    return pruned


def _without_none(value: Any, depth: int) -> Any:
    if depth and isinstance(value, dict):
        return {key: _without_none(part, depth - 1) for key, part in value.items() if part is not None}
    if depth and isinstance(value, list):
        return [_without_none(part, depth - 1) for part in value if part is not None]
    return value


class EventReader(Mangum):
    """Mangum, for its `infer()` alone."""

    def __init__(self) -> None:
        super().__init__(_no_application, lifespan="off", custom_handlers=EVENT_CLASSES)

    def plain(self, event: Any, context: Any) -> PlainRequest | None:
        """Return the request of an ordinary event without Mangum; None for any other event."""
        return plain_request(event, context, self.config["text_mime_types"])

    def _setup_event_loop(self) -> None:
        """Do without the event loop that Mangum would create, make the thread's current one and leave open."""


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("Mangum only parses events and builds replies here; it must not call an application")
