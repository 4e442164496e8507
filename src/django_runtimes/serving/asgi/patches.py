"""Finds functions of Django's handlers that a tool has replaced."""

from types import FunctionType
from typing import Any


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
    """The same of one function, to be asked before every request: a tool may come at any time."""

    def __init__(self, handler_class: type, name: str) -> None:
        self._handler_class = handler_class
        self._name = name
        self._seen: tuple[Any, Any] = (None, None)
        self._is_patched = False

    @property
    def is_patched(self) -> bool:
        """Whether it is patched now."""
        function = getattr(self._handler_class, self._name)
        code = getattr(function, "__code__", None)
        seen_function, seen_code = self._seen
        if function is not seen_function or code is not seen_code:
            self._seen = function, code
            self._is_patched = is_patched(self._handler_class, self._name)
        return self._is_patched
