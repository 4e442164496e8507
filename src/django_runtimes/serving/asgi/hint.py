"""Guesses, before any middleware runs, which view a path leads to."""

from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.core.handlers.asgi import get_script_prefix
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, get_resolver
from django.utils import translation

# Long paths would fill the memory.
_LONGEST_REMEMBERED = 512


class Hint(NamedTuple):
    """A guess: middleware may yet choose another URLconf or language. `view` identifies the view, None if there is
    none."""

    view: int | None
    is_async: bool


_NOWHERE = Hint(None, is_async=False)


def hint_for(scope: dict[str, Any]) -> Hint:
    """What the scope's path resolves to, in the language that it names."""
    return hint_in(scope, settings.ROOT_URLCONF, None)


def hint_in(scope: dict[str, Any], urlconf: Any, language: str | None) -> Hint:
    """What the scope's path resolves to in that URLconf and language; None stands for the one that the path names."""
    path = scope["path"].removeprefix(get_script_prefix(scope))
    resolve = _remembered if len(path) <= _LONGEST_REMEMBERED else _resolved
    try:
        return resolve(urlconf, path, language)
    except Exception:
        # Not remembered: a URLconf that cannot be imported now may be importable a moment later.
        return _NOWHERE


def has_sync_views() -> bool:
    """Whether ROOT_URLCONF leads to a synchronous view; also where it cannot be imported now."""
    try:
        return any(not iscoroutinefunction(pattern.callback) for pattern in _leaves(get_resolver().url_patterns))
    except Exception:
        return True


def _leaves(patterns: Iterable[URLPattern | URLResolver]) -> Iterable[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _leaves(pattern.url_patterns)
        else:
            yield pattern


def _resolved(urlconf: Any, path: str, language: str | None) -> Hint:
    language = language or _named_language(urlconf, path)
    try:
        resolve = get_resolver(urlconf).resolve
        # In a context of its own, or the language would stay active, which `override()` cannot prevent where none was.
        match = copy_context().run(_in_language, language, resolve, path) if language else resolve(path)
        view = match.func
    except Resolver404:
        return _NOWHERE
    return Hint(id(view), iscoroutinefunction(view))


def _in_language(language: str, resolve: Callable[[str], ResolverMatch], path: str) -> ResolverMatch:
    translation.activate(language)
    return resolve(path)


def _named_language(urlconf: Any, path: str) -> str | None:
    """The language that LocaleMiddleware takes from the path; None where no path names one."""
    if not is_language_prefix_patterns_used(urlconf)[0]:
        return None
    return translation.get_language_from_path(path) or settings.LANGUAGE_CODE


# Resolving costs as much as a middleware or two, and most requests are for few paths.
_remembered = lru_cache(maxsize=1024)(_resolved)
