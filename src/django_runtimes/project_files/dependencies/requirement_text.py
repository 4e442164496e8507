"""Decodes and changes the text of requirements files, in the encodings that pip reads."""

import codecs
import re
from collections.abc import Callable, Iterator

from django_runtimes.cli.text_files.text_encoding import byte_order_mark, newline_of, why_not_utf8
from django_runtimes.cli.tool_error import UsageError

# pip looks for this comment of PEP 263 in the first two lines.
_CODING = re.compile(rb"^#.*?coding[:=]\s*(?P<encoding>[-\w.]+)")
_COMMENT_LINE = re.compile(r"^\s*#")
_COMMENT = re.compile(r"(^|\s+)#.*$")


def text_of(content: bytes, name: str) -> str:
    """Decode a file's content as pip does; UsageError if it has another encoding."""
    mark, encoding = _encoding(content)
    if encoding.startswith("utf-32"):
        # pip reads the mark of UTF-32 as the mark of UTF-16.
        raise UsageError(_refused(name, why_not_utf8(content)))
    try:
        text = content[len(mark) :].decode(encoding)
    except LookupError:
        raise UsageError(
            f"{name} names the encoding {encoding!r}, which Python does not know; save it as UTF-8 without that comment"
        ) from None
    except UnicodeDecodeError as error:
        complaint = why_not_utf8(content) if encoding == "utf-8" else f"is not valid {encoding}: {error}"
        raise UsageError(_refused(name, complaint)) from None
    if "\0" in text:
        raise UsageError(_refused(name, why_not_utf8(content)))
    return text


def with_text(content: bytes, change: Callable[[str], str]) -> bytes:
    """Return the content with its text changed, in the same encoding and with the same byte order mark."""
    mark, encoding = _encoding(content)
    # Files in other formats may have any bytes, which must stay the same.
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    text = content[len(mark) :].decode(encoding, errors)
    return mark + change(text).encode(encoding, errors)


def with_line(content: bytes, line: str) -> bytes:
    """Return the content with a line appended, of its own even if the last line ends with a backslash."""

    def appended(text: str) -> str:
        newline = newline_of(text.encode("utf-8", "surrogateescape")).decode()
        lines = text.splitlines()
        gap = "" if not text or text.endswith(("\n", "\r")) else newline
        # An empty line ends the continuation of a line.
        gap += newline if lines and _is_continued(lines[-1]) else ""
        return f"{text}{gap}{line}{newline}"

    return with_text(content, appended)


def logical_lines(text: str) -> Iterator[str]:
    """Yield the lines without comments, with continued lines joined as pip joins them."""
    parts: list[str] = []
    for line in text.splitlines():
        if _is_continued(line):
            parts.append(line.strip("\\"))
            continue
        # A comment ends a continued line.
        parts.append(f" {line}" if _COMMENT_LINE.match(line) else line)
        yield from _without_comment("".join(parts))
        parts = []
    yield from _without_comment("".join(parts))


def _is_continued(line: str) -> bool:
    return line.endswith("\\") and not _COMMENT_LINE.match(line)


def _without_comment(line: str) -> Iterator[str]:
    if stripped := _COMMENT.sub("", line).strip():
        yield stripped


def _encoding(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark, which may be empty, and the encoding."""
    if found := byte_order_mark(content):
        return found
    named = (_CODING.match(line) for line in content.split(b"\n", 2)[:2])
    name = next((match["encoding"].decode() for match in named if match), "utf-8")
    try:
        return b"", codecs.lookup(name).name
    except LookupError:
        return b"", name


def _refused(name: str, complaint: str | None) -> str:
    return (
        f"{name} {complaint}, so pip in the image cannot read it; save it as UTF-8, or name its encoding in its first "
        "line, such as # -*- coding: latin-1 -*-"
    )
