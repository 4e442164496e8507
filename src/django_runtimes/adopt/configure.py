"""`configure()`: applies the decisions to a settings module, once."""

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.needed_packages import require_packages
from django_runtimes.adopt.setting_change import SettingChange
from django_runtimes.adopt.shapes import require_shapes
from django_runtimes.adopt.snapshot import snapshot
from django_runtimes.config.adopted import SETTING, Adopted, adopted_by, not_called
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.databases.certificates import require_root_certificates

_NEEDED = {"INSTALLED_APPS": "[…]", "DATABASES": "{} if the project has none"}


class Caller(NamedTuple):
    """The module that calls `configure()`, the line of the call, and the module's globals."""

    module: str
    line: int
    settings: dict[str, Any]

    @property
    def load(self) -> object:
        """An object that identifies one load of the module: its spec, which a reload replaces, or else its globals."""
        spec = self.settings.get("__spec__")
        return self.settings if spec is None else spec


class Call(NamedTuple):
    """A call of `configure()`: its place, the project's settings and the changes to them.

    `kept` is the snapshot of the listed names after the call; it is empty if the call changes nothing. `is_loading` is
    whether Django's settings were not loaded yet, so that this call is for them.
    """

    module: str
    line: int
    project: Mapping[str, Any]
    changes: tuple[SettingChange, ...]
    adopted: Adopted
    kept: Mapping[str, Any] = MappingProxyType({})
    load: object = None
    is_loading: bool = False

    @property
    def place(self) -> str:
        """The place of the call, for error messages."""
        return f"{self.module}, line {self.line}"


_calls: list[Call] = []


def configure_at(given: object, caller: Caller) -> Adopted:
    """Fit a settings module to the runtime; `given` must be its `globals()`, which this changes in place.

    `caller` is the place of the call. Everything is decided before anything is set. If Django's settings are loaded and
    another module made the call for them, this changes nothing. Raises ConfigurationError, with the remedy in its text.
    """
    from django.conf import settings as django_settings

    settings = caller.settings
    _require_settings(given, caller)
    before = last_call()
    if before is not None and before.module != caller.module and before.is_loading and django_settings.configured:
        # The settings are in use: this module, such as the tests' settings that unittest's discovery imports, is not.
        return before.adopted
    if before is not None and (before.module != caller.module or before.load is caller.load):
        raise ConfigurationError(
            f"configure() is called in {caller.module}, line {caller.line}, and was called before in {before.place}; "
            "call it once, at the end of the module that DJANGO_SETTINGS_MODULE names"
        )
    project = dict(settings)
    decisions = decide(project, os.environ)
    require_packages(decisions.settings)
    for alias, database in decisions.settings.get("DATABASES", {}).items():
        require_root_certificates(alias, database, project["DATABASES"].get(alias) or {})
    for name, value in decisions.environ.items():
        os.environ.setdefault(name, value)
    settings.update(decisions.settings)
    kept = snapshot(settings) if SETTING in decisions.settings else {}
    _calls[:] = [
        Call(
            caller.module,
            caller.line,
            project,
            decisions.changes,
            decisions.adopted,
            kept,
            load=caller.load,
            is_loading=not django_settings.configured,
        )
    ]
    return decisions.adopted


def caller_of_configure() -> Caller:
    """Return the module and the line from which the calling function was called."""
    frame = sys._getframe(2)
    return Caller(str(frame.f_globals.get("__name__")), frame.f_lineno, frame.f_globals)


def last_call() -> Call | None:
    """Return this process's call of `configure()`, or None if the settings do not call it or are not loaded yet."""
    return _calls[0] if _calls else None


def adopted() -> Adopted:
    """Load the settings and return the result of their `configure()` call; ConfigurationError if they have none."""
    from django.conf import settings

    if hasattr(settings, SETTING):
        return adopted_by(settings)
    return require_call(settings, settings.SETTINGS_MODULE).adopted


def require_call(settings: object, module: str) -> Call:
    """Return the `configure()` call of these settings; ConfigurationError if only other settings call it, or none.

    `settings` are Django's settings or the module itself, and `module` is their name.
    """
    call = last_call()
    if call is None:
        raise ConfigurationError(not_called(module))
    if call.kept and not hasattr(settings, SETTING):
        raise ConfigurationError(
            f"{module} lacks the settings that configure() set in {call.place}; call configure(globals()) at the end "
            f"of {module}, and nowhere else"
        )
    return call


def _require_settings(given: object, caller: Caller) -> None:
    if given is not caller.settings:
        got = "another dictionary" if isinstance(given, dict) else repr(given)
        raise ConfigurationError(
            f"configure() in {caller.module}, line {caller.line}, got {got}, which is not the globals of that module; "
            "write configure(globals()) at the end of the settings"
        )
    for name, example in _NEEDED.items():
        if name not in caller.settings:
            raise ConfigurationError(
                f"configure() found no {name}; call it at the end of the settings module, after {name} = {example}"
            )
    require_shapes(caller.settings)
