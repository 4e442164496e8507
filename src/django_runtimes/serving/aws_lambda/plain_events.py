"""Reads the ordinary events of HTTP APIs and function URLs in less time than Mangum, with the same result."""

import string
from base64 import b64decode
from typing import Any

from mangum.handlers.utils import handle_base64_response_body

from django_runtimes.serving.types import Event, Scope

# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
TOKEN_CHARACTERS = b"!#$%&'*+-.^_`|~" + string.digits.encode() + string.ascii_letters.encode()
# Keys that no HTTP front sends: those of commands, warm-ups and API Gateway's authorizers.
NON_HTTP_KEYS = frozenset({"command", "warm_up", "methodArn", "routeArn", "authorizationToken"})
# Keys in the `requestContext` of WebSocket APIs and VPC Lattice.
NON_HTTP_CONTEXT_KEYS = frozenset({"connectionId", "messageDirection", "serviceArn", "serviceNetworkArn"})
# The errors that an event can cause whose values have other types than a front's.
_TYPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SCHEMES = frozenset({"http", "https"})
_LENGTH = b"content-length"
# Clients choose the names of a request, so the number of those that are remembered is limited, and so is their length.
_MOST_NAMES, _LONGEST_NAME = 512, 64
_request_names: dict[str, bytes] = {}
_reply_names: dict[bytes, str] = {}


class PlainRequest:
    """A request of an event with version 2.0 whose parts are all ordinary; it builds the reply as Mangum does."""

    __slots__ = ("_text_types", "body", "event", "scope")

    def __init__(self, event: Event, scope: Scope, body: bytes, text_types: list[str]) -> None:
        self.event = event
        self.scope = scope
        self.body = body
        self._text_types = text_types

    def __call__(self, response: Any) -> dict[str, Any]:
        """Return the reply; the response's header values are UTF-8."""
        headers: dict[str, str] = {}
        cookies: list[str] = []
        for name, value in response["headers"]:
            key = _reply_names.get(name) or _reply_name(name)
            if key == "set-cookie":
                cookies.append(value.decode())
            elif key in headers:
                headers[key] = f"{headers[key]},{value.decode()}"
            else:
                headers[key] = value.decode()
        body = response["body"]
        if "content-type" not in headers and body is not None:
            headers["content-type"] = "application/json"
        text, is_base64 = handle_base64_response_body(body, headers, self._text_types)
        reply = {"statusCode": response["status"], "body": text}
        if headers:
            reply["headers"] = headers
        if cookies:
            reply["cookies"] = cookies
        reply["isBase64Encoded"] = is_base64
        return reply


def plain_request(event: Any, context: Any, text_types: list[str]) -> PlainRequest | None:
    """Return the request of an ordinary event, checked; None for every other event, which Mangum must read.

    The scope and the body equal those that `read_request()` returns for Mangum's request. An event is ordinary if each
    part that is read has the type and the form that fronts send. Replies are text for the content types in
    `text_types`.
    """
    try:
        about = event["requestContext"]
        if event["version"] != "2.0" or "elb" in about or about.get("stage") != "$default":
            return None
        if not (NON_HTTP_KEYS.isdisjoint(event) and NON_HTTP_CONTEXT_KEYS.isdisjoint(about)):
            return None
        content, is_base64 = event.get("body"), event.get("isBase64Encoded")
        if not (is_base64 is None or isinstance(is_base64, bool)) or not (content is None or isinstance(content, str)):
            return None
        body = _body(content, is_base64=is_base64) if content else b""
        values = _header_values(event)
        if values is None:
            return None
        if body or _LENGTH in values:
            # The event holds the whole body, so its length is correct even if the header was not.
            values[_LENGTH] = str(len(body))
        scope = _scope(event, context, about["http"], values)
    except _TYPE_ERRORS:
        return None
    return None if scope is None else PlainRequest(event, scope, body, text_types)


def _body(content: str, *, is_base64: bool | None) -> bytes:
    if not is_base64:
        return content.encode()
    body = b64decode(content)
    require_base64(content, len(body))
    return body


def require_base64(content: str, length: int) -> None:
    """Raise ValueError if the decoder skipped invalid characters, which makes the decoded body shorter."""
    padding = content.count("=", -2)
    if len(content) % 4 or length != len(content) // 4 * 3 - padding:
        raise ValueError("the body is not base64")


def _scope(event: Event, context: Any, http: dict[str, Any], values: dict[bytes, str]) -> Scope | None:
    method, path, address = http["method"], http["path"], http["sourceIp"]
    host, scheme = values.get(b"host", "mangum"), values.get(b"x-forwarded-proto", "https")
    if method not in _METHODS or scheme not in _SCHEMES or ":" in host or not isinstance(address, str):
        return None
    # Fronts differ in whether they have decoded the path, which only matters for a path with a percent sign.
    if not path or "%" in path or "%" in event["rawPath"]:
        return None
    # A lone surrogate, which JSON allows, raises an error here and not inside Django.
    path.encode()
    return {
        "type": "http",
        "method": method,
        "http_version": "1.1",
        "headers": [[name, value.encode()] for name, value in values.items()],
        "path": path,
        "raw_path": None,
        "root_path": "",
        "scheme": scheme,
        "query_string": event.get("rawQueryString", "").encode(),
        "server": (host, int(values.get(b"x-forwarded-port", 80))),
        "client": (address, 0),
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "aws.event": event,
        "aws.context": context,
    }


def _header_values(event: Event) -> dict[bytes, str] | None:
    """Return the values by lowercase name; None if a name or a value is not allowed in HTTP or needs more care."""
    values: dict[bytes, str] = {}
    for name, value in event.get("headers", {}).items():
        key = _request_names.get(name) or _request_name(name)
        if key is None:
            return None
        values[key] = value
    if event.get("cookies"):
        values[b"cookie"] = "; ".join(event["cookies"])
    # All values are joined and checked together, since this runs for every request.
    text = "".join(values.values())
    return None if "\0" in text or "\r" in text or "\n" in text else values


def _request_name(name: str) -> bytes | None:
    """Return a request header's lowercase name, and remember it; None if it is not a token, or resembles a length."""
    key = name.lower().encode()
    if key.translate(None, TOKEN_CHARACTERS) or (_LENGTH in key and key != _LENGTH):
        return None
    if len(_request_names) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _request_names[name] = key
    return key


def _reply_name(name: bytes) -> str:
    """Return a response header's lowercase name, and remember it."""
    key = name.decode().lower()
    if len(_reply_names) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _reply_names[name] = key
    return key
