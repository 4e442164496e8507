"""Guesses, before any middleware runs, which view a path resolves to."""

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

# Caching longer paths would take too much memory.
_MAX_CACHED_LENGTH = 512


class Hint(NamedTuple):
    """A guess, since middleware may still choose another URLconf or language.

    `view` is the view's id(), or None if the path resolves to no view.
    """

    view: int | None
    is_async: bool


_NO_VIEW = Hint(None, is_async=False)


def hint_for(scope: dict[str, Any]) -> Hint:
    """Resolve the scope's path in ROOT_URLCONF and the language that the path names."""
    return hint_in(scope, settings.ROOT_URLCONF, None)


def hint_in(scope: dict[str, Any], urlconf: Any, language: str | None) -> Hint:
    """Resolve the scope's path in a URLconf and language; None is the language that the path names."""
    path = scope["path"].removeprefix(get_script_prefix(scope))
    resolve = _cached if len(path) <= _MAX_CACHED_LENGTH else _resolve_path
    try:
        return resolve(urlconf, path, language)
    except Exception:
        # This is not cached, since a URLconf that cannot be imported now may be importable later.
        return _NO_VIEW


def has_sync_views() -> bool:
    """Return whether ROOT_URLCONF has a synchronous view, or cannot be imported now."""
    try:
        return any(not iscoroutinefunction(pattern.callback) for pattern in _patterns_in(get_resolver().url_patterns))
    except Exception:
        return True


def _patterns_in(patterns: Iterable[URLPattern | URLResolver]) -> Iterable[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns_in(pattern.url_patterns)
        else:
            yield pattern


def _resolve_path(urlconf: Any, path: str, language: str | None) -> Hint:
    language = language or _named_language(urlconf, path)
    try:
        resolve = get_resolver(urlconf).resolve
        # Run in a copied context, because `override()` leaves the language active if none was active before.
        match = copy_context().run(_in_language, language, resolve, path) if language else resolve(path)
        view = match.func
    except Resolver404:
        return _NO_VIEW
    return Hint(id(view), iscoroutinefunction(view))


def _in_language(language: str, resolve: Callable[[str], ResolverMatch], path: str) -> ResolverMatch:
    translation.activate(language)
    return resolve(path)


def _named_language(urlconf: Any, path: str) -> str | None:
    """Return the language that LocaleMiddleware takes from the path; None if the URLconf has no language prefixes."""
    if not is_language_prefix_patterns_used(urlconf)[0]:
        return None
    return translation.get_language_from_path(path) or settings.LANGUAGE_CODE


# Resolving takes as long as one or two middleware, and most requests are for a few paths.
_cached = lru_cache(maxsize=1024)(_resolve_path)
