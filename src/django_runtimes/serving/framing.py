"""Decides which responses have content, and validates the headers that frame it."""

from collections.abc import Collection

# RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5.
_WITHOUT_CONTENT = frozenset({204, 205, 304})
_RESET_CONTENT = 205
_SMALLEST_STATUS, _LARGEST_STATUS = 200, 599
# Only the server may set these headers, since they apply to its connection: RFC 9110, section 7.6.1.
_CONNECTION_HEADERS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding"})
_LENGTHS = frozenset(map(len, _CONNECTION_HEADERS | {b"content-length"}))
# A 426 must send `upgrade`. Any other option makes a proxy remove the header that it names, for example Content-Length.
_CONNECTION_OPTIONS = frozenset({b"close", b"upgrade"})

_MAX_DIGITS = 18

Fields = Collection[tuple[bytes, bytes]]


class InvalidAnswerError(Exception):
    """A response whose end different clients may see in different places."""


def has_content(method: str, status: int) -> bool:
    """Return whether the response may have content after its headers."""
    return method != "HEAD" and status not in _WITHOUT_CONTENT


def framed(status: int, headers: Fields) -> tuple[Fields, bytes | None]:
    """Return the headers without those that only the server may set, and their Content-Length.

    If nothing changes, the headers are the same object. Raise InvalidAnswerError for a status that is not final, and
    for lengths that are not numbers or contradict each other.
    """
    if not _SMALLEST_STATUS <= status <= _LARGEST_STATUS:
        raise InvalidAnswerError(f"the status {status} does not end a request; respond with one from 200 to 599")
    length: bytes | None = None
    is_plain = status not in _WITHOUT_CONTENT
    for name, value in headers:
        # This loop runs for every response; comparing lengths first avoids lowercasing most names.
        if len(name) not in _LENGTHS:
            continue
        lowered = name.lower()
        if lowered == b"content-length":
            if not value.isdigit() or len(value) > _MAX_DIGITS or (length is not None and length != value):
                raise InvalidAnswerError(f"Content-Length is {value!r}; set it once, to the content's number of bytes")
            is_plain = is_plain and length is None
            length = value
        elif lowered in _CONNECTION_HEADERS:
            is_plain = False
    return (headers, length) if is_plain else (_cleared(status, headers, length), length)


def _cleared(status: int, headers: Fields, length: bytes | None) -> Fields:
    cleared = [
        (name, value) for name, value in headers if name.lower() not in _CONNECTION_HEADERS | {b"content-length"}
    ]
    for name, value in headers:
        if name.lower() == b"connection":
            options = [
                option for option in map(bytes.strip, value.lower().split(b",")) if option in _CONNECTION_OPTIONS
            ]
            cleared += [(name, b", ".join(options))] if options else []
    if status == _RESET_CONTENT:
        length = b"0"
    elif status in _WITHOUT_CONTENT:
        length = None
    return cleared if length is None else [*cleared, (b"content-length", length)]
