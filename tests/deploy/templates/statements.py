"""IAM's statements, and what they come to for one call: an allowing one that holds, and no denying one that does."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

ACCOUNT = "123456789012"

# An action on a resource.
Permission = tuple[str, str]
Statement = Mapping[str, Any]
# What is known of a call by the names of IAM's condition keys; None where the call has no such key.
Context = Mapping[str, str | None]

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "StringEquals": lambda given, wanted: given == wanted,
    "StringLike": fnmatchcase,
}


def allows(statements: Iterable[Statement], permission: Permission, context: Context) -> bool:
    """Whether the call may be made; what a condition asks beyond the context counts against it, whatever the effect."""
    action, resource = permission
    is_allowed = False
    for statement in statements:
        on_action = any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        resources = listed(statement["Resource"])
        if statement["Effect"] == "Allow":
            on_resource = any(fnmatchcase(resource, pattern) for pattern in resources)
            is_allowed |= on_action and on_resource and holds(statement, context, unknown=False)
        else:
            # Also what denies a part of the resources.
            on_resource = any(fnmatchcase(resource, part) or fnmatchcase(part, resource) for part in resources)
            if on_action and on_resource and holds(statement, context, unknown=True):
                return False
    return is_allowed


def holds(statement: Statement, context: Context, *, unknown: bool) -> bool:
    """Whether its conditions hold for the context; `unknown` says what becomes of those on keys that are not in it."""
    for operator, wanted_by_key in statement.get("Condition", {}).items():
        matches = _OPERATORS[operator]
        for key, wanted in wanted_by_key.items():
            if key not in context:
                if not unknown:
                    return False
                continue
            given = context[key]
            if given is None or not any(matches(given, str(one)) for one in listed(wanted)):
                return False
    return True


def listed(value: Any) -> list[Any]:
    """IAM takes one in place of a list of one."""
    return value if isinstance(value, list) else [value]
