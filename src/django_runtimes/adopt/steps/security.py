"""Decides DEBUG, the secret key, and the allowed hosts and trusted origins."""

from collections.abc import Sequence

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.http.host_origin import trusted_origins
from django_runtimes.config.secret_key import SHORTEST_KEY, publicity, secret_key, weakness
from django_runtimes.config.variables.application_variables import (
    ALLOWED_HOSTS,
    CSRF_TRUSTED_ORIGINS,
    DEBUG,
    SECRET_KEY_FALLBACKS,
)

_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def set_debug(draft: Draft, variables: ProcessVariables) -> None:
    """Set DEBUG; ConfigurationError if it would be on outside `local`."""
    debug = variables[DEBUG] if variables.is_set(DEBUG) else None
    if not variables.is_local:
        if debug:
            raise ConfigurationError(
                "WEBAPP_DEBUG=1 exposes the application's internals, so the runtime "
                f"{variables.runtime} refuses it; unset it"
            )
        own = draft.value("DEBUG")
        if debug is None and own:
            counted = "" if own is True else f" is of type {type(own).__name__}, which counts as true and"
            raise ConfigurationError(
                f"DEBUG={own!r} in the settings{counted} exposes the application's internals, so the runtime "
                f"{variables.runtime} refuses it; set DEBUG to False there, or WEBAPP_DEBUG=0"
            )
    if debug is not None:
        draft.set("DEBUG", debug, "WEBAPP_DEBUG is set")


def set_secret_key(draft: Draft, variables: ProcessVariables) -> None:
    """Set SECRET_KEY and its fallbacks; ConfigurationError outside `local` for a key that others could guess."""
    key = secret_key(variables.environment, local=variables.is_local)
    if key is not None:
        draft.set("SECRET_KEY", key, "WEBAPP_SECRET_KEY is set")
    elif not variables.is_local:
        own = draft.value("SECRET_KEY")
        reason = weakness(own) if own else "is empty"
        if reason:
            raise ConfigurationError(
                f"WEBAPP_SECRET_KEY is not set and SECRET_KEY in the settings {reason}; "
                f"set a random text of at least {SHORTEST_KEY} characters"
            )
    if fallbacks := variables[SECRET_KEY_FALLBACKS]:
        draft.set("SECRET_KEY_FALLBACKS", fallbacks, "WEBAPP_SECRET_KEY_FALLBACKS is set")
    if not variables.is_local:
        _require_unknown_fallbacks(draft, SECRET_KEY_FALLBACKS.name if fallbacks else "SECRET_KEY_FALLBACKS")


def _require_unknown_fallbacks(draft: Draft, source: str) -> None:
    """Refuse a former key that others know: with it they could sign a session of any user."""
    if known := known_fallback(draft.value("SECRET_KEY_FALLBACKS")):
        raise ConfigurationError(f"Key {known[0]} of {source} {known[1]}")


def known_fallback(keys: object) -> tuple[int, str] | None:
    """Return the number of the first former key that others know, with the reason and the remedy, or None."""
    # Django itself refuses anything but a list or a tuple.
    for number, key in enumerate(keys if isinstance(keys, list | tuple) else (), start=1):
        if isinstance(key, str | bytes) and (reason := publicity(key)):
            return (
                number,
                f"{reason}, so anybody could sign sessions with it; remove it: users of that key log in again",
            )
    return None


def set_hosts(draft: Draft, variables: ProcessVariables) -> None:
    """Set ALLOWED_HOSTS and CSRF_TRUSTED_ORIGINS; ConfigurationError outside `local` if no user could connect."""
    hosts = variables[ALLOWED_HOSTS]
    if hosts:
        draft.set("ALLOWED_HOSTS", hosts, "WEBAPP_ALLOWED_HOSTS is set")
    elif are_of_this_machine(draft.value("ALLOWED_HOSTS")):
        if not variables.is_local:
            raise ConfigurationError(
                "WEBAPP_ALLOWED_HOSTS is not set and ALLOWED_HOSTS in the settings names no host beyond this machine; "
                "set the host names that users type, comma-separated"
            )
        if not draft.value("ALLOWED_HOSTS") and not draft.value("DEBUG"):
            draft.set("ALLOWED_HOSTS", list(_LOCAL_HOSTS), "the settings name none, and the runtime is local")
    origins = variables[CSRF_TRUSTED_ORIGINS]
    if origins:
        draft.set("CSRF_TRUSTED_ORIGINS", origins, "WEBAPP_CSRF_TRUSTED_ORIGINS is set")
    elif not draft.value("CSRF_TRUSTED_ORIGINS"):
        named = trusted_origins(draft.value("ALLOWED_HOSTS"))
        draft.set("CSRF_TRUSTED_ORIGINS", named, "the settings name none: taken from ALLOWED_HOSTS")


def are_of_this_machine(hosts: Sequence[str | None]) -> bool:
    """Return whether all hosts are names of this machine, or empty; Django accepts empty ones, which match nothing."""
    return all(not host or host in _LOCAL_HOSTS or host == ".localhost" for host in hosts)
