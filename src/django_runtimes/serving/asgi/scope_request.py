"""Django's ASGI request, made in less time: the names of headers in META are remembered."""

from typing import Any, BinaryIO

import django
from django.core.handlers.asgi import ASGIRequest

from django_runtimes.serving.types import Scope

# Clients choose the names, so the number of those that are remembered is limited, and so is their length.
_MOST_NAMES, _LONGEST_NAME = 512, 64
_meta_names: dict[bytes, str] = {}
_init_of_django = ASGIRequest.__init__
# From Django 6.0 on, the cookies are before the other headers in META, where views may list them.
_COOKIES_FIRST = django.VERSION >= (6, 0)


class ScopeRequest(ASGIRequest):
    """A request that equals Django's own in every attribute.

    Django makes the request without its headers, and the headers are added here. Where Django's versions treat them
    differently (repeated headers, cookies with a trailing separator), and if a tool has patched the constructor, Django
    makes the whole request.
    """

    def __init__(self, scope: Scope, body_file: BinaryIO) -> None:
        meta = _meta_of(scope.get("headers", ()))
        if meta is None or ASGIRequest.__init__ is not _init_of_django:
            super().__init__(scope, body_file)
            return
        super().__init__({**scope, "headers": ()}, body_file)
        self.scope = scope
        self.META.update(meta)
        if "CONTENT_TYPE" in meta:
            self._set_content_type_params(self.META)  # type: ignore[attr-defined]  # the stubs leave it out

    def __repr__(self) -> str:
        # Logs and error reports have Django's name.
        return super().__repr__().replace(type(self).__name__, ASGIRequest.__name__, 1)


def _meta_of(headers: Any) -> dict[str, str] | None:
    """Return the part of META that has the headers; None if Django must read them."""
    meta: dict[str, str] = {}
    try:
        for name, value in headers:
            key = _meta_names.get(name)
            if key is None:
                key = _meta_name(name)
            if not key:
                continue
            if key in meta:
                return None
            meta[key] = value.decode("latin1")
    except TypeError:
        # Django accepts a few headers that ASGI does not allow, and raises its own error for the others.
        return None
    cookies = meta.get("HTTP_COOKIE")
    if cookies is None:
        return meta
    if cookies.endswith((";", " ")):
        return None
    return {"HTTP_COOKIE": cookies} | meta if _COOKIES_FIRST else meta


def _meta_name(name: bytes) -> str:
    """Return a header's name in META, empty for one that Django drops; remember it."""
    text = name.decode("latin1")
    if "_" in text:
        key = ""
    elif text in ("content-length", "content-type"):
        key = text.upper().replace("-", "_")
    else:
        key = f"HTTP_{text.upper().replace('-', '_')}"
    if len(_meta_names) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _meta_names[bytes(name)] = key
    return key
