"""Responses that are ambiguous, or whose content differs from the length they declare."""

import asyncio
from typing import NamedTuple

# Content that is itself a complete response: a client that misreads the length takes it for the next response.
INNER = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"inner": 1}'


class Answer(NamedTuple):
    """A response that an application sends piece by piece; a number among the pieces is a pause in seconds."""

    status: int
    headers: dict[str, str]
    pieces: tuple[bytes | float, ...]
    second_length: str | None = None
    fails: bool = False


_LENGTH = {"Content-Length": str(len(INNER))}
ANSWERS = {
    **{f"{status}-with-content": Answer(status, _LENGTH, (INNER,)) for status in (204, 205, 304)},
    **{f"{status}-as-a-stream": Answer(status, {}, (INNER, INNER)) for status in (204, 205, 304)},
    **{f"{status}-in-chunks": Answer(status, {"Transfer-Encoding": "chunked"}, (INNER,)) for status in (204, 304)},
    **{f"{status}-that-goes-on": Answer(status, {}, (INNER, 0.3, INNER)) for status in (204, 205, 304)},
    **{f"{status}-as-if-final": Answer(status, _LENGTH, (INNER,)) for status in (100, 101, 102, 103)},
    "another-coding": Answer(200, {"Transfer-Encoding": "gzip, chunked", **_LENGTH}, (INNER,)),
    "length-and-chunks": Answer(200, {**_LENGTH, "Transfer-Encoding": "chunked"}, (INNER,)),
    "chunks-and-length": Answer(200, {"TRANSFER-ENCODING": "Chunked", **_LENGTH}, (INNER,)),
    "identity": Answer(200, {"Transfer-Encoding": "identity"}, (INNER,)),
    "a-connection-that-names-the-length": Answer(200, {"Connection": "content-length", **_LENGTH}, (INNER,)),
    "kept-by-the-application": Answer(
        200, {"Connection": "keep-alive", "Keep-Alive": "timeout=99", **_LENGTH}, (INNER,)
    ),
    "too-short-a-length": Answer(200, {"Content-Length": "5"}, (b"12345" + INNER,)),
    "too-short-a-length-in-pieces": Answer(200, {"Content-Length": "5"}, (b"12345", 0.02, INNER)),
    "too-long-a-length": Answer(200, {"Content-Length": "900"}, (INNER,)),
    "too-long-a-length-in-pieces": Answer(200, {"Content-Length": "900"}, (INNER, 0.02, INNER)),
    "zero-length-with-content": Answer(200, {"Content-Length": "0"}, (INNER,)),
    "zero-length-with-late-content": Answer(200, {"Content-Length": "0"}, (b"", 0.02, INNER)),
    "a-signed-length": Answer(200, {"Content-Length": "+5"}, (b"12345", INNER)),
    "a-list-of-lengths": Answer(200, {"Content-Length": "5, 5"}, (b"12345",)),
    "a-huge-length": Answer(200, {"Content-Length": "9" * 5000}, (b"12345",)),
    "an-empty-length": Answer(200, {"Content-Length": ""}, (INNER,)),
    "two-lengths": Answer(200, {"Content-Length": "5"}, (b"12345", INNER), second_length="6"),
    "the-same-length-twice": Answer(200, {"Content-Length": "5"}, (b"12345",), second_length="5"),
    "complete-with-a-late-end": Answer(200, {"Content-Length": "5"}, (b"12345", 0.3)),
    "empty-with-a-late-end": Answer(200, {"Content-Length": "0"}, (b"", 0.3)),
    "failing-after-its-end": Answer(200, _LENGTH, (INNER,), fails=True),
    "well-formed": Answer(200, _LENGTH, (INNER,)),
}


async def answer(name: str, send) -> None:
    """Send the named response without watching for a disconnect."""
    status, headers, pieces, second_length, fails = ANSWERS[name]
    fields = [(key.encode(), value.encode()) for key, value in headers.items()]
    if second_length is not None:
        fields.append((b"content-length", second_length.encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    *first, last = pieces
    for piece in first:
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    if isinstance(last, float):
        await asyncio.sleep(last)
        last = b""
    await send({"type": "http.response.body", "body": last})
    if fails:
        raise RuntimeError("after the end")
