"""Finds functions of Django's handlers that a tool has replaced."""

from collections.abc import Collection
from operator import attrgetter, is_
from time import monotonic
from types import CodeType, FunctionType
from typing import Any

# What requests come by, and what the one hop does without: a tool that patches these must still see every request.
ENTRY = "__call__"
DJANGOS_WAY = frozenset(
    {"handle", "read_body", "run_get_response", "_get_response_async", "send_response", "listen_for_disconnect"}
)
# Called around the one hop where a tool patched it.
ASYNCHRONOUS = "get_response_async"
LOOKS_EVERY_S = 0.1

_code_of = attrgetter("__code__")


def is_patched(handler_class: type, name: str) -> bool:
    """Whether the class's function is another one than Django's source defines.

    Tools replace it by a function of theirs or by an object that pretends to be it, or they rewrite its bytecode.
    """
    function = next(vars(owner)[name] for owner in handler_class.__mro__ if name in vars(owner))
    # isinstance() would believe an object that pretends to be a function.
    if type(function) is not FunctionType:
        return True
    # functools.wraps() copies the names of what it wraps, but not its globals.
    defined_in = str(function.__globals__.get("__name__"))
    # Compiled source has no callable constants; a rewritten function calls its wrapper by one.
    return not defined_in.startswith("django.core.handlers.") or any(map(callable, function.__code__.co_consts))


class PatchWatch:
    """The same of several functions, to be asked before every request: a tool may come at any time.

    It looks `LOOKS_EVERY_S` seconds after the last look at the earliest: a look costs a hundredth of a small request.
    """

    def __init__(self, handler_class: type, names: Collection[str] = (ENTRY, ASYNCHRONOUS, *DJANGOS_WAY)) -> None:
        """`names` are two or more."""
        self._handler_class = handler_class
        self._names = names
        self._functions_of = attrgetter(*names)
        self._functions: tuple[Any, ...] = ()
        self._codes: list[CodeType] | None = None
        self._next_look_s = 0.0
        # What the last look has found.
        self.seen: frozenset[str] = frozenset()

    @property
    def patched(self) -> frozenset[str]:
        """The names whose functions are patched."""
        now_s = monotonic()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOKS_EVERY_S
            self._look()
        return self.seen

    def _look(self) -> None:
        functions = self._functions_of(self._handler_class)
        try:
            codes = [*map(_code_of, functions)]
        except AttributeError:
            # One is no function; nothing tells when another one's code is rewritten.
            codes = None
        # By identity: an object that pretends to be a function is equal to it.
        if codes is None or codes != self._codes or False in map(is_, functions, self._functions):
            self._functions, self._codes = functions, codes
            self.seen = frozenset(name for name in self._names if is_patched(self._handler_class, name))
