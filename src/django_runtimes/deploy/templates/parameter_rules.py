"""What a template demands of a parameter's value, beside the choices that it may leave."""

import math
import re
from collections.abc import Mapping
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def broken_rule(declared: Mapping[str, Any], text: str) -> str | None:
    """The first rule that a value breaks, in words; None when it keeps them all. CloudFormation would say it last."""
    if declared["Type"] == "Number":
        return _broken_range(declared, text)
    if len(text) < declared.get("MinLength", 0):
        return f"is shorter than {declared['MinLength']} characters"
    if len(text) > declared.get("MaxLength", math.inf):
        return f"is longer than {declared['MaxLength']} characters"
    # As CloudFormation has it: the whole value.
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], text):
        return f"does not match {declared['AllowedPattern']}"
    return None


def _broken_range(declared: Mapping[str, Any], text: str) -> str | None:
    if not _NUMBER.fullmatch(text):
        return "is not a number"
    if float(text) < declared.get("MinValue", -math.inf):
        return f"is less than {declared['MinValue']}"
    if float(text) > declared.get("MaxValue", math.inf):
        return f"is more than {declared['MaxValue']}"
    return None
