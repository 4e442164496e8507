"""Validates rate expressions by the rules of EventBridge Scheduler."""

import re

_RATE = re.compile(r"(?:rate\()?\s*(\d{1,9})\s+(minute|hour|day)s?\s*\)?", re.IGNORECASE)


def rate_expression(text: str) -> str:
    """Return the expression as rate(…); raise ValueError with the broken rule and its remedy."""
    found = _RATE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError("is not a whole number above 0 with minutes, hours or days; write it as '5 minutes'")
    plural = "" if int(found[1]) == 1 else "s"
    return f"rate({int(found[1])} {found[2].lower()}{plural})"
