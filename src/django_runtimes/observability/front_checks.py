"""System checks of the base path, below which users reach the application."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.urls import Resolver404, URLPattern, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RegexPattern

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.http.front import is_below
from django_runtimes.serving.base_path import HEALTH_PATHS

# These patterns match a route up to its first converter, and a regular expression up to its first special character.
_LITERAL_ROUTE = re.compile(r"[^<]*")
_LITERAL_REGEX = re.compile(r"\^?((?:[A-Za-z0-9_/~%-](?![*?{])|\\[./-])*)")
_PATHS = ("LOGIN_URL", "LOGIN_REDIRECT_URL", "LOGOUT_REDIRECT_URL", "STATIC_URL", "MEDIA_URL")
_COOKIE_PATHS = ("SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", "LANGUAGE_COOKIE_PATH")


def check_base_path_is_no_url(**kwargs: Any) -> list[CheckMessage]:
    """Warn if a path of the application begins with the base path, which makes stripped paths ambiguous."""
    base_path = adopted_by(settings).front.base_path
    if not base_path:
        return []
    if base_path in HEALTH_PATHS:
        return [_ambiguous(f"{base_path} is also a health check, which takes precedence.", "Choose another base path.")]
    if adopted_by(settings).front.base_path_is_stripped is not None:
        return []
    meant = _first_meant(base_path)
    if meant is None:
        return []
    return [
        _ambiguous(
            f"{meant} also begins with the base path, so a hop may or may not have stripped it from {base_path}/…. "
            "It is assumed not to have been stripped.",
            "Set WEBAPP_BASE_PATH_STRIPPED to 1 if the hop in front strips the base path, to 0 if it does not.",
        )
    ]


def check_settings_are_below_base_path(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each of the project's settings whose path is not below the base path."""
    base_path = adopted_by(settings).front.base_path
    if not base_path:
        return []
    return [
        CheckWarning(
            f"{name}={value!r} is not below WEBAPP_BASE_PATH={base_path!r}, so it may belong to another application.",
            hint=f"Begin it with the base path{'' if name in _COOKIE_PATHS else ', or name a URL pattern'}.",
            id="webapp.W018",
        )
        for name in (*_PATHS, *_COOKIE_PATHS)
        if isinstance(value := getattr(settings, name, None), str)
        and value.startswith("/")
        and not value.startswith("//")
        and not is_below(value, base_path)
    ]


def check_static_prefix(**kwargs: Any) -> list[CheckMessage]:
    """Warn if WhiteNoise serves static files at a path that differs from the one in their links."""
    prefix = getattr(settings, "WHITENOISE_STATIC_PREFIX", None)
    address = urlsplit(settings.STATIC_URL or "")
    if not adopted_by(settings).front.base_path or prefix is None or address.netloc:
        return []
    below = address.path.removeprefix(adopted_by(settings).front.base_path)
    if below.strip("/") == prefix.strip("/"):
        return []
    return [
        CheckWarning(
            f"WHITENOISE_STATIC_PREFIX={prefix!r} differs from STATIC_URL={settings.STATIC_URL!r} without the base "
            "path, so links to static files fail.",
            hint=f"Set WHITENOISE_STATIC_PREFIX to {below!r}.",
            id="webapp.W019",
        )
    ]


CHECKS = (check_base_path_is_no_url, check_settings_are_below_base_path, check_static_prefix)


def _ambiguous(reason: str, hint: str) -> CheckMessage:
    return CheckWarning(
        f"WEBAPP_BASE_PATH={adopted_by(settings).front.base_path!r}: {reason}", hint=hint, id="webapp.W017"
    )


def _first_meant(base_path: str) -> str | None:
    """Describe the first setting or URL of the application that begins with the base path."""
    for name in ("STATIC_URL", "MEDIA_URL"):
        address = urlsplit(getattr(settings, name, None) or "")
        below = address.path.removeprefix(base_path)
        if not address.netloc and is_below(below, base_path):
            return f"{name} {below}"
    resolver = get_resolver()
    for beginning in _beginnings(resolver.url_patterns, "/"):
        if is_below(beginning, base_path):
            return f"the URL {beginning}"
    for path in (base_path, f"{base_path}/"):
        try:
            route = resolver.resolve(path).route
        except Resolver404:
            continue
        return f"the URL /{route}"
    return None


def _beginnings(patterns: list[Any], before: str) -> Iterator[str]:
    """Yield the literal beginning of each URL, including the URLs of included patterns."""
    for pattern in patterns:
        for literal, is_whole in _literals(pattern.pattern):
            if isinstance(pattern, URLPattern) or not is_whole:
                yield before + literal
            else:
                yield from _beginnings(pattern.url_patterns, before + literal)


def _literals(pattern: Any) -> Iterator[tuple[str, bool]]:
    """Yield the literal beginnings of one pattern, and for each whether it is the whole pattern."""
    if isinstance(pattern, LocalePrefixPattern):
        for language, _ in settings.LANGUAGES:
            if language != settings.LANGUAGE_CODE or pattern.prefix_default_language:
                yield f"{language}/", True
            else:
                yield "", True
        return
    text = str(pattern)
    if isinstance(pattern, RegexPattern):
        found = _LITERAL_REGEX.match(text)
        literal, end = (found[1], found.end()) if found else ("", 0)
        yield literal.replace("\\", ""), text[end:] in {"", "$", r"\Z"}
    else:
        literal = _LITERAL_ROUTE.match(text)[0]  # type: ignore[index]
        yield literal, literal == text
