"""One setting that is to differ, and the draft that collects them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.conf import global_settings


class _Missing:
    def __repr__(self) -> str:
        return "not set"


MISSING: Final = _Missing()


class SettingChange(NamedTuple):
    """A setting, or a part of one, before and after; `path` is its name and the keys below it.

    `before` is MISSING for what is added, `after` for what is removed.
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
        """As Python writes it: DATABASES['default']['ENGINE']."""
        return self.name + "".join(f"[{key!r}]" for key in self.path[1:])


class Draft:
    """A project's settings with what is to be set over them; the project's own mapping is only read."""

    def __init__(self, project: Mapping[str, Any]) -> None:
        self.project = project
        self.settings: dict[str, Any] = {}
        self.changes: list[SettingChange] = []

    def has(self, name: str) -> bool:
        """Whether the project sets it."""
        return name in self.project

    def value(self, name: str) -> Any:
        """What it would be now: set over, else the project's, else Django's default, else None."""
        if name in self.settings:
            return self.settings[name]
        return self.project.get(name, getattr(global_settings, name, None))

    def set(self, name: str, after: Any, reason: str) -> None:
        """Give a setting another value; one that it has already, or that Django would give it, is no change."""
        before = self.project.get(name, MISSING)
        present = getattr(global_settings, name, MISSING) if before is MISSING else before
        if type(present) is type(after) and present == after:
            return
        self.settings[name] = after
        self.changes.append(SettingChange((name,), before, after, reason))

    def default(self, name: str, value: Any, reason: str) -> None:
        """The same unless the project sets it."""
        if not self.has(name):
            self.set(name, value, reason)

    def replace_parts(self, name: str, after: Any, parts: list[SettingChange]) -> None:
        """Give a setting another value of which `parts` say how it differs."""
        if parts:
            self.settings[name] = after
            self.changes += parts
