"""The request set: every kind of request and every kind of response."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import compress

HOST = "guestbook.example"

_EVERY_BYTE = bytes(range(256))
_TOKEN = "A" * 32
_WITH_TOKEN = (("Cookie", f"csrftoken={_TOKEN}"), ("Referer", f"https://{HOST}/"))
_JSON = ("Content-Type", "application/json")
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_MULTIPART = ("Content-Type", "multipart/form-data; boundary=line")
_UPLOAD = b"".join(
    (
        b'--line\r\nContent-Disposition: form-data; name="note"\r\n\r\ngr\xc3\xbc\xc3\x9fe\r\n',
        b'--line\r\nContent-Disposition: form-data; name="file"; filename="gr\xc3\xbcn.bin"\r\n',
        b"Content-Type: application/octet-stream\r\n\r\n" + _EVERY_BYTE * 200 + b"\r\n--line--\r\n",
    )
)
_ENTRY = json.dumps({"author": "Björn", "message": "Hallo!"}).encode()


@dataclass(frozen=True)
class Request:
    """A request whose header values are latin-1 text, as sent over the wire."""

    name: str
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def request_set() -> Iterator[Request]:
    """Yield the requests in an order that lets later requests read the data that earlier ones wrote."""
    yield from _targets()
    yield from _heads()
    yield from _bodies()
    yield from _answers()
    yield from _guestbook()


def _targets() -> Iterator[Request]:
    paths = ("gr%C3%BC%C3%9Fe/%F0%9F%8C%B7", "a%20b+c", "a%2Fb", "a%2525b", "a;b=c,d:e@f", "not-utf-8/%FF", "a//b/../c")
    queries = (
        "a=1&a=2&b=3",
        "q=gr%C3%BC%C3%9Fe&%C3%BC=1",
        "a=b+c%20d%2Be",
        "a&b=&=c&&",
        "a=1;b=2",
        "q=%FF",
        "a=%26%3D%3F",
    )
    for path in paths:
        yield Request(f"path {path}", f"/equal/echo/{path}")
    for query in queries:
        yield Request(f"query {query}", f"/equal/echo?{query}")
    yield Request("query of nothing", "/equal/echo?")
    yield Request("query with a question mark", "/equal/echo?a=1?b=2")


def _heads() -> Iterator[Request]:
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        yield Request(f"method {method}", "/equal/echo", method)
    yield Request("asynchronous view", "/equal/async-echo?a=1", headers=(("X-Tag", "a"),))
    yield Request("repeated header", "/equal/echo", headers=(("X-Tag", "a"), ("X-Tag", "b"), ("x-tag", "c, d")))
    yield Request("cookies", "/equal/echo", headers=(("Cookie", "a=1; b=x%20y; c"),))
    yield Request("repeated cookies", "/equal/echo", headers=(("Cookie", "a=1"), ("Cookie", "b=2")))
    yield Request("header that is not ASCII", "/equal/echo", headers=(("X-Tag", "gr\xfc\xdfe"),))
    yield Request("empty header", "/equal/echo", headers=(("X-Tag", ""),))
    yield Request("long header", "/equal/echo", headers=(("X-Tag", "x" * 4000),))


def _bodies() -> Iterator[Request]:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        yield Request(f"JSON by {method}", "/equal/echo", method, (_JSON,), _ENTRY)
    yield Request("form", "/equal/echo", "POST", (_FORM,), b"a=1&a=2&q=gr%C3%BC%C3%9Fe&b=x+y")
    yield Request("upload", "/equal/echo", "POST", (_MULTIPART,), _UPLOAD)
    yield Request("upload to an asynchronous view", "/equal/async-echo", "POST", (_MULTIPART,), _UPLOAD)
    yield Request("text", "/equal/echo", "POST", (("Content-Type", "text/plain; charset=utf-8"),), "grüße".encode())
    yield Request("text that is not UTF-8", "/equal/echo", "POST", (("Content-Type", "text/plain"),), b"gr\xfc\xdfe")
    yield Request("binary", "/equal/echo", "POST", (("Content-Type", "image/png"),), _EVERY_BYTE * 4000)
    gzip = (("Content-Encoding", "gzip"), _JSON)
    yield Request("compressed body", "/equal/echo", "POST", gzip, compress(_ENTRY, mtime=0))
    yield Request("body without a type", "/equal/echo", "POST", (), b"a=1")
    yield Request("no body at all", "/equal/echo", "POST", (("Content-Length", "0"),))
    yield Request("form above Django's limit", "/equal/echo", "POST", (_FORM,), b"a=" + b"x" * 2_700_000)


def _answers() -> Iterator[Request]:
    for path in ("binary", "broken", "compressed", "cookies", "file", "headers", "latin", "long", "untyped"):
        yield Request(f"answer {path}", f"/equal/{path}")
    for path in ("stream", "async-stream"):
        yield Request(f"answer {path}", f"/equal/{path}")
    for status in (204, 304, 400, 403, 418, 503):
        yield Request(f"empty answer {status}", f"/equal/empty/{status}")
    for status in (301, 302, 303, 307, 308):
        yield Request(f"redirect {status}", f"/equal/redirect/{status}")
    for path in ("long", "stream", "binary"):
        yield Request(f"answer {path}, compressed", f"/equal/{path}", headers=(("Accept-Encoding", "gzip"),))
    yield Request("head of a long answer", "/equal/long", "HEAD")
    yield Request("not found", "/equal/nowhere")
    yield Request("forged host", "/", headers=(("X-Forwarded-Host", "evil.example"),))


def _guestbook() -> Iterator[Request]:
    """Yield requests to the guestbook itself."""
    yield Request("alive", "/healthz")
    yield Request("ready", "/readyz")
    yield Request("static file", "/static/guestbook/guestbook.css")
    yield Request("static file, compressed", "/static/guestbook/guestbook.css", headers=(("Accept-Encoding", "gzip"),))
    yield Request("no static file", "/static/nothing.css")
    yield Request("icon", "/favicon.ico")
    yield Request("login", "/admin/")
    yield Request("login form", "/admin/login/")
    yield Request("empty book", "/")
    yield Request("entry without a token", "/", "POST", (_FORM,), b"author=Ada&message=Hello")
    form = f"csrfmiddlewaretoken={_TOKEN}&author=Gra%C5%BCyna&message=Dzie%C5%84+dobry%21".encode()
    yield Request("entry", "/", "POST", (_FORM, *_WITH_TOKEN), form)
    yield Request("entry that is not valid", "/", "POST", (_FORM, *_WITH_TOKEN), form.partition(b"&message")[0])
    yield Request("written entry", "/entries/1")
    yield Request("no such entry", "/entries/99")
    for name in ("API entry", "API entry again"):
        yield Request(name, "/api/entries", "POST", (_JSON, ("Idempotency-Key", "first")), _ENTRY)
    yield Request(
        "API entry, another with its key", "/api/entries", "POST", (_JSON, ("Idempotency-Key", "first")), b"{}"
    )
    yield Request("API entry that is not JSON", "/api/entries", "POST", (_JSON,), b"{")
    yield Request("API list", "/api/entries?page_size=5")
    yield Request("API list past its end", "/api/entries?page=9")
    yield Request("API method not allowed", "/api/entries", "DELETE")
    yield Request("API statistics", "/api/statistics")
    yield Request("API export", "/api/export")
    yield Request("API export, compressed", "/api/export", headers=(("Accept-Encoding", "gzip"),))
    yield Request("head of the API export", "/api/export", "HEAD")
    yield Request("API not found", "/api/nothing")
