"""Records the variables that a project's settings read, in the process that loads the settings."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

# The modules through which settings read variables.
_READERS = ("os", "collections", "_collections_abc", "environ", "environs", "decouple", "dj_database_url")
# The types and names of these modules' markers for no default; environs uses Ellipsis.
_NO_DEFAULT = frozenset({"NoValue", "Undefined", "ellipsis"})
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=(?P<value>.*)")


@contextlib.contextmanager
def recorded_variables(root: Path) -> Iterator[tuple[dict[str, str | None], set[str]]]:
    """Record the variables that the project's own code reads, each with a placeholder, or None if it is unset.

    The set contains the names that the code reads with a default, which are therefore optional.
    """
    kind: Any = type(os.environ)
    read = kind.__getitem__
    found: dict[str, str | None] = {}
    optional: set[str] = set()
    needed: set[str] = set()

    def recording(self: Any, key: str) -> str:
        frame = sys._getframe(1)
        is_own = _is_read_by_project(frame, root)
        if is_own:
            (optional if _has_default(frame) else needed).add(key)
            found.setdefault(key, None)
        value: str = read(self, key)
        if is_own:
            found[key] = shape_of(value)
        return value

    kind.__getitem__ = recording
    try:
        yield found, optional
        optional -= needed
    finally:
        kind.__getitem__ = read


def _is_read_by_project(frame: FrameType | None, root: Path) -> bool:
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] not in _READERS:
            path = Path(frame.f_code.co_filename)
            return path.is_relative_to(root) and "site-packages" not in path.parts
        frame = frame.f_back
    return False


def _has_default(frame: FrameType | None) -> bool:
    """Return whether the reader, such as environ.get(), has a default or only tests whether the variable is set.

    setdefault() needs no variable either; environ.Env.read_env() calls it for each line of .env.
    """
    looks = frame is not None and frame.f_code.co_name in ("__contains__", "setdefault")
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _READERS:
        if "default" in frame.f_locals:
            default = frame.f_locals["default"]
            names = {getattr(default, "__name__", None), type(default).__name__}
            return not names & _NO_DEFAULT
        frame = frame.f_back
    return looks


def variables_of_files(folders: list[str]) -> dict[str, str]:
    """Return the variables in the project's .env, which decouple and pydantic-settings read directly."""
    found: dict[str, str] = {}
    for folder in reversed(folders):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            for line in Path(folder, ".env").read_text(encoding="utf-8").splitlines():
                if match := _ASSIGNMENT.match(line):
                    found[match["name"]] = match["value"].strip().strip("'\"")
    return found


def value_of(name: str, files: Mapping[str, str]) -> str | None:
    """Return the variable's value, ignoring the case of its name as pydantic-settings does."""
    values = {**files, **os.environ}
    return values.get(name, next((value for key, value in values.items() if key.upper() == name), None))


def settings_fields(root: Path) -> Iterator[tuple[str, bool]]:
    """Yield each variable of the project's pydantic-settings classes, and whether it is optional."""
    module = sys.modules.get("pydantic_settings")
    waiting = module.BaseSettings.__subclasses__() if module is not None else []
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        path = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if path is None or not Path(path).is_relative_to(root) or "site-packages" in Path(path).parts:
            continue
        prefix = kind.model_config.get("env_prefix", "")
        for field, info in kind.model_fields.items():
            alias = info.validation_alias
            name = alias if isinstance(alias, str) else f"{prefix}{field}"
            yield name.upper(), not info.is_required()


def shape_of(value: str) -> str:
    """Return a placeholder of the same form that does not reveal the value."""
    if re.fullmatch(r"\d+", value):
        return "1"
    if re.fullmatch(r"(?i)true|false|yes|no|on|off", value):
        return "false"
    if scheme := re.match(r"[a-z][a-z0-9+.-]*://", value):
        return f"{scheme[0]}127.0.0.1/unused"
    return "unused"
