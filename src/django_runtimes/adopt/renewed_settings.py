"""Brings rotated secrets into settings that were computed from their former values."""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from django_runtimes.adopt.configure import last_call
from django_runtimes.adopt.decisions import decide
from django_runtimes.config.adopted import SETTING
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.table import VARIABLES

# A shorter text may be part of another value by chance, so that only a whole value equals it.
_SHORTEST_PART = 8


def renew_settings(rotated: Mapping[str, tuple[str, str]]) -> list[str]:
    """Replace the former values of variables in Django's settings; return the names of the changed settings.

    `rotated` has the former and the current value by the variable's name, and `os.environ` the current values. Nested
    dictionaries and lists are changed in place, since Django's connections refer to them. Values that were computed in
    another way, such as a hash, keep.
    """
    from django.conf import settings

    call = last_call()
    decided_before = None
    if call is not None and call.kept and any(each.name in rotated for each in VARIABLES):
        former = {name: value for name, (value, _) in rotated.items()}
        decided_before = decide(call.project, {**os.environ, **former}).settings
    texts = _RotatedTexts(rotated.values())
    changed = set()
    for name, value in _uppercase(vars(settings._wrapped)).items():
        if (renewed := texts.renewed(value)).is_changed:
            _set(settings, name, renewed.value)
            changed.add(name)
    if call is not None and decided_before is not None:
        project = {
            **call.project,
            **{name: texts.renewed(value).value for name, value in _uppercase(call.project).items()},
        }
        for name, value in decide(project, os.environ).settings.items():
            # The record of the call has functions, which are never equal.
            if value != decided_before.get(name) and _overlay(settings, name, value) and name != SETTING:
                changed.add(name)
    return sorted(changed)


def _uppercase(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name.isupper()}


class _Renewed:
    """A value with current texts; `is_changed` says whether it had former ones."""

    __slots__ = ("is_changed", "value")

    def __init__(self, value: Any, *, is_changed: bool) -> None:
        self.value = value
        self.is_changed = is_changed


class _RotatedTexts:
    """The former texts, each with the current one: whole values, and the logins in URLs."""

    def __init__(self, pairs: Any) -> None:
        self._current: dict[str, str] = {}
        self._users: dict[str, tuple[str, str]] = {}
        for former, current in pairs:
            if not former:
                continue
            self._current[former] = current
            for old, new in _passwords(former, current):
                self._current.setdefault(old, new)
            self._note_user(former, current)

    def renewed(self, value: Any) -> _Renewed:
        """Return the value with current texts; dictionaries and lists are changed in place."""
        if isinstance(value, str):
            text = self._text(value)
            return _Renewed(value if text is None else _like(value, text), is_changed=text is not None)
        if isinstance(value, bytes):
            text = self._current.get(value.decode(errors="replace"))
            return _Renewed(value if text is None else text.encode(), is_changed=text is not None)
        if isinstance(value, dict):
            return self._renewed_dictionary(value)
        if type(value) is list:
            found = [(index, new) for index, item in enumerate(value) if (new := self.renewed(item)).is_changed]
            for index, new in found:
                value[index] = new.value
            return _Renewed(value, is_changed=bool(found))
        if type(value) in (tuple, set, frozenset):
            items = [self.renewed(item) for item in value]
            is_changed = any(item.is_changed for item in items)
            return _Renewed(type(value)(item.value for item in items) if is_changed else value, is_changed=is_changed)
        return _Renewed(value, is_changed=False)

    def _renewed_dictionary(self, value: dict[Any, Any]) -> _Renewed:
        users = [self._users[item] for item in value.values() if isinstance(item, str) and item in self._users]
        found = {key: new for key, item in list(value.items()) if (new := self.renewed(item)).is_changed}
        for key, new in found.items():
            value[key] = new.value
        for former, current in users:
            # The user of an entry changes with its password only: another entry may have the same name.
            for key, item in list(value.items()):
                if item == former and key not in found:
                    value[key] = _like(item, current)
        return _Renewed(value, is_changed=bool(found))

    def _text(self, value: str) -> str | None:
        if value in self._current:
            return self._current[value]
        text = value
        for former, current in self._current.items():
            if len(former) >= _SHORTEST_PART and former in text:
                text = text.replace(former, current)
        return None if text == value else text

    def _note_user(self, former: str, current: str) -> None:
        old, new = _login(former), _login(current)
        if old and new and old[0] and new[0] and old[0] != new[0]:
            self._users[unquote(old[1])] = (unquote(old[0]), unquote(new[0]))


def _passwords(former: str, current: str) -> Iterator[tuple[str, str]]:
    """Yield the passwords of two URLs, as they are written and decoded."""
    old, new = _login(former), _login(current)
    if old and new and old[1] and new[1] and old[1] != new[1]:
        yield old[1], new[1]
        yield unquote(old[1]), unquote(new[1])


def _login(text: str) -> tuple[str, str] | None:
    """Return the user and the password of a URL, still encoded; None if the text is no URL with a password."""
    if "://" not in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if not parts.password else (parts.username or "", parts.password)


def _like(old: str, text: str) -> str:
    return Secret(text) if isinstance(old, Secret) else text


def _overlay(settings: Any, name: str, value: Any) -> bool:
    """Give a setting the decided value, in place where both are dictionaries; return whether it differed."""
    present = vars(settings._wrapped).get(name)
    if isinstance(present, dict) and isinstance(value, Mapping):
        return _overlay_dictionary(present, value)
    if present == value:
        return False
    _set(settings, name, value)
    return True


def _overlay_dictionary(present: dict[Any, Any], value: Mapping[Any, Any]) -> bool:
    is_changed = False
    for key, item in value.items():
        own = present.get(key)
        if isinstance(own, dict) and isinstance(item, Mapping):
            is_changed |= _overlay_dictionary(own, item)
        elif own != item:
            present[key] = item
            is_changed = True
    return is_changed


def _set(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    module = sys.modules.get(settings.SETTINGS_MODULE)
    # Code that imports the module itself sees the value too.
    if module is not None and hasattr(module, name):
        setattr(module, name, value)
