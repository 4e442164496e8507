"""Validates cron expressions by the rules of EventBridge Scheduler.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html describes the fields and wildcards.
"""

import re
from dataclasses import dataclass

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_WEEK_OF_MONTH = 5
_WRAPPED = re.compile(r"cron\((.*)\)")
_STEPPED = re.compile(r"(?P<start>\*|\w+(-\w+)?)/(?P<step>\d{1,4})")
_FIELDS = "minutes, hours, day of the month, month, day of the week and year"
_UNIX_FIELDS = 5


@dataclass(frozen=True)
class CronField:
    """One field: the range of its numbers, their names from `first` on, and whether it selects days."""

    label: str
    first: int
    last: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """Return the number of a value or a name, or None if the field has no such value."""
        if text.upper() in self.names:
            return self.first + self.names.index(text.upper())
        if text.isascii() and text.isdigit() and self.first <= int(text) <= self.last:
            return int(text)
        return None

    def accepts(self, item: str) -> bool:
        """Return whether the item of a comma-separated list is a value, a range or a step."""
        if (stepped := _STEPPED.fullmatch(item)) and 1 <= int(stepped["step"]) <= self.last:
            return stepped["start"] == "*" or self._is_range(stepped["start"])
        return self._is_range(item)

    def _is_range(self, text: str) -> bool:
        return all(self.number(bound) is not None for bound in text.split("-", 1))


class _DayOfMonth(CronField):
    def accepts(self, item: str) -> bool:
        """Accept also L, the last day, and 15W, the working day nearest to the 15th."""
        nearest_working_day = item[-1:].upper() == "W" and self.number(item[:-1]) is not None
        return item.upper() == "L" or nearest_working_day or super().accepts(item)


class _DayOfWeek(CronField):
    def accepts(self, item: str) -> bool:
        """Accept also L, 6L, the last Friday of the month, and 6#2, its second Friday."""
        day, separator, week = item.partition("#")
        if separator:
            return self.number(day) is not None and week in map(str, range(1, _LAST_WEEK_OF_MONTH + 1))
        last_of_month = item[-1:].upper() == "L" and self.number(item[:-1]) is not None
        return item.upper() == "L" or last_of_month or super().accepts(item)


_DAY_OF_MONTH = _DayOfMonth("day of the month", 1, 31)
_DAY_OF_WEEK = _DayOfWeek("day of the week", 1, 7, _DAYS)
CRON_FIELDS = (
    CronField("minutes", 0, 59),
    CronField("hours", 0, 23),
    _DAY_OF_MONTH,
    CronField("month", 1, 12, _MONTHS),
    _DAY_OF_WEEK,
    CronField("year", 1970, 2199),
)
_DAY_FIELDS = (_DAY_OF_MONTH, _DAY_OF_WEEK)


def cron_expression(text: str) -> str:
    """Return the expression as cron(…); raise ValueError with the broken rule and its remedy."""
    wrapped = _WRAPPED.fullmatch(text.strip())
    fields = (wrapped[1] if wrapped else text).split()
    if len(fields) != len(CRON_FIELDS):
        raise ValueError(_wrong_number(fields))
    for field, value in zip(CRON_FIELDS, fields, strict=True):
        if value == "?" and field in _DAY_FIELDS:
            continue
        if wrong := next((item for item in value.split(",") if not _accepts(field, item, value)), None):
            raise ValueError(f"has '{wrong}' as its {field.label}; {_range(field)}")
        if "" in value.split(","):
            raise ValueError(f"has '{value}' as its {field.label}, with an empty item; remove the comma")
    if [fields[CRON_FIELDS.index(field)] == "?" for field in _DAY_FIELDS].count(True) != 1:
        raise ValueError(
            "must have ? as its day of the month or as its day of the week, and not as both; write ? in one"
        )
    return f"cron({' '.join(fields)})"


def _accepts(field: CronField, item: str, value: str) -> bool:
    # A star or an empty item is reported elsewhere, or is right by itself.
    return item == "" or value == "*" or field.accepts(item)


def _range(field: CronField) -> str:
    named = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"it accepts {field.first} to {field.last}{named}, with , - * and /"


def _wrong_number(fields: list[str]) -> str:
    rule = f"has {len(fields)} fields, but EventBridge Scheduler has {len(CRON_FIELDS)}: {_FIELDS}"
    guess = _from_unix(fields)
    return f"{rule}; write '{guess}'" if guess else f"{rule}; write them all, such as '0 3 * * ? *'"


def _from_unix(fields: list[str]) -> str | None:
    """Return the expression for the five fields of Unix, or None if there is none.

    Unix counts the days of the week from 0 for Sunday, and EventBridge Scheduler from 1.
    """
    if len(fields) != _UNIX_FIELDS:
        return None
    minutes, hours, day, month, weekday = fields
    if weekday == "*":
        candidate = [minutes, hours, day, month, "?", "*"]
    elif day == "*" and "/" not in weekday:
        weekday = re.sub(r"\d", lambda found: _DAYS[int(found[0]) % len(_DAYS)], weekday)
        candidate = [minutes, hours, "?", month, weekday, "*"]
    else:
        return None
    try:
        cron_expression(" ".join(candidate))
    except ValueError:
        return None
    return " ".join(candidate)
