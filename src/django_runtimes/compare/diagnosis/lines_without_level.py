"""Recognizes errors in log lines without a level, which Django's documented formatters write."""

import re
from collections.abc import Sequence

# Messages of Django's request and host loggers: https://docs.djangoproject.com/en/stable/ref/logging/
_ANSWER = re.compile(
    r"\b(Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout): /|Invalid HTTP_HOST header"
)
_REFUSAL = re.compile(r"\b(Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed)\b(: /|.*: /)")
# Messages of libpq, psycopg and its pool.
_DATABASE = re.compile(
    r"error connecting in '|connection (?:to server .*|is bad|failed)\b|could not (?:connect|translate host name)"
    r"|couldn't get a connection after|server closed the connection|the connection is (?:closed|lost)"
    r"|\b(?:OperationalError|InterfaceError|PoolTimeout|ProgrammingError|IntegrityError)\b"
    r"|password authentication failed|too many (?:clients|connections)|remaining connection slots"
    r"|(?:relation|database|role|column) \"[^\"]*\" does not exist"
)
# Lambda's messages for a timeout.
_LAMBDA = re.compile(r"Task timed out after|Status: timeout")
# A line with one of these levels is not an error, whatever words it contains.
_HARMLESS = re.compile(r"\b(DEBUG|INFO|NOTICE|WARNING)\b")
_MAX_CONTINUATION_LINES = 2


def error_lines(lines: Sequence[str]) -> list[str]:
    """Return the first database error, the first error response and the first Lambda timeout, in the log's order."""
    found: dict[int, list[str]] = {}
    for pattern in (_DATABASE, _ANSWER, _LAMBDA):
        index = next((at for at, line in enumerate(lines) if pattern.search(line) and not _HARMLESS.search(line)), None)
        if index is not None:
            found[index] = [lines[index], *_continuation(lines[index + 1 :])]
    return [line for index in sorted(found) for line in found[index]]


def is_refusal(line: str) -> bool:
    """Return whether Django logged a refused request, for which its request logger uses the level WARNING."""
    return _REFUSAL.search(line) is not None and not re.search(r"\b(DEBUG|INFO|NOTICE)\b", line)


def _continuation(lines: Sequence[str]) -> list[str]:
    """Return the indented lines with which libpq continues a message."""
    continuation: list[str] = []
    for line in lines[:_MAX_CONTINUATION_LINES]:
        if not line.startswith(("\t", "  ")):
            break
        continuation.append(line)
    return continuation
