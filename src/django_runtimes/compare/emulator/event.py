"""Converts HTTP requests to function URL events and results to HTTP responses (payload format 2.0)."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from django_runtimes.compare.emulator.invocation import MalformedResult

# API Gateway and function URLs pass these types as text, and forms and unknown types as base64. AWS does not document
# the list, which comes from tests of real function URLs.
_TEXT_TYPES = frozenset({"application/javascript", "application/json", "application/xml"})

# Hop-by-hop headers, and headers that are derived from the body.
_CONNECTION_HEADERS = frozenset(
    {"connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


@dataclass(frozen=True)
class HttpRequest:
    """A received request; `target` is the raw path with its query, still percent-encoded."""

    method: str
    target: str
    protocol: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    received_at: datetime
    request_id: str
    trace_id: str


@dataclass(frozen=True)
class HttpResponse:
    """A response to send."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def event_from(request: HttpRequest) -> dict[str, object]:
    """Return the event that a function URL creates from a request.

    As in function URLs, `rawPath` stays percent-encoded and `requestContext.http.path` is decoded; an HTTP API
    decodes both. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    """
    raw_path, _, raw_query = request.target.partition("?")
    headers = _event_headers(request)
    domain_name = headers.get("host", "").partition(":")[0]
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": domain_name.partition(".")[0],
            "domainName": domain_name,
            "domainPrefix": domain_name.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(raw_path),
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": request.received_at.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "timeEpoch": int(request.received_at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies := headers.get("cookie"):
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if raw_query:
        event["queryStringParameters"] = _query_parameters(raw_query)
    if request.body:
        event["body"], event["isBase64Encoded"] = _event_body(request.body, headers.get("content-type", ""))
    return event


def response_from(result: bytes) -> HttpResponse:
    """Return the response that a function URL creates from a function's result, which must be JSON.

    A result without `statusCode` becomes the body of a 200. Raise MalformedResult for an invalid result.
    """
    try:
        value = json.loads(result)
    except ValueError as error:
        raise MalformedResult("the result is not JSON") from error
    if not isinstance(value, dict) or "statusCode" not in value:
        body = value.encode() if isinstance(value, str) else result
        return HttpResponse(HTTPStatus.OK, (("content-type", "application/json"),), body)
    headers = _response_headers(value)
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return HttpResponse(_status(value["statusCode"]), tuple(headers), _response_body(value))


def streamed_response_from(prelude: bytes) -> HttpResponse:
    """Return the response that a streamed result's prelude begins; raise MalformedResult for an invalid one."""
    try:
        value = json.loads(prelude)
    except ValueError as error:
        raise MalformedResult("the prelude is not JSON") from error
    if not isinstance(value, dict):
        raise MalformedResult(f"the prelude is {type(value).__name__}, not an object")
    return HttpResponse(_status(value.get("statusCode", 200)), tuple(_response_headers(value)), b"")


def _event_headers(request: HttpRequest) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        if key in _CONNECTION_HEADERS:
            continue
        separator = "; " if key == "cookie" else ","
        joined[key] = f"{joined[key]}{separator}{value}" if key in joined else value
    if request.body:
        joined["content-length"] = str(len(request.body))
    forwarded_for = joined.get("x-forwarded-for")
    joined |= {
        "x-amzn-trace-id": request.trace_id,
        "x-forwarded-for": f"{forwarded_for}, {request.source_ip}" if forwarded_for else request.source_ip,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    return joined


def _query_parameters(raw_query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _event_body(body: bytes, content_type: str) -> tuple[str, bool]:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _TEXT_TYPES or media_type.startswith("text/"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise MalformedResult(f"statusCode={value!r} is not a whole number from 200 to 599")
    return value


def _response_headers(result: dict[str, object]) -> list[tuple[str, str]]:
    headers = result.get("headers") or {}
    cookies = result.get("cookies") or []
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise MalformedResult("headers is not an object, or cookies is not a list")
    pairs = [(name.lower(), value) for name, value in headers.items()]
    pairs += [("set-cookie", cookie) for cookie in cookies]
    sent = []
    for name, value in pairs:
        if not isinstance(value, str | int | float) or "\r" in str(value) or "\n" in str(value):
            raise MalformedResult(f"header {name} has the value {value!r}, which is not one line of text")
        if name not in _CONNECTION_HEADERS and name != "content-length":
            sent.append((name, str(value)))
    return sent


def _response_body(result: dict[str, object]) -> bytes:
    body = result.get("body") or ""
    if not isinstance(body, str):
        raise MalformedResult(f"body is {type(body).__name__}, not text")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedResult("isBase64Encoded is true, but body is not base64") from error
