"""Guesses, before any middleware runs, whether a path leads to an asynchronous view."""

from functools import lru_cache
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.asgi import get_script_prefix
from django.urls import get_resolver
from django.utils.module_loading import import_string


def has_async_only_middleware() -> bool:
    """Whether some middleware cannot run in a synchronous chain."""
    return any(not getattr(import_string(path), "sync_capable", True) for path in settings.MIDDLEWARE)


def leads_to_async_view(scope: dict[str, Any]) -> bool:
    """A guess: middleware may yet choose another URLconf or language. False where nothing resolves."""
    return _is_async(settings.ROOT_URLCONF, scope["path"].removeprefix(get_script_prefix(scope)))


# Resolving costs as much as a middleware or two, and most requests are for few paths.
@lru_cache(maxsize=1024)
def _is_async(urlconf: str, path: str) -> bool:
    try:
        match = get_resolver(urlconf).resolve(path)
    except Exception:
        return False
    return iscoroutinefunction(match.func)
