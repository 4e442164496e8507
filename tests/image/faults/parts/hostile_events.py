"""Events that a hostile client can make a front send, and some that no front would send."""

import base64
import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.image.faults.parts.serving import HOST
from tests.integration.serving.lambda_handler.front import event_of

Event = dict[str, Any]
Damage = Callable[[random.Random, Event], None]

# Function URLs use version 2 of the HTTP API's format with a different context.
FRONTS = ("rest_api_v1", "http_api_v2", "load_balancer", "load_balancer_multi_value", "function_url")

_METHODS = (*["GET"] * 8, *["POST"] * 4, "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW", "")
_PATHS = (
    *("/", "/api/entries", "/api/entries/1", "/api/statistics", "/entries/1", "/faults/echo", "/admin/login/"),
    *("/faults/client", "/static/guestbook/guestbook.css", "/healthz", "/favicon.ico", "/nowhere"),
)
_TEXTS = (
    *("", "\0", "a\0b", "\r\nX-Injected: 1", "\u202e", "😀" * 50, "\ud800", "%", "%00", "%ff%fe", "%u0041", "../" * 20),
    *("<script>", "' OR 1=1 --", "{{7*7}}", "x" * 8_000, "-1", "9" * 400, "NaN", "é", "\x7f", "\\", "//evil.example/"),
)
_HEADERS = (
    *("host", "cookie", "content-type", "content-length", "accept", "accept-encoding", "accept-language", "range"),
    *("if-none-match", "if-modified-since", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "origin"),
    *("referer", "transfer-encoding", "expect", "idempotency-key", "x-http-method-override", "authorization", "x_odd"),
)
_HEADER_VALUES = (
    *("gzip;q=nan", "bytes=5-1", "bytes=-", "text/html;q=x,*/*", "multipart/form-data", "a=b; sessionid=\0", "a:b:c"),
    *("multipart/form-data; boundary=" + "b" * 300, "application/json; charset=rot13", "text/plain; charset=\0", "::"),
    *(
        "sessionid=" + "s" * 5_000,
        "W/",
        '"',
        "Thu, 99 Foo 0000 25:61:61 GMT",
        "guestbook.example:99999999",
        "[::1",
        "-5",
    ),
)
_BODIES = (
    *(b"", b"\xff\xfe", b"{", b"[" * 100_000, b"null", b'{"author": "\\u0000", "message": "\\ud800"}', b"a=%ff&b=%"),
    *(
        b"--b\r\nContent-Disposition: form-data\r\n\r\n",
        b"--b\r\n" * 100,
        b"=&" * 2_000,
        b'{"author": 1e999}',
        b"\0" * 99,
    ),
)


def hostile_events(count: int, seed: int) -> Iterator[tuple[str, Event]]:
    """Yield `count` pairs of a front and an event, which the seed alone determines."""
    chance = random.Random(seed)
    bases = {front: event_of(front, "GET", "/", headers={"host": HOST}) for front in FRONTS}
    for number in range(count):
        front = FRONTS[number % len(FRONTS)]
        event = copy.deepcopy(bases[front])
        _ask_for(event, chance.choice(_METHODS), chance.choice(_PATHS) + chance.choice(("", chance.choice(_TEXTS))))
        for damage in chance.sample(_DAMAGES, chance.randint(1, 3)):
            damage(chance, event)
        yield front, event


def _ask_for(event: Event, method: str, path: str) -> None:
    if "http" in event["requestContext"]:
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["rawPath"] = path
    else:
        event |= {"httpMethod": method, "path": path}


def _bad_base64(chance: random.Random, event: Event) -> None:
    body = chance.choice(("a", "====", "\0", "é", "a" * 4_097, "****", base64.b64encode(b"x" * 99).decode()[:-1]))
    event |= {"body": body, "isBase64Encoded": True}


def _a_body(chance: random.Random, event: Event) -> None:
    body = chance.choice(_BODIES)
    as_text = chance.random() < 0.3
    text = body.decode("latin1") if as_text else base64.b64encode(body).decode()
    event |= {"body": text, "isBase64Encoded": not as_text}


def _random_bytes(chance: random.Random, event: Event) -> None:
    event |= {"body": base64.b64encode(chance.randbytes(chance.randint(1, 500))).decode(), "isBase64Encoded": True}


def _no_text(chance: random.Random, event: Event) -> None:
    event |= {"body": "\ud800" + chance.choice(_TEXTS), "isBase64Encoded": False}


def _no_body(chance: random.Random, event: Event) -> None:
    event["body"] = None


def _a_header(chance: random.Random, event: Event) -> None:
    name, value = chance.choice(_HEADERS), chance.choice((*_HEADER_VALUES, *_TEXTS))
    for headers, values in (("headers", value), ("multiValueHeaders", [value] * chance.randint(0, 4))):
        if event.get(headers) is not None:
            event[headers][name] = values


def _many_headers(chance: random.Random, event: Event) -> None:
    for headers in ("headers", "multiValueHeaders"):
        if event.get(headers) is not None:
            event[headers] |= {f"x-{n}": ["v"] * 3 if headers[0] == "m" else "v" * n for n in range(60)}


def _no_headers(chance: random.Random, event: Event) -> None:
    for headers in ("headers", "multiValueHeaders"):
        if headers in event and chance.random() < 0.7:
            event[headers] = chance.choice(({}, None))


def _a_query(chance: random.Random, event: Event) -> None:
    name, value = chance.choice(("page", "page_size", "next", *_TEXTS)), chance.choice(_TEXTS)
    if "rawQueryString" in event:
        event["rawQueryString"] = f"{name}={value}"
    event["queryStringParameters"] = chance.choice(({name: value}, None))
    if "multiValueHeaders" in event:
        event["multiValueQueryStringParameters"] = chance.choice(({name: [value] * 3}, {name: []}, None))


def _cookies(chance: random.Random, event: Event) -> None:
    cookie = chance.choice(("sessionid", "csrftoken", "messages")) + "=" + chance.choice((*_HEADER_VALUES, *_TEXTS))
    if "rawPath" in event:
        event["cookies"] = [cookie] * chance.randint(0, 3)
    else:
        _set_header(event, "cookie", cookie)


def _a_client(chance: random.Random, event: Event) -> None:
    address = chance.choice(("", "256.1.1.1", "::", "fe80::1%eth0", None, "a" * 300))
    context = event["requestContext"]
    if isinstance(context.get("http"), dict):
        context["http"]["sourceIp"] = address
    else:
        context["identity"] = {"sourceIp": address}


def _a_damaged_context(chance: random.Random, event: Event) -> None:
    context = event["requestContext"]
    for parts in (context, *(part for part in context.values() if isinstance(part, dict))):
        # Without these keys the event would be refused because no front sends it.
        for name in [name for name in parts if name not in {"elb", "http"}]:
            if chance.random() < 0.3:
                parts[name] = chance.choice((None, "", 5, [], {}))


def _set_header(event: Event, name: str, value: str) -> None:
    if event.get("headers") is not None:
        event["headers"][name] = value
    if event.get("multiValueHeaders") is not None:
        event["multiValueHeaders"][name] = [value]


_DAMAGES: tuple[Damage, ...] = (
    *(_bad_base64, _a_body, _random_bytes, _no_text, _no_body, _a_header, _a_header, _many_headers, _no_headers),
    *(_a_query, _cookies, _a_client, _a_damaged_context),
)
