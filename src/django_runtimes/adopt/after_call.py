"""Finds settings that were set after `configure()` to values that it would have refused."""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings

from django_runtimes.adopt.configure import Call, last_call
from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.adopt.snapshot import later_changes, setting_of
from django_runtimes.adopt.steps.applications import missing_apps
from django_runtimes.adopt.steps.databases import is_sqlite, set_databases
from django_runtimes.adopt.steps.file_storage import IGNORED_STORAGES, refuse_ignored_storages
from django_runtimes.adopt.steps.security import are_of_this_machine, known_fallback
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret_key import SHORTEST_KEY, weakness

_CHECKING_APP = "django_runtimes.adopt"


def refuse_later_mistakes() -> None:
    """Raise ConfigurationError if a setting was set after `configure()` to a value that it would have refused."""
    call = last_call()
    for mistake in () if call is None else later_mistakes(call):
        raise ConfigurationError(mistake)


def later_mistakes(call: Call) -> list[str]:
    """Return an error text, with the remedy, for each setting that now has a value that the call would have refused."""
    changed = {change.name for change in later_changes(call.kept, settings)}
    mistakes = [
        mistake
        for name, find in _FINDERS.items()
        if name in changed
        for mistake in find(call, setting_of(settings, name))
    ]
    if not call.adopted.is_local and not changed.isdisjoint(_DECIDED_AGAIN):
        mistakes += _decided_again(call)
    return mistakes


def unchecked_mistakes(call: Call) -> list[str]:
    """Return the texts of `later_mistakes()` if the app whose checks report them is not installed, otherwise none."""
    return later_mistakes(call) if _CHECKING_APP in missing_apps(settings.INSTALLED_APPS) else []


def _debug(call: Call, value: Any) -> Iterator[str]:
    if value and not call.adopted.is_local:
        yield (
            f"DEBUG={value!r} was set after configure() in {call.place}: it exposes the application's internals, so "
            f"the runtime {call.adopted.runtime} refuses it; remove the line, or set it to False before the call"
        )


def _secret_key(call: Call, value: Any) -> Iterator[str]:
    if not call.adopted.is_local and (reason := weakness(value) if value else "is empty"):
        yield (
            f"SECRET_KEY was set after configure() in {call.place} and {reason}; remove the line and set "
            f"WEBAPP_SECRET_KEY to a random text of at least {SHORTEST_KEY} characters"
        )


def _fallbacks(call: Call, value: Any) -> Iterator[str]:
    if not call.adopted.is_local and (known := known_fallback(value)):
        yield f"SECRET_KEY_FALLBACKS was set after configure() in {call.place}, and its key {known[0]} {known[1]}"


def _hosts(call: Call, value: Any) -> Iterator[str]:
    if not call.adopted.is_local and are_of_this_machine(value):
        yield (
            f"ALLOWED_HOSTS={value!r} was set after configure() in {call.place} and names no host beyond this "
            "machine; remove the line, or set it before the call"
        )


def _sqlite(call: Call, value: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if call.adopted.is_local:
        return
    for alias, database in value.items():
        if is_sqlite(database):
            yield (
                f"DATABASES[{alias!r}] was set after configure() in {call.place} and is SQLite, whose file "
                f"{call.adopted.runtime} loses with each instance; name a PostgreSQL database, before the call or with "
                "DATABASE_URL"
            )


def _apps(call: Call, value: Any) -> Iterator[str]:
    if missing := missing_apps(value):
        yield (
            f"INSTALLED_APPS was set after configure() in {call.place} and lacks {', '.join(missing)}; "
            "set it before the call, which appends these apps"
        )


_FINDERS: dict[str, Callable[[Call, Any], Iterator[str]]] = {
    "DEBUG": _debug,
    "SECRET_KEY": _secret_key,
    "SECRET_KEY_FALLBACKS": _fallbacks,
    "ALLOWED_HOSTS": _hosts,
    "DATABASES": _sqlite,
    "INSTALLED_APPS": _apps,
}
_DECIDED_AGAIN = frozenset({"DATABASES", *IGNORED_STORAGES})


def _decided_again(call: Call) -> Iterator[str]:
    """Run two steps of `configure()` on the current settings, and yield their errors."""
    present = {name: setting_of(settings, name) for name in call.kept if settings.is_overridden(name)}
    # `_sqlite` already reports SQLite databases, whatever the variables are.
    databases = {alias: entry for alias, entry in settings.DATABASES.items() if not is_sqlite(entry)}
    draft = Draft(present | {"DATABASES": databases})
    for step in (set_databases, refuse_ignored_storages):
        try:
            step(draft, ProcessVariables(os.environ))
        except ConfigurationError as error:
            yield from (f"after configure() in {call.place}: {text}" for text in (error, *error.others))
