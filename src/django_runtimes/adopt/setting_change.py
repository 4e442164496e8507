"""A change of one setting, and the draft that collects changes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.conf import global_settings

from django_runtimes.config.configuration_error import ConfigurationError


class _Missing:
    def __repr__(self) -> str:
        return "not set"


MISSING: Final = _Missing()
_NONE: Mapping[str, ConfigurationError] = MappingProxyType({})


class SettingChange(NamedTuple):
    """A setting, or part of one, before and after; `path` is its name and the keys below it.

    `before` is MISSING for an added part, `after` for a removed one.
    """

    path: tuple[str, ...]
    before: Any
    after: Any
    reason: str

    @property
    def name(self) -> str:
        """The setting's name."""
        return self.path[0]

    @property
    def label(self) -> str:
        """The path as a Python expression: DATABASES['default']['ENGINE']."""
        return self.name + "".join(f"[{key!r}]" for key in self.path[1:])


class Draft:
    """A project's settings with planned changes; the project's own mapping stays unchanged."""

    def __init__(self, project: Mapping[str, Any], wrong: Mapping[str, ConfigurationError] = _NONE) -> None:
        """`wrong` has the error of each setting whose value has the wrong type."""
        self.project = project
        self._wrong = wrong
        self.settings: dict[str, Any] = {}
        self.changes: list[SettingChange] = []

    def has(self, name: str) -> bool:
        """Return whether the project sets the setting."""
        return name in self.project

    def value(self, name: str) -> Any:
        """Return the current value: the changed one, or else the project's, Django's default, or None.

        Raise ConfigurationError for a value of the wrong type.
        """
        if name in self.settings:
            return self.settings[name]
        if name in self._wrong:
            raise self._wrong[name]
        return self.project.get(name, getattr(global_settings, name, None))

    def set(self, name: str, after: Any, reason: str) -> None:
        """Change a setting, unless it already has the value, from another change, the project or Django's default."""
        before = self.settings.get(name, self.project.get(name, MISSING))
        present = getattr(global_settings, name, MISSING) if before is MISSING else before
        if type(present) is type(after) and present == after:
            return
        self.settings[name] = after
        self.changes.append(SettingChange((name,), before, after, reason))

    def default(self, name: str, value: Any, reason: str) -> None:
        """Change a setting unless the project sets it."""
        if not self.has(name):
            self.set(name, value, reason)

    def replace_parts(self, name: str, after: Any, parts: list[SettingChange]) -> None:
        """Change a setting to `after`, with `parts` as the differences; do nothing if there are none."""
        if parts:
            self.settings[name] = after
            self.changes += parts
