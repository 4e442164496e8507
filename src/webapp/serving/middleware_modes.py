"""Finds middleware that must run asynchronously, even before a synchronous view, to do what it does under Django."""

import dis
import re
import sys
from collections.abc import Callable, Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, getattr_static, unwrap
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.conf import settings
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

# What a key of a request looks like: messages have spaces.
_KEY = re.compile(r"[A-Za-z0-9_-]+")
# By which attributes the code gets at them; getattr() names them as strings, where GET and POST are methods.
_SOURCES = {"META", "headers", "scope", "environ", "COOKIES", "GET", "POST", "session"}
_SOURCES_BY_NAME = _SOURCES - {"GET", "POST"}
# Whose functions are the same in both modes, as far as keys go.
_FOREIGN = {"django", "asgiref", "builtins", *sys.stdlib_module_names}
# What a constructor keeps beside keys: what comes next, and the mode.
_NO_KEY = re.compile(r"get_response|_?(is_)?async(_mode|_capable)?")
_ASYNCHRONOUS = CO_COROUTINE | CO_ASYNC_GENERATOR
_ENTRIES = ("__call__", "process_request", "process_view", "process_response")


def needs_asynchronous_chain() -> bool:
    """Whether the synchronous chain would serve some request otherwise than Django's ASGI handler does.

    Some middleware is asynchronous only. Other middleware can be either and reads other keys of the request when it is
    asynchronous, as Django's `RemoteUserMiddleware` does: `HTTP_REMOTE_USER` instead of `REMOTE_USER`.
    """
    is_async = True
    for path in reversed(settings.MIDDLEWARE):
        middleware = import_string(path)
        can_sync, can_async = getattr(middleware, "sync_capable", True), getattr(middleware, "async_capable", False)
        if not can_sync:
            return True
        # Django's own rule: outside a synchronous middleware, what can be either is synchronous, too.
        is_async = is_async and can_async
        if is_async and reads_other_keys(middleware):
            return True
    return False


def reads_other_keys(middleware: Callable[..., Any]) -> bool:
    """Whether the synchronous and the asynchronous code of a middleware name different keys.

    The code is compared, not run. A difference that is none costs speed only.
    """
    if isinstance(middleware, type):
        if _is_only_adapted(middleware):
            return False
        functions = [function for name in dir(middleware) if (function := _function(middleware, name)) is not None]
        synchronous = [entry for name in _ENTRIES if (entry := _function(middleware, name)) is not None]
        asynchronous = [function for function in functions if function.__code__.co_flags & _ASYNCHRONOUS]
        return _differ(_Keys(middleware, synchronous), _Keys(middleware, asynchronous, is_async=True))
    function = unwrap(middleware)
    if type(function) is not FunctionType:
        return False
    return _differ(_Keys(None, [function]), _Keys(None, [function], is_async=True))


def _differ(synchronous: "_Keys", asynchronous: "_Keys") -> bool:
    reads_the_request = synchronous.reads_the_request or asynchronous.reads_the_request
    return reads_the_request and synchronous.found != asynchronous.found


def _is_only_adapted(middleware: type) -> bool:
    """Whether the asynchronous mode is Django's mixin, which calls the synchronous methods."""
    return issubclass(middleware, MiddlewareMixin) and all(
        getattr(middleware, name) is getattr(MiddlewareMixin, name) for name in ("__call__", "__acall__")
    )


def _function(owner: type, name: str) -> FunctionType | None:
    found = getattr_static(owner, name, None)
    found = found.fget if isinstance(found, property) else found
    found = unwrap(getattr(found, "__func__", found)) if callable(found) or hasattr(found, "__func__") else None
    return found if type(found) is FunctionType else None


class _Keys:
    """The keys that functions name, and those that they call, in one of the two modes."""

    def __init__(self, owner: type | None, functions: list[FunctionType], *, is_async: bool = False) -> None:
        self.found: set[str] = set()
        self.reads_the_request = False
        self._owner = owner
        self._kept = _kept_by_constructor(owner)
        self._is_async = is_async
        self._seen: set[CodeType] = set()
        for function in functions:
            self._read(function)

    def _read(self, function: FunctionType) -> None:
        code = function.__code__
        if code in self._seen:
            return
        self._seen.add(code)
        for part in self._parts(code):
            documentation = function.__doc__ if part is code else None
            self.found.update(key for value in part.co_consts if value != documentation for key in _constants_in(value))
            self.reads_the_request |= not (
                _SOURCES.isdisjoint(part.co_names) and _SOURCES_BY_NAME.isdisjoint(self.found)
            )
            for name in part.co_names:
                self._follow(function, name)

    def _parts(self, code: CodeType) -> Iterator[CodeType]:
        """The code and what is defined in it, but for functions of the other mode."""
        inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        modes = {bool(part.co_flags & _ASYNCHRONOUS) for part in inner}
        # A factory of both: what stands beside the two belongs to each.
        yield code
        for part in inner:
            if len(modes) == 1 or bool(part.co_flags & _ASYNCHRONOUS) is self._is_async:
                yield from self._parts(part)

    def _follow(self, function: FunctionType, name: str) -> None:
        if name in self._kept:
            self.found.add(f"self.{name}")
        if self._owner is not None and name not in _ENTRIES[:1]:
            self.found.update(_keys_in(getattr_static(self._owner, name, None)))
            if (method := _function(self._owner, name)) is not None:
                self._read_in_mode(method)
        value = function.__globals__.get(name)
        self.found.update(_keys_in(value))
        if type(value) is FunctionType and str(value.__module__).partition(".")[0] not in _FOREIGN:
            self._read_in_mode(value)
        elif isinstance(value, ModuleType) and value.__name__.partition(".")[0] not in _FOREIGN:
            # `keys.SYNC` names its value by an attribute.
            for attribute in function.__code__.co_names:
                self.found.update(_keys_in(getattr(value, attribute, None)))

    def _read_in_mode(self, function: FunctionType) -> None:
        # The synchronous entry hands over to the asynchronous one, which is the other mode.
        if self._is_async or not function.__code__.co_flags & _ASYNCHRONOUS:
            self._read(function)


def _kept_by_constructor(owner: type | None) -> set[str]:
    """The attributes whose values only an instance has, and which may be keys."""
    constructor = None if owner is None else _function(owner, "__init__")
    if constructor is None:
        return set()
    stored = {step.argval for step in dis.get_instructions(constructor) if step.opname == "STORE_ATTR"}
    return {name for name in stored if not _NO_KEY.fullmatch(name)}


def _constants_in(constant: object) -> Iterator[str]:
    # A call's keywords are a tuple, too.
    keywords = type(constant) is tuple and all(type(name) is str and name.islower() for name in constant)
    return iter(()) if keywords else _keys_in(constant)


def _keys_in(value: object) -> Iterator[str]:
    # Not isinstance(), which would evaluate Django's lazy objects.
    if type(value) is str:
        if _KEY.fullmatch(value):
            yield value
    elif type(value) in {tuple, list, set, frozenset}:
        for part in value:  # type: ignore[attr-defined]
            yield from _keys_in(part)
