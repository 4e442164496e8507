"""Finds the places in memory that hold the value of a secret and that no restore renews."""

import gc
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from django_runtimes.entrypoints.snapshots.examination.shared_thing import SharedThing
from django_runtimes.entrypoints.snapshots.live_objects import attributes_of, is_a

# A shorter value may occur by chance.
_SHORTEST = 8
_REMEDY = "read it from the settings when it is used, or replace it in a function with @django_runtimes.after_restore"
_ENDS = (int, float, complex, bool, type(None), range)


def shared_secrets(secrets: Mapping[str, str]) -> Iterator[SharedThing]:
    """Yield each place that holds one of the values, which it never shows; `secrets` has them by their names.

    The objects are followed from the modules, and each is named by its shortest path. The environment and the settings
    are renewed after a restore, so they are left out.
    """
    values = {value: name for name, value in secrets.items() if len(value) >= _SHORTEST}
    seen = {id(secrets), id(values), id(secrets.keys()), *_renewed_objects()}
    waiting: deque[tuple[str, Any]] = deque()
    for name, module in sorted(sys.modules.items()):
        if module is not None and id(vars(module)) not in seen:
            seen |= {id(module), id(vars(module))}
            waiting.extend((f"{name}.{key}", value) for key, value in list(vars(module).items()))
    while values and waiting:
        path, value = waiting.popleft()
        if is_a(value, _ENDS):
            continue
        if is_a(value, (str, bytes, bytearray)):
            if found := _secret_in(value, values):
                yield SharedThing("secret", f"{path} holds the value of {found}", _REMEDY)
            continue
        if id(value) in seen or is_a(value, ModuleType):
            continue
        seen.add(id(value))
        waiting.extend(_parts(path, value))


def _secret_in(value: str | bytes | bytearray, values: Mapping[str, str]) -> str | None:
    text = value if isinstance(value, str) else value.decode(errors="replace")
    if len(text) < _SHORTEST:
        return None
    return values.get(text) or next((name for secret, name in values.items() if secret in text), None)


def _parts(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects to which an object refers, each with its path."""
    if is_a(value, dict):
        yield from ((f"{path}[{_shown(key)}]", item) for key, item in list(value.items()))
        yield from ((f"{path} (a key)", key) for key in list(value) if not is_a(key, str))
        return
    attributes = attributes_of(value)
    if attributes is not None:
        yield from ((f"{path}.{name}", item) for name, item in list(attributes.items()))
    for part in gc.get_referents(value):
        if part is not attributes:
            yield f"{path}[…]" if is_a(value, (list, tuple, set, frozenset)) else path, part


def _shown(key: Any) -> str:
    return repr(key) if is_a(key, (str, int)) and len(repr(key)) < 40 else "…"


def _renewed_objects() -> Iterator[int]:
    """Yield the ids of the environment, and of the settings with the containers in them, which the restore renews."""
    from django.conf import settings

    from django_runtimes.adopt.configure import last_call

    wrapped = settings._wrapped
    yield from (id(os.environ), id(os.environ._data), id(settings), id(vars(settings)), id(wrapped), id(vars(wrapped)))  # type: ignore[attr-defined]
    module = sys.modules.get(settings.SETTINGS_MODULE)
    roots: list[Any] = [value for name, value in vars(wrapped).items() if name.isupper()]
    if module is not None:
        yield from (id(module), id(vars(module)))
    if (call := last_call()) is not None:
        yield id(call)
        roots += [call.project, call.kept, call.changes]
    while roots:
        value = roots.pop()
        if is_a(value, (dict, list, tuple, set, frozenset)):
            yield id(value)
            roots += value.values() if is_a(value, dict) else list(value)
