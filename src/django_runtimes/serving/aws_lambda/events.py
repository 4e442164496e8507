"""Tells which front an event comes from, and reads the request that it holds."""

import re
import string
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote

from mangum.adapter import HANDLERS
from mangum.handlers import HTTPGateway, LambdaAtEdge

from django_runtimes.serving.aws_lambda.stage_path import with_stage_path
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent, is_edge_response, name_event
from django_runtimes.serving.types import Event, Scope

# What reading a damaged event raises, in Mangum or here.
DAMAGE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_TOKEN_CHARACTERS = b"!#$%&'*+-.^_`|~" + string.digits.encode() + string.ascii_letters.encode()
# The port is None where what follows the colon is none.
_HOST_AND_PORT = re.compile(r"(.*?)(?::([0-9]{1,5}))?", re.DOTALL | re.ASCII)
# Several proxies may each have added one.
_SCHEMES = re.compile(r"[A-Za-z0-9+., -]*")
# No front writes these beside a request: commands, warm-ups, and what API Gateway sends to an authorizer.
_KEYS_OF_OTHERS = frozenset({"command", "warm_up", "methodArn", "routeArn", "authorizationToken"})
# In `requestContext`: WebSocket APIs, and VPC Lattice.
_CONTEXTS_OF_OTHERS = frozenset({"connectionId", "messageDirection", "serviceArn", "serviceNetworkArn"})
# From an event to the value of a header of Lambda@Edge.
_DEEPEST = 8


class BodyTooLargeError(Exception):
    """The request's body is larger than what is taken."""


class _HTTPEvent(HTTPGateway):
    """Mangum's, with a path that is decoded once; Mangum's own decodes what a function URL has decoded already."""

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
    """Mangum's, with a path that is decoded and every value of a header.

    Mangum's own keeps the first value of a request, the last of a response.
    """

    @property
    def scope(self) -> Scope:
        scope = cast("Scope", super().scope)
        # CloudFront hands over what the client wrote.
        scope["path"] = unquote(scope["path"])
        headers = self.event["Records"][0]["cf"]["request"]["headers"]
        pairs = [(name.lower(), entry["value"]) for name, entries in headers.items() for entry in entries]
        # Browsers may send cookies one by one, and Django joins headers by commas.
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
# Mangum's classes make the scope each time that they are asked for it, once more for the reply.
EVENT_CLASSES = [
    type(event_class.__name__, (event_class,), {"scope": cached_property(event_class.scope.fget)})
    for event_class in (_OURS.get(handler, handler) for handler in HANDLERS)
]


def require_request(event: Any) -> None:
    """UnknownEvent for what no HTTP front sends; what it lets pass, Mangum may still not know."""
    if not isinstance(event, dict) or not _KEYS_OF_OTHERS.isdisjoint(event):
        raise unknown(event)
    if "requestContext" in event:
        context = event["requestContext"]
        if not isinstance(context, dict) or not _CONTEXTS_OF_OTHERS.isdisjoint(context):
            raise unknown(event)
        is_v2 = "elb" not in context and event.get("version") == "2.0"
        if is_v2 and not isinstance(context.get("http"), dict):
            raise unknown(event)
    elif is_edge_response(event):
        raise unknown(event)


def unknown(event: Any) -> UnknownEvent:
    """The error for an event that is no request."""
    return UnknownEvent(
        f"{name_event(event)} is no request of an HTTP API, a function URL, a load balancer or Lambda@Edge, and "
        "this function answers no other; the operations function takes commands, a warm-up has to be switched on"
    )


def read_request(request: Any) -> tuple[Scope, bytes]:
    """The scope and the body of a request that one of `EVENT_CLASSES` holds.

    One of `DAMAGE` for an event that cannot be a request, BodyTooLargeError where CloudFront has cut the body off.
    """
    event = request.event
    try:
        scope = request.scope
    except DAMAGE:
        scope = _read_what_mangum_does_not(request)
    encoded = _encoded_body(event)
    body: bytes = request.body
    if encoded:
        _require_base64(encoded, len(body))
    # What JSON can spell and HTTP cannot would be met later, in the midst of Django.
    scope["path"].encode()
    method = scope["method"].encode()
    if not method or method.translate(None, _TOKEN_CHARACTERS):
        raise ValueError("the method is no word")
    if not _SCHEMES.fullmatch(scope["scheme"]):
        raise ValueError("the scheme is no word")
    address = scope["client"][0]
    if address is not None and not isinstance(address, str):
        raise ValueError("the client's address is no string")
    scope["headers"] = _checked_headers(scope["headers"], len(body))
    with_stage_path(scope, event)
    return scope, body


