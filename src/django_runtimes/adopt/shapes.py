"""Checks the types of settings and of their items before anything reads them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise

from django_runtimes.config.configuration_error import ConfigurationError

_LISTS = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "INSTALLED_APPS", "MIDDLEWARE", "SILENCED_SYSTEM_CHECKS")
_DICTIONARIES = ("CACHES", "DATABASES", "STORAGES")


def wrong_shapes(settings: Mapping[str, Any]) -> Iterator[tuple[str, ConfigurationError]]:
    """Yield the name and an error for each setting that is not the list, tuple, dictionary or string it must be.

    The errors do not show the value, which may contain a password.
    """
    for name in _LISTS:
        if name in settings and not isinstance(settings[name], list | tuple):
            yield name, _wrong(name, settings[name], "a list", "[…]")
            continue
        for position, item in enumerate(settings.get(name, ())):
            # Django accepts None as a host, which matches nothing.
            if not isinstance(item, str | Promise) and not (item is None and name == "ALLOWED_HOSTS"):
                yield name, _wrong(f"{name}[{position}]", item, "a string", '"…"')
    for name in _DICTIONARIES:
        if name not in settings:
            continue
        if not isinstance(settings[name], Mapping):
            yield name, _wrong(name, settings[name], "a dictionary", "{…}")
            continue
        for alias, entry in settings[name].items():
            if not isinstance(entry, Mapping):
                yield name, _wrong(f"{name}[{alias!r}]", entry, "a dictionary", "{…}")
            elif not isinstance(entry.get("OPTIONS", {}), Mapping):
                yield name, _wrong(f"{name}[{alias!r}]['OPTIONS']", entry["OPTIONS"], "a dictionary", "{…}")
    key = settings.get("SECRET_KEY", "")
    if key is not None and not isinstance(key, str | bytes):
        yield "SECRET_KEY", _wrong("SECRET_KEY", key, "a string", '"…"')


def _wrong(label: str, value: object, wanted: str, example: str) -> ConfigurationError:
    found = "None" if value is None else f"of type {type(value).__name__}"
    return ConfigurationError(f"{label} is {found} but must be {wanted}; write {label} = {example} in the settings")
