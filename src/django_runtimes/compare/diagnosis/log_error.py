"""The first error in the logs of a target, of all of its processes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django_runtimes.compare.diagnosis.unlevelled import error_lines, is_refusal

_TRACEBACK = "Traceback (most recent call last)"
_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b")
_WARNING = re.compile(r"\bWARNING\b")
_LEVEL_KEYS = ("level", "levelname", "severity")
# Packages and the standard library: seldom where the error is.
_FOREIGN = ("/site-packages/", "/dist-packages/", "/lib/python", "/django_runtimes/")
_FRAME = re.compile(r'\s+File "([^"]+)", line \d+')
_CHAINED = re.compile(r"(During handling of|The above exception was)")
# As gunicorn, logging and JSON formatters begin a line.
_NEXT_MESSAGE = re.compile(r"\[|\{|\d{4}-\d\d-\d\d")

_MOST_EXCEPTION_LINES = 3
_LONGEST_LINE = 300
# A log that grows faster than it is read must not take the report's memory.
_MOST_BYTES = 4 * 2**20
_LAST_LINES = 10


def first_error(logs: Sequence[Path]) -> tuple[str, ...]:
    """Its message, where it was raised and the exception, a line each; without errors the first warning, else nothing.

    Errors that have a level or a traceback go before those known by their words alone. `logs` are in the order in
    which their processes started.
    """
    for find in (_errors, _unlevelled_errors, _warnings):
        for log in logs:
            if (lines := next(find(_lines(log)), None)) is not None:
                return tuple(line[:_LONGEST_LINE] for line in lines if line.strip())
    return ()


def last_lines(logs: Sequence[Path]) -> tuple[str, ...]:
    """The last lines of the process that started last and wrote any; for logs in which no error is known."""
    for log in reversed(logs):
        if written := [line for line in _lines(log, from_end=True) if line.strip()]:
            return tuple(line[:_LONGEST_LINE] for line in written[-_LAST_LINES:])
    return ()


def _lines(log: Path, *, from_end: bool = False) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        if from_end:
            file.seek(max(0, log.stat().st_size - _MOST_BYTES))
        text = file.read(_MOST_BYTES).decode(errors="replace")
    # awslambdaric ends the lines of one message by \r and indents them by no-break spaces.
    return text.replace("\u00a0", " ").splitlines()


def _errors(lines: Sequence[str]) -> Iterator[list[str]]:
    for index, line in enumerate(lines):
        record = _record(line)
        if record is not None:
            if trace := _trace_of(record):
                yield [_message(record), *_end_of(trace.splitlines())]
            elif _ERROR.search(_level(record)):
                yield [_message(record)]
        elif _ERROR.search(line):
            behind = lines[index + 1 :]
            yield [line, *(_end_of(behind) if behind and _TRACEBACK in behind[0] else ())]
        elif _TRACEBACK in line:
            yield _end_of(lines[index:])


def _unlevelled_errors(lines: Sequence[str]) -> Iterator[list[str]]:
    if found := error_lines([_unlevelled(line) for line in lines]):
        yield found


def _unlevelled(line: str) -> str:
    """The line; of JSON its message, and nothing where it has a level."""
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


def _end_of(lines: Sequence[str]) -> list[str]:
    """The last frames of a traceback, the project's own first, and its exception; of a chain those of the last."""
    frames, exception, behind = _traceback(lines)
    while behind and _CHAINED.match(behind[0]) and any(_TRACEBACK in line for line in behind[1:3]):
        frames, exception, behind = _traceback(behind[1:])
    # Importing ends in frames of Python's own, which have no source.
    frames = [frame for frame in frames if "<frozen " not in frame[0]] or frames
    own = [frame for frame in frames if not any(part in frame[0] for part in _FOREIGN)]
    shown = [*own[-1:], *(frames[-1:] if own[-1:] != frames[-1:] else [])]
    return [*(line for frame in shown for line in frame[:2]), *exception[:_MOST_EXCEPTION_LINES]]


def _traceback(lines: Sequence[str]) -> tuple[list[list[str]], list[str], Sequence[str]]:
    """The frames of the first traceback, the lines of its exception, and what follows from the next text on."""
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
    """A line that is a JSON object."""
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


def _trace_of(record: Mapping[str, Any]) -> str | None:
    return next((value for value in record.values() if isinstance(value, str) and _TRACEBACK in value), None)
