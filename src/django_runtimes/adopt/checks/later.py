"""A check of settings that were changed after `configure()` decided them."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.change import MISSING, Change
from django_runtimes.adopt.configure import last_call


def check_set_later(**kwargs: Any) -> list[CheckMessage]:
    """A warning for each value that is another one now than `configure()` left."""
    call = last_call()
    if call is None:
        return []
    return [
        CheckWarning(
            f"{change.label} was set after configure() in {call.place}, which had decided it: {change.reason}.",
            hint="Set it before the call, or by its variable; or silence this warning where it is meant.",
            id="django_runtimes.W020",
        )
        for change in call.changes
        if not _is_kept(change)
    ]


def _is_kept(change: Change) -> bool:
    present: Any = getattr(settings, change.name, MISSING)
    for key in change.path[1:]:
        present = present.get(key, MISSING) if isinstance(present, Mapping) else MISSING
    return present is change.after or bool(present == change.after)
