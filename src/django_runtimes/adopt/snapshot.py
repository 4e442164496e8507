"""Takes a snapshot of the settings after `configure()`, and finds later changes."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import django
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from django_runtimes.adopt.listed_names import NAMES
from django_runtimes.adopt.setting_change import MISSING, SettingChange
from django_runtimes.adopt.steps.file_storage import IGNORED_STORAGES
from django_runtimes.config.adopted import SETTING

# From version 6.1 on, Django warns of each use of this setting, and the call sets MAILERS instead.
_DEPRECATED = {"EMAIL_BACKEND"} if django.VERSION >= (6, 1) else set()
_NAMES = (*sorted(NAMES - {SETTING} - _DEPRECATED), *IGNORED_STORAGES)
_LATER = "it was set after the call"
_RELATIVE_URLS = ("MEDIA_URL", "STATIC_URL")
_SET_BY_TESTS = ("ALLOWED_HOSTS", "DEBUG", "EMAIL_BACKEND", "MAILERS")


def snapshot(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the listed names, including Django's defaults; containers are copied deeply."""
    return {name: _copy(settings.get(name, getattr(global_settings, name, MISSING))) for name in _NAMES}


def later_changes(kept: Mapping[str, Any], settings: object) -> list[SettingChange]:
    """Return each part of Django's settings that differs from `kept`, except values that Django itself fills in."""
    changes = [
        change for name, before in kept.items() for change in _differences((name,), before, setting_of(settings, name))
    ]
    return [change for change in changes if not (_is_djangos(change) or _is_set_by_tests(change))]


def setting_of(settings: object, name: str) -> Any:
    """Return a setting's value, or an empty string for an empty SECRET_KEY, which Django refuses to return."""
    try:
        return getattr(settings, name, MISSING)
    except ImproperlyConfigured:
        return ""


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    # Only exactly these types are copied: a subclass may have another constructor.
    if type(value) in (list, tuple, set):
        return type(value)(map(_copy, value))
    return value


def _differences(path: tuple[str, ...], before: Any, after: Any) -> Iterator[SettingChange]:
    if before is after or (type(before) is type(after) and before == after):
        return
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if before != after:
            yield SettingChange(path, before, after, _LATER)
        return
    for key in {**before, **after}:
        yield from _differences((*path, key), before.get(key, MISSING), after.get(key, MISSING))


def _is_djangos(change: SettingChange) -> bool:
    """Return whether Django made the change: a default in DATABASES, or the prefix of a relative URL."""
    if change.name in _RELATIVE_URLS:
        from django.urls import get_script_prefix

        return bool(change.after == f"{get_script_prefix()}{change.before}")
    if change.name != "DATABASES" or change.before is not MISSING:
        return False
    from django.db.utils import ConnectionHandler

    default: Any = ConnectionHandler({}).settings
    for key in ("default", *change.path[2:]):
        default = default.get(key, MISSING) if isinstance(default, Mapping) else MISSING
    return bool(default == change.after)


def _is_set_by_tests(change: SettingChange) -> bool:
    """Return whether Django's test setup made the change: to hosts, DEBUG, mail or the name of a database."""
    # Only Django's test setup creates this mailbox. sys.modules is used so that no cold start imports the module.
    if not hasattr(sys.modules.get("django.core.mail"), "outbox"):
        return False
    return change.name in _SET_BY_TESTS or (change.name == "DATABASES" and change.path[-1] == "NAME")
