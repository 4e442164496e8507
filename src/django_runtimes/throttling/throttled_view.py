"""The decorator that limits the requests to a view."""

import re
from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.serving.asgi.late_transaction import atomic_if_late, begins_late
from django_runtimes.throttling.throttle_rule import (
    ClientSource,
    RateSource,
    ThrottleRule,
    require_client,
    require_methods,
    require_policy,
    require_rate,
)

if TYPE_CHECKING:
    from django_runtimes.throttling.quota import Quota

# The characters of a name that a header would have to escape.
_ESCAPED = re.compile(r"[^A-Za-z0-9._-]")

# The views with a fixed rate, for the check that their requests are counted in a store.
limited_views: set[str] = set()

SomeView = TypeVar("SomeView", bound=Callable[..., Any])


def throttled(
    rate: RateSource, *, by: ClientSource, methods: Collection[str], name: str | None
) -> Callable[[SomeView], SomeView]:
    """Return a decorator for views and classes of views; raise ConfigurationError for a wrong argument."""
    require_rate(rate)
    require_client(by)
    require_methods(methods)
    if name is not None:
        require_policy(name)
    counted = frozenset(method.upper() for method in methods)

    def decorate(view: Any) -> Any:
        _require_view(view)
        own = _named(view)
        if isinstance(rate, str):
            limited_views.add(_described(own))
        rule = ThrottleRule(
            rate,
            by=by,
            methods=counted,
            policy=_ESCAPED.sub("_", own.__name__) if name is None else name,
            bucket=f"view {own.__module__}.{own.__qualname__}" if name is None else f"name {name}",
        )
        if isinstance(view, type):
            # `dispatch` answers every method, and a subclass may be asynchronous.
            view.dispatch = _limited(view.dispatch, rule)  # type: ignore[attr-defined]
            return view
        return _limited_async(view, rule) if _is_async(view) else _limited_sync(view, rule)

    return decorate


def _require_view(view: Any) -> None:
    if isinstance(view, HttpRequest):
        raise ConfigurationError('@throttle has no rate; write one in parentheses, such as @throttle("100/m")')
    if isinstance(view, type) and not issubclass(view, View):
        raise ConfigurationError(f"{view.__qualname__} is a class but no View; limit a view, or its method `dispatch`")
    if isinstance(view, type) and view.__module__.partition(".")[0] == "django":
        # The decorator replaces the method of the class itself, so every use of the class would be limited.
        raise ConfigurationError(
            f"throttle cannot limit {view.__qualname__} itself, which is Django's; limit a subclass of it, or "
            f"{view.__qualname__}.as_view()"
        )


def _named(view: Any) -> Any:
    """Return the function or class that has the view's name; `method_decorator` passes a method of the class."""
    if (owner := _owner(view)) is not None:
        return type(owner)
    while isinstance(view, partial):
        view = view.func
    return view if hasattr(view, "__qualname__") else type(view)


def _described(own: Any) -> str:
    # `method_decorator` decorates a function of its own before it knows the method.
    is_dummy = own.__module__ == method_decorator.__module__
    return "a class with method_decorator" if is_dummy else f"{own.__module__}.{own.__qualname__}"


def _owner(view: Any) -> View | None:
    owner = getattr(getattr(view, "func", view), "__self__", None)
    return owner if isinstance(owner, View) else None


def _is_async(view: Any) -> bool:
    owner = _owner(view)
    return bool(iscoroutinefunction(view) if owner is None else owner.view_is_async)


def _limited(dispatch: Callable[..., Any], rule: ThrottleRule) -> Callable[..., Any]:
    @wraps(dispatch)
    def limited(self: View, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # An asynchronous view's `dispatch` returns a coroutine.
        bound = dispatch.__get__(self, type(self))
        answer = _limited_async(bound, rule) if self.view_is_async else _limited_sync(bound, rule)
        return answer(request, *args, **kwargs)

    begins_late(limited, dispatch)
    return limited


def _limited_sync(view: Callable[..., HttpResponseBase], rule: ThrottleRule) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        quota, refusal = _judged(rule, request)
        if refusal is not None:
            return _stated(quota, refusal)
        return _stated(quota, atomic_if_late(view, request)(request, *args, **kwargs))

    begins_late(limited, view)
    return limited


def _limited_async(view: Callable[..., Any], rule: ThrottleRule) -> Callable[..., Any]:
    @wraps(view)
    async def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # The store is asked on a thread, as by Django's asynchronous caches.
        quota, refusal = await sync_to_async(_judged, thread_sensitive=True)(rule, request)
        return _stated(quota, await view(request, *args, **kwargs) if refusal is None else refusal)

    return limited


def _judged(rule: ThrottleRule, request: HttpRequest) -> tuple["Quota | None", HttpResponseBase | None]:
    rate = rule.rate(request)
    if rate is None:
        return None, None
    # A view whose limit is off imports no counters.
    from django_runtimes.throttling.quota import is_for_cache
    from django_runtimes.throttling.verdict import judge

    quota, refusal = judge(rule, rate, request)
    return (None, None) if refusal is None and is_for_cache(request) else (quota, refusal)


def _stated(quota: "Quota | None", response: HttpResponseBase) -> HttpResponseBase:
    if quota is not None:
        quota.add_headers(response)
    return response
