"""Searches the call stack for the code that sends a statement."""

import sys
import sysconfig
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from types import FrameType

# The layers between the sending code and the connection.
_DRIVER = ("asgiref", "psycopg", "psycopg_pool", "django_runtimes.pinning")
_ENGINES = ("django.contrib.gis.db", "django_runtimes.databases.postgis", "django_runtimes.databases.postgresql")
_DATABASE_LAYER = (*_DRIVER, "django.db", *_ENGINES)
_CONNECTING = ("connect", "_configure_connection")
_CURSORS = "django.db.backends.utils"
# These functions ask the engine how many rows a statement may have.
_BATCHES = (
    ("django.db.models.query", "_batched_insert"),
    ("django.db.models.query", "bulk_update"),
    ("django.db.models.deletion", "collect"),
    ("django.db.models.deletion", "delete"),
)
_COMPILER = "django.db.models.sql.compiler"
_FIXTURES_OF_TESTS = (
    "_fixture_setup",
    "_fixture_teardown",
    "_post_teardown",
    "_pre_setup",
    "setUpClass",
    "tearDownClass",
)

_paths = sysconfig.get_paths()
_LIBRARIES = tuple({_paths[name] + "/" for name in ("purelib", "platlib")})
_STANDARD_LIBRARY = tuple({_paths[name] + "/" for name in ("stdlib", "platstdlib")})


class Sender(Enum):
    """The kind of code for which a statement is sent."""

    APPLICATION = "the application, on the route of its profile"
    CONNECTING = "the opening of a connection, which happens in every process"
    COMMAND = "a management command, which uses the direct route"
    TEST_CASE = "Django's test cases, before and after the test itself"


@dataclass(frozen=True)
class CodePlace:
    """One line of code."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class Origin:
    """The sender of a statement: the innermost code outside the driver, and the project's code that called it.

    `in_batches` is true if Django divides the work into statements of a size that the engine chooses, `is_compiled` if
    Django's compiler wrote the statement, and `of_engine` if only Django's database layer sent it.
    """

    sender: Sender
    place: CodePlace
    called_from: CodePlace | None
    in_batches: bool = False
    is_compiled: bool = False
    of_engine: bool = False


# The calls of the coroutine that awaits a worker thread, whose own stack lacks them.
awaiting: ContextVar[tuple["_Call", ...]] = ContextVar("awaiting", default=())


@dataclass(frozen=True)
class _Call:
    module: str
    place: CodePlace


def calls(frame: FrameType | None) -> tuple[_Call, ...]:
    """Return the calls from this frame outwards, including those of awaiting coroutines."""
    return (*_running(frame), *awaiting.get())


def origin() -> Origin:
    """Return the origin of the statement that is being sent."""
    stack = calls(sys._getframe(1))
    connecting = next((at for at, call in enumerate(stack) if _connects(call)), None)
    if connecting is not None:
        stack = stack[: connecting + 1]
    stack = stack[_wrappers_end(stack) :]
    nearest = next((call for call in stack if not _is_in(call, _DRIVER) and not _is_standard(call)), stack[0])
    outside = [call for call in stack if not _is_inside(call)]
    inside = list(takewhile(_is_inside, stack))
    place = outside[0].place if outside else nearest.place
    own = next((call.place for call in outside if not call.place.file.startswith(_LIBRARIES)), None)
    return Origin(
        sender=Sender.CONNECTING if connecting is not None else _sender(stack),
        place=place,
        called_from=own if own != place else None,
        in_batches=any((call.module, _name(call)) in _BATCHES for call in inside),
        is_compiled=any(call.module == _COMPILER for call in inside),
        of_engine=not outside,
    )


def _running(frame: FrameType | None) -> Iterator[_Call]:
    while frame is not None:
        code = frame.f_code
        yield _Call(frame.f_globals.get("__name__", ""), CodePlace(code.co_filename, frame.f_lineno, code.co_qualname))
        frame = frame.f_back


def _connects(call: _Call) -> bool:
    return call.module.startswith("django.db.backends.") and _name(call) in _CONNECTING


def _wrappers_end(stack: tuple[_Call, ...]) -> int:
    """Return the index of the first call outside the execute wrappers, which only pass the statement on."""
    own = (at for at, call in enumerate(stack) if call.module == _CURSORS)
    innermost = next(own, None)
    # A wrapper that sends a statement through psycopg directly uses none of Django's cursors.
    if innermost is None or _name(stack[innermost]) not in ("_execute", "_executemany"):
        return 0
    return next((at for at in own if _name(stack[at]) == "_execute_with_wrappers"), 0)


def _sender(stack: tuple[_Call, ...]) -> Sender:
    for call in reversed(stack):
        # A command that a request runs uses the request's route.
        if call.module.startswith("django.core.handlers."):
            return Sender.APPLICATION
        if call.module == "django.test.testcases" and _name(call) in _FIXTURES_OF_TESTS:
            return Sender.TEST_CASE
        if ".management.commands." in call.module:
            return Sender.COMMAND
    return Sender.APPLICATION


def _name(call: _Call) -> str:
    return call.place.function.rpartition(".")[2]


def _is_inside(call: _Call) -> bool:
    return _is_in(call, _DATABASE_LAYER) or _is_standard(call)


def _is_in(call: _Call, packages: tuple[str, ...]) -> bool:
    return call.module.startswith(tuple(f"{package}." for package in packages)) or call.module in packages


def _is_standard(call: _Call) -> bool:
    file = call.place.file
    return file.startswith("<") or (file.startswith(_STANDARD_LIBRARY) and not file.startswith(_LIBRARIES))
