"""Appends the library's apps, and adds WhiteNoise if nothing else serves the static files."""

from collections.abc import Sequence
from typing import TypeVar

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.variables.store_variables import STORE_URL

# These apps follow the project's. Django takes a command from the first app that has it, so the project's commands
# override the library's, and the library's override Django's.
APPS = (
    "django_runtimes.adopt",
    "django_runtimes.databases",
    "django_runtimes.operations",
    "django_runtimes.migration_gate",
    "django_runtimes.observability",
)
# Installed only with a store: it has the command that creates a table, and checks.
_STORES = "django_runtimes.stores"
_STATIC_FILES = "django.contrib.staticfiles"
_SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"

Names = TypeVar("Names", bound=Sequence[str])


def set_apps(draft: Draft, variables: ProcessVariables) -> None:
    """Set INSTALLED_APPS."""
    installed = draft.value("INSTALLED_APPS")
    missing = missing_apps(installed)
    if variables.is_set(STORE_URL) and _STORES not in map(_app, installed):
        missing.append(_STORES)
    if missing:
        draft.set("INSTALLED_APPS", _with(installed, len(installed), missing), "the library's checks and commands")


def missing_apps(installed: Sequence[str]) -> list[str]:
    """Return the library's apps that are not installed."""
    names = {_app(name) for name in installed}
    return [app for app in APPS if app not in names]


def set_middleware(draft: Draft, variables: ProcessVariables) -> None:
    """Set MIDDLEWARE."""
    middleware = draft.value("MIDDLEWARE")
    url = draft.value("STATIC_URL")
    if (
        not any(_app(name) in (_STATIC_FILES, f"{_STATIC_FILES}.apps") for name in draft.value("INSTALLED_APPS"))
        or any("whitenoise" in name.lower() for name in middleware)
        or not url
        or "://" in url
        or url.startswith("//")
    ):
        return
    # WhiteNoise comes after the redirect to HTTPS, and before all middleware that static files do not need.
    place = place_of(middleware, _SECURITY)
    place = 0 if place is None else place + 1
    reason = f"nothing else serves {url!r} outside Django's runserver"
    draft.set("MIDDLEWARE", _with(middleware, place, [WHITENOISE]), reason)


def place_of(middleware: Sequence[str], name: str) -> int | None:
    """Return the index of a middleware, or of the project's own one that its name says is derived from it, or None.

    The classes are not imported, since the settings are not loaded yet.
    """
    ending = name.rpartition(".")[2]
    return next((index for index, each in enumerate(middleware) if each.endswith(ending)), None)


def _app(name: str) -> str:
    """Return the package that an entry of INSTALLED_APPS names, directly or by its AppConfig."""
    package, _, configuration = name.rpartition(".apps.")
    return package if package and configuration else name


def _with(names: Names, place: int, more: list[str]) -> Names:
    """Return a new sequence of the same type, with `more` inserted at the index `place`."""
    return type(names)([*names[:place], *more, *names[place:]])  # type: ignore[call-arg]
