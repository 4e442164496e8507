"""Finds middleware that must run asynchronously, even before a synchronous view, to behave as it does in Django."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from django_runtimes.serving.middleware.listed_middleware import is_listed

logger = logging.getLogger(__name__)


def needs_asynchronous_chain() -> bool:
    """Return whether the synchronous chain might serve some request differently from Django's ASGI handler.

    Some middleware is asynchronous only. Other middleware supports both modes and may behave differently in each:
    asynchronously, Django's `RemoteUserMiddleware` reads `HTTP_REMOTE_USER` instead of `REMOTE_USER`.

    Django runs such middleware synchronously if it wraps synchronous middleware. But the inner middleware may drop out
    by raising `MiddlewareNotUsed` in its constructor, so the position of middleware that may differ does not matter.
    """
    found = [path for path in settings.MIDDLEWARE if _must_be_asynchronous(import_string(path))]
    if found:
        logger.info("every request takes Django's native path because MIDDLEWARE lists %s", ", ".join(found))
    return bool(found)


def _must_be_asynchronous(middleware: Callable[..., Any]) -> bool:
    # The defaults are those of Django's handler.
    if not getattr(middleware, "sync_capable", True):
        return True
    return bool(getattr(middleware, "async_capable", False)) and may_differ(middleware)


def may_differ(middleware: Callable[..., Any]) -> bool:
    """Return whether middleware that supports both modes might behave differently in each.

    The code is read, not run. A false positive only costs speed.
    """
    try:
        return not (is_listed(middleware) or _is_mode_blind(middleware))
    except Exception:
        # A project's objects may raise any error here.
        return True


def _is_mode_blind(middleware: Callable[..., Any]) -> bool:
    # Imported here because it is not needed if all middleware is listed.
    from django_runtimes.serving.middleware.mode_blind import is_mode_blind

    return is_mode_blind(middleware)
