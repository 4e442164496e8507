"""Describes the encoding of a text file: why its bytes are not plain UTF-8, and how its lines end."""

import codecs

# UTF-32 comes first: its little-endian mark begins with UTF-16's mark.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)


def byte_order_mark(content: bytes) -> tuple[bytes, str] | None:
    """Return the byte order mark with which the content begins, and the encoding that it names, or None."""
    return next(((mark, encoding) for mark, encoding in _MARKS if content.startswith(mark)), None)


def why_not_utf8(content: bytes) -> str | None:
    """Return what is wrong with the content, such as `is UTF-16`, or None if it is UTF-8 without a byte order mark."""
    if found := byte_order_mark(content):
        mark, encoding = found
        return "begins with a byte order mark" if mark == codecs.BOM_UTF8 else f"is {encoding.upper()[:6]}"
    if b"\0" in content:
        return f"has a NUL byte in line {_line(content, content.index(0))}, as UTF-16 has"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return f"has the byte 0x{content[error.start]:02x} in line {_line(content, error.start)}, which is not UTF-8"
    return None


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def newline_of(content: bytes) -> bytes:
    """Return the newline that ends the last line, or a line feed if no line has one."""
    windows, unix, mac = content.rfind(b"\r\n"), content.rfind(b"\n"), content.rfind(b"\r")
    if windows >= 0 and windows + 1 == unix:
        return b"\r\n"
    return b"\r" if unix < 0 <= mac else b"\n"
