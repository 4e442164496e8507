"""A number of requests in a window of time, as in 100/m."""

import re
from typing import NamedTuple

_RATE = re.compile(r"(\d{1,9})/(\d{1,7})?(s|m|h|d)")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_S = 31 * 86_400


class RateError(ValueError):
    """A text is no rate; the error carries the rule and the remedy."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}; {remedy}")
        self.rule = rule
        self.remedy = remedy


class RequestRate(NamedTuple):
    """At most `limit` requests in each window of `window_s` seconds."""

    limit: int
    window_s: int


def parse_rate(text: str) -> RequestRate:
    """Return the rate that a text such as 100/m, 20/30s or 1000/d states; raise RateError for any other text."""
    found = _RATE.fullmatch(text) if text.isascii() else None
    if found is None:
        raise RateError("is not a rate", "write requests/window, such as 100/m, 20/30s, 500/h or 1000/d")
    limit, number, unit = found.groups()
    rate = RequestRate(int(limit), int(number or 1) * _UNITS_S[unit])
    if rate.limit < 1 or not 1 <= rate.window_s <= _LONGEST_S:
        raise RateError("is out of bounds", "allow at least 1 request, in a window from 1 second to 31 days")
    return rate
