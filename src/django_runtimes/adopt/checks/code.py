"""Checks a project's code for threads, which stop while the process is frozen, and for imports of psycopg2."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import suppress
from threading import Thread, Timer
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.urls import get_resolver
from django.utils.module_loading import import_string

from django_runtimes.adopt.configure import adopted

_THREAD_STARTERS = frozenset({"Thread", "Timer", "ThreadPoolExecutor", "start_new_thread"})
# Packages whose middleware starts no threads.
_WITHOUT_THREADS = ("django.", "django_runtimes.", "whitenoise.")
_FORMER_DRIVER = "psycopg2"


def check_threads(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each middleware that starts threads, if the runtime freezes the process between requests."""
    here = adopted()
    if not here.profile.freezes:
        return []
    return [
        CheckWarning(
            f"The middleware {name} uses threads ({', '.join(sorted(used))}), and {here.runtime} freezes the process "
            "between requests: work that is not done when a response ends waits for the next request or is lost.",
            hint="Do the work before the response, or hand it to a queue; silence this warning if no work outlives a "
            "request.",
            id="django_runtimes.W025",
        )
        for name in settings.MIDDLEWARE
        if not name.startswith(_WITHOUT_THREADS) and (used := _thread_starters(import_string(name)))
    ]


def check_former_driver(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each module that imports psycopg2, whose errors and adapters no connection uses."""
    import_views()
    if _FORMER_DRIVER not in sys.modules:
        return []
    return [
        CheckWarning(
            f"{name} imports psycopg2, but connections use psycopg 3: psycopg2's errors are never raised, and adapters "
            "registered with it have no effect.",
            hint="Use django.db's errors or psycopg's (https://www.psycopg.org/psycopg3/docs/basic/from_pg2.html).",
            id="django_runtimes.W027",
        )
        for name, module in sorted(sys.modules.items())
        if _imports_former_driver(name, module)
    ]


def import_views() -> None:
    """Import the URLconf, and so the views, which Django's own check may import only after this one."""
    # Django's check reports the error.
    with suppress(Exception):
        _ = get_resolver().url_patterns


def _thread_starters(middleware: Any) -> set[str]:
    """Return the names of the thread classes and functions that a middleware's own module uses."""
    module = sys.modules.get(middleware.__module__)
    owners = middleware.__mro__ if isinstance(middleware, type) else ()
    own = [vars(owner) for owner in owners if not owner.__module__.startswith(_WITHOUT_THREADS)]
    values = [value for names in (*own, vars(module) if module else {}) for value in names.values()]
    used = {type(value).__name__ for value in values if issubclass(type(value), Thread | Timer | Executor)}
    for value in (middleware, *values):
        if type(value) is FunctionType and value.__module__ == middleware.__module__:
            used |= _THREAD_STARTERS.intersection(_names(value.__code__))
    return used


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _imports_former_driver(name: str, module: ModuleType | None) -> bool:
    if module is None or name.partition(".")[0] in {_FORMER_DRIVER, "django"}:
        return False
    return any(
        (value.__name__ if type(value) is ModuleType else str(getattr(value, "__module__", ""))).partition(".")[0]
        == _FORMER_DRIVER
        for value in list(vars(module).values())
        # isinstance() would load the target of a lazy object.
        if issubclass(type(value), ModuleType | type | FunctionType)
    )
