"""Checks for settings that were set after `configure()`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.after_call import later_mistakes
from django_runtimes.adopt.configure import Call, last_call
from django_runtimes.adopt.setting_change import SettingChange
from django_runtimes.adopt.snapshot import later_changes


def check_set_later(**kwargs: Any) -> list[CheckMessage]:
    """Report an error for each value that `configure()` would have refused, and a warning for each other change."""
    call = last_call()
    if call is None:
        return []
    return [
        *(Error(f"{mistake}.", id="django_runtimes.E029") for mistake in later_mistakes(call)),
        *(
            CheckWarning(
                f"{change.label} was set after configure() in {call.place}{_decision(call, change)}.",
                hint="Set it before the call, or with its variable; silence this warning if the change is intended.",
                id="django_runtimes.W020",
            )
            for change in later_changes(call.kept, settings)
        ),
    ]


def _decision(call: Call, later: SettingChange) -> str:
    """Return the end of the warning: why the call had changed the setting, or that the call did not see the value."""
    reasons = (change.reason for change in call.changes if later.path[: len(change.path)] == change.path)
    return next((f", which had changed it: {reason}" for reason in reasons), ", which did not see this value")
