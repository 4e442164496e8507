"""Checks for commands that override the library's."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.core.management import get_commands

_OWN_MIGRATE = "django_runtimes.operations"


def check_migrate(**kwargs: Any) -> list[CheckMessage]:
    """Warn if one of the project's apps overrides the library's `migrate`."""
    app = get_commands().get("migrate")
    if app == _OWN_MIGRATE or not isinstance(app, str):
        return []
    return [
        CheckWarning(
            f"`migrate` is the command of {app}, which takes no lock: two runs at once may both apply a migration, "
            "and a statement may wait for locks indefinitely.",
            hint="Never run two at the same time; `webapp deploy` runs only one.",
            id="django_runtimes.W021",
        )
    ]
