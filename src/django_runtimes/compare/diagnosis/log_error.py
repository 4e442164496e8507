"""Finds the first error in the logs of a target's processes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django_runtimes.compare.diagnosis.lines_without_level import error_lines, is_refusal

_TRACEBACK = "Traceback (most recent call last)"
_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b")
_WARNING = re.compile(r"\bWARNING\b")
# The launcher's own error, with which a process ends; gunicorn then logs only that a worker has exited. The other lines
# of the launcher are the moments of a start, the notice of a random key, and the exit codes of commands.
_LAUNCHER_ERROR = re.compile(r"webapp: (?!start \{|.*: a random key is used,|.* ended with exit code )")
_LEVEL_KEYS = ("level", "levelname", "severity")
# Paths of packages and the standard library, where the error rarely is.
_LIBRARY_PATHS = ("/site-packages/", "/dist-packages/", "/lib/python", "/django_runtimes/")
_FRAME = re.compile(r'\s+File "([^"]+)", line \d+')
_CHAINED = re.compile(r"(During handling of|The above exception was)")
# The beginning of a line from gunicorn, from logging or from a JSON formatter.
_NEXT_MESSAGE = re.compile(r"\[|\{|\d{4}-\d\d-\d\d")

_MAX_EXCEPTION_LINES = 3
_MAX_LINE_LENGTH = 300
# This bounds the memory for a log that grows without limit.
_MAX_BYTES = 4 * 2**20
_LAST_LINES = 10


def first_error(logs: Sequence[Path]) -> tuple[str, ...]:
    """Return the lines of the first error: its message, the frames that raised it and the exception.

    Without an error return the first warning, or nothing. The launcher's error comes first, then errors with a level or
    a traceback, then errors that are only recognized by their words. `logs` are in the order in which their processes
    started.
    """
    for find in (_launcher_errors, _errors, _errors_without_level, _warnings):
        for log in logs:
            if (lines := next(find(_lines(log)), None)) is not None:
                return tuple(line[:_MAX_LINE_LENGTH] for line in lines if line.strip())
    return ()


def last_lines(logs: Sequence[Path]) -> tuple[str, ...]:
    """Return the last lines of the newest log that is not empty, for logs without a known error."""
    for log in reversed(logs):
        if written := [line for line in _lines(log, from_end=True) if line.strip()]:
            return tuple(line[:_MAX_LINE_LENGTH] for line in written[-_LAST_LINES:])
    return ()


def _lines(log: Path, *, from_end: bool = False) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        if from_end:
            file.seek(max(0, log.stat().st_size - _MAX_BYTES))
        text = file.read(_MAX_BYTES).decode(errors="replace")
    # awslambdaric separates the lines of one message by \r and indents them with no-break spaces.
    return text.replace("\u00a0", " ").splitlines()


def _launcher_errors(lines: Sequence[str]) -> Iterator[list[str]]:
    return ([line] for line in lines if _LAUNCHER_ERROR.match(line))


def _errors(lines: Sequence[str]) -> Iterator[list[str]]:
    for index, line in enumerate(lines):
        record = _record(line)
        if record is not None:
            if trace := _traceback_in(record):
                yield [_message(record), *_traceback_summary(trace.splitlines())]
            elif _ERROR.search(_level(record)):
                yield [_message(record)]
        elif _ERROR.search(line):
            rest = lines[index + 1 :]
            yield [line, *(_traceback_summary(rest) if rest and _TRACEBACK in rest[0] else ())]
        elif _TRACEBACK in line:
            yield _traceback_summary(lines[index:])


def _errors_without_level(lines: Sequence[str]) -> Iterator[list[str]]:
    if found := error_lines([_text_without_level(line) for line in lines]):
        yield found


def _text_without_level(line: str) -> str:
    """Return the line, or the message of a JSON line; empty when the JSON has a level."""
    record = _record(line)
    if record is None:
        return line
    return "" if _level(record) else _message(record)


def _warnings(lines: Sequence[str]) -> Iterator[list[str]]:
    for line in lines:
        record = _record(line)
        if record is not None:
            if _WARNING.search(_level(record)):
                yield [_message(record)]
        elif _WARNING.search(line) or is_refusal(line):
            yield [line]


def _traceback_summary(lines: Sequence[str]) -> list[str]:
    """Return the last frames of a traceback, the project's own first, and its exception (in a chain, the last)."""
    frames, exception, rest = _traceback(lines)
    while rest and _CHAINED.match(rest[0]) and any(_TRACEBACK in line for line in rest[1:3]):
        frames, exception, rest = _traceback(rest[1:])
    # Tracebacks of failed imports end in frames of importlib, which have no source.
    frames = [frame for frame in frames if "<frozen " not in frame[0]] or frames
    own = [frame for frame in frames if not any(part in frame[0] for part in _LIBRARY_PATHS)]
    shown = [*own[-1:], *(frames[-1:] if own[-1:] != frames[-1:] else [])]
    return [*(line for frame in shown for line in frame[:2]), *exception[:_MAX_EXCEPTION_LINES]]


def _traceback(lines: Sequence[str]) -> tuple[list[list[str]], list[str], Sequence[str]]:
    """Return the frames of the first traceback, the lines of its exception, and the lines that follow it."""
    frames: list[list[str]] = []
    exception: list[str] = []
    for index, line in enumerate(lines):
        if not exception and _FRAME.match(line):
            frames.append([line])
        elif not exception and (line.startswith(" ") or _TRACEBACK in line):
            frames[-1:] = [[*frame, line] for frame in frames[-1:]]
        elif line.strip() and not _NEXT_MESSAGE.match(line):
            exception.append(line)
        elif exception or line.strip():
            following = (at for at in range(index, len(lines)) if lines[at].strip())
            return frames, exception, lines[next(following, len(lines)) :]
    return frames, exception, ()


def _record(line: str) -> dict[str, Any] | None:
    """Return the JSON object in a line; None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _message(record: Mapping[str, Any]) -> str:
    logger, message = record.get("logger") or record.get("name"), record.get("message") or record.get("errorMessage")
    return " ".join(str(part) for part in (_level(record), f"{logger}:" if logger else "", message or "") if part)


def _level(record: Mapping[str, Any]) -> str:
    return next((str(record[key]).upper() for key in _LEVEL_KEYS if record.get(key)), "")


def _traceback_in(record: Mapping[str, Any]) -> str | None:
    return next((value for value in record.values() if isinstance(value, str) and _TRACEBACK in value), None)
