"""Finds middleware that must run asynchronously, even before a synchronous view, to do what it does under Django."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from django_runtimes.serving.middleware.alike_middleware import is_listed

logger = logging.getLogger(__name__)


def needs_asynchronous_chain() -> bool:
    """Whether the synchronous chain might serve some request otherwise than Django's ASGI handler does.

    Some middleware is asynchronous only. Other middleware can be either and may do something else when it is
    asynchronous: Django's `RemoteUserMiddleware` reads `HTTP_REMOTE_USER` instead of `REMOTE_USER`. Outside synchronous
    middleware Django runs it synchronously, unless that raises `MiddlewareNotUsed`, which only its constructor knows:
    such middleware counts wherever it is listed.
    """
    found = [path for path in settings.MIDDLEWARE if _must_be_asynchronous(import_string(path))]
    if found:
        logger.info("every request goes Django's own way, not in one hop: MIDDLEWARE lists %s", ", ".join(found))
    return bool(found)


def _must_be_asynchronous(middleware: Callable[..., Any]) -> bool:
    # Read as Django's handler reads them.
    if not getattr(middleware, "sync_capable", True):
        return True
    return bool(getattr(middleware, "async_capable", False)) and may_differ(middleware)


def may_differ(middleware: Callable[..., Any]) -> bool:
    """Whether middleware that can be either might do something else in each mode.

    The code is read, not run. A difference that is none costs speed only.
    """
    try:
        return not (is_listed(middleware) or _is_mode_blind(middleware))
    except Exception:
        # Foreign objects may raise anything.
        return True


def _is_mode_blind(middleware: Callable[..., Any]) -> bool:
    # With listed middleware alone, a start does without this module.
    from django_runtimes.serving.middleware.mode_blind import is_mode_blind

    return is_mode_blind(middleware)
