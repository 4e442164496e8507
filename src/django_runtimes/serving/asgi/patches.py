"""Finds methods of Django's handlers that a tool has patched."""

from collections.abc import Collection
from operator import attrgetter, is_
from time import monotonic
from types import CodeType, FunctionType
from typing import Any

# Every request calls ENTRY. The one hop skips NATIVE_METHODS, but a tool that patches one must see every request.
ENTRY = "__call__"
NATIVE_METHODS = frozenset(
    {"handle", "read_body", "run_get_response", "_get_response_async", "send_response", "listen_for_disconnect"}
)
# If a tool has patched this method, the patched method is called around the one hop.
GET_RESPONSE_ASYNC = "get_response_async"
CHECK_INTERVAL_S = 0.1

_code_of = attrgetter("__code__")


def is_patched(handler_class: type, name: str) -> bool:
    """Return whether the class's function differs from the one in Django's source.

    Tools replace it with their own function or with a proxy that imitates it, or they rewrite its bytecode.
    """
    function = next(vars(owner)[name] for owner in handler_class.__mro__ if name in vars(owner))
    # isinstance() would accept a proxy that imitates a function.
    if type(function) is not FunctionType:
        return True
    # functools.wraps() copies the names of the wrapped function, but not its globals.
    defined_in = str(function.__globals__.get("__name__"))
    # Compiled source has no callable constants, but rewritten bytecode calls its wrapper through one.
    return not defined_in.startswith("django.core.handlers.") or any(map(callable, function.__code__.co_consts))


class PatchWatch:
    """Finds patched methods before every request, since a tool may patch them at any time.

    It checks at most once every `CHECK_INTERVAL_S` seconds, since a check takes a hundredth of a small request's time.
    """

    def __init__(
        self, handler_class: type, names: Collection[str] = (ENTRY, GET_RESPONSE_ASYNC, *NATIVE_METHODS)
    ) -> None:
        """Watch the methods with these names, of which there must be at least two."""
        self._handler_class = handler_class
        self._names = names
        self._functions_of = attrgetter(*names)
        self._functions: tuple[Any, ...] = ()
        self._codes: list[CodeType] | None = None
        self._next_check_s = 0.0
        # The patched names that the last check found.
        self.seen: frozenset[str] = frozenset()

    @property
    def patched(self) -> frozenset[str]:
        """The names of the patched methods."""
        now_s = monotonic()
        if now_s >= self._next_check_s:
            self._next_check_s = now_s + CHECK_INTERVAL_S
            self._check()
        return self.seen

    def _check(self) -> None:
        functions = self._functions_of(self._handler_class)
        try:
            codes = [*map(_code_of, functions)]
        except AttributeError:
            # One of the methods is not a function. Without codes to compare, every check examines all methods.
            codes = None
        # Functions are compared by identity, because a proxy may equal the function that it imitates.
        if codes is None or codes != self._codes or False in map(is_, functions, self._functions):
            self._functions, self._codes = functions, codes
            self.seen = frozenset(name for name in self._names if is_patched(self._handler_class, name))
