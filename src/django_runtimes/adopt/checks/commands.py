"""A check of commands that take the place of the library's."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.core.management import get_commands

_OWN_MIGRATE = "django_runtimes.operations"


def check_migrate(**kwargs: Any) -> list[CheckMessage]:
    """A warning where an app of the project's brings a `migrate` of its own, which wins."""
    app = get_commands().get("migrate")
    if app == _OWN_MIGRATE or not isinstance(app, str):
        return []
    return [
        CheckWarning(
            f"`migrate` is the command of {app}, which takes no lock: two that run at once may both apply a migration, "
            "and a statement may wait for locks without end.",
            hint="Run one at a time, as `webapp deploy` does.",
            id="django_runtimes.W021",
        )
    ]
