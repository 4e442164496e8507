"""`configure()`: applies the decisions to a settings module, once."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from django_runtimes.adopt.decisions import ExaminedProject, examine
from django_runtimes.adopt.needed_packages import require_packages
from django_runtimes.adopt.setting_change import SettingChange
from django_runtimes.adopt.shapes import wrong_shapes
from django_runtimes.adopt.snapshot import snapshot
from django_runtimes.config.adopted import SETTING, Adopted, adopted_by, not_called
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret_files import load_secret_files
from django_runtimes.config.variables.observability_variables import TRACES
from django_runtimes.databases.certificates import require_tls_files

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


class RefusedProject(NamedTuple):
    """The settings of a project that `configure()` refuses, those that it could decide, and an error with all mistakes.

    The values of the wrong type are not in `project`.
    """

    project: Mapping[str, Any]
    decided: Mapping[str, Any]
    error: ConfigurationError


_calls: list[Call] = []
# The lists of the `refusals_noted()` that are running.
_noted: list[list[RefusedProject]] = []


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
    # Commands and servers other than the library's have not read them yet.
    load_secret_files(os.environ)
    project = dict(settings)
    examined = examine(project, os.environ)
    _add_mistakes_of_machine(examined)
    try:
        decisions = examined.decisions()
    except ConfigurationError as error:
        if not _noted:
            raise
        wrong = {name for name, _ in wrong_shapes(project)}
        usable = {name: value for name, value in project.items() if name not in wrong}
        _noted[-1].append(RefusedProject(usable, examined.draft.settings, error))
        # The project's own lines after the call run too; if they need a record, loading the settings fails there.
        return cast(Adopted, None)
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


@contextmanager
def refusals_noted() -> Iterator[list[RefusedProject]]:
    """Let `configure()` note a refusal and change nothing, instead of raising, so that the settings still load."""
    _noted.append([])
    try:
        yield _noted[-1]
    finally:
        _noted.pop()


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


def _add_mistakes_of_machine(examined: ExaminedProject) -> None:
    """Add the packages and certificates that the decided settings need and that are missing on this machine."""
    settings, mistakes = examined.draft.settings, examined.mistakes
    with mistakes.collected():
        require_packages(settings, examined.variables[TRACES])
    for alias, database in settings.get("DATABASES", {}).items():
        with mistakes.collected():
            require_tls_files(alias, database, examined.draft.project["DATABASES"].get(alias) or {})


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
