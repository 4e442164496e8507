"""Evaluates IAM statements for a call: some Allow statement must hold, and no Deny statement may."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

ACCOUNT = "123456789012"

# An action on a resource.
Permission = tuple[str, str]
Statement = Mapping[str, Any]
# The values of a call's IAM condition keys; None for a key that the call lacks.
Context = Mapping[str, str | None]

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "StringEquals": lambda given, wanted: given == wanted,
    "StringLike": fnmatchcase,
}


def allows(statements: Iterable[Statement], permission: Permission, context: Context) -> bool:
    """Return whether the call is allowed; a condition on a key that is not in the context counts against the call."""
    action, resource = permission
    is_allowed = False
    for statement in statements:
        on_action = any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        resources = listed(statement["Resource"])
        if statement["Effect"] == "Allow":
            on_resource = any(fnmatchcase(resource, pattern) for pattern in resources)
            is_allowed |= on_action and on_resource and holds(statement, context, unknown=False)
        else:
            # A denial that covers only some of the resources also blocks the call.
            on_resource = any(fnmatchcase(resource, part) or fnmatchcase(part, resource) for part in resources)
            if on_action and on_resource and holds(statement, context, unknown=True):
                return False
    return is_allowed


def holds(statement: Statement, context: Context, *, unknown: bool) -> bool:
    """Return whether the statement's conditions hold; `unknown` is the result for keys that are not in the context."""
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
    """Return the value as a list, since IAM accepts a single item instead of a list."""
    return value if isinstance(value, list) else [value]
