"""Guesses, before any middleware runs, which view a path leads to."""

from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.asgi import get_script_prefix
from django.urls import get_resolver

# Whoever asks for long paths must not fill the memory with them.
_LONGEST_REMEMBERED = 512


class Hint(NamedTuple):
    """A guess: middleware may yet choose another URLconf or language. `view` identifies the view, None if there is
    none."""

    view: int | None
    is_async: bool


_NOWHERE = Hint(None, is_async=False)


def hint_for(scope: dict[str, Any]) -> Hint:
    """What the scope's path resolves to."""
    path = scope["path"].removeprefix(get_script_prefix(scope))
    resolve = _remembered if len(path) <= _LONGEST_REMEMBERED else _resolved
    return resolve(settings.ROOT_URLCONF, path)


def _resolved(urlconf: str, path: str) -> Hint:
    try:
        view = get_resolver(urlconf).resolve(path).func
    except Exception:
        return _NOWHERE
    return Hint(id(view), iscoroutinefunction(view))


# Resolving costs as much as a middleware or two, and most requests are for few paths.
_remembered = lru_cache(maxsize=1024)(_resolved)
