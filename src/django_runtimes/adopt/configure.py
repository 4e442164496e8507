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

_NEEDED = {"INSTALLED_APPS": "[…]", "DATABASES": "{} where the project has none"}


class Caller(NamedTuple):
    """The module that calls `configure()`, its line there, and its globals."""

    module: str
    line: int
    settings: dict[str, Any]

    @property
    def load(self) -> object:
        """Stands for one load of the module: to reload it gives it another spec, to import it again other globals."""
        spec = self.settings.get("__spec__")
        return self.settings if spec is None else spec


class Call(NamedTuple):
    """A call of `configure()`: where it stands, the settings that it found, and what became of them.

    `kept` is the snapshot of the listed names that it left; empty where it decides nothing.
    """

    module: str
    line: int
    project: Mapping[str, Any]
    changes: tuple[SettingChange, ...]
    adopted: Adopted
    kept: Mapping[str, Any] = MappingProxyType({})
    load: object = None

    @property
    def place(self) -> str:
        """As an error names it."""
        return f"{self.module}, line {self.line}"


_calls: list[Call] = []


def configure_at(given: object, caller: Caller) -> Adopted:
    """Fit a settings module to the runtime; `given` has to be its `globals()`, of which single names are replaced.

    `caller` is where the call stands. Everything is decided before anything is set. Raises ConfigurationError, whose
    text has the remedy.
    """
    settings = caller.settings
    _require_settings(given, caller)
    if (before := last_call()) is not None and (before.module != caller.module or before.load is caller.load):
        raise ConfigurationError(
            f"configure() is called in {caller.module}, line {caller.line}, and was called before in {before.place}; "
            "call it once, at the end of the module that DJANGO_SETTINGS_MODULE names"
        )
    project = dict(settings)
    decisions = decide(project, os.environ)
    require_packages(decisions.settings)
    for database in decisions.settings.get("DATABASES", {}).values():
        require_root_certificates(database)
    for name, value in decisions.environ.items():
        os.environ.setdefault(name, value)
    settings.update(decisions.settings)
    kept = snapshot(settings) if SETTING in decisions.settings else {}
    _calls[:] = [
        Call(caller.module, caller.line, project, decisions.changes, decisions.adopted, kept, load=caller.load)
    ]
    return decisions.adopted


def caller_of_configure() -> Caller:
    """The module and the line from which the calling function was called."""
    frame = sys._getframe(2)
    return Caller(str(frame.f_globals.get("__name__")), frame.f_lineno, frame.f_globals)


def last_call() -> Call | None:
    """The call of this process; None where the settings have not called, or are not loaded yet."""
    return _calls[0] if _calls else None


def adopted() -> Adopted:
    """How the application runs here; ConfigurationError where the settings, which are loaded, did not call."""
    from django.conf import settings

    if hasattr(settings, SETTING):
        return adopted_by(settings)
    return require_call(settings, settings.SETTINGS_MODULE).adopted


def require_call(settings: object, module: str) -> Call:
    """The call that fitted these settings; ConfigurationError where they did not call, or others did.

    `module` names them, which are Django's or the module itself.
    """
    call = last_call()
    if call is None:
        raise ConfigurationError(not_called(module))
    if call.kept and not hasattr(settings, SETTING):
        raise ConfigurationError(
            f"{module} has no setting that configure() set in {call.place}; call configure(globals()) at the end of "
            f"{module}, and nowhere else"
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
                f"configure() found no {name}; call it at the end of the settings module, behind {name} = {example}"
            )
    require_shapes(caller.settings)
