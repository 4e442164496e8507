"""The proof that a middleware does the same synchronously and asynchronously, by reading its code."""

import dis
import re
import sys
from abc import ABCMeta
from collections.abc import Iterable, Iterator
from functools import partial
from inspect import getattr_static
from itertools import dropwhile, takewhile
from types import CodeType, FunctionType
from typing import Any

from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.middleware.code_names import (
    WRAPPERS,
    argument_of,
    cells_of,
    codes_in,
    held_by,
    name_in,
    named_in,
    parts_of,
)
from django_runtimes.serving.middleware.code_structure import END, Step, Structure, is_always_reached, numbered
from django_runtimes.serving.middleware.mode_names import (
    INSTALLED,
    MODE,
    NEXT,
    NOISE,
    PLUMBING,
    TRUSTED,
    TWINS,
    is_coroutine,
    package_of,
)

_MIDDLEWARE = re.compile(r"([\w.]+)\.(\w*[Mm]iddleware)")
_HOOK = re.compile(r"process_(view|exception|template_response)")
_IMPORTS = {"import_string", "import_module", "__import__"}
_CALLED_BY_MODE = {"iscoroutinefunction", "markcoroutinefunction", "super", "__init__"}
# The beginnings of operations that end a statement.
_ENDS = ("STORE_", "POP_", "JUMP_", "RETURN_")
# Factories whose code the proof cannot follow, and whose two modes do the same.
_KNOWN_ALIKE = {
    # Its asynchronous twins of functions ask what the request has before they do the same.
    "allauth.account.middleware.AccountMiddleware",
}
_THREAD_SENSITIVE = (str, "'thread_sensitive'")


class UnclearError(Exception):
    """The two modes are not proven to do the same."""


