"""Finds modules that draw random numbers or identifiers while they are imported."""

import gc
import random
import secrets
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from django_runtimes.entrypoints.snapshots.examination.shared_thing import SharedThing
from django_runtimes.entrypoints.snapshots.warm_requests import warm_up

_DRAWING: dict[ModuleType, tuple[str, ...]] = {
    random: (
        "betavariate", "choice", "choices", "expovariate", "gauss", "getrandbits", "normalvariate", "randbytes",
        "randint", "random", "randrange", "sample", "shuffle", "triangular", "uniform",
    ),
    secrets: ("choice", "randbelow", "randbits", "token_bytes", "token_hex", "token_urlsafe"),
    uuid: ("uuid1", "uuid4"),
}  # fmt: skip
_REMEDY = "draw it when it is needed, or again in a function with @django_runtimes.after_restore"
_OWN_GENERATOR = "seed it in a function with @django_runtimes.after_restore"


class DrawnRandoms:
    """The calls that modules made at import, from the creation of this object on."""

    def __init__(self) -> None:
        self._draws: dict[tuple[str, str], int] = {}
        for module, names in _DRAWING.items():
            for name in names:
                setattr(module, name, self._noting(f"{module.__name__}.{name}", getattr(module, name)))

    def shared(self) -> Iterator[SharedThing]:
        """Yield each module that drew, and each generator of a module."""
        for (place, function), line in sorted(self._draws.items()):
            yield SharedThing("random", f"{place}, line {line}, drew from {function}() at import", _REMEDY)
        for place in sorted(_own_generators()):
            yield SharedThing("generator", f"{place} is a random.Random of its own", _OWN_GENERATOR)

    def _noting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def noted(*arguments: Any, **options: Any) -> Any:
            importing = _importing_frame(sys._getframe(1))
            if importing is not None:
                key = (str(importing.f_globals.get("__name__")), name)
                self._draws.setdefault(key, importing.f_lineno)
            return call(*arguments, **options)

        return noted


def _importing_frame(frame: FrameType | None) -> FrameType | None:
    """Return the module whose import made the call; None outside imports, and for Python's own modules.

    The pages that warm the process up are requested during an import, and may draw as any page does.
    """
    while frame is not None and frame.f_code is not warm_up.__code__:
        if frame.f_code.co_name == "<module>":
            is_entry_point = frame.f_globals.get("__name__") == "__main__"
            return None if is_entry_point or _is_of_python(frame.f_code.co_filename) else frame
        frame = frame.f_back
    return None


def _is_of_python(file: str) -> bool:
    folder = sysconfig.get_path("stdlib")
    return file.startswith(folder) and "site-packages" not in Path(file).relative_to(folder).parts


def _own_generators() -> set[str]:
    shared = getattr(random, "_inst", None)
    found = set()
    for generator in gc.get_objects():
        if type(generator) is not random.Random or generator is shared:
            continue
        for name, module in list(sys.modules.items()):
            variables = getattr(module, "__dict__", {})
            is_python = _is_of_python(str(getattr(module, "__file__", None) or ""))
            if not is_python:
                found |= {f"{name}.{key}" for key, value in list(variables.items()) if value is generator}
    return found
