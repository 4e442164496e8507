"""Begins the transaction of ATOMIC_REQUESTS after a decorator has decided whether the view is called at all."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import connections
from django.http import HttpRequest

# On the decorated view: the view inside. Decorators copy such attributes outwards, with `functools.wraps`.
_INNER = "_view_inside_late_transaction"
# On the request: the function that the decorator calls with the view inside.
_BEGIN = "_begin_late_transaction"
# On a view: the databases without a transaction, as set by Django's `non_atomic_requests`.
_NON_ATOMIC = "_non_atomic_requests"
# These decorators of Django use no database, so the transaction need not contain them.
_HARMLESS_PACKAGE = "django.views.decorators."
_HARMLESS = frozenset(
    {
        "cache_control",
        "csrf_exempt",
        "never_cache",
        "no_append_slash",
        "require_http_methods",
        "sensitive_post_parameters",
        "vary_on_headers",
        "xframe_options_deny",
        "xframe_options_exempt",
        "xframe_options_sameorigin",
    }
)


def begins_late(decorated: Any, inner: Any) -> None:
    """Mark a decorated view, which must call `atomic_if_late` for the view inside.

    `functools.wraps` must have set its `__wrapped__`.
    """
    setattr(decorated, _INNER, inner)


def atomic_if_late(inner: Callable[..., Any], request: HttpRequest) -> Callable[..., Any]:
    """Return the view inside, with the transaction that `make_late_atomic` has left to its decorator, if any."""
    begin = vars(request).pop(_BEGIN, None)
    return inner if begin is None else begin(inner)


def make_late_atomic(make_atomic: Callable[[Any], Any], view: Any) -> Any:
    """Return what Django's `make_view_atomic` returns, except that a marked view begins the transaction itself.

    Decorators above the marked one may use the database, so their transaction still contains them.
    """
    if not _is_outermost(view) or iscoroutinefunction(view) or not _is_atomic(view):
        return make_atomic(view)
    aliases = _non_atomic(view)

    def begin(inner: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return inner(*args, **kwargs)

        # Another marked view may be inside, and a method takes no attributes.
        call.__dict__ |= {**getattr(inner, "__dict__", {}), _NON_ATOMIC: aliases}
        return make_late_atomic(make_atomic, call)

    return partial(_call_with, begin, view)


def _call_with(begin: Callable[[Any], Any], view: Any, request: HttpRequest, /, *args: Any, **kwargs: Any) -> Any:
    setattr(request, _BEGIN, begin)
    return view(request, *args, **kwargs)


def _is_atomic(view: Any) -> bool:
    others = _non_atomic(view)
    return any(entry["ATOMIC_REQUESTS"] and alias not in others for alias, entry in connections.settings.items())


def _non_atomic(view: Any) -> Collection[str]:
    return getattr(view, _NON_ATOMIC, ())


def _is_outermost(view: Any) -> bool:
    """Return whether nothing above the marked decorator uses the database; `as_view()` copies attributes too."""
    inner = getattr(view, _INNER, None)
    if inner is None:
        return False
    while (wrapped := getattr(view, "__wrapped__", None)) is not inner:
        if wrapped is None or not _is_harmless(view):
            return False
        view = wrapped
    return True


def _is_harmless(decorator: Any) -> bool:
    code = getattr(decorator, "__code__", None)
    module = getattr(decorator, "__globals__", {}).get("__name__", "")
    return code is not None and module.startswith(_HARMLESS_PACKAGE) and code.co_qualname.partition(".")[0] in _HARMLESS