class ModeProof:
    """Reads a middleware and all that it names; raises `UnclearError` where the two modes might differ."""

    def __init__(self) -> None:
        # What code that runs in both modes names, and the attributes that hold the mode.
        self.named: set[str] = set()
        self.modes: set[str] = set()
        self._packages: set[str] = set()
        self._seen: dict[int, object] = {}
        self._lineage: list[type] = []
        # What classes and their constructors give an instance: no attributes of Django's.
        self._attributes: set[str] = set()

    def visit_middleware(self, middleware: Any) -> None:
        self._seen[id(middleware)] = middleware
        self._packages.add(package_of(middleware))
        if type(middleware) is partial:
            self._visit((middleware.args, middleware.keywords))
            self.visit_middleware(middleware.func)
        elif type(middleware) is FunctionType:
            if f"{middleware.__module__}.{middleware.__qualname__}" not in _KNOWN_ALIKE:
                self._visit_factory(middleware)
        elif type(middleware) in {type, ABCMeta}:
            outer, self._lineage = self._lineage, [cls for cls in middleware.__mro__ if cls is not object]
            self._visit_class()
            self._lineage = outer
        else:
            raise UnclearError

    def _visit_class(self) -> None:
        for cls in self._lineage:
            self._packages.add(package_of(cls))
            self._attributes.update(vars(cls))
            constructor = vars(cls).get("__init__")
            if type(constructor) is FunctionType:
                self._attributes.update(constructor.__code__.co_names)
                self._find_modes(constructor)
        for cls in self._lineage:
            if package_of(cls) not in TRUSTED:
                for name, value in vars(cls).items():
                    if type(value) is FunctionType and name in {"__init__", "__call__"}:
                        self._read(value, reads_mode=True)
                    else:
                        self._visit(value, is_direct=True)
        entries = self._methods("__call__")
        if entries == [MiddlewareMixin.__call__] and self._methods("__acall__") == [MiddlewareMixin.__acall__]:
            return
        synchronous: list[object] = []
        asynchronous: list[object] = []
        for entry in entries:
            if type(entry) is not FunctionType or is_coroutine(entry):
                raise UnclearError
            dispatched, rest = self._split(list(self._tokens(entry)))
            asynchronous += dispatched
            synchronous += rest
        if any(map(is_coroutine, synchronous)):
            raise UnclearError
        self._compare(synchronous, asynchronous or synchronous)

    def _split(self, entry: list[object]) -> tuple[list[object], list[object]]:
        """What an entry calls asynchronously, and what it does otherwise, which begins as the other does."""
        names = [token for token in entry if type(token) is not Step]
        head = list(takewhile(lambda token: self._is_mode(token) or token in PLUMBING, names))
        dispatched = list(takewhile(is_coroutine, names[len(head) :]))
        if any(map(self._is_mode, head)) is not bool(dispatched):
            raise UnclearError
        if dispatched:
            called_at = max(index for index, token in enumerate(entry) if token in dispatched)
            ends = [index for index in range(called_at, len(entry)) if entry[index] == END]
            if not ends:
                raise UnclearError
            rest = entry[ends[0] + 1 :]
            # Where the question for the mode leads otherwise.
            is_label = bool(rest) and type(rest[0]) is Step and rest[0].name == "label"
            return dispatched, [*takewhile(_is_parameter, entry), *rest[is_label:]]
        # What the rest of the chain gives is an awaitable in one mode: it can only be handed on.
        after = list(dropwhile(lambda token: token not in NEXT, entry))
        if not all((type(token) is Step and token.is_passive) or token in PLUMBING for token in after):
            raise UnclearError
        return [], entry

    def _visit_factory(self, factory: FunctionType) -> None:
        self._read(factory, reads_mode=True)
        made = self._find_modes(factory)
        if made is None:
            return
        made = made or list(codes_in(factory.__code__))[1:]
        self._compare_sides(factory, [code for code in made if not _HOOK.fullmatch(code.co_name)])
        for name in {code.co_name for code in made if _HOOK.fullmatch(code.co_name)}:
            hooks = [code for code in made if code.co_name == name]
            if len(hooks) != 1 or not is_always_reached(factory.__code__, hooks[0], name):
                self._compare_sides(factory, hooks)

    def _compare_sides(self, factory: FunctionType, made: list[CodeType]) -> None:
        sides = [[code for code in made if is_coroutine(code) is is_async] for is_async in (False, True)]
        if [len(side) for side in sides] != [1, 1]:
            raise UnclearError
        self._compare(*(list(self._tokens(factory, side[0])) for side in sides))

    def _find_modes(self, function: FunctionType) -> list[CodeType] | None:
        """The functions that a constructor or a factory makes once it has asked for the mode; None if it does not ask.

        It is unclear what else it may do then, but to keep the mode, to mark itself and to call its base's constructor.
        """
        steps = list(dis.get_instructions(function))
        asked = (index for index, step in enumerate(steps) if self._is_mode(name_in(function, step.argval)))
        steps = steps[next(asked, len(steps)) :]
        statements: list[list[object]] = [[]]
        for step in steps:
            if step.opcode in {*dis.hasname, *dis.hasconst}:
                statements[-1].append(name_in(function, argument_of(step, function.__code__)))
            if step.opname.startswith(_ENDS):
                statements.append([])
        made = [name for names in statements for name in names if isinstance(name, CodeType)]
        # What stands beside a function that is made are its annotations.
        names = [name for names in statements if not any(name in made for name in names) for name in names]
        stored = {step.argval for step in steps if step.opname == "STORE_ATTR"} - PLUMBING
        kept = {step.argval for step in steps if step.opname == "STORE_DEREF"}
        operations = [step.opname for step in steps]
        # From 3.12 on `super().__init__` is one step, not a call.
        called = _CALLED_BY_MODE - ({"super"} if "LOAD_SUPER_ATTR" in operations else set())
        if (
            not all(name is None or name in stored | PLUMBING or self._is_mode(name) for name in names)
            or any(kept.intersection(code.co_freevars) for code in made)
            or sum(operation.startswith("CALL") for operation in operations) != sum(name in called for name in names)
            or any(step.opname == "STORE_SUBSCR" or _gives_defaults(step) for step in steps)
        ):
            raise UnclearError
        self.modes |= {name for name in stored if not _HOOK.fullmatch(name)}
        return made if steps else None

    def _visit(self, value: Any, *, is_direct: bool = False) -> None:
        if id(value) in self._seen:
            return
        self._seen[id(value)] = value
        kind = type(value)
        if getattr_static(value, "async_capable", None):
            self.visit_middleware(value if issubclass(kind, type | FunctionType | partial) else kind)
        elif kind is str:
            if path := _MIDDLEWARE.fullmatch(value):
                if not hasattr(module := sys.modules.get(path[1]), path[2]):
                    raise UnclearError
                self._visit(getattr(module, path[2]))
        elif (parts := parts_of(value)) is not None:
            for part in parts:
                self._visit(part, is_direct=is_direct)
        elif kind is FunctionType:
            if self._is_own(value):
                self._read(value, is_direct=is_direct)
        elif self._is_own(value if issubclass(kind, type) else kind) and hasattr(value, "__dict__"):
            self._visit((*vars(value).values(), *getattr(value, "__bases__", ())))

    def _read(self, function: FunctionType, *, reads_mode: bool = False, is_direct: bool = False) -> None:
        for code in codes_in(function.__code__):
            names = {*code.co_names, *code.co_freevars, *(text for text in code.co_consts if type(text) is str)}
            if not reads_mode or code is not function.__code__:
                self.named |= names
                if any(self._is_mode(name_in(function, name)) for name in names):
                    raise UnclearError
            if names & _IMPORTS and (is_direct or reads_mode or "get_response" in {*names, *code.co_varnames}):
                raise UnclearError
            values, missing = named_in(function, code)
            if any(name.partition(".")[0] not in TRUSTED or "middleware" in name for name in missing):
                raise UnclearError
            for value in (*code.co_consts, *values):
                self._visit(value)
        for value in (*held_by(function), *cells_of(function).values()):
            self._visit(value)

    def _methods(self, name: str) -> list[Any]:
        """The definitions of an attribute that a call may reach: up to the first that does not name it again."""
        found = []
        for cls in self._lineage:
            if name in vars(cls):
                found.append(vars(cls)[name])
                if type(found[-1]) is not FunctionType or name not in found[-1].__code__.co_names:
                    break
        return found

    def _tokens(self, function: FunctionType, code: CodeType | None = None) -> Iterator[object]:
        """What the code names and does, in order; functions of the project stand for what they name."""
        cells = cells_of(function)
        defaults = [] if code else [token for value in held_by(function) for token in self._spread(value)]
        code, before = code or function.__code__, None
        structure = Structure(code)
        yield from structure.parameters
        yield from defaults
        for step in structure.steps:
            value = argument_of(step, code)
            yield from structure.shape(step)
            if isinstance(value, CodeType):
                yield from self._tokens(function, value)
            elif step.opcode in dis.hasname:
                is_global = step.opname == "LOAD_GLOBAL"
                found = [function.__globals__.get(value)] if is_global else self._methods(value)
                functions = [each for each in found if value not in PLUMBING and self._stands_for_code(each)]
                for each in functions:
                    yield from self._spread(each)
                if not functions:
                    is_djangos = not (value in self._attributes or package_of(before) not in TRUSTED)
                    yield TWINS.get(value, value) if is_djangos else name_in(function, value)
            elif step.opcode in dis.hasfree and step.opname.startswith("LOAD"):
                yield from self._spread(cells[value]) if value in cells else [value]
            elif step.opcode in dis.hasconst:
                yield from [TWINS.get(value, value)] if value in code.co_names else self._spread(value)
            before = function.__globals__.get(value) if step.opname == "LOAD_GLOBAL" else None

    def _stands_for_code(self, value: object) -> bool:
        return type(value) in WRAPPERS or (type(value) is FunctionType and self._is_followed(value))

    def _is_followed(self, function: FunctionType) -> bool:
        return self._is_own(function) or any(function in vars(cls).values() for cls in self._lineage)

    def _spread(self, value: Any) -> Iterator[object]:
        if (parts := parts_of(value)) is not None:
            for part in parts:
                yield from self._spread(part)
        elif type(value) is FunctionType:
            yield value if self._is_followed(value) else value.__name__
        elif value is not None:
            is_plain = type(value) in {str, bytes, int, float, bool}
            yield type(value), repr(value) if is_plain else id(value)

    def _compare(self, synchronous: list[object], asynchronous: list[object]) -> None:
        shared = {token for token in synchronous if type(token) is FunctionType}.intersection(asynchronous)
        sides = [numbered(self._spell(tokens, shared, set())) for tokens in (synchronous, asynchronous)]
        if sides[0] != sides[1]:
            raise UnclearError

    def _spell(self, tokens: Iterable[object], shared: set[Any], spelled: set[Any]) -> list[object]:
        """The tokens without noise; functions that only one side names are spelled out, once."""
        found: list[object] = []
        for token in tokens:
            if self._is_mode(token):
                raise UnclearError
            if type(token) is FunctionType and token not in shared:
                if token not in spelled:
                    spelled.add(token)
                    found += self._spell(self._tokens(token), shared, spelled)
            elif token == _THREAD_SENSITIVE:
                # With its value before it.
                found.pop()
            elif token not in NOISE:
                found.append(token)
        return found

    def _is_mode(self, name: object) -> bool:
        return type(name) is str and (name in self.modes or MODE.fullmatch(name) is not None)

    def _is_own(self, value: Any) -> bool:
        """Whether it is the project's, or of the package that a middleware is of."""
        package = package_of(value)
        file = getattr(sys.modules.get(str(value.__module__)), "__file__", None) or ""
        return package not in TRUSTED and (package in self._packages or not INSTALLED.search(file))


def _is_parameter(token: object) -> bool:
    return type(token) is Step and token.name.startswith("parameter")


def _gives_defaults(step: dis.Instruction) -> bool:
    return step.opname in {"MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"} and bool((step.arg or 0) & 3)
