"""Damages events of every front at random, and nests some of them deeply; the same seed gives the same events."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from tests.integration.serving.lambda_handler.front import FRONTS, event_of, load_event

_MULTIPART = (
    b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="doc"; filename="a.bin"\r\n\r\ncontent\r\n--edge--\r\n'
)
_FORM = "application/x-www-form-urlencoded"
_REQUESTS: tuple[dict[str, Any], ...] = (
    {"method": "GET", "query": {"a": ["1", "2"], "name": ["Bjørn"]}, "cookies": ("a=1", "b=2")},
    {"method": "POST", "headers": {"content-type": _FORM}, "body": b"a=1&a=2&b=%C3%B8"},
    {"method": "POST", "headers": {"content-type": "multipart/form-data; boundary=edge"}, "body": _MULTIPART},
    {"method": "PUT", "headers": {"content-type": "application/json"}, "body": b'{"a": [1]}'},
)
# The handler rejects these events. If they are damaged, it must reject them, or serve them like the others.
_OTHER_EVENTS = ("vpc_lattice_v1", "vpc_lattice_v2", "websocket_connect", "authorizer_request", "edge_response")
# JSON can encode a lone surrogate; UTF-8 cannot.
_STRINGS = (
    *("", " ", "\0", "a\0b", "a\r\nSet-Cookie: b=c", "\n", "\ud800", "a\udfffb", "Bjørn", "\U0001f98a", "\u202e", "%"),
    *("%00", "%ff", "%2e%2e/", "../../etc/passwd", "//", "//[", "http://[::1", "[::1]:80", "a:b:c", ":", "*", "a, b"),
    *("-1", "NaN", "1e999", "9" * 5000, "null", "true", "elb", "2.0", "1.0", "GET /", "x" * 300, "é" * 9000),
    *("multipart/form-data; boundary=", "text/plain; charset=rot13", "=?utf-8?q?=00?=", "a=1;;=;\x7f", "====", "YQ"),
)
_OTHERS = (None, True, False, 0, 1, -1, 2**70, 0.5, float("inf"), float("nan"), [], {}, [None], [[]], {"": None})
_HEADERS = (
    *("host", "content-length", "content-type", "cookie", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"),
    *("transfer-encoding", "Host", "COOKIE", "accept-language", "authorization", "range", "referer", "origin"),
    *(
        "if-none-match",
        "if-modified-since",
        "expect",
        "forwarded",
        "a_b",
        "a b",
        "",
        "\0",
        "a\r\nb",
        "é",
        "content_length",
    ),
    *("cloudfront-forwarded-proto", "remote-user", "x-http-method-override", "content_length", "accept-encoding"),
)
# Python's JSON parser accepts up to about 990 levels.
_DEPTHS = (50, 400, 900)

Place = tuple[Any, Any]


def mutated_events(seed: int, count: int, paths: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield `count` events for the paths, each damaged in one to four places."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.05:
            event = load_event(chance.choice(_OTHER_EVENTS))
        else:
            event = event_of(chance.choice(FRONTS), path=chance.choice(paths), **chance.choice(_REQUESTS))
        # Events share objects, which must not be damaged twice.
        event = copy.deepcopy(event)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
            _damage(event, chance)
        if chance.random() < 0.1:
            # Nest the event last, since `deepcopy` cannot copy one this deep.
            _nest(event, chance)
        yield event


def _damage(event: dict[str, Any], chance: random.Random) -> None:
    places = places_of(event)
    if not places:
        return
    container, key = chance.choice(places)
    value = container[key]
    match chance.randrange(9):
        case 0:
            del container[key]
        case 1:
            container[key] = None
        case 2 | 3:
            container[key] = chance.choice(_STRINGS)
        case 4:
            container[key] = copy.deepcopy(chance.choice(_OTHERS))
        case 5:
            container[key] = chance.choice(
                ([value], {"value": value}, [value, value], [[[value]]], str(value), [value] * 50)
            )
        case 6:
            container[key] = copy.deepcopy(chance.choice(places)[0])
        case 7 if isinstance(container, dict):
            # Repeat the key in another spelling.
            container[chance.choice((key.upper(), key.title(), key.replace("-", "_"), f"{key} "))] = copy.deepcopy(
                value
            )
        case _:
            _add_header(event, chance)


def _nest(event: dict[str, Any], chance: random.Random) -> None:
    places = places_of(event)
    if not places:
        return
    container, key = chance.choice(places)
    container[key] = nested(container[key], chance.choice(_DEPTHS), as_list=chance.random() < 0.5)


def nested(value: Any, depth: int, *, as_list: bool) -> Any:
    """Return the value inside `depth` lists or objects."""
    for _ in range(depth):
        value = [value] if as_list else {"": value}
    return value


def _add_header(event: dict[str, Any], chance: random.Random) -> None:
    name, values = chance.choice(_HEADERS), [chance.choice(_STRINGS) for _ in range(chance.choice((1, 1, 2)))]
    for container, key in places_of(event):
        held = container[key]
        if key == "headers" and isinstance(held, dict):
            held[name] = [{"key": name, "value": value} for value in values] if "Records" in event else values[-1]
        elif key == "multiValueHeaders" and isinstance(held, dict):
            held[name] = values


def places_of(event: dict[str, Any]) -> list[Place]:
    """Return the place of each value in the event: its container and its key."""
    return list(_places(event))


def _places(value: Any) -> Iterator[Place]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def line_of(event: dict[str, Any]) -> str:
    """Return the event as failure messages show it."""
    try:
        return json.dumps(event)[:4000]
    except RecursionError:
        return f"an event too deep to show, with {', '.join(event)}"
