"""Events in the shapes that AWS documents and that users of similar libraries report."""

import base64
from typing import Any

_CLIENT = "198.51.100.20"
_AGENT = "curl/8.5.0"
_FORM = "application/x-www-form-urlencoded"


def _v2(method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": _CLIENT, "userAgent": _AGENT}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "testserver", "user-agent": _AGENT, "x-forwarded-proto": "https"} | (headers or {}),
        "requestContext": {"stage": "$default", "http": http} | more.pop("context", {}),
        "isBase64Encoded": False,
    } | more


def _v1(method: str, path: str, *, headers: dict[str, list[str]] | None = None, **more: Any) -> dict[str, Any]:
    several = {"Host": ["testserver"], "X-Forwarded-Proto": ["https"], "User-Agent": [_AGENT]} | (headers or {})
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"identity": {"sourceIp": _CLIENT}, "stage": "prod", "path": path} | more.pop("context", {}),
        "body": None,
        "isBase64Encoded": False,
    } | more


def _alb(method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    given = {"host": "testserver", "x-forwarded-for": _CLIENT, "x-forwarded-proto": "https", "x-forwarded-port": "443"}
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": given | (headers or {}),
        "body": "",
        "isBase64Encoded": False,
    } | more


def _alb_multi(method: str, path: str, **more: Any) -> dict[str, Any]:
    event = _alb(method, path)
    query = event.pop("queryStringParameters")
    headers = {name: [value] for name, value in event.pop("headers").items()}
    return event | {"multiValueHeaders": headers, "multiValueQueryStringParameters": query} | more


def _edge(method: str, uri: str, *, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    given = {"Host": "testserver", "User-Agent": _AGENT, "X-Forwarded-Proto": "https"} | (headers or {})
    request = {
        "clientIp": _CLIENT,
        "headers": {name.lower(): [{"key": name, "value": value}] for name, value in given.items()},
        "method": method,
        "querystring": "",
        "uri": uri,
    } | more
    return {
        "Records": [{"cf": {"config": {"eventType": "viewer-request", "distributionId": "E1"}, "request": request}}]
    }


def _encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


_IAM = {"iam": {"accessKey": "AKIA", "accountId": "1", "callerId": "A", "userArn": "arn:aws:iam::1:user/u"}}
_BINARY = {"data": base64.b64encode(b"a=1&b=2").decode(), "encoding": "base64", "action": "read-only"}
_TEXT = _BINARY | {"data": "a=1&b=2", "encoding": "text"}


def shapes(path: str) -> dict[str, dict[str, Any]]:
    """Return the events by shape, each a request for the path; those with a body have a Content-Length."""
    form = {"content-type": _FORM, "content-length": "7"}
    multi_form = {"content-type": [_FORM], "content-length": ["7"]}
    return {
        "v2 without a body": _v2("GET", path),
        "v2 with a query": _v2("GET", path, rawQueryString="a=1&a=2&b=%20+%C3%B8&c"),
        "v2 with an unquoted query": _v2("GET", path, rawQueryString="a=Bjørn&b=[]{}"),
        "v2 with cookies": _v2("GET", path, cookies=["a=1", 'b="x y"', "c="]),
        "v2 with a JWT": _v2("GET", path, context={"authorizer": {"jwt": {"claims": {"sub": "1"}, "scopes": None}}}),
        "v2 with its own authorizer": _v2("GET", path, context={"authorizer": {"lambda": {"key": "value"}}}),
        "v2 with a form": _v2("POST", path, headers=form, body="a=1&b=2"),
        "v2 with a binary form": _v2("POST", path, headers=form, **_encoded(b"a=1&b=2")),
        "v2 with folded headers": _v2("GET", path, headers={"accept": "text/html,text/plain", "x-a": "1,2"}),
        "v2 with mixed case": _v2("GET", path, headers={"X-Mixed": "Case"}),
        "v2 with a route": _v2("GET", path, routeKey="GET /{proxy+}", pathParameters={"proxy": path[1:]}),
        "v2 with stage variables": _v2("GET", path, stageVariables={"key": "value"}),
        "v2 with a port": _v2("GET", path, headers={"host": "testserver:8443"}),
        "v2 with a wrong host": _v2("GET", path, headers={"host": "evil.example"}),
        "function URL with IAM": _v2("GET", path, context={"authorizer": _IAM, "authentication": None}),
        "v1 of an HTTP API": _v1("GET", path, version="1.0"),
        "v1 with a query": _v1(
            "GET",
            path,
            queryStringParameters={"a": "2", "b": "ø"},
            multiValueQueryStringParameters={"a": ["1", "2"], "b": ["ø"]},
        ),
        "v1 with a single query": _v1("GET", path, queryStringParameters={"a": "2"}),
        "v1 with several headers": _v1("GET", path, headers={"X-Color": ["red", "blue"], "Cookie": ["a=1; b=2"]}),
        "v1 with single headers": _v1("GET", path, multiValueHeaders=None),
        "v1 with a form": _v1("POST", path, headers=multi_form, body="a=1&b=2"),
        "v1 with a binary form": _v1("POST", path, headers=multi_form, **_encoded(b"a=1&b=2")),
        "v1 with an authorizer": _v1("GET", path, context={"authorizer": {"principalId": "u", "claims": {}}}),
        "v1 with OPTIONS": _v1("OPTIONS", path, headers={"Origin": ["https://a.example"]}),
        "load balancer": _alb("GET", path),
        "load balancer with a query": _alb("GET", path, queryStringParameters={"a": "x%20y", "b": "%C3%B8"}),
        "load balancer with a form": _alb("POST", path, headers=form, body="a=1&b=2"),
        "load balancer with a binary form": _alb("POST", path, headers=form, **_encoded(b"a=1&b=2")),
        "load balancer with a quoted path": _alb("GET", path.replace("e", "%65")),
        "load balancer's health check": _alb("GET", path, headers={"user-agent": "ELB-HealthChecker/2.0"}),
        "multi-value load balancer": _alb_multi("GET", path),
        "multi-value with a query": _alb_multi("GET", path, multiValueQueryStringParameters={"a": ["1", "2"]}),
        "edge": _edge("GET", path),
        "edge with a query": _edge("GET", path, querystring="a=1&a=2"),
        "edge with cookies": _edge("GET", path, headers={"Cookie": "a=1; b=2"}),
        "edge with a binary form": _edge("POST", path, headers=form, body=_BINARY),
        "edge with a text form": _edge("POST", path, headers=form, body=_TEXT),
        "edge with an origin": _edge("GET", path, origin={"custom": {"domainName": "a.example", "port": 443}}),
    }
