"""A limit, and the requests and clients that it applies to."""

import re
from collections.abc import Callable, Collection

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.views import View

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.request_rate import RateError, RequestRate, parse_rate
from django_runtimes.throttling.clients import by_address, by_user

RateSource = str | Callable[[HttpRequest], str | None] | None
ClientSource = str | Callable[[HttpRequest], str | None]

# These need no escape in a header.
_POLICY = re.compile(r"[A-Za-z0-9._:/ -]{1,60}")
_CLIENTS: dict[str, Callable[[HttpRequest], str | None]] = {"address": by_address, "user": by_user}


class ThrottleRule:
    """A limit for each client; rules with one `bucket` share their counters, and `policy` is for the headers."""

    def __init__(
        self,
        rate: RateSource | RequestRate,
        *,
        by: ClientSource = "address",
        methods: Collection[str] = (),
        policy: str,
        bucket: str,
    ) -> None:
        self.policy = policy
        self.bucket = bucket
        self._rate = as_rate(rate) if isinstance(rate, str) else rate
        self._client = _CLIENTS[by] if isinstance(by, str) else by
        self._methods = methods

    def rate(self, request: HttpRequest) -> RequestRate | None:
        """Return the limit that applies to a request, or None."""
        if self._methods and request.method not in self._methods:
            return None
        if isinstance(self._rate, RequestRate) or self._rate is None:
            return self._rate
        text = self._rate(request)
        return None if text is None else as_rate(text)

    def client(self, request: HttpRequest) -> str | None:
        """Return a text that differs from those of other clients, or None for a client without a limit."""
        return self._client(request)


def as_rate(text: str) -> RequestRate:
    """Return the rate; raise ConfigurationError for a text that is none."""
    try:
        return parse_rate(text)
    except RateError as error:
        raise ConfigurationError(f"throttle({text!r}): {text!r} {error}") from None


def require_rate(rate: RateSource) -> None:
    """Raise ConfigurationError if a text is no rate, or if a function cannot choose one."""
    if isinstance(rate, str):
        as_rate(rate)
    elif iscoroutinefunction(rate):
        raise ConfigurationError(f"throttle({_shown(rate)}) has an asynchronous function; pass a synchronous one")


def require_client(by: ClientSource) -> None:
    """Raise ConfigurationError if clients cannot be told apart so."""
    if iscoroutinefunction(by):
        raise ConfigurationError(f"throttle(by={_shown(by)}) has an asynchronous function; pass a synchronous one")
    if not callable(by) and by not in _CLIENTS:
        raise ConfigurationError(
            f"throttle(by={by!r}) is no way to tell clients apart; choose one of: {', '.join(sorted(_CLIENTS))}, or "
            "pass a function of the request"
        )


def require_methods(methods: Collection[str]) -> None:
    """Raise ConfigurationError for one text, whose letters would be the methods, and for an unknown method."""
    if isinstance(methods, str):
        raise ConfigurationError(f"throttle(methods={methods!r}) is not a list; write methods=[{methods!r}]")
    for method in methods:
        if not isinstance(method, str) or method.lower() not in View.http_method_names:
            known = ", ".join(name.upper() for name in View.http_method_names)
            raise ConfigurationError(f"throttle(methods=…) has {method!r}, which is no method; choose from: {known}")


def require_policy(name: str) -> None:
    """Raise ConfigurationError if a name would need an escape in a header."""
    if _POLICY.fullmatch(name) is None:
        raise ConfigurationError(
            f"throttle(name={name!r}) is not a name; use up to 60 letters, digits, spaces and the characters . _ : / -"
        )


def _shown(function: object) -> str:
    return str(getattr(function, "__qualname__", function))
