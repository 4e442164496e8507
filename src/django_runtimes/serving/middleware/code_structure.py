"""The structure of compiled code, as far as a function and its asynchronous twin share it."""

import dis
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

# What decides which value is used, and when. What `await` compiles to is not among them, nor what calls a function:
# `await sync_to_async(read)(request)` does the same as `read(request)`.
_SHAPING = (
    *("BINARY_OP", "BINARY_SLICE", "BINARY_SUBSCR", "BUILD_", "CHECK_", "COMPARE_OP", "CONTAINS_OP", "DELETE_"),
    *("DICT_", "FORMAT_", "GET_ITER", "IS_OP", "LIST_", "LOAD_SMALL_INT", "MAP_", "RAISE_", "SET_ADD", "SET_UPDATE"),
    *("STORE_SLICE", "STORE_SUBSCR", "UNARY_", "UNPACK_"),
)
_JUMPS = ("FOR_ITER", "JUMP_BACKWARD", "JUMP_FORWARD", "JUMP_IF_", "POP_JUMP_")
# Only `await` jumps so.
_OF_AWAIT = "JUMP_BACKWARD_NO_INTERRUPT"
_ENTRIES = {"BEFORE_WITH": "with", "BEFORE_ASYNC_WITH": "with"}
_VARIABLE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


class Step(NamedTuple):
    """One step of some code: what is done, and to what."""

    name: str
    value: Any = None

    @property
    def is_passive(self) -> bool:
        """Whether it only keeps a value, or returns one."""
        return self.name in {"load", "store", "return", "parameter"}


END = Step("return")


class Structure:
    """The steps of some code whose order and aim decide what it does.

    Assertions are left out, and variables that only hand a value on: a function may assert that it has no awaitable
    where its twin asserts that it has one, and awaits it.
    """

    def __init__(self, code: CodeType) -> None:
        self._marks: dict[object, _Mark] = {}
        self.parameters = list(self._parameters(code))
        steps = list(dis.get_instructions(code))
        self.steps = _without_copies(list(_without_assertions(steps)))
        awaited = {after.offset for step, after in pairwise(steps) if step.opname == "CLEANUP_THROW"}
        self._jumps = {
            step.offset
            for step in self.steps
            if step.opname.startswith(_JUMPS) and step.opname != _OF_AWAIT and step.offset not in awaited
        }
        self._targets = {step.argval for step in self.steps if step.offset in self._jumps}

    def shape(self, step: dis.Instruction) -> Iterator[Step]:
        """What the step adds to the structure: nothing for a step that names something."""
        if step.offset in self._targets:
            yield Step("label", self._mark(step.offset))
        if step.offset in self._jumps:
            yield Step(step.opname.replace("_FORWARD", "").replace("_BACKWARD", ""), self._mark(step.argval))
        elif step.opname.startswith(("LOAD_FAST", "STORE_FAST")):
            yield from (Step(kind, self._mark(name)) for kind, name in _locals_in(step))
        elif step.opname in _ENTRIES:
            yield Step(_ENTRIES[step.opname])
        elif step.opname.startswith("RETURN_") and step.opname != "RETURN_GENERATOR":
            yield END
        elif step.opname.startswith(_SHAPING):
            yield Step(step.opname, None if step.opcode in {*dis.hasname, *dis.hasconst} else step.argval)

    def _parameters(self, code: CodeType) -> Iterator[Step]:
        count = code.co_argcount + code.co_kwonlyargcount
        keywords = code.co_varnames[code.co_argcount : count]
        yield Step("parameters", (code.co_argcount, code.co_posonlyargcount, keywords, code.co_flags & _VARIABLE))
        for name in code.co_varnames[:count]:
            yield Step("parameter", self._mark(name))

    def _mark(self, thing: object) -> "_Mark":
        return self._marks.setdefault(thing, _Mark())


class _Mark:
    """A local variable, or where a jump leads."""


def _locals_in(step: dis.Instruction) -> list[tuple[str, str]]:
    """What a step does with local variables; from Python 3.13 on it may do two things."""
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    kinds = [part.lower() for part in step.opname.split("_") if part in {"LOAD", "STORE"}]
    return list(zip(kinds, names, strict=False))


def _without_assertions(steps: list[dis.Instruction]) -> Iterator[dis.Instruction]:
    dropped: set[int] = set()
    for index, (step, after) in enumerate(pairwise(steps)):
        if not ("JUMP" in step.opname and _begins_failure(after)):
            continue
        test = step.positions
        for other in steps[:index]:
            if test and other.positions and _is_within(other.positions, test):
                dropped.add(other.offset)
        dropped |= {other.offset for other in steps if step.offset <= other.offset < step.argval}
    return (step for step in steps if step.offset not in dropped)


def _begins_failure(step: dis.Instruction) -> bool:
    return step.opname == "LOAD_ASSERTION_ERROR" or (
        step.opname == "LOAD_COMMON_CONSTANT" and step.argrepr == "AssertionError"
    )


def _is_within(inner: dis.Positions, outer: dis.Positions) -> bool:
    # A tuple is compared with None only where Python was told to keep no columns.
    places = (inner.lineno, inner.col_offset, inner.end_lineno, inner.end_col_offset, outer.lineno, outer.col_offset)
    if None in (*places, outer.end_lineno, outer.end_col_offset):
        return False
    starts, ends = (outer.lineno, outer.col_offset), (outer.end_lineno, outer.end_col_offset)
    return starts <= (inner.lineno, inner.col_offset) and (inner.end_lineno, inner.end_col_offset) <= ends


def _without_copies(steps: list[dis.Instruction]) -> list[dis.Instruction]:
    """The steps without each variable that is set once, and read once directly after."""
    used = Counter(part for step in steps if "_FAST" in step.opname for part in _locals_in(step))
    kept: list[dis.Instruction] = []
    for step in steps:
        here = _locals_in(step) if "_FAST" in step.opname else []
        before = _locals_in(kept[-1]) if kept and "_FAST" in kept[-1].opname else []
        if here and before == [("store", here[0][1])] and here == [("load", here[0][1])] and _is_once(used, here[0][1]):
            kept.pop()
        elif len(here) == 2 and here == [("store", here[0][1]), ("load", here[0][1])] and _is_once(used, here[0][1]):
            continue
        else:
            kept.append(step)
    return kept


def _is_once(used: Counter[tuple[str, str]], name: str) -> bool:
    return used["store", name] == used["load", name] == 1


def numbered(tokens: Iterable[object]) -> list[object]:
    """The tokens with each variable and each label as a number, by the order in which they are met."""
    numbers: dict[int, int] = {}
    return [
        Step(token.name, numbers.setdefault(id(token.value), len(numbers)))
        if type(token) is Step and isinstance(token.value, _Mark)
        else token
        for token in tokens
    ]


def is_always_reached(code: CodeType, made: CodeType, attribute: str) -> bool:
    """Whether no jump passes by the step that makes a function, nor by the one that stores it as `attribute`."""
    steps = list(dis.get_instructions(code))
    passed = [(step.offset, step.argval) for step in steps if "JUMP" in step.opname]
    needed = [
        step.offset
        for step in steps
        if (step.opcode in dis.hasconst and code.co_consts[step.arg or 0] is made)
        or (step.opname == "STORE_ATTR" and step.argval == attribute)
    ]
    return not any(start < offset < target for offset in needed for start, target in passed)
