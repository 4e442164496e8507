"""System checks of the WEBAPP_ variables."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.config.adopted import adopted_by


def check_unknown_variables(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each WEBAPP_ variable that nothing reads, such as a misspelt one."""
    return [
        CheckWarning(
            f"{name} is set, but no variable has that name.",
            hint=f"Did you mean {nearest}?" if nearest else "`webapp docs settings` lists every variable.",
            id="webapp.W001",
        )
        for name, nearest in adopted_by(settings).unknown_variables
    ]
