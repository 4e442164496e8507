"""Reads `--traffic FILE`: requests hour by hour, as CSV."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.traffic import Traffic

_HEADER = ["hour", "requests"]
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# A year of hours is far more than a month needs.
_MOST_HOURS = 9_000
_MOST_BYTES = 1_000_000
_MOST_REQUESTS = Decimal(10) ** 12
_FIRST_TIME = datetime(1, 1, 1)  # noqa: DTZ001 - only differences between times of one file are used
_HOUR = timedelta(hours=1)
_REMEDY = "write a line `hour,requests` for each hour, numbered from 0 or as times such as 2026-11-01T00:00"


def read_traffic(path: Path) -> Traffic:
    """Return the traffic of a file; raise UsageError with the line of the first mistake."""
    counts: dict[int, Decimal] = {}
    lines: dict[int, int] = {}
    for line, hour_text, requests_text in _rows(path):
        hour = _hour(path, line, hour_text)
        if hour in counts:
            raise UsageError(
                f"{path}, line {line}: hour {hour_text!r} is also in line {lines[hour]}; keep one of the two"
            )
        counts[hour] = _requests(path, line, requests_text)
        lines[hour] = line
    if not counts:
        raise UsageError(f"{path} has no hours; {_REMEDY}")
    if not any(counts.values()):
        raise UsageError(f"{path} has no requests in any hour; check the column requests")
    first, last = min(counts), max(counts)
    if first < _TIMES_FROM and first != 0:
        raise UsageError(f"{path} begins with hour {first}; number the hours from 0")
    missing = next((hour for hour in range(first, last + 1) if hour not in counts), None)
    if missing is not None:
        raise UsageError(f"{path} has no line for hour {_shown(missing)}; write 0 for an hour without requests")
    return Traffic.hourly(path.name, (counts[hour] for hour in range(first, last + 1)))


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number, hour and requests of every line after the header."""
    text = _text(path)
    reader = csv.reader(text.splitlines())
    hour, requests = _columns(path, next(reader, None))
    rows = 0
    try:
        for row in reader:
            if not row:
                continue
            rows += 1
            if rows > _MOST_HOURS:
                raise UsageError(f"{path} has more than {_MOST_HOURS:,} hours; give a day, a week or a month")
            if len(row) != len(_HEADER):
                raise UsageError(
                    f"{path}, line {reader.line_num}: {','.join(row)[:80]!r} has {len(row)} "
                    f"{'column' if len(row) == 1 else 'columns'}, not {len(_HEADER)}; {_REMEDY}"
                )
            yield reader.line_num, row[hour].strip(), row[requests].strip()
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}; {_REMEDY}") from None


def _columns(path: Path, header: Sequence[str] | None) -> tuple[int, int]:
    """Return the places of the columns hour and requests, which may come in either order."""
    if header is None:
        raise UsageError(f"{path} is empty; {_REMEDY}")
    names = [name.strip().lower() for name in header]
    if sorted(names) != sorted(_HEADER):
        joined = ",".join(header)
        found = next((name for mark, name in _OTHER_DELIMITERS.items() if mark in joined), None)
        remedy = f"it seems to separate columns by {found}: use commas" if found else "write these two names"
        raise UsageError(f"{path}, line 1: the header is {joined[:80]!r}, not 'hour,requests'; {remedy}")
    return names.index("hour"), names.index("requests")


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise UsageError(
                f"{path} is larger than {_MOST_BYTES // 1_000_000} MB; give a day, a week or a month of hours"
            )
        # Spreadsheets write a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"--traffic {path} cannot be read ({error.strerror}); name a CSV file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8; save it as CSV in UTF-8") from None


def _hour(path: Path, line: int, text: str) -> int:
    """Return an hour's number: the number itself, or the hours since the year 1 for a time."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_HOURS)):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{path}, line {line}: {text[:40]!r} is not an hour; {_REMEDY}") from None
    since = time.replace(tzinfo=None) - _FIRST_TIME - (time.utcoffset() or timedelta())
    if since % _HOUR:
        raise UsageError(f"{path}, line {line}: {text!r} is not a full hour; sum the requests of each hour")
    return _TIMES_FROM + since // _HOUR


# Times come after all numbers, so that a file with both has a gap of missing hours.
_TIMES_FROM = _MOST_HOURS * 10


def _shown(hour: int) -> str:
    return (
        str(hour) if hour < _TIMES_FROM else (_FIRST_TIME + _HOUR * (hour - _TIMES_FROM)).isoformat(timespec="minutes")
    )


def _requests(path: Path, line: int, text: str) -> Decimal:
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= _MOST_REQUESTS:
        raise UsageError(
            f"{path}, line {line}: {text[:40]!r} is not a number of requests from 0 to {_MOST_REQUESTS:,}; correct it"
        )
    return number
