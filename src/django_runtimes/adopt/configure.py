"""`configure()`: applies the decisions to a settings module, once."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.adopt.change import Change
from django_runtimes.adopt.decisions import decide
from django_runtimes.config.adopted import SETTING, Adopted, adopted_by, not_called
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.databases.certificates import require_root_certificates

_NEEDED = {"INSTALLED_APPS": "[…]", "DATABASES": "{} where the project has none"}


@dataclass(frozen=True)
class Call:
    """A call of `configure()`: where it stands, the settings that it found, and what became of them."""

    module: str
    line: int
    project: Mapping[str, Any]
    changes: tuple[Change, ...]
    adopted: Adopted

    @property
    def place(self) -> str:
        """As an error names it."""
        return f"{self.module}, line {self.line}"


_calls: list[Call] = []


def configure_at(settings: dict[str, Any], place: tuple[str, int]) -> Adopted:
    """Fit a settings module to the runtime; `settings` is its `globals()`, of which single names are replaced.

    `place` is where the call stands. Everything is decided before anything is set. Raises ConfigurationError, whose
    text has the remedy.
    """
    _require_settings(settings)
    module, line = place
    # The same place is a module that is loaded a second time.
    if (before := last_call()) is not None and (before.module, before.line) != place:
        raise ConfigurationError(
            f"configure() is called in {module}, line {line}, and was called before in {before.place}; call it once, "
            "at the end of the module that DJANGO_SETTINGS_MODULE names"
        )
    project = dict(settings)
    decisions = decide(project, os.environ)
    for database in decisions.settings.get("DATABASES", {}).values():
        require_root_certificates(database)
    for name, value in decisions.environ.items():
        os.environ.setdefault(name, value)
    settings.update(decisions.settings)
    _calls[:] = [Call(module, line, project, decisions.changes, decisions.adopted)]
    return decisions.adopted


def place_of_caller() -> tuple[str, int]:
    """The module and the line from which the calling function was called."""
    frame = sys._getframe(2)
    return str(frame.f_globals.get("__name__")), frame.f_lineno


def last_call() -> Call | None:
    """The call of this process; None where the settings have not called, or are not loaded yet."""
    return _calls[0] if _calls else None


def adopted() -> Adopted:
    """How the application runs here; ConfigurationError where the settings, which are loaded, did not call."""
    from django.conf import settings

    if hasattr(settings, SETTING):
        return adopted_by(settings)
    call = last_call()
    if call is None:
        raise ConfigurationError(not_called(settings.SETTINGS_MODULE))
    return call.adopted


def _require_settings(settings: object) -> None:
    if not isinstance(settings, dict):
        raise ConfigurationError(
            f"configure() got {settings!r}, which is not the globals of a settings module; "
            "write configure(globals()) at its end"
        )
    for name, example in _NEEDED.items():
        if name not in settings:
            raise ConfigurationError(
                f"configure() found no {name}; call it at the end of the settings module, behind {name} = {example}"
            )
