"""Converts parsed templates with YAML's short forms, such as !Ref, to the long forms that JSON needs."""

from typing import Any

# The short forms whose long forms have no prefix.
_PLAIN = {"!Ref": "Ref", "!Condition": "Condition"}


def long_form(part: Any) -> Any:
    """Return a part of a template in which {"!Sub": …} is {"Fn::Sub": …}, and the same for all other short forms."""
    if isinstance(part, list):
        return [long_form(each) for each in part]
    if not isinstance(part, dict):
        return part
    if len(part) == 1 and (tag := next(iter(part))).startswith("!"):
        value = part[tag]
        if tag == "!GetAtt" and isinstance(value, str):
            # JSON has no form with a dot.
            value = value.split(".", 1)
        return {_PLAIN.get(tag, f"Fn::{tag[1:]}"): long_form(value)}
    return {name: long_form(value) for name, value in part.items()}
