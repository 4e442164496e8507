"""Checks for a FORCE_SCRIPT_NAME that contradicts WEBAPP_BASE_PATH."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.configure import last_call


def check_script_name(**kwargs: Any) -> list[CheckMessage]:
    """Warn if the project's FORCE_SCRIPT_NAME differs from WEBAPP_BASE_PATH, which takes precedence."""
    call = last_call()
    if call is None:
        return []
    named = call.project.get("FORCE_SCRIPT_NAME")
    base_path = call.adopted.front.base_path
    if not named or not base_path or str(named).rstrip("/") == base_path:
        return []
    return [
        CheckWarning(
            f"FORCE_SCRIPT_NAME={named!r} in the settings differs from WEBAPP_BASE_PATH={base_path!r}, which takes "
            "precedence.",
            hint="Set WEBAPP_BASE_PATH to the path under which users reach the application, and remove "
            "FORCE_SCRIPT_NAME.",
            id="django_runtimes.W030",
        )
    ]