def _read_what_mangum_does_not(request: Any) -> Scope:
    """The scope of an event with nulls, or with a Host that Mangum cannot split; one of `DAMAGE` for any other."""
    event = request.event
    # The console's test events and hand-written ones have null where a front has nothing.
    request.event = _without_nulls(event)
    try:
        scope = cast("Scope", request.scope)
    except DAMAGE:
        # An IPv6 address has colons, and what is no host is Django's to refuse.
        request.event, host = _without_host(request.event)
        scope = cast("Scope", request.scope)
        name, port = _HOST_AND_PORT.fullmatch(host).groups()  # type: ignore[union-attr]  # it matches all texts
        scope["server"] = (name, int(port) if port else scope["server"][1])
        scope["headers"].append([b"host", host.encode()])
    scope["aws.event"] = event
    return scope


def _without_host(event: Event) -> tuple[Event, str]:
    """The event without its Host header, and that header's text; ValueError unless it has one with a colon."""
    # Copied no deeper than it changes: the rest may be nested deeper than a copy can go.
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
        raise ValueError("the Host is not the damage")
    if "Records" not in event:
        return holder, host
    record = event["Records"][0]
    return {**event, "Records": [{**record, "cf": {**record["cf"], "request": holder}}]}, host


def _encoded_body(event: Event) -> str | None:
    """The body where it is base64; ValueError for one that is no text, BodyTooLargeError for one that is cut off."""
    if "Records" in event:
        held = event["Records"][0]["cf"]["request"].get("body") or {}
        if held.get("inputTruncated"):
            raise BodyTooLargeError
        content, is_base64 = held.get("data"), held.get("encoding") == "base64"
    else:
        content, is_base64 = event.get("body"), event.get("isBase64Encoded")
    if not (content is None or isinstance(content, str)):
        raise ValueError(f"the body is a {type(content).__name__}, no string")
    if not (is_base64 is None or isinstance(is_base64, bool)):
        raise ValueError("isBase64Encoded is neither true nor false")
    return content if is_base64 else None


def _require_base64(content: str, length: int) -> None:
    """ValueError for an encoded body of which Mangum's decoder left characters out: it is shorter then."""
    padding = content.count("=", -2)
    if len(content) % 4 or length != len(content) // 4 * 3 - padding:
        raise ValueError("the body is no base64")


def _checked_headers(headers: list[list[bytes]], length: int) -> list[list[bytes]]:
    # All at once: this is done for every request.
    names = b"".join([name for name, _ in headers])
    values = b"".join([value for _, value in headers])
    if b"\0" in values or b"\r" in values or b"\n" in values or names.translate(None, _TOKEN_CHARACTERS):
        raise ValueError("a header has a character that no header can have")
    if not length and b"content-length" not in names:
        return headers
    stated = [header for header in headers if header[0] == b"content-length"]
    if len(stated) != 1:
        headers = [header for header in headers if header[0] != b"content-length"]
        stated = [[b"content-length", b""]]
        headers += stated
    # The body is whole, whatever it was said to be.
    stated[0][1] = b"%d" % length
    return headers


def _without_nulls(event: Event) -> Event:
    """The event with nothing where it had null, and without headers of Lambda@Edge that have no value."""
    pruned: Event = _pruned(event, _DEEPEST)
    if "Records" in pruned:
        request = pruned["Records"][0]["cf"]["request"]
        request.setdefault("querystring", "")
        request["headers"] = {name: values for name, values in request.get("headers", {}).items() if values}
    elif "multiValueHeaders" not in pruned:
        pruned.setdefault("headers", {})
    if event.get("path", "") is None:
        pruned["path"] = ""
    return pruned


def _pruned(value: Any, depth: int) -> Any:
    if depth and isinstance(value, dict):
        return {key: _pruned(part, depth - 1) for key, part in value.items() if part is not None}
    if depth and isinstance(value, list):
        return [_pruned(part, depth - 1) for part in value if part is not None]
    return value
