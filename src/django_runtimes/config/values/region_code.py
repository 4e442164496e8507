"""Tells whether a text may be the code of one of AWS's regions."""

import re

_CODE = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


def is_region(text: str) -> bool:
    """Return whether a text has the form of a region's code, such as eu-central-1."""
    return _CODE.fullmatch(text) is not None
