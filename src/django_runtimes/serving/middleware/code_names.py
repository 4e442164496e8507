"""What compiled code names: the objects behind its names, and what values hold."""

import dis
import sys
from collections.abc import Iterator
from functools import cached_property as functools_cached_property
from functools import lru_cache, partial, partialmethod
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync
from django.utils.functional import cached_property

_IMPORT = dis.opmap["IMPORT_NAME"]
# What these hold is as good as written where they stand.
WRAPPERS: dict[type, tuple[str, ...]] = {
    **dict.fromkeys((staticmethod, classmethod), ("__func__",)),
    **dict.fromkeys((partial, partialmethod), ("func", "args", "keywords")),
    **dict.fromkeys((cached_property, functools_cached_property, SyncToAsync), ("func",)),
    type(lru_cache(len)): ("__wrapped__",),
    MethodType: ("__func__", "__self__"),
    property: ("fget",),
    AsyncToSync: ("awaitable",),
}


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code and what is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def argument_of(step: dis.Instruction, code: CodeType) -> Any:
    """The name or the constant that a step loads; `dis` itself does not tell the names of keyword arguments."""
    return code.co_consts[step.arg or 0] if step.opcode in dis.hasconst else step.argval


def parts_of(value: Any) -> tuple[Any, ...] | None:
    """What a wrapper or a container holds; None for anything else."""
    # Not isinstance(), which would evaluate Django's lazy objects.
    kind = type(value)
    if kind in WRAPPERS:
        return tuple(getattr(value, name) for name in WRAPPERS[kind])
    if kind in {tuple, list, set, frozenset}:
        return tuple(value)
    return (*value, *value.values()) if kind is dict else None


def held_by(function: FunctionType) -> tuple[Any, ...]:
    """What a function holds beside its code: defaults and attributes."""
    attributes = (value for name, value in vars(function).items() if name != "__wrapped__")
    return (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *attributes)


def cells_of(function: FunctionType) -> dict[str, Any]:
    """The free variables that have a value, but for `super()`'s."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    found.pop("__class__", None)
    return found


def name_in(function: FunctionType, value: object) -> object:
    """The name, or the name by which a function or a module was defined that is imported `as` it."""
    found = function.__globals__.get(value) if type(value) is str else None
    return (
        getattr(found, "__name__", value) if type(found) in {FunctionType, BuiltinFunctionType, ModuleType} else value
    )


def named_in(function: FunctionType, code: CodeType) -> tuple[list[Any], list[str]]:
    """The globals, imports and modules' attributes that the code names; then the modules that are not imported yet."""
    scope = function.__globals__
    found = [scope[name] for name in code.co_names if name in scope]
    missing = []
    if _IMPORT in code.co_code[::2]:
        names = str(scope.get("__package__") or "").split(".")
        parents = [".".join(names[:length]) for length in range(len(names) + 1)]
        for step in dis.get_instructions(code):
            if step.opcode == _IMPORT:
                paths = [f"{parent}.{step.argval}".strip(".") for parent in parents]
                modules = [sys.modules[path] for path in paths if path in sys.modules]
                found += modules
                missing += [] if modules else [step.argval]
    for module in found:
        if type(module) is ModuleType:
            attributes = (vars(module).get(name) for name in code.co_names)
            found += [value for value in attributes if not any(value is known for known in found)]
    return found, missing
