"""The secret key, and whether others could guess it."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.application_variables import SECRET_KEY

# As Django's own check of a deployment wants it. That check, security.W009 of `check --deploy`, also warns of a key
# with few different characters, which does not keep a process from starting.
SHORTEST_KEY = 50
# What `django-admin startproject` writes, and a repository then holds.
_PUBLIC_BEGINNING = "django-insecure-"


def secret_key(environment: Environment, *, local: bool) -> Secret | None:
    """WEBAPP_SECRET_KEY, None where it is not set; raises ConfigurationError, which never shows it."""
    key = environment[SECRET_KEY]
    if key is None or local:
        return key
    if reason := weakness(key):
        raise ConfigurationError(f"WEBAPP_SECRET_KEY {reason}; set a random text of at least {SHORTEST_KEY} characters")
    return key


def weakness(key: str | bytes) -> str:
    """Why others could guess a secret key, which is not shown; empty where nothing speaks against it."""
    beginning = key[: len(_PUBLIC_BEGINNING)]
    text = beginning.decode(errors="replace") if isinstance(beginning, bytes) else beginning
    if text == _PUBLIC_BEGINNING:
        return f"begins with {_PUBLIC_BEGINNING!r} and is public"
    if len(key) < SHORTEST_KEY:
        return f"has {len(key)} characters"
    return ""
