"""A check of settings that were changed after `configure()` decided them."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.change import MISSING, Change
from django_runtimes.adopt.configure import last_call

_OF_TESTS = ("ALLOWED_HOSTS", "DEBUG")


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
        if not (_is_kept(change) or _is_set_by_tests(change))
    ]


def _is_set_by_tests(change: Change) -> bool:
    """Whether Django's test runner has put another value there: a host of its client, the name of a test database."""
    # Django makes this mailbox when it sets tests up, and nothing else does.
    if not hasattr(mail, "outbox"):
        return False
    return change.name in _OF_TESTS or (change.name == "DATABASES" and change.path[-1] == "NAME")


def _is_kept(change: Change) -> bool:
    present: Any = getattr(settings, change.name, MISSING)
    for key in change.path[1:]:
        present = present.get(key, MISSING) if isinstance(present, Mapping) else MISSING
    return present is change.after or bool(present == change.after)
