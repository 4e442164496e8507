"""Builds a request's Lambda event for every front: API Gateway, function URLs, load balancers and CloudFront."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

_EVENTS = Path(__file__).parent / "events"

FRONTS = (
    "http_api_v1",
    "http_api_v2",
    "function_url",
    "rest_api_v1",
    "load_balancer",
    "load_balancer_multi_value",
    "lambda_at_edge",
)


def load_event(name: str) -> dict[str, Any]:
    """Return the event stored under this name."""
    event: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text())
    return event


def event_of(
    front: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    cookies: tuple[str, ...] = (),
    body: bytes = b"",
) -> dict[str, Any]:
    """Return the front's event for a request; the body is base64, as fronts send binary bodies."""
    event = load_event(front)
    query, headers = query or {}, dict(headers or {})
    encoded = base64.b64encode(body).decode()
    if body:
        headers["content-length"] = str(len(body))
    if cookies and front not in {"http_api_v2", "function_url"}:
        headers["cookie"] = "; ".join(cookies)
    if front == "lambda_at_edge":
        request = event["Records"][0]["cf"]["request"]
        request |= {"method": method, "uri": path, "querystring": urlencode(query, doseq=True)}
        request["headers"] |= {name.lower(): [{"key": name, "value": value}] for name, value in headers.items()}
        request["body"]["data"] = encoded
        return event
    event |= {"body": encoded, "isBase64Encoded": True}
    if front in {"http_api_v2", "function_url"}:
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event |= {"rawPath": path, "rawQueryString": urlencode(query, doseq=True), "cookies": list(cookies)}
    else:
        event |= {"httpMethod": method, "path": path}
        # A load balancer passes the query on percent-encoded; API Gateway decodes it.
        quoted = front.startswith("load_balancer")
        values = parse_qs(urlencode(query, doseq=True)) if not quoted else _quoted(query)
        if "multiValueHeaders" in event:
            event["multiValueQueryStringParameters"] = values
            event["multiValueHeaders"] |= {name: [value] for name, value in headers.items()}
        if front != "load_balancer_multi_value":
            event["queryStringParameters"] = {name: several[-1] for name, several in values.items()}
    if "headers" in event:
        event["headers"] |= headers
    return event


def _quoted(query: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: [urlencode({"": value})[1:] for value in values] for name, values in query.items()}


def body_of(reply: Mapping[str, Any]) -> bytes:
    """Return a reply's body as the client receives it."""
    return base64.b64decode(reply["body"]) if reply["isBase64Encoded"] else reply["body"].encode()


def status_of(reply: Mapping[str, Any]) -> int:
    """Return a reply's status, which has a different key for Lambda@Edge."""
    status: int = reply["statusCode"] if "statusCode" in reply else reply["status"]
    return status
