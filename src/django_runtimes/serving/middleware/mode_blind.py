"""Reads whether the hooks of a middleware class can find out in which mode they run."""

import dis
import re
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_VARARGS, CO_VARKEYWORDS, getattr_static
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.middleware.alike_middleware import GIVEN_BY_PYTHON, functions_in, is_djangos

# By which names code learns the mode, or hands on what knows it.
_MODE = re.compile(
    r"(?i:.*(async|await|coroutine|event_loop|running_loop|get_response).*)"
    r"|current_task|eval|exec|locals|vars|_getframe|currentframe|__(?!(doc|file|init|module|name)__)\w+__"
)
_HOOK = re.compile(r"process_(request|response|view|exception|template_response)")
_ASYNCHRONOUS = CO_COROUTINE | CO_ASYNC_GENERATOR | CO_ITERABLE_COROUTINE
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "STORE_ATTR", "DELETE_ATTR"}
# They load no variable, or one for a function within, which is read too.
_OTHERS = {*_ATTRIBUTES, "LOAD_CLOSURE", "LOAD_CONST", "LOAD_GLOBAL"}
# What stands between the steps of one expression.
_FILLING = {"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"}
# Of a class and its bases. Beyond, a start would pay for the reading.
_MOST_CODES = 1000


class Step(NamedTuple):
    """One step of compiled code; `is_call` for a method that is looked up to be called at once."""

    name: str
    value: Any
    is_call: bool = False


_END = Step("", None)
_SUPER_NAME = Step("LOAD_GLOBAL", "super")
_SUPER = Step("SUPER", None)


def is_mode_blind(middleware: Any) -> bool:
    """Whether a class has hooks alone, and nothing in it knows the mode.

    `MiddlewareMixin` runs hooks on a thread in both modes. They can tell the modes apart by two objects only, the
    middleware and the rest of the chain, which no function here names except to use an attribute or to call the base's
    constructor: code elsewhere cannot see them.
    """
    if type(middleware) is not type or MiddlewareMixin not in middleware.__mro__:
        return False
    bases = middleware.__mro__[:-1]
    methods = {name for cls in bases for name, value in vars(cls).items() if type(value) is FunctionType}
    reader = _Reader(methods)
    # MiddlewareMixin itself is read, and fails, once something has replaced its functions.
    return all(
        reader.is_blind(name, value)
        for cls in bases
        if not is_djangos(cls)
        for name, value in vars(cls).items()
        if name not in GIVEN_BY_PYTHON
    )


class _Reader:
    """Reads the attributes of a middleware's classes; `methods` are the names of all their functions."""

    def __init__(self, methods: set[str]) -> None:
        self._methods = methods
        self._codes = 0

    def is_blind(self, name: str, value: object) -> bool:
        """Whether an attribute knows nothing of the mode."""
        if name in {"sync_capable", "async_capable"}:
            return type(value) is bool
        if _MODE.fullmatch(name) or (name.startswith("__") and name.endswith("__") and name != "__init__"):
            return False
        functions = functions_in(value)
        if functions is None:
            return not _HOOK.fullmatch(name) and not _is_descriptor(value)
        if (_HOOK.fullmatch(name) or name == "__init__") and type(value) is not FunctionType:
            return False
        if name == "__init__" and not all(_hands_on(function.__code__) for function in functions):
            return False
        has_self = type(value) is not staticmethod
        return all(self._is_function_blind(function, has_self=has_self) for function in functions)

    def _is_function_blind(self, function: FunctionType, *, has_self: bool) -> bool:
        code = function.__code__
        # A decorator's function takes all arguments as one.
        if (has_self and not code.co_argcount) or "super" in function.__globals__:
            return False
        own = code.co_varnames[0] if has_self else None
        return all(self._is_code_blind(each, own) for each in _codes_in(code))

    def _is_code_blind(self, code: CodeType, own: str | None) -> bool:
        """Whether code names no mode, and the middleware, `own` here, only to use its attributes."""
        self._codes += 1
        if self._codes > _MOST_CODES or code.co_flags & _ASYNCHRONOUS or any(map(_MODE.fullmatch, code.co_names)):
            return False
        cells = (*code.co_cellvars, *code.co_freevars)
        for step, after in pairwise([*_steps_of(code, own), _END]):
            if step == _SUPER_NAME or (step.name == "STORE_ATTR" and _HOOK.fullmatch(step.value)):
                return False
            # From Python 3.13 on, a cell is loaded so for a function within, which is read too.
            is_own = step.value == own and step.name.startswith("LOAD_") and step.name not in _OTHERS
            is_own = is_own and not (step.name == "LOAD_FAST" and own in cells)
            if (is_own or step == _SUPER) and not self._is_use(after):
                return False
        return True

    def _is_use(self, step: Step) -> bool:
        """Whether a step uses an attribute of the middleware; a method that is not called would hold the middleware."""
        return step.name in _ATTRIBUTES and (step.is_call or step.value not in self._methods)


def _is_descriptor(value: object) -> bool:
    """Whether Python gives the middleware to a method of the attribute's."""
    return any(getattr_static(type(value), name, None) is not None for name in ("__get__", "__set__", "__delete__"))


def _hands_on(constructor: CodeType) -> bool:
    """Whether a constructor gives the rest of the chain to the base's, and to nothing else."""
    if constructor.co_flags & (CO_VARARGS | CO_VARKEYWORDS):
        return False
    if constructor.co_argcount < 2:
        # Behind MiddlewareMixin, which hands nothing on.
        return True
    own, rest = constructor.co_varnames[:2]
    steps = list(_steps_of(constructor, own))
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


def _steps_of(code: CodeType, own: str | None) -> Iterator[Step]:
    """The steps that do something; `super()` and `super(Class, self)` are one."""
    steps = list(_single_steps_of(code))
    index = 0
    while index < len(steps):
        length = _length_of_super(steps[index : index + 4], own)
        yield _SUPER if length else steps[index]
        index += length or 1


def _length_of_super(steps: list[Step], own: str | None) -> int:
    if steps[0] != _SUPER_NAME:
        return 0
    if steps[1] == Step("CALL", 0):
        return 2
    if len(steps) < 4 or steps[2].value != own:
        return 0
    if steps[3] == Step("CALL", 2):
        return 4
    # From Python 3.12 on, with the attribute.
    return 3 if steps[3].name == "LOAD_SUPER_ATTR" else 0


def _single_steps_of(code: CodeType) -> Iterator[Step]:
    for step in dis.get_instructions(code):
        if "_FAST_" in step.opname and type(step.argval) is tuple:
            # From Python 3.13 on, one step may do two things.
            kinds = [part for part in step.opname.split("_") if part in {"LOAD", "STORE"}]
            yield from (Step(f"{kind}_FAST", name) for kind, name in zip(kinds, step.argval, strict=True))
        elif step.opname not in _FILLING:
            is_call = step.opname == "LOAD_METHOD" or (step.opname in _ATTRIBUTES and "NULL" in step.argrepr)
            yield Step(step.opname, step.argval, is_call)
