"""Which answers have content, and what of an application's headers may say where an answer ends."""

from collections.abc import Collection

# RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5.
_WITHOUT_CONTENT = frozenset({204, 205, 304})
_RESET_CONTENT = 205
_SMALLEST_STATUS, _LARGEST_STATUS = 200, 599
# They belong to one connection, which is the server's: RFC 9110, section 7.6.1.
_OF_THE_CONNECTION = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding"})
_LENGTHS = frozenset(map(len, _OF_THE_CONNECTION | {b"content-length"}))
# 426 has to say Upgrade. Any other option would have a proxy remove the header of that name, such as a length.
_OPTIONS = frozenset({b"close", b"upgrade"})

_MOST_DIGITS = 18

Fields = Collection[tuple[bytes, bytes]]


class InvalidAnswerError(Exception):
    """An answer that no client could read in one way only."""


def has_content(method: str, status: int) -> bool:
    """Whether anything may follow the head of this answer."""
    return method != "HEAD" and status not in _WITHOUT_CONTENT


def framed(status: int, headers: Fields) -> tuple[Fields, bytes | None]:
    """The headers, without what is the server's to say, and their Content-Length.

    The same object where nothing is to change. InvalidAnswerError for a status that is no final one, and for lengths
    that are none or contradict each other.
    """
    if not _SMALLEST_STATUS <= status <= _LARGEST_STATUS:
        raise InvalidAnswerError(f"the status {status} ends no request; answer with one from 200 to 599")
    length: bytes | None = None
    is_plain = status not in _WITHOUT_CONTENT
    for name, value in headers:
        # Every answer pays for this loop, so that most names are not even lowered.
        if len(name) not in _LENGTHS:
            continue
        lowered = name.lower()
        if lowered == b"content-length":
            if not value.isdigit() or len(value) > _MOST_DIGITS or (length is not None and length != value):
                raise InvalidAnswerError(f"Content-Length is {value!r}; set it once, to the content's number of bytes")
            is_plain = is_plain and length is None
            length = value
        elif lowered in _OF_THE_CONNECTION:
            is_plain = False
    return (headers, length) if is_plain else (_cleared(status, headers, length), length)


def _cleared(status: int, headers: Fields, length: bytes | None) -> Fields:
    cleared = [(name, value) for name, value in headers if name.lower() not in _OF_THE_CONNECTION | {b"content-length"}]
    for name, value in headers:
        if name.lower() == b"connection":
            options = [option for option in map(bytes.strip, value.lower().split(b",")) if option in _OPTIONS]
            cleared += [(name, b", ".join(options))] if options else []
    if status == _RESET_CONTENT:
        length = b"0"
    elif status in _WITHOUT_CONTENT:
        length = None
    return cleared if length is None else [*cleared, (b"content-length", length)]
