"""Checks a value against a template's rules for the parameter, other than its allowed values."""

import math
import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def broken_rule(declared: Mapping[str, Any], text: str) -> str | None:
    """Return the first rule that the value breaks, or None; CloudFormation would only report it during the deploy."""
    if declared["Type"] == "Number":
        return _broken_range(declared, text)
    if len(text) < declared.get("MinLength", 0):
        return f"is shorter than {declared['MinLength']} characters"
    if len(text) > declared.get("MaxLength", math.inf):
        return f"is longer than {declared['MaxLength']} characters"
    # As in CloudFormation, the pattern must match the whole value.
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], text):
        # A template of the project's own may describe its patterns nowhere.
        return str(declared.get("ConstraintDescription", f"does not match {declared['AllowedPattern']}"))
    return None


def _broken_range(declared: Mapping[str, Any], text: str) -> str | None:
    if not _NUMBER.fullmatch(text):
        return "is not a number"
    if float(text) < declared.get("MinValue", -math.inf):
        return f"is less than {declared['MinValue']}"
    if float(text) > declared.get("MaxValue", math.inf):
        return f"is more than {declared['MaxValue']}"
    return None
