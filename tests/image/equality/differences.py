"""Permitted differences between a container's and Lambda's responses, with reasons, as listed in docs/image.md."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from gzip import decompress
from typing import Any

from tests.image.equality.places import Answer


@dataclass(frozen=True)
class Difference:
    """A difference that `normalize` removes from a response to one of `requests`, or to any request."""

    what: str
    reason: str
    normalize: Callable[[Answer], Answer]
    requests: frozenset[str] | None = None


def _without_headers(*names: str) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, headers=tuple(pair for pair in answer.headers if pair[0] not in names))


def _of_echo(change: Callable[[dict[str, Any]], None]) -> Callable[[Answer], Answer]:
    """Return a function that changes the request in the echoing view's response."""

    def normalize(answer: Answer) -> Answer:
        if not answer.body.startswith(b'{"method"'):
            return answer
        shown = json.loads(answer.body)
        change(shown)
        return replace(answer, body=json.dumps(shown).encode())

    return normalize


def _drop_connection(shown: dict[str, Any]) -> None:
    shown["headers"].pop("HTTP_CONNECTION", None)


def _decode_tag(shown: dict[str, Any]) -> None:
    # Keep text that is really latin-1, and decode UTF-8 that was read as latin-1.
    try:
        shown["headers"]["HTTP_X_TAG"] = shown["headers"]["HTTP_X_TAG"].encode("latin-1").decode()
    except UnicodeDecodeError:
        return


def _split_cookies(shown: dict[str, Any]) -> None:
    shown["headers"]["HTTP_COOKIE"] = shown["headers"]["HTTP_COOKIE"].replace(",", "; ")
    shown["cookies"] = None


def _decode_header(answer: Answer) -> Answer:
    headers = tuple((name, value.replace("Ã¼", "ü").replace("Ã\x9f", "ß")) for name, value in answer.headers)
    return replace(answer, headers=headers)


DIFFERENCES = (
    Difference(
        "the response's `Date`, `Server`, `Connection`, `Content-Length` and `Transfer-Encoding`",
        "They belong to one connection: uvicorn sets them in a container, the front sets them for a function.",
        _without_headers("date", "server", "connection", "content-length", "transfer-encoding"),
    ),
    Difference(
        "the request's `Connection`",
        "It belongs to the connection between client and front. The front does not pass it to a function.",
        _of_echo(_drop_connection),
    ),
    Difference(
        "non-ASCII headers of the request",
        "An event is text: the front decodes the header, and Mangum encodes it as UTF-8. A container gets the bytes.",
        _of_echo(_decode_tag),
        frozenset({"header that is not ASCII"}),
    ),
    Difference(
        "non-ASCII headers of the response",
        "A reply is text, which the front sends as UTF-8. A container sends latin-1, Django's encoding.",
        _decode_header,
        frozenset({"answer headers"}),
    ),
    Difference(
        "several `Cookie` headers in one request",
        "Lambda's front joins them into one. In a container Django joins them as it joins other headers. Clients send "
        "one, and load balancers join those of HTTP/2 into one.",
        _of_echo(_split_cookies),
        frozenset({"repeated cookies"}),
    ),
    Difference(
        "a response without `Content-Type`",
        "Lambda's front sets `application/json`.",
        _without_headers("content-type"),
        frozenset({"answer untyped"}),
    ),
)

# Content that differs between two responses of the same place.
_CHANGING = (
    (rb'(name="csrfmiddlewaretoken" value=")\w+', rb"\1TOKEN"),
    (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", b"TIME"),
    (rb"<time[^>]*>[^<]*</time>", b"TIME"),
    (rb"(csrftoken|sessionid)=\w+", rb"\1=TOKEN"),
    (rb"'nonce-[^']+'", b"'nonce-NONCE'"),
    (rb'nonce="[^"]+"', b'nonce="NONCE"'),
    (rb"messages=[^;]+", b"messages=SIGNED"),
    (rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", b"DATE"),
)


def _settled_header(name: str, value: str) -> str:
    if name == "content-security-policy":
        # django-csp writes the directives in another order in each process.
        value = "; ".join(sorted(value.split("; ")))
    return _replaced(value.encode()).decode()


def settled(answer: Answer) -> Answer:
    """Return the answer without content that changes, with its headers sorted and its cookies in their own order."""
    headers = tuple((name, _settled_header(name, value)) for name, value in answer.headers if name != "expires")
    body = answer.body
    if ("content-encoding", "gzip") in headers and body:
        # Django pads the compressed body with a file name of random length.
        body = decompress(body)
    return Answer(answer.status, tuple(sorted(headers, key=lambda pair: pair[0])), _replaced(body))


def normalized(name: str, answer: Answer, *, without: Difference | None = None) -> Answer:
    """Return a settled answer to the named request with the permitted differences removed, except `without`."""
    for difference in DIFFERENCES:
        if difference is not without and (difference.requests is None or name in difference.requests):
            answer = difference.normalize(answer)
    return answer


def _replaced(text: bytes) -> bytes:
    for pattern, replacement in _CHANGING:
        text = re.sub(pattern, replacement, text)
    return text
