"""Finds functions of Django's handlers that a tool has replaced."""

from types import FunctionType


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
