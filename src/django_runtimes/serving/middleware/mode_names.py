"""By which names code tells in which mode it runs, and which names mean the same in both."""

import re
import sys
from inspect import CO_COROUTINE
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import BaseCache
from django.db.models import Model, QuerySet

# By which names code learns whether it runs asynchronously.
MODE = re.compile(
    r"asyncio|sniffio|async_(mode|capable)|_?is_?coroutine(function|_mark)?|markcoroutinefunction|isawaitable|__await__"
    r"|Awaitable|Coroutine(Type)?|CO_COROUTINE|co_flags|get_(running|event)_loop|current_task|current_async_library"
)
# What only one of two sides may name that do the same.
NOISE = {"super", "__class__", "__init__", "hasattr", "sync_to_async", "async_to_sync"}
# By which names the rest of the chain is called.
NEXT = {"get_response", "__call__"}
PLUMBING = NOISE | NEXT
# What Django has in two forms, `get` and `aget`.
TWINS = {"auser": "user"} | {
    name: name[1:]
    for owner in (SessionBase, BaseCache, QuerySet, Model, auth)
    for name in dir(owner)
    if name.startswith("a") and hasattr(owner, name[1:])
}
# Nothing there asks for the mode of a project's middleware.
TRUSTED = {"django", "asgiref", "builtins", *sys.stdlib_module_names}
INSTALLED = re.compile(r"[\\/](site|dist)-packages[\\/]")


def package_of(value: Any) -> str:
    """The top-level package that a module, a definition or an object's class is of."""
    if type(value) is ModuleType:
        return value.__name__.partition(".")[0]
    definition = value if type(value) is FunctionType or issubclass(type(value), type) else type(value)
    return str(definition.__module__).partition(".")[0]


def is_coroutine(value: object) -> bool:
    """Whether a function, or a function's code, is a coroutine function's."""
    code = value.__code__ if type(value) is FunctionType else value
    return isinstance(code, CodeType) and bool(code.co_flags & CO_COROUTINE)
