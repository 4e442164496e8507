"""Finds middleware that must run asynchronously, even before a synchronous view, to do what it does under Django."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from django_runtimes.serving.middleware.mode_proof import ModeProof, UnclearError


def needs_asynchronous_chain() -> bool:
    """Whether the synchronous chain might serve some request otherwise than Django's ASGI handler does.

    Some middleware is asynchronous only. Other middleware can be either and does something else when it is
    asynchronous: Django's `RemoteUserMiddleware` reads `HTTP_REMOTE_USER` instead of `REMOTE_USER`.
    """
    is_async = True
    for path in reversed(settings.MIDDLEWARE):
        middleware = import_string(path)
        can_sync, can_async = getattr(middleware, "sync_capable", True), getattr(middleware, "async_capable", False)
        if not can_sync:
            return True
        # Django's own rule: outside a synchronous middleware, what can be either is synchronous, too.
        is_async = is_async and can_async
        if is_async and may_differ(middleware):
            return True
    return False


def may_differ(middleware: Callable[..., Any]) -> bool:
    """Whether middleware that can be either is not proven to do the same in both modes.

    The code is read, not run. A difference that is none costs speed only.
    """
    proof = ModeProof()
    try:
        proof.visit_middleware(middleware)
    except (UnclearError, RecursionError):
        return True
    return not proof.named.isdisjoint(proof.modes)
