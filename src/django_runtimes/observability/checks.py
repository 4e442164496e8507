"""System checks on how the application was configured."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.config.adopted import adopted_by


def check_unknown_variables(**kwargs: Any) -> list[CheckMessage]:
    """A warning for each WEBAPP_ variable that nothing reads, since a misspelt one changes nothing."""
    return [
        CheckWarning(
            f"{name} is set, and no setting has that name.",
            hint=f"Did you mean {nearest}?" if nearest else "docs/settings.md lists every variable.",
            id="webapp.W001",
        )
        for name, nearest in adopted_by(settings).unknown_variables
    ]
