"""Checks from bytecode whether the hooks of a middleware class can find out which mode they run in."""

import dis
import re
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_VARARGS, CO_VARKEYWORDS, getattr_static
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.middleware.listed_middleware import (
    IMPLICIT_ATTRIBUTES,
    functions_in,
    is_listed_django_class,
)

# Code learns the mode, or passes on an object that reveals it, through one of these names.
_MODE_NAMES = re.compile(
    r"(?i:.*(async|await|coroutine|event_loop|running_loop|get_response).*)"
    r"|current_task|eval|exec|locals|vars|_getframe|currentframe|__(?!(doc|file|init|module|name)__)\w+__"
)
_HOOK = re.compile(r"process_(request|response|view|exception|template_response)")
_ASYNCHRONOUS = CO_COROUTINE | CO_ASYNC_GENERATOR | CO_ITERABLE_COROUTINE
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "STORE_ATTR", "DELETE_ATTR"}
# These load no variable, or load one for an inner function, which is checked too.
_OTHER_LOADS = {*_ATTRIBUTES, "LOAD_CLOSURE", "LOAD_CONST", "LOAD_GLOBAL"}
# These may stand between the steps of an expression.
_NO_OPS = {"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"}
# The limit for a class together with its bases; reading more code would slow down the start.
_MAX_CODES = 1000


class Step(NamedTuple):
    """One bytecode instruction; `is_call` marks the lookup of a method that is called at once."""

    name: str
    value: Any
    is_call: bool = False


_END = Step("", None)
_SUPER_NAME = Step("LOAD_GLOBAL", "super")
_SUPER = Step("SUPER", None)


def is_mode_blind(middleware: Any) -> bool:
    """Return whether a class has only hooks, and nothing in it depends on the mode.

    `MiddlewareMixin` runs hooks on a thread in both modes. Only two objects reveal the mode: the middleware and the
    rest of the chain. A class passes if its functions use them only to access an attribute or to call the base's
    constructor, since no other code can see them then.
    """
    if type(middleware) is not type or MiddlewareMixin not in middleware.__mro__:
        return False
    bases = middleware.__mro__[:-1]
    methods = {name for cls in bases for name, value in vars(cls).items() if type(value) is FunctionType}
    reader = _Reader(methods)
    # MiddlewareMixin is skipped only while nothing has replaced its functions; otherwise it fails this check.
    return all(
        reader.is_blind(name, value)
        for cls in bases
        if not is_listed_django_class(cls)
        for name, value in vars(cls).items()
        if name not in IMPLICIT_ATTRIBUTES
    )


class _Reader:
    """Checks the attributes of a middleware's classes; `methods` are the names of all their functions."""

    def __init__(self, methods: set[str]) -> None:
        self._methods = methods
        self._codes = 0

    def is_blind(self, name: str, value: object) -> bool:
        """Return whether an attribute does not depend on the mode."""
        if name in {"sync_capable", "async_capable"}:
            return type(value) is bool
        if _MODE_NAMES.fullmatch(name) or (name.startswith("__") and name.endswith("__") and name != "__init__"):
            return False
        functions = functions_in(value)
        if functions is None:
            return not _HOOK.fullmatch(name) and not _is_descriptor(value)
        if (_HOOK.fullmatch(name) or name == "__init__") and type(value) is not FunctionType:
            return False
        if name == "__init__" and not all(_only_forwards_chain(function.__code__) for function in functions):
            return False
        has_self = type(value) is not staticmethod
        return all(self._is_function_blind(function, has_self=has_self) for function in functions)

    def _is_function_blind(self, function: FunctionType, *, has_self: bool) -> bool:
        code = function.__code__
        # The wrapper of a decorator may take all arguments as `*args`.
        if (has_self and not code.co_argcount) or "super" in function.__globals__:
            return False
        self_name = code.co_varnames[0] if has_self else None
        return all(self._is_code_blind(each, self_name) for each in _codes_in(code))

    def _is_code_blind(self, code: CodeType, self_name: str | None) -> bool:
        """Return whether code uses no mode name, and `self_name`, the middleware, only for its attributes."""
        self._codes += 1
        if self._codes > _MAX_CODES or code.co_flags & _ASYNCHRONOUS or any(map(_MODE_NAMES.fullmatch, code.co_names)):
            return False
        cells = (*code.co_cellvars, *code.co_freevars)
        for step, after in pairwise([*_steps_of(code, self_name), _END]):
            if step == _SUPER_NAME or (step.name == "STORE_ATTR" and _HOOK.fullmatch(step.value)):
                return False
            # Python 3.13 and later load a cell this way for an inner function, which is checked too.
            is_self = step.value == self_name and step.name.startswith("LOAD_") and step.name not in _OTHER_LOADS
            is_self = is_self and not (step.name == "LOAD_FAST" and self_name in cells)
            if (is_self or step == _SUPER) and not self._is_attribute_use(after):
                return False
        return True

    def _is_attribute_use(self, step: Step) -> bool:
        """Return whether a step accesses an attribute; a bound method, unless called, would expose the middleware."""
        return step.name in _ATTRIBUTES and (step.is_call or step.value not in self._methods)


def _is_descriptor(value: object) -> bool:
    """Return whether the attribute is a descriptor, which Python passes the middleware to."""
    return any(getattr_static(type(value), name, None) is not None for name in ("__get__", "__set__", "__delete__"))


def _only_forwards_chain(constructor: CodeType) -> bool:
    """Return whether a constructor passes the rest of the chain to the base's constructor and to nothing else."""
    if constructor.co_flags & (CO_VARARGS | CO_VARKEYWORDS):
        return False
    if constructor.co_argcount < 2:
        # Such a base comes after MiddlewareMixin, which passes nothing on.
        return True
    self_name, rest = constructor.co_varnames[:2]
    steps = list(_steps_of(constructor, self_name))
    found = [index for index, step in enumerate(steps) if step.value == rest and step.name.startswith("LOAD_")]
    return bool(found) and all(
        steps[index - 2] == _SUPER and steps[index - 1].value == "__init__" and steps[index + 1] == Step("CALL", 1)
        for index in found
    )


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _codes_in(constant)


def _steps_of(code: CodeType, self_name: str | None) -> Iterator[Step]:
    """Yield the steps without no-ops; `super()` and `super(Class, self)` are one step each."""
    steps = list(_single_steps_of(code))
    index = 0
    while index < len(steps):
        length = _length_of_super(steps[index : index + 4], self_name)
        yield _SUPER if length else steps[index]
        index += length or 1


def _length_of_super(steps: list[Step], self_name: str | None) -> int:
    if steps[0] != _SUPER_NAME:
        return 0
    if steps[1] == Step("CALL", 0):
        return 2
    if len(steps) < 4 or steps[2].value != self_name:
        return 0
    if steps[3] == Step("CALL", 2):
        return 4
    # Python 3.12 and later load the attribute in the same instruction.
    return 3 if steps[3].name == "LOAD_SUPER_ATTR" else 0


def _single_steps_of(code: CodeType) -> Iterator[Step]:
    for step in dis.get_instructions(code):
        if "_FAST_" in step.opname and type(step.argval) is tuple:
            # In Python 3.13 and later one instruction may do two loads or stores.
            kinds = [part for part in step.opname.split("_") if part in {"LOAD", "STORE"}]
            yield from (Step(f"{kind}_FAST", name) for kind, name in zip(kinds, step.argval, strict=True))
        elif step.opname not in _NO_OPS:
            is_call = step.opname == "LOAD_METHOD" or (step.opname in _ATTRIBUTES and "NULL" in step.argrepr)
            yield Step(step.opname, step.argval, is_call)
