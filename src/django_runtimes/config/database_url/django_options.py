"""Reads options of DATABASE_URL that are keys of Django's DATABASES, as django-environ does; libpq rejects them."""

from collections.abc import Mapping
from urllib.parse import unquote

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret import Secret

# The connection strategy decides these, whatever the URL says.
OF_STRATEGY = ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
_FLAGS = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS")
KEYS = frozenset({*OF_STRATEGY, *_FLAGS})
_VALUES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def split_options(url: str) -> tuple[Secret, dict[str, str]]:
    """Return the URL without Django's keys, and the text of each key."""
    login, at, address = map(Secret, url.rpartition("@"))
    place, _, query = address.partition("?")
    pairs = [(unquote(pair.partition("=")[0]).upper(), pair) for pair in query.split("&")]
    keys = {name: unquote(pair.partition("=")[2]) for name, pair in pairs if name in KEYS}
    kept = "&".join(pair for name, pair in pairs if name not in KEYS)
    return Secret(login + at + place + ("?" + kept if kept else "")), keys


def flags_of(keys: Mapping[str, str]) -> dict[str, bool]:
    """Return the values of the keys that are flags; raise ConfigurationError for a text that is not a flag."""
    flags = {}
    for key in _FLAGS:
        if key not in keys:
            continue
        value = _VALUES.get(keys[key].lower())
        if value is None:
            raise ConfigurationError(
                f"DATABASE_URL has {key.lower()}={keys[key]!r}, which is not a flag; write true or false"
            )
        flags[key] = value
    return flags
