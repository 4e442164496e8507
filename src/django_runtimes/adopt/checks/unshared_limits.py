"""Checks that limits on requests are counted where all processes count."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.checks.code import import_views
from django_runtimes.adopt.configure import adopted
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.stores.counters.process_counter import is_shared
from django_runtimes.throttling.throttled_view import limited_views


def check_limits(**kwargs: Any) -> list[CheckMessage]:
    """Warn about views with `throttle` if each process counts in its own memory."""
    if adopted().is_local or is_shared():
        return []
    import_views()
    if not limited_views:
        return []
    return [
        CheckWarning(
            f"@throttle limits {', '.join(sorted(limited_views))} in each process alone, since each counts in its own "
            "memory: a client gets the limit once for every process.",
            hint=f"Set {STORE_URL.name} to a store that all processes share; silence this warning if separate limits "
            "are intended.",
            id="django_runtimes.W035",
        )
    ]
