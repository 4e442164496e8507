"""Reads the secret key and checks its strength."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.application_variables import SECRET_KEY

# The minimum length in Django's check security.W009, which `check --deploy` runs.
SHORTEST_KEY = 50
# The minimum number of different characters in the same check. A key with fewer only causes a warning, since Django
# starts with it too, and keys for tests repeat one letter.
FEWEST_DIFFERENT = 5
# The prefix that `django-admin startproject` writes into settings, which are then committed.
_PUBLIC_PREFIX = "django-insecure-"


def secret_key(environment: Environment, *, local: bool) -> Secret | None:
    """Return WEBAPP_SECRET_KEY, or None when it is not set.

    Raise ConfigurationError, which never shows the key, for a weak key outside `local`.
    """
    key = environment[SECRET_KEY]
    if key is None or local:
        return key
    if reason := weakness(key):
        raise ConfigurationError(f"WEBAPP_SECRET_KEY {reason}; set a random text of at least {SHORTEST_KEY} characters")
    return key


def is_monotonous(key: str | bytes) -> bool:
    """Return whether a secret key has too few different characters."""
    return len(set(key)) < FEWEST_DIFFERENT


def weakness(key: str | bytes) -> str:
    """Return the rule that a weak secret key breaks, without showing the key; empty for a strong key."""
    if reason := publicity(key):
        return reason
    if len(key) < SHORTEST_KEY:
        return f"has {len(key)} characters"
    return ""


def publicity(key: str | bytes) -> str:
    """Return why others know a secret key, without showing the key; empty for any other key."""
    prefix = key[: len(_PUBLIC_PREFIX)]
    text = prefix.decode(errors="replace") if isinstance(prefix, bytes) else prefix
    return f"begins with {_PUBLIC_PREFIX!r} and is public" if text == _PUBLIC_PREFIX else ""
