"""Recognizes errors in the lines of a log whose formatter prints no level, as Django's documentation sets up."""

import re
from collections.abc import Sequence

# Django's request logger, and its check of the host: https://docs.djangoproject.com/en/stable/ref/logging/
_ANSWER = re.compile(
    r"\b(Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout): /|Invalid HTTP_HOST header"
)
_REFUSAL = re.compile(r"\b(Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed)\b(: /|.*: /)")
# As libpq, psycopg and its pool word them.
_DATABASE = re.compile(
    r"error connecting in '|connection (?:to server .*|is bad|failed)\b|could not (?:connect|translate host name)"
    r"|couldn't get a connection after|server closed the connection|the connection is (?:closed|lost)"
    r"|\b(?:OperationalError|InterfaceError|PoolTimeout|ProgrammingError|IntegrityError)\b"
    r"|password authentication failed|too many (?:clients|connections)|remaining connection slots"
    r"|(?:relation|database|role|column) \"[^\"]*\" does not exist"
)
# As Lambda ends what takes too long.
_LAMBDA = re.compile(r"Task timed out after|Status: timeout")
# A line that says its level is judged by that.
_HARMLESS = re.compile(r"\b(DEBUG|INFO|NOTICE|WARNING)\b")
_MOST_FURTHER_LINES = 2


def error_lines(lines: Sequence[str]) -> list[str]:
    """The first error of the database, answer that tells of an error and timeout of Lambda, in the log's order."""
    found: dict[int, list[str]] = {}
    for pattern in (_DATABASE, _ANSWER, _LAMBDA):
        index = next((at for at, line in enumerate(lines) if pattern.search(line) and not _HARMLESS.search(line)), None)
        if index is not None:
            found[index] = [lines[index], *_further(lines[index + 1 :])]
    return [line for index in sorted(found) for line in found[index]]


def is_refusal(line: str) -> bool:
    """Whether Django tells that it refused a request, which its request logger does as a warning."""
    return _REFUSAL.search(line) is not None and not re.search(r"\b(DEBUG|INFO|NOTICE)\b", line)


def _further(lines: Sequence[str]) -> list[str]:
    """The lines of libpq that belong to the one before them."""
    further: list[str] = []
    for line in lines[:_MOST_FURTHER_LINES]:
        if not line.startswith(("\t", "  ")):
            break
        further.append(line)
    return further
